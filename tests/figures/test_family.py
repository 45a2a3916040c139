"""Figures of many units, of data, of codes on the sphere, and of races: each shows what it says."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import PatchCollection
from matplotlib.projections.geo import HammerAxes
from scipy.optimize import minimize
from sklearn.datasets import load_digits

from inscape import figures
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape.figures._drawing.panels import draw_order
from inscape.figures._drawing.sphere_geometry import (
    HALF_HEIGHT,
    HALF_WIDTH,
    cells_over_map,
    hammer,
    inverse_hammer,
    spherical_median,
)
from inscape.figures._drawing.style import CLASS_COLORS
from inscape.figures.spheres import INNER, NAMES, OUTER, TALLEST

SHAPE = (8, 8)
X, Y = load_digits(return_X_y=True)
X, Y = X[:200] / 16, Y[:200]
RNG = np.random.default_rng(0)
WEIGHTS = RNG.normal(size=(10, 64))


def on_the_sphere(n, n_components=3, seed=0):
    points = np.random.default_rng(seed).normal(size=(n, n_components))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def words(ax):
    return [text.get_text() for text in ax.texts]


def sheet_of(ax):
    (image,) = ax.get_images()
    return np.ma.filled(np.ma.asarray(image.get_array(), dtype=float), np.nan)


# --------------------------------------------------------------------------- weight tiles


def test_every_unit_has_its_tile_on_one_scale_around_zero():
    ax = figures.weight_tiles(WEIGHTS, image_shape=SHAPE).axes[0]
    sheet = sheet_of(ax)
    assert sheet.shape == (3 * 9 - 1, 4 * 9 - 1)
    for k, weights in enumerate(WEIGHTS):
        top, left = 9 * (k // 4), 9 * (k % 4)
        np.testing.assert_array_equal(sheet[top : top + 8, left : left + 8], weights.reshape(SHAPE))
    low, high = ax.get_images()[0].get_clim()
    assert low == -high
    assert (np.abs(WEIGHTS) > high).mean() == pytest.approx(0.005, abs=0.003)
    assert words(ax) == ["10 units; red above 0, blue below, one scale for all"]
    assert not [c for c in ax.collections if c.get_paths()]


def test_tiles_with_a_pattern_come_first_in_a_frame():
    # More than a sort treats as a short list, where every sort keeps the order of equals.
    weights, structured = RNG.normal(size=(60, 64)), np.arange(60) % 20 == 1
    ax = figures.weight_tiles(weights, image_shape=SHAPE, structured=structured).axes[0]
    order = [1, 21, 41, *(k for k in range(60) if k % 20 != 1)]
    for place, unit in enumerate(order):
        top, left = 9 * (place // 10), 9 * (place % 10)
        tile = sheet_of(ax)[top : top + 8, left : left + 8]
        np.testing.assert_array_equal(tile, weights[unit].reshape(SHAPE))
    assert words(ax)[0].startswith("3 of 60 units (5%) hold a pattern: framed, and first;")
    (frames,) = ax.collections
    corners = [path.vertices.min(axis=0).tolist() for path in frames.get_paths()]
    assert corners == [[-1, -1], [8, -1], [17, -1]]
    none = figures.weight_tiles(WEIGHTS, image_shape=SHAPE, structured=[False] * 10).axes[0]
    assert words(none)[0].startswith("0 of 10 units (0%) hold a pattern; red")


def test_a_thousand_tiles_fit_on_one_sheet():
    figure = figures.weight_tiles(RNG.normal(size=(1000, 784)), image_shape=(28, 28))
    width, height = figure.get_size_inches()
    assert width <= 10.5
    assert height < width
    # Each pixel of a tile has one of the figure's, at least.
    figure.draw_without_rendering()
    assert figure.axes[0].get_window_extent().width > sheet_of(figure.axes[0]).shape[1]


def test_colour_tiles_have_grey_for_zero_and_an_empty_layer_is_drawn():
    weights = np.zeros((2, 12))
    weights[0, 0], weights[0, 1] = 1, -1
    image = figures.weight_tiles(weights, image_shape=(2, 2, 3)).axes[0].get_images()[0]
    array = np.asarray(image.get_array())
    np.testing.assert_allclose(array[0, 0], [1, 0, 0.5])
    np.testing.assert_allclose(array[1, 1], 0.5)
    assert len(figures.png(figures.weight_tiles(np.zeros((3, 64)), image_shape=SHAPE))) > 1000


@pytest.mark.parametrize("structured", [[True] * 9, np.ones(10), [[True]] * 10])
def test_marks_that_do_not_fit_are_refused(structured):
    with pytest.raises(InvalidDataError, match="True or False for each of the 10 units"):
        figures.weight_tiles(WEIGHTS, image_shape=SHAPE, structured=structured)
    with pytest.raises(InvalidParameterError, match="64 features of weights"):
        figures.weight_tiles(WEIGHTS, image_shape=(7, 9))


# --------------------------------------------------------------------------- samples


def test_each_class_has_its_first_samples_in_its_row():
    ax = figures.sample_sheet(X, Y, image_shape=SHAPE, n_per_class=6).axes[0]
    sheet = sheet_of(ax)
    for k in range(10):
        for j, i in enumerate(np.flatnonzero(k == Y)[:6]):
            tile = sheet[9 * k : 9 * k + 8, 9 * j : 9 * j + 8]
            np.testing.assert_array_equal(tile, X[i].reshape(SHAPE))
    assert words(ax)[0] == "200 samples; the first 6 of each class"
    assert words(ax)[1:5] == ["0", str((Y == 0).sum()), "1", str((Y == 1).sum())]


def test_a_small_class_shows_all_it_has():
    names = [f"digit {k}" for k in range(10)]
    labels = np.where(np.arange(len(Y)) < 2, 3, 5)
    ax = figures.sample_sheet(X, labels, image_shape=SHAPE, class_names=names).axes[0]
    sheet = sheet_of(ax)
    assert np.isnan(sheet[:8, 18:]).all()
    assert not np.isnan(sheet[9:17, 9 * 9 : 9 * 9 + 8]).any()
    assert words(ax)[1:] == ["digit 3", "2", "digit 5", "198"]
    few = figures.sample_sheet(X[:3], labels[:3], image_shape=SHAPE).axes[0]
    assert words(few)[0] == "3 samples; the first 2 of each class"


@pytest.mark.parametrize("labels", [None, X[:, 20] + 0.05])
def test_samples_need_classes(labels):
    with pytest.raises(InvalidDataError, match="y must hold a class for each sample"):
        figures.sample_sheet(X, labels, image_shape=SHAPE)


# --------------------------------------------------------------------------- the sphere as a map


def test_the_map_is_matplotlibs_hammer_and_comes_back():
    codes = on_the_sphere(500)
    angles = np.column_stack([np.arctan2(codes[:, 1], codes[:, 0]), np.arcsin(codes[:, 2])])
    places = hammer(codes)
    theirs = HammerAxes.HammerTransform(75).transform_non_affine(angles)
    np.testing.assert_allclose(places, theirs, atol=1e-12)
    np.testing.assert_allclose(inverse_hammer(places), codes, atol=1e-7)
    assert ((places / [HALF_WIDTH, HALF_HEIGHT]) ** 2).sum(axis=1).max() <= 1


def test_areas_are_true():
    places = hammer(on_the_sphere(200_000))
    radii = np.sqrt(((places / [HALF_WIDTH, HALF_HEIGHT]) ** 2).sum(axis=1))
    # Uniform in an ellipse: the share within a smaller one is the share of the area.
    for part in (0.25, 0.5, 0.75):
        assert (radii < np.sqrt(part)).mean() == pytest.approx(part, abs=0.006)


@pytest.mark.parametrize("n_components", [2, 3])
def test_the_median_has_the_least_sum_of_distances(n_components):
    codes = on_the_sphere(40, n_components) + np.eye(n_components)[0]
    codes[:9] -= 3
    codes /= np.linalg.norm(codes, axis=1, keepdims=True)

    def total(direction):
        return np.linalg.norm(codes - direction / np.linalg.norm(direction), axis=1).sum()

    found = spherical_median(codes)
    best = minimize(total, codes.mean(axis=0), method="Nelder-Mead", options={"xatol": 1e-9})
    assert np.linalg.norm(found) == pytest.approx(1)
    assert total(found) == pytest.approx(best.fun, abs=1e-6)
    np.testing.assert_allclose(found, best.x / np.linalg.norm(best.x), atol=1e-3)
    # All around there is no middle: one of the codes.
    np.testing.assert_array_equal(spherical_median(np.array([[1.0, 0], [-1, 0]])), [1, 0])


def test_samples_and_names_stand_at_their_places_on_the_sphere():
    codes = on_the_sphere(len(Y))
    ax = figures.spherical_map(codes.astype(np.float32), Y).axes[0]
    np.testing.assert_allclose(
        ax.collections[0].get_offsets(), hammer(codes)[draw_order(len(Y))], atol=1e-3
    )
    named = {text.get_text(): text.xy for text in ax.texts}
    for k in range(10):
        expected = hammer(spherical_median(codes[k == Y])[None])[0]
        np.testing.assert_allclose(named[str(k)], expected, atol=1e-3)
    assert "left and the right edge meet" in words(ax)[0]
    assert ax.get_title(loc="left") == "Codes on the sphere"
    assert ax.get_box_aspect() == 0.5


def test_the_circle_counts_its_samples_in_bars():
    angles = np.radians([10.5] * 6 + [100.5] * 3 + [190.5] * 3)
    labels = [0] * 4 + [1] * 2 + [0] * 3 + [1] * 3
    ax = figures.spherical_map(np.column_stack([np.cos(angles), np.sin(angles)]), labels).axes[0]
    scatter, *bars = ax.collections
    radii = np.linalg.norm(np.asarray(scatter.get_offsets()), axis=1)
    assert radii.min() >= INNER
    assert radii.max() <= 1
    ends = [
        [np.linalg.norm(path.vertices[:-1], axis=1)[[0, -1]] for path in group.get_paths()]
        for group in bars
        if isinstance(group, PatchCollection)
    ]
    unit = TALLEST / 6
    reaches = [[sorted((end - OUTER) / unit) for end in group] for group in ends]
    # The first class below, the second on top of it; bars go around from minus 180 degrees.
    np.testing.assert_allclose(reaches[0], [[0, 4], [0, 3]], atol=1e-9)
    np.testing.assert_allclose(reaches[1], [[0, 3], [4, 6]], atol=1e-9)
    named = {text.get_text(): np.array(text.xy) for text in ax.texts}
    assert np.linalg.norm(named["1"]) == pytest.approx(NAMES)
    assert ax.get_title(loc="left") == "Codes on the circle"


def test_labels_on_the_sphere_may_be_continuous_or_none():
    for n_components in (2, 3):
        codes = on_the_sphere(50, n_components)
        assert len(figures.spherical_map(codes, codes[:, 0]).axes) == 2
        assert len(figures.spherical_map(codes).axes) == 1


def test_codes_off_the_sphere_are_refused():
    codes = on_the_sphere(5)
    codes[2] *= 1.5
    with pytest.raises(InvalidDataError, match=r"norm 1; got 1\.5 at row 2: divide"):
        figures.spherical_map(codes)
    with pytest.raises(InvalidParameterError, match="2 or 3 components; got 4"):
        figures.spherical_map(on_the_sphere(5, 4))


# --------------------------------------------------------------------------- the decoded sphere


class _Itself:
    """A representation that decodes a code to the code itself, and counts its calls."""

    def __init__(self, n_components):
        self.n_components = n_components
        self.calls = 0

    def inverse_transform(self, codes):
        self.calls += 1
        return np.asarray(codes)


def test_pictures_around_the_circle_stand_at_their_codes_and_do_not_overlap():
    model = _Itself(2)
    ax = figures.spherical_grid(model, image_shape=(1, 2), n=9).axes[0]
    assert model.calls == 1
    boxes = np.array([image.get_extent() for image in ax.get_images()])
    middles = np.column_stack([boxes[:, :2].mean(axis=1), boxes[:, 2:].mean(axis=1)])
    codes = [np.ravel(image.get_array()) for image in ax.get_images()]
    np.testing.assert_allclose(middles, codes, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(middles, axis=1), 1)
    sizes = np.column_stack([np.diff(boxes[:, :2]), np.diff(boxes[:, 2:])])
    np.testing.assert_allclose(sizes[:, 0], 2 * sizes[:, 1])
    apart = np.abs(middles[:, None] - middles[None]) - sizes[0]
    assert (apart.max(axis=-1) > -1e-9)[~np.eye(9, dtype=bool)].all()
    assert len(figures.spherical_grid(model, image_shape=(1, 2)).axes[0].get_images()) == 20


@pytest.mark.parametrize("shape", [(3, 1), (1, 3)])
def test_pictures_on_the_sphere_stand_at_their_codes(shape):
    model = _Itself(3)
    ax = figures.spherical_grid(model, image_shape=shape, n=12).axes[0]
    assert model.calls == 1
    sheet = sheet_of(ax)
    left, right, bottom, top = ax.get_images()[0].get_extent()
    height, width = sheet.shape[0] // shape[0], sheet.shape[1] // shape[1]
    seen = 0
    for row in range(height):
        for column in range(width):
            cell = sheet[row * shape[0] :][: shape[0], column * shape[1] :][:, : shape[1]]
            x = left + (right - left) * (column + 0.5) / width
            y = top - (top - bottom) * (row + 0.5) / height
            if not np.isnan(cell).any():
                np.testing.assert_allclose(hammer(cell.reshape(1, 3))[0], [x, y], atol=1e-9)
                seen += 1
    assert words(ax)[0].startswith(f"{seen} decoded codes; equal areas")
    assert width == 12
    # Cells have the pictures' shape.
    cell = np.array([(top - bottom) / height, (right - left) / width])
    assert cell[0] / cell[1] == pytest.approx(shape[0] / shape[1])


@pytest.mark.parametrize("n", [2, 7, 40])
def test_cells_lie_inside_the_map(n):
    middles, inside = cells_over_map(n, aspect=1)
    half = HALF_WIDTH / n
    corners = np.abs(middles) + half
    fits = ((corners / [HALF_WIDTH, HALF_HEIGHT]) ** 2).sum(axis=-1) <= 1
    assert inside.any()
    assert (inside == fits).all() or (n == 2 and inside.sum() == 1)
    if n == 40:
        assert inside.sum() * (2 * half) ** 2 == pytest.approx(4 * np.pi, rel=0.1)


def test_a_decoded_sphere_needs_a_sphere():
    with pytest.raises(InvalidParameterError, match="2 or 3 components; got 5"):
        figures.spherical_grid(_Itself(5), image_shape=(1, 5))
    for n in (0, 1, 2.5):
        with pytest.raises(InvalidParameterError, match="`n` must be an integer >= 2"):
            figures.spherical_grid(_Itself(3), image_shape=(1, 3), n=n)
    with pytest.raises(InvalidParameterError, match="`image_shape` must be"):
        figures.spherical_grid(_Itself(3), image_shape=(2, 2))


# --------------------------------------------------------------------------- races and stages


def test_a_race_runs_on_a_logarithmic_clock_past_its_references():
    curves = {"Muon": ([1, 10, 100], [30, 5, 2.294]), "Adam": ([2, 50], [20, 3.5])}
    references = {"Hinton and Salakhutdinov 2006": 3.0, "PCA": 13.87}
    ax = figures.loss_race(curves, references=references, unit="squared error").axes[0]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert ax.get_xlim() == (1, 100)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("seconds of training", "squared error")
    for line, (seconds, values) in zip(ax.lines, curves.values(), strict=False):
        np.testing.assert_allclose(line.get_xydata(), np.transpose([seconds, values]))
    assert [line.get_ydata()[0] for line in ax.lines[2:]] == [3.0, 13.87]
    assert words(ax) == [
        "Muon 2.29",
        "Adam 3.50",
        "Hinton and Salakhutdinov 2006 3.00",
        "PCA 13.87",
    ]
    assert [line.get_color() for line in ax.lines[:2]] == list(CLASS_COLORS[:2])
    assert figures.loss_race({"a": ([3], [0.5])}).axes[0].get_xlim() == (3, 6)


@pytest.mark.parametrize(
    ("curves", "message"),
    [
        ({}, "at least one curve"),
        ({"a": ([0, 1], [1, 2])}, "the seconds of a must be above 0; got 0"),
        ({"a": ([2, 1], [1, 2])}, "the seconds of a must be a non-empty sequence of finite, ris"),
        ({"a": ([1, 2], [1])}, r"the a curve must be .* \(n_points = 2,\); got the shape \(1,\)"),
    ],
)
def test_a_race_without_a_clock_is_refused(curves, message):
    with pytest.raises(InvalidDataError, match=message):
        figures.loss_race(curves)


def test_rows_of_reconstructions_may_be_stages_with_scores_of_their_own():
    stages = {"what it saw": X * 0.5, "after": X * 0.9}
    scores = {"after": "20.1 dB", "Original": "clean"}
    ax = figures.reconstructions(X, stages, image_shape=SHAPE, scores=scores).axes[0]
    error = np.mean((X * 0.5) ** 2)
    assert words(ax) == [
        "Original",
        "clean",
        "what it saw",
        f"MSE {error:#.3g}",
        "after",
        "20.1 dB",
    ]
    with pytest.raises(InvalidParameterError, match=r"`scores` must be one of.*mean 'after'"):
        figures.reconstructions(X, stages, image_shape=SHAPE, scores={"aftr": "1 dB"})


def test_a_number_at_the_end_of_a_line_has_no_bare_point():
    curve = [{"epoch": 0.0, "loss": 300.0}, {"epoch": 1.0, "loss": 228.1}]
    for figure in (
        figures.loss_curve(curve, floors={"floor": 190.0}, unit="nats"),
        figures.loss_race({"ours": ([1.0, 2.0], [1600.0, 1228.1])}, unit="nats"),
    ):
        words = [text.get_text() for ax in figure.axes for text in ax.texts]
        assert any(word.endswith(("228", "1228")) for word in words), words
        assert not any(word.endswith(".") for word in words)
