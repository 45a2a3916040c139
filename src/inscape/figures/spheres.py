"""Codes on the unit sphere: the circle as a ring, the sphere as an equal-area map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, Wedge
from numpy.typing import NDArray

from inscape._checks import check_integer, check_matrix
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape._representations import Representation, shape_of_pictures
from inscape._typing import FloatArray, ImageShape
from inscape.figures._drawing.classes import Classes, read_labels
from inscape.figures._drawing.naming import draw_legend, legend_width, name_classes
from inscape.figures._drawing.panels import PANEL, Labels, Limits, draw_key, draw_map
from inscape.figures._drawing.sphere_geometry import (
    HALF_HEIGHT,
    HALF_WIDTH,
    cells_over_map,
    hammer,
    inverse_hammer,
    ring,
    spherical_median,
)
from inscape.figures._drawing.style import FILL, MUTED, RULE, bare, dress, new_figure, styled
from inscape.figures._drawing.tiles import as_images, montage, show_sheet, value_range
from inscape.figures.planes import count_components

# A unit norm in bfloat16 is this far from 1.
UNIT = 0.01
BINS = 120
AROUND = {2: 20, 3: 32}
EDGES = "equal areas; the left and the right edge meet at the back"
# The ring: samples lie from INNER to 1, names inside it, bars outside.
NAMES, INNER, OUTER, TALLEST = 0.72, 0.86, 1.03, 0.45


@styled
def spherical_map(
    codes: Any,
    labels: Any = None,
    *,
    class_names: Sequence[str] | None = None,
    title: str | None = None,
) -> Figure:
    """Draw where samples lie on the unit circle, or on the unit sphere, coloured by label.

    On the circle, bars outside it count the samples in each direction, those of one class on top
    of the other. The sphere is drawn whole as an ellipse in which areas are true (Hammer's map):
    component 3 points up, component 1 to the middle and component 2 to the right; the left and
    the right edge are one line, at the back. Class names stand at the spherical medians.

    Parameters
    ----------
    codes : array (n_samples, 2 or 3)
        Codes of norm 1.
    labels : array (n_samples,), optional
        Classes (text, or whole numbers of at most 30 kinds) or continuous values.
    class_names
        Names of the classes, in the order of the sorted labels.
    title
        What stands above; by default it names the circle or the sphere.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If codes are not finite or not of norm 1, or there is not one label a code.
    InvalidParameterError
        If the codes have not 2 or 3 components, or `class_names` do not fit the labels.

    Examples
    --------
    >>> figure = spherical_map([[1.0, 0.0], [0.0, 1.0]], ["east", "north"])
    >>> [text.get_text() for text in figure.axes[0].texts][-3:]
    ['2 samples; bars count those of a direction', 'east', 'north']
    """
    codes = check_matrix(codes, name="codes")
    _check_components(codes.shape[1])
    codes = _on_the_sphere(codes)
    classes = read_labels(labels, len(codes), class_names)
    if codes.shape[1] == 2:
        return _draw_circle(codes, classes, title or "Codes on the circle")
    return _draw_sphere(codes, classes, title or "Codes on the sphere")


@styled
def spherical_grid(
    representation: Representation,
    *,
    image_shape: ImageShape | None = None,
    n: int | None = None,
    values: tuple[float, float] | None = None,
    title: str | None = None,
) -> Figure:
    """Decode places all over the unit circle or sphere, in one call of `inverse_transform`.

    Each picture stands at the place of its code in `spherical_map`; on the sphere, each stands for
    the same area.

    Parameters
    ----------
    representation
        A fitted object with `inverse_transform` and 2 or 3 components.
    image_shape
        (height, width) or (height, width, 3) of one decoded image; by default that of the pictures
        that the representation was fitted with.
    n
        Pictures around the circle, by default 20, or along the sphere's equator, by default 32.
    values
        The two values shown as black and white; by default they follow from the pictures.
    title
        What stands above; by default it names the circle or the sphere.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidParameterError
        If the representation has not 2 or 3 components, or the image shape does not fit.

    Examples
    --------
    >>> class Halves:
    ...     n_components = 2
    ...
    ...     def inverse_transform(self, codes):
    ...         return codes / 2 + 0.5
    >>> figure = spherical_grid(Halves(), image_shape=(1, 2), n=8)
    >>> len(figure.axes[0].images)
    8
    """
    n_components = _check_components(count_components(representation))
    image_shape = shape_of_pictures(representation, image_shape)
    n = check_integer("n", AROUND[n_components] if n is None else n, minimum=2)
    if n_components == 2:
        codes = ring(n)
    else:
        middles, inside = cells_over_map(n, aspect=_aspect(image_shape))
        codes = inverse_hammer(middles[inside])
    # The one call: a decoder on a GPU, or a deep one, costs much more a call than a row.
    decoded = check_matrix(representation.inverse_transform(codes), name="the decoded sphere")
    images = as_images(decoded, image_shape, name="the decoded sphere")
    values = values or value_range(images)
    if n_components == 2:
        figure, note = _ring_of_images(codes, images, values), ""
    else:
        figure, note = _sheet_of_images(inside, images, values), f"; {EDGES}"
    title = title or f"Decoded {'circle' if n_components == 2 else 'sphere'}"
    dress(figure.axes[0], title=title, note=f"{len(images):,} decoded codes{note}")
    return figure


# --------------------------------------------------------------------------- checks


def _check_components(n_components: int | None) -> int:
    if n_components in (2, 3):
        return n_components
    raise InvalidParameterError(
        f"A map of the sphere must have codes of 2 or 3 components; got {n_components}: fit one "
        "with n_components=2 or 3."
    )


def _on_the_sphere(codes: FloatArray) -> FloatArray:
    """Return codes as float64 of norm 1, after a check that they are nearly so."""
    codes = codes.astype(np.float64)
    norms = np.linalg.norm(codes, axis=1)
    wrong = np.abs(norms - 1) > UNIT
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InvalidDataError(
            f"codes must have norm 1; got {norms[row]:.4g} at row {row}: divide each by its norm."
        )
    return codes / norms[:, None]


def _medians(codes: FloatArray, classes: Classes) -> FloatArray:
    return np.array(
        [spherical_median(codes[classes.index == k]) for k in range(len(classes.names))]
    )


# --------------------------------------------------------------------------- the circle


def _draw_circle(codes: FloatArray, labels: Labels, title: str) -> Figure:
    reach = OUTER + TALLEST + 0.02
    bar = 0.9 if isinstance(labels, np.ndarray) else legend_width(labels, PANEL)
    figure = new_figure(PANEL + 0.3 + bar, PANEL + 0.6, shaped=True)
    ax = figure.add_subplot()
    # Samples in one direction would hide each other: they are spread over the ring's breadth.
    radii = np.random.default_rng(0).uniform(INNER, 1, len(codes))
    frame = ((-reach, reach), (-reach, reach))
    scatter = draw_map(ax, codes * radii[:, None], labels, limits=frame, shape=1, scale=0.5)
    draw_key(scatter, [ax], labels)
    _draw_bars(ax, codes, labels)
    _draw_axes_of_circle(ax)
    dress(ax, title=title, note=f"{_counted(codes)}; bars count those of a direction")
    bare(ax)
    if isinstance(labels, Classes):
        _name(ax, NAMES * _medians(codes, labels), labels, inches=(PANEL, PANEL))
    draw_legend(figure, ax, labels)
    return figure


def _draw_bars(ax: Axes, codes: FloatArray, labels: Labels) -> None:
    """Stand a bar outside the circle in each direction, its height the number of samples."""
    edges = np.linspace(-np.pi, np.pi, BINS + 1)
    angles = np.arctan2(codes[:, 1], codes[:, 0])
    groups = (
        [(color, angles[labels.index == k]) for k, color in enumerate(labels.colors)]
        if isinstance(labels, Classes)
        else [(FILL, angles)]
    )
    counts = np.array([np.histogram(members, edges)[0] for _, members in groups])
    heights = TALLEST * counts / counts.sum(axis=0).max()
    tops = OUTER + np.cumsum(heights, axis=0)
    degrees = np.degrees(edges)
    for (color, _), height, top in zip(groups, heights, tops, strict=True):
        bars = [
            Wedge((0, 0), top[k], degrees[k], degrees[k + 1], width=height[k])
            for k in np.flatnonzero(height)
        ]
        ax.add_collection(PatchCollection(bars, facecolor=color, linewidth=0), autolim=False)


def _draw_axes_of_circle(ax: Axes) -> None:
    """Say in the empty middle which way the components grow."""
    arrow = {"arrowstyle": "->", "color": MUTED, "lw": 0.8, "shrinkA": 0, "shrinkB": 0}
    style: dict[str, Any] = {"color": MUTED, "fontsize": 8, "ha": "center"}
    for tip, name, up, side in (
        ((0.3, 0.0), "component 1", -6, "top"),
        ((0.0, 0.3), "component 2", 4, "bottom"),
    ):
        ax.annotate("", tip, (0, 0), arrowprops=arrow)
        ax.annotate(name, tip, (0, up), textcoords="offset points", va=side, **style)


def _ring_of_images(places: FloatArray, images: FloatArray, values: tuple[float, float]) -> Figure:
    figure = new_figure(PANEL + 0.3, PANEL + 0.6, shaped=True)
    ax = figure.add_subplot()
    # As large as neighbours allow: on the diagonal they come nearest.
    side = np.sin(np.pi / len(places)) / np.sqrt(2)
    height, width = np.array(images.shape[1:3]) / max(images.shape[1:3]) * side
    for (x, y), image in zip(places, images, strict=True):
        show_sheet(ax, image, values, extent=(x - width, x + width, y - height, y + height))
    reach = 1.03 + side
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach))
    ax.set_box_aspect(1)
    _draw_axes_of_circle(ax)
    bare(ax)
    return figure


# --------------------------------------------------------------------------- the sphere


def _draw_sphere(codes: FloatArray, labels: Labels, title: str) -> Figure:
    inches = (1.5 * PANEL, 0.75 * PANEL)
    bar = 0.9 if isinstance(labels, np.ndarray) else legend_width(labels, inches[1])
    figure = new_figure(inches[0] + bar, inches[1] + 0.5, shaped=True)
    ax = figure.add_subplot()
    scatter = draw_map(ax, hammer(codes), labels, limits=_frame(), shape=0.5)
    draw_key(scatter, [ax], labels)
    _draw_graticule(ax)
    dress(ax, title=title, note=f"{_counted(codes)}; {EDGES}")
    bare(ax)
    if isinstance(labels, Classes):
        _name(ax, hammer(_medians(codes, labels)), labels, inches=inches)
    draw_legend(figure, ax, labels)
    return figure


def _frame() -> Limits:
    width, height = 1.01 * HALF_WIDTH, 1.01 * HALF_HEIGHT
    return (-width, width), (-height, height)


def _draw_graticule(ax: Axes) -> None:
    """Draw the edge of the map, and meridians and parallels every 30 degrees."""
    long, short = np.linspace(-np.pi, np.pi, 181)[1:-1], np.linspace(-np.pi / 2, np.pi / 2, 91)
    lines = [
        *((np.full_like(short, angle), short) for angle in np.radians(np.arange(-150, 180, 30))),
        *((long, np.full_like(long, angle)) for angle in np.radians(np.arange(-60, 90, 30))),
    ]
    drawn = [
        hammer(np.column_stack([np.cos(b) * np.cos(a), np.cos(b) * np.sin(a), np.sin(b)]))
        for a, b in lines
    ]
    ax.add_collection(LineCollection(drawn, colors=RULE, linewidths=0.5, zorder=0.5))
    _draw_edge(ax)


def _draw_edge(ax: Axes) -> None:
    edge = Ellipse((0, 0), 2 * HALF_WIDTH, 2 * HALF_HEIGHT, fill=False, edgecolor=RULE, lw=1.0)
    edge.set_clip_on(False)
    ax.add_patch(edge)


def _aspect(image_shape: ImageShape | None) -> float:
    """Return height over width of one image."""
    blank = np.zeros((1, int(np.prod(image_shape or (1,)))))
    height, width = as_images(blank, image_shape).shape[1:3]
    return height / width


def _sheet_of_images(
    inside: NDArray[np.bool_], images: FloatArray, values: tuple[float, float]
) -> Figure:
    cells = np.full((*inside.shape, *images.shape[1:]), np.nan)
    cells[inside] = images
    n_rows, n = inside.shape
    figure = new_figure(1.5 * PANEL, 0.75 * PANEL + 0.5, shaped=True)
    ax = figure.add_subplot()
    up = HALF_WIDTH / n * n_rows * images.shape[1] / images.shape[2]
    sheet = montage(cells.reshape(-1, *images.shape[1:]), columns=n)
    show_sheet(ax, sheet, values, extent=(-HALF_WIDTH, HALF_WIDTH, -up, up))
    (left, right), (bottom, top) = _frame()
    ax.set(xlim=(left, right), ylim=(bottom, top))
    ax.set_box_aspect(0.5)
    _draw_edge(ax)
    bare(ax)
    return figure


# --------------------------------------------------------------------------- words


def _counted(codes: FloatArray) -> str:
    return f"{len(codes):,} sample{'s' if len(codes) > 1 else ''}"


def _name(ax: Axes, places: FloatArray, classes: Classes, *, inches: tuple[float, float]) -> None:
    """Write class names at given places, a class of one sample each."""
    one_each = Classes(np.arange(len(places)), classes.names, classes.places)
    name_classes(ax, places, one_each, inches=inches)
