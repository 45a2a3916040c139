"""Classes in figures: one mark each everywhere, that all eyes tell apart, and names that fit."""

from __future__ import annotations

import itertools

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.markers import MarkerStyle

from inscape import figures
from inscape._errors import InvalidParameterError
from inscape.figures._drawing.classes import SHAPES, mark_of, read_labels
from inscape.figures._drawing.naming import shorten, thin_out
from inscape.figures._drawing.panels import draw_order
from inscape.figures._drawing.style import CLASS_COLORS, readable

RNG = np.random.default_rng(0)
LONG = [f"The department of {word} affairs, {k}" for k in range(10) for word in "abcd"]

# G. M. Machado, M. M. Oliveira and L. A. F. Fernandes (2009), table 1, severity 1.0.
BLIND = {
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "all": np.eye(3),
}
XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)  # of linear sRGB, IEC 61966-2-1


def _linear(color):
    channels = np.array(to_rgb(color))
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def _lab(linear):
    """CIE L*a*b* of linear sRGB, by its definition."""
    ratio = XYZ @ np.clip(linear, 0, 1) / XYZ.sum(axis=1)
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def _points(figure):
    """Each row's colour and the outline of its shape, as the map shows them."""
    scatter = figure.axes[0].collections[0]
    paths = scatter.get_paths()
    n = len(scatter.get_offsets())
    back = np.argsort(draw_order(n))
    colors = np.broadcast_to(scatter.get_facecolors(), (n, 4))[back, :3]
    outlines = [paths[k % len(paths)].vertices.round(6).tobytes() for k in back]
    return colors, outlines


def _marks(figure, labels):
    """Class to the one (colour, outline) that all its points have."""
    colors, outlines = _points(figure)
    found = {}
    for label, color, outline in zip(labels, colors, outlines, strict=True):
        mark = (tuple(color.round(6)), outline)
        assert found.setdefault(label, mark) == mark
    return found


# --------------------------------------------------------------------------- colours


def test_every_colour_has_a_contrast_of_3_on_white():
    for color in CLASS_COLORS:
        assert 1.05 / (_linear(color) @ XYZ[1] + 0.05) >= 3
        assert 1.05 / (_linear(mpl.colors.to_hex(readable(color))) @ XYZ[1] + 0.05) >= 4.5
    assert figures.COLORS["classes"] == list(CLASS_COLORS)


@pytest.mark.parametrize(("eyes", "least"), [("all", 25), ("deuteranopia", 15), ("protanopia", 15)])
def test_colours_are_told_apart_without_red_or_green(eyes, least):
    seen = [_lab(np.array(BLIND[eyes]) @ _linear(color)) for color in CLASS_COLORS]
    distances = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
    assert min(distances) >= least


@pytest.mark.parametrize(
    "kinds",
    [
        [1, 2, 3],
        [10, 20, 30],
        [-1, 0, 1],
        [1.0, 2.0],
        ["b", "a", "c"],
        [True, False],
        [f"class {k}" for k in range(40)],
        list(range(12)),
    ],
    ids=str,
)
def test_every_class_has_a_mark_of_its_own_and_the_bar_has_the_maps(kinds):
    labels = np.array(kinds)[np.arange(3 * len(kinds)) % len(kinds)]
    codes = RNG.normal(size=(len(labels), 2))
    figure = figures.latent_map(codes, labels)
    marks = _marks(figure, labels.tolist())
    assert len(set(marks.values())) == len(kinds)
    if len(kinds) <= 10:
        # Colour alone tells them apart.
        assert len({color for color, _ in marks.values()}) == len(kinds)
    names = sorted(set(labels.tolist()))
    figures.add_class_bar(figure, [str(name) for name in names])
    if len(kinds) <= 10:
        bar = figure.axes[-1].collections[-1]
        shown = [tuple(color[:3].round(6)) for color in bar.cmap(range(len(names)))]
        told = [text.get_text() for text in figure.axes[-1].get_yticklabels()]
    else:
        (legend,) = figure.legends
        lines = legend.legend_handles
        shown = [tuple(np.round(to_rgb(line.get_color()), 6)) for line in lines]
        told = [text.get_text() for text in legend.get_texts()]
    assert shown == [marks[name][0] for name in names]
    assert told == [str(name) for name in names]


def test_every_figure_gives_a_class_the_same_mark():
    labels = np.repeat(["ant", "bee", "cow"], 4)
    names = ["ant", "bee", "cow", "dog"]
    codes = RNG.normal(size=(12, 2))
    marks = _marks(figures.latent_map(codes, labels), labels.tolist())
    rest, kept = labels != "bee", {name: marks[name] for name in ("ant", "cow")}
    without = figures.latent_map(codes[rest], labels[rest], class_names=names)
    assert _marks(without, labels[rest].tolist()) == kept
    bars = [p for p in figures.latent_map(codes[:, :1], labels).axes[0].patches if p.get_fill()]
    sheet = figures.sample_sheet(RNG.random((12, 4)), labels, image_shape=(2, 2)).axes[0]
    sphere = codes / np.linalg.norm(codes, axis=1, keepdims=True)
    around = figures.spherical_map(sphere, labels).axes[0].collections
    for k, name in enumerate(names[:3]):
        color = to_rgba(marks[name][0])
        assert to_rgba(bars[k].get_facecolor()) == pytest.approx(color, abs=1e-5)
        assert to_rgba(sheet.lines[k].get_color()) == pytest.approx(color, abs=1e-5)
        assert tuple(around[1 + k].get_facecolors()[0]) == pytest.approx(color, abs=1e-5)


def test_more_than_ten_classes_have_shapes_too_in_a_shuffled_order():
    labels = np.arange(240) % 80
    codes = RNG.normal(size=(240, 2))
    figure = figures.latent_map(codes, [f"{k:02}" for k in labels], scale="true")
    scatter = figure.axes[0].collections[0]
    np.testing.assert_allclose(scatter.get_offsets(), codes[draw_order(240)])
    _, outlines = _points(figure)
    for row in (0, 15, 79):
        marker = MarkerStyle(SHAPES[row // 10])
        path = marker.get_path().transformed(marker.get_transform())
        assert outlines[row] == path.vertices.round(6).tobytes()
    assert len({mark_of(k) for k in range(80)}) == 80


def test_numbers_of_many_kinds_are_classes_where_they_have_names():
    labels = np.arange(40)
    assert isinstance(read_labels(labels, 40, None), np.ndarray)
    assert read_labels(labels, 40, LONG).names == tuple(LONG)


def test_a_bar_for_other_classes_is_refused():
    figure = figures.latent_map(RNG.normal(size=(6, 2)), [0, 1, 2] * 2)
    with pytest.raises(InvalidParameterError, match="2 names for 3 classes"):
        figures.add_class_bar(figure, ["a", "b"])
    with pytest.raises(InvalidParameterError, match="2 names for 0 classes"):
        figures.add_class_bar(figures.latent_map(RNG.normal(size=(6, 2))), ["a", "b"])


# --------------------------------------------------------------------------- names


@pytest.mark.parametrize("most", [9, 14, 22])
def test_a_name_keeps_both_ends(most):
    short = shorten(LONG[3], most)
    assert len(short) == most
    head, tail = short.split("…")
    assert LONG[3].startswith(head)
    assert LONG[3].endswith(tail)
    assert shorten("a" * most, most) == "a" * most


def _panels(labels, n_components=2):
    codes = np.random.default_rng(1).normal(size=(len(labels), n_components))
    figure = figures.latent_map(codes, labels)
    figure.draw_without_rendering()
    panels = [ax for ax in figure.axes if ax.axison]
    return figure, [ax.get_window_extent() for ax in panels]


@pytest.mark.parametrize("n_components", [2, 3])
def test_long_names_take_no_room_from_a_map(n_components):
    labels = np.arange(400) % 40
    _, short = _panels([f"{k:02}" for k in labels], n_components)
    figure, long = _panels([LONG[k] for k in labels], n_components)
    for one, other in zip(short, long, strict=True):
        assert other.width == pytest.approx(one.width, rel=0.1)
    ax = figure.axes[0]
    words = [text for text in ax.texts if text.get_fontweight() == "bold"]
    assert len(words) == 20
    assert all(len(word.get_text()) <= 9 for word in words)
    (legend,) = figure.legends
    assert len(legend.get_texts()) == 40
    assert legend.get_window_extent().x0 >= max(box.x1 for box in long) - 2
    assert legend.get_window_extent().x1 <= figure.bbox.x1
    assert legend.get_window_extent().y0 >= 0


def test_a_legend_names_forty_classes_and_counts_the_others():
    figure, _ = _panels([f"class {k:03}" for k in range(300)])
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert len(texts) == 41
    assert texts[-1] == "and 260 more"
    assert figure.legends[0].get_window_extent().x1 <= figure.bbox.x1
    few, _ = _panels(["cat", "dog"])
    assert not few.legends


def test_dates_are_named_without_their_midnight():
    days = np.array(["2024-01-31", "2025-12-01"], dtype="datetime64[ns]")
    assert read_labels(days, 2, None).names == ("2024-01-31", "2025-12-01")


def test_two_hundred_items_are_thinned_out():
    places, texts, size = thin_out(LONG * 5, inches=1.5)
    assert size * len(places) <= 1.5 * 72
    assert size >= 4.8
    assert np.unique(np.diff(places)).size == 1
    assert texts == [shorten(LONG[k % 40]) for k in places]
    assert thin_out(["a", "b"], inches=1.5) == ([0, 1], ["a", "b"], 8)


def test_many_histograms_leave_out_the_smallest():
    labels = [f"{k:03}" for k in range(50) for _ in range(5 if k != 7 else 1)]
    ax = figures.latent_map(RNG.normal(size=(len(labels), 1)), labels).axes[0]
    words = [text.get_text() for text in ax.texts]
    assert any("heights are relative" in word for word in words)
    assert any("10 smaller classes left out" in word for word in words)
    assert "007" not in words
    assert ax.get_figure().get_figheight() < 10
