"""The map forming, the map turning, and what a model does to tables: each shows what it says."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageSequence

from inscape import figures
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape.figures import forming, turning
from inscape.figures._drawing.panels import draw_order
from inscape.figures._drawing.scales import spread_about
from inscape.figures._drawing.style import CLASS_COLORS
from inscape.figures.turning import turn

RNG = np.random.default_rng(0)
# Codes that grow from a point to what they are, far from the origin.
LAST = RNG.normal(size=(30, 2)) * [4, 1] + 100
CODES = np.stack([100 + share * (LAST - 100) for share in (0.01, 0.1, 0.5, 1)])
EPOCHS = [0, 0.1, 1, 8]
Y = np.arange(30) % 3


def _frames(film):
    with Image.open(io.BytesIO(film)) as image:
        return [np.asarray(frame.convert("RGB")).copy() for frame in ImageSequence.Iterator(image)]


def test_the_map_forms_in_one_frame_by_the_scale_of_its_end(small_png):
    figure = figures.map_forming(CODES, EPOCHS, Y)
    axes = figure.axes
    titles = ["before training", "epoch 0.1", "epoch 1", "epoch 8"]
    assert [ax.get_title(loc="left") for ax in axes if ax.axison] == titles
    way, order = spread_about(LAST), draw_order(30)
    for ax, codes in zip(axes, CODES, strict=False):
        points = ax.collections[0].get_offsets()
        np.testing.assert_allclose(points, way.to_plane(codes)[order], atol=1e-9)
        assert (ax.get_xlim(), ax.get_ylim()) == (axes[0].get_xlim(), axes[0].get_ylim())
        assert ax.get_xlim()[0] < points[:, 0].min()
        assert points[:, 0].max() < ax.get_xlim()[1]
    small_png(figure)
    true = figures.map_forming(CODES, EPOCHS, Y, scale="true").axes[3]
    np.testing.assert_array_equal(true.collections[0].get_offsets(), LAST[order])


def test_of_many_moments_the_first_and_the_last_are_among_those_shown():
    many = np.repeat(CODES, 5, axis=0)
    axes = figures.map_forming(many, np.arange(20), n_panels=4).axes
    shown = [ax.get_title(loc="left") for ax in axes if ax.axison]
    assert shown == ["before training", "epoch 6", "epoch 13", "epoch 19"]


def test_more_components_are_seen_from_where_the_last_vary_most():
    directions = np.linalg.qr(RNG.normal(size=(5, 5)))[0]
    wide = RNG.normal(size=(40, 5)) * [9, 4, 0.1, 0.1, 0.1] @ directions
    moments = np.stack([wide / 2 + 7 * directions[0], wide])
    plane, names = forming.in_plane(moments)
    # Distances in the plane are those of the codes, but for the three narrow directions.
    apart = np.linalg.norm(wide[:, None] - wide[None], axis=-1)
    seen = np.linalg.norm(plane[1][:, None] - plane[1][None], axis=-1)
    np.testing.assert_allclose(seen, apart, atol=1)
    # One plane for all: half the codes lie at half the way, all from one point.
    np.testing.assert_allclose(np.ptp(plane[0] - plane[1] / 2, axis=0), 0, atol=1e-9)
    assert np.linalg.norm(plane[0].mean(axis=0)) == pytest.approx(7, abs=1.5)
    assert names[0].startswith("widest")
    np.testing.assert_allclose(plane[1].mean(axis=0), 0, atol=1e-9)
    one, names = forming.in_plane(moments[..., :1])
    np.testing.assert_array_equal(one[..., 0], moments[..., 0])
    assert names[1] == "scattered"


def test_the_forming_map_moves_from_moment_to_moment():
    film = figures.animate_map(CODES, EPOCHS, Y, n_between=1)
    frames = _frames(film)
    assert len(frames) == 2 * 3 + 1
    still = figures.animate_map(CODES[[3, 3]], [0, 1], Y, n_between=0)
    first, last = _frames(still)
    # All but the epoch above the map stays where it is.
    assert (first[40:] == last[40:]).all()
    assert (frames[0][60:] != frames[-1][60:]).any()

    def extent(frame):
        # In the panel, what has a colour: rings, names' outlines and paper are grey.
        colored = np.ptp(frame[60:-40, 20:-20].astype(int), axis=-1) > 60
        return np.ptp(np.flatnonzero(colored.any(axis=0)))

    assert extent(frames[-1]) > 1.3 * extent(frames[0])


@pytest.mark.parametrize("call", [figures.map_forming, figures.animate_map])
def test_moments_that_do_not_fit_are_refused(call):
    with pytest.raises(InvalidDataError, match="codes must"):
        call(CODES, EPOCHS[:3])
    with pytest.raises(InvalidDataError, match="labels must"):
        call(CODES, EPOCHS, Y[:5])
    with pytest.raises(InvalidDataError, match="NaN"):
        call(np.where(CODES > 100, np.nan, CODES), EPOCHS)


# --------------------------------------------------------------------------- turning


def test_a_turn_is_a_rotation_that_ends_where_it_began():
    points = RNG.normal(size=(20, 3))
    for angle in (0.0, 1.0, 2.5):
        seen = turn(points, angle)
        np.testing.assert_allclose(seen @ seen.T, points @ points.T, atol=1e-12)
        assert np.linalg.det(turn(np.eye(3), angle)) == pytest.approx(
            np.linalg.det(turn(np.eye(3), 0.0))
        )
    np.testing.assert_allclose(turn(points, 2 * np.pi), turn(points, 0.0), atol=1e-12)
    assert np.abs(turn(points, np.pi) - turn(points, 0.0)).max() > 0.5


def test_the_map_turns_once_with_a_legend_and_what_is_nearer_in_front(monkeypatch):
    seen = {}

    def kept(figure, moving, show, places, speed, *, rest):
        show(3)
        seen.update(figure=figure, scatter=moving[0], places=places, rest=rest)
        return b""

    monkeypatch.setattr(turning, "write_gif", kept)
    codes = RNG.normal(size=(60, 3)) + 50
    figures.turning_map(codes, np.arange(60) % 12, scale="true", n_frames=8)
    assert seen["places"].tolist() == list(range(8))
    assert not seen["rest"]
    expected = turn(codes - np.median(codes, axis=0), 2 * np.pi * 3 / 8)
    behind = np.argsort(expected[:, 2])
    points = np.asarray(seen["scatter"].get_offsets())
    np.testing.assert_allclose(points, expected[behind, :2], atol=1e-9)
    assert (np.diff(seen["scatter"].get_sizes()) >= 0).all()
    colors = seen["scatter"].get_facecolor()[:, :3]
    first = [int(CLASS_COLORS[behind[0] % 12 % 10][k : k + 2], 16) / 255 for k in (1, 3, 5)]
    np.testing.assert_allclose(colors[0], first)
    texts = [text.get_text() for text in seen["figure"].legends[0].get_texts()]
    assert texts == [str(k) for k in range(12)]


def test_a_turning_map_is_a_film_and_asks_for_three_components():
    frames = _frames(figures.turning_map(RNG.normal(size=(20, 4)), n_frames=3))
    assert len(frames) == 3
    assert (frames[0] != frames[1]).any()
    with pytest.raises(InvalidParameterError, match="3 components or more; got 2"):
        figures.turning_map(LAST)


# --------------------------------------------------------------------------- tables

TABLE = RNG.normal(size=(50, 30)) * np.geomspace(1e-3, 1e3, 30) + 7


def test_a_traversal_of_a_table_is_told_in_spreads_of_the_columns_that_change(small_png):
    rows = np.tile(TABLE.mean(axis=0), (2, 5, 1))
    rows[0, :, 4] += np.linspace(-2, 2, 5) * TABLE[:, 4].std()
    rows[1, :, 20] += np.linspace(-1, 1, 5) * TABLE[:, 20].std()
    names = [f"a column with a long name, number {k}" for k in range(30)]
    figure = figures.traversal_table(
        rows, values=np.arange(5), originals=TABLE, feature_names=names, most_features=3
    )
    panels = [ax for ax in figure.axes if ax.get_images()]
    for panel, line, ends in ((panels[0], 0, [-2, 2]), (panels[1], 1, [-1, 1])):
        drawn = np.asarray(panel.get_images()[0].get_array())
        assert drawn.shape == (3, 5)
        np.testing.assert_allclose(drawn[line, [0, -1]], ends, atol=1e-9)
        np.testing.assert_allclose(np.delete(drawn, line, axis=0), 0, atol=1e-9)
    labels = [label.get_text() for label in panels[0].get_yticklabels()]
    assert labels[0].endswith("er 4")
    assert len(labels[0]) <= 22
    assert "the 3 of 30 columns that change most" in figure.get_suptitle()
    small_png(figure)


def test_drawn_rows_of_a_table_are_told_in_spreads_of_the_data(small_png):
    drawn = TABLE[:8] + 2 * TABLE.std(axis=0)
    figure = figures.sample_table({"Test rows": TABLE, "Drawn": drawn}, n=6)
    left, right = (np.asarray(ax.get_images()[0].get_array()) for ax in figure.axes[:2])
    np.testing.assert_allclose(right - left, 2)
    assert left.shape == (6, 30)
    fewer = figures.sample_table({"Test rows": TABLE, "Drawn": drawn[:3]}).axes[0]
    assert fewer.get_images()[0].get_array().shape == (3, 30)
    small_png(figure)
    with pytest.raises(InvalidDataError, match="30 columns"):
        figures.sample_table({"Test rows": TABLE, "Drawn": drawn[:, 1:]})
    with pytest.raises(InvalidDataError, match="got none"):
        figures.sample_table({})
