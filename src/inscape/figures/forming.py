"""The map forming: where the same samples lie from moment to moment of a training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from inscape._checks import check_array, check_increasing, check_integer, check_number
from inscape._typing import FloatArray, IntArray
from inscape.figures._drawing.classes import Classes, class_centres, read_labels
from inscape.figures._drawing.naming import (
    FEW,
    ON_MAP,
    draw_legend,
    legend_width,
    name_classes,
    shorten,
)
from inscape.figures._drawing.panels import (
    Labels,
    Limits,
    draw_key,
    draw_map,
    draw_order,
    frame_for,
    limits_around,
)
from inscape.figures._drawing.scales import Scale, choose_scale
from inscape.figures._drawing.style import bare, dress, halo, new_figure, readable, styled
from inscape.figures.animation import DPI, write_gif

ACROSS: Final = 3
SIDE: Final = 2.6
MOVING: Final = 4.2


@styled
def map_forming(
    codes: Any,
    epochs: Any,
    labels: Any = None,
    *,
    class_names: Sequence[str] | None = None,
    scale: str | None = None,
    n_panels: int = 6,
    title: str = "The map forming",
) -> Figure:
    """Draw the map at several moments of a training, all in one frame.

    Codes of two components are drawn as they are. One component is drawn from left to right, and
    heights are scattered; of more, the plane is shown in which the last codes vary most.

    Parameters
    ----------
    codes : array (n_moments, n_samples, n_components)
        The codes of the same samples at each moment.
    epochs : array (n_moments,)
        When that was.
    labels : array (n_samples,), optional
        Classes or continuous values, as in `latent_map`.
    class_names
        Names of the classes, in the order of the sorted labels.
    scale
        "spread", the default, or "true", as in `latent_map`; about the median of the last codes.
    n_panels
        Of more moments, so many are shown, from the first to the last.
    title
        What stands above.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If codes are not finite, or there is not one epoch a moment and one label a sample.
    InvalidParameterError
        If `class_names` do not fit the labels, or `scale` is unknown.

    Examples
    --------
    >>> figure = map_forming(np.eye(4)[:, :, None] * [1.0, 2.0], [0, 0.5, 1, 2], n_panels=2)
    >>> [ax.get_title(loc="left") for ax in figure.axes]
    ['before training', 'epoch 2']
    """
    points, epochs, classes, way, (across, up) = _check(codes, epochs, labels, class_names, scale)
    shown = _evenly(len(points), check_integer("n_panels", n_panels, minimum=2))
    limits = _frame(points, way)
    columns = min(len(shown), ACROSS)
    rows = -(-len(shown) // columns)
    height = rows * (SIDE + 0.35) + 0.6
    bar = 0.9 if isinstance(classes, np.ndarray) else legend_width(classes, height)
    figure = new_figure(columns * SIDE + 0.4 + bar, height, shaped=True)
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for ax, moment in zip(axes, shown, strict=False):
        scatter = draw_map(ax, points[moment], classes, limits=limits, shape=1, scale=0.4)
        if isinstance(classes, Classes):
            name_classes(ax, points[moment], classes, inches=(0.9 * SIDE, 0.9 * SIDE), size=8)
        bare(ax)
        dress(ax, title=_moment(epochs[moment]))
        if way.note:
            way.draw_rings(ax)
        ax.spines[["left", "bottom"]].set_visible(True)
    for ax in axes[len(shown) :]:
        ax.set_axis_off()
    last = axes[len(shown) - 1]
    last.set_xlabel(across)
    axes[0].set_ylabel(up)
    draw_key(scatter, axes, classes)
    draw_legend(figure, last, classes)
    note = "; ".join(filter(None, [f"{points.shape[1]:,} samples in one frame", way.note]))
    figure.suptitle(f"{title}: {note}", x=0.015, ha="left", fontsize=10)
    return figure


@styled
def animate_map(
    codes: Any,
    epochs: Any,
    labels: Any = None,
    *,
    class_names: Sequence[str] | None = None,
    scale: str | None = None,
    n_between: int = 3,
    frames_per_second: float = 12,
    title: str = "The map forming",
) -> bytes:
    """Return the map's forming as a moving picture, a GIF, all in one frame.

    Between two moments each sample moves in a straight line, which no training saw.

    Parameters
    ----------
    codes : array (n_moments, n_samples, n_components)
        The codes of the same samples at each moment.
    epochs : array (n_moments,)
        When that was.
    labels : array (n_samples,), optional
        Classes or continuous values, as in `latent_map`.
    class_names
        Names of the classes, in the order of the sorted labels.
    scale
        "spread", the default, or "true", as in `map_forming`.
    n_between
        Pictures between two moments.
    frames_per_second
        How fast pictures follow each other.
    title
        What stands above.

    Returns
    -------
    bytes
        What a file of this kind holds.

    Raises
    ------
    InvalidDataError
        If codes are not finite, or there is not one epoch a moment and one label a sample.
    InvalidParameterError
        If `class_names` do not fit the labels, `scale` is unknown, or a number is out of bounds.

    Examples
    --------
    >>> animate_map(np.eye(4)[:, :, None] * [1.0, 2.0], [0, 0.5, 1, 2])[:4]
    b'GIF8'
    """
    points, epochs, classes, way, (across, up) = _check(codes, epochs, labels, class_names, scale)
    steps = check_integer("n_between", n_between, minimum=0) + 1
    speed = check_number("frames_per_second", frames_per_second, above=0, maximum=50)
    figure = new_figure(MOVING, MOVING + 0.5, shaped=True)
    figure.set_dpi(DPI)
    ax: Any = figure.add_subplot()
    scatter = draw_map(ax, points[-1], classes, limits=_frame(points, way), shape=1, scale=0.7)
    bare(ax)
    dress(ax, title=_moment(epochs[-1]), note="; ".join(filter(None, [title, way.note])))
    if way.note:
        way.draw_rings(ax)
    ax.set(xlabel=across, ylabel=up)
    heading, words = ax._left_title, _moving_names(ax, classes)
    figure.draw_without_rendering()
    # From here on everything stays where it is, and no time is spent on finding out.
    figure.set_layout_engine("none")
    order = draw_order(points.shape[1])

    def show(place: int) -> None:
        moment, part = divmod(place, steps)
        here = points[moment]
        if part:
            # Slow at the recorded moments, so that they are seen.
            share = part / steps
            here = here + (3 - 2 * share) * share**2 * (points[moment + 1] - here)
        scatter.set_offsets(here[order])
        heading.set_text(_moment(epochs[moment]))
        if isinstance(classes, Classes):
            for word, centre in zip(words, class_centres(here, classes), strict=False):
                word.set_position((float(centre[0]), float(centre[1])))

    moving: list[Artist] = [scatter, heading, *words]
    places = np.arange((len(points) - 1) * steps + 1)
    return write_gif(figure, moving, show, places, speed)


def _check(
    codes: Any, epochs: Any, labels: Any, class_names: Sequence[str] | None, scale: str | None
) -> tuple[FloatArray, FloatArray, Labels, Scale, tuple[str, str]]:
    """Return points (n_moments, n_samples, 2), epochs, labels, scale and names of both axes."""
    epochs = check_increasing(epochs, name="epochs")
    shape = {"n_moments": len(epochs), "n_samples": None, "n_components": None}
    codes = check_array(codes, name="codes", shape=shape).astype(np.float64)
    classes = read_labels(labels, codes.shape[1], class_names)
    plane, names = in_plane(codes)
    # Scattered heights are no distances.
    way = choose_scale("true" if codes.shape[2] == 1 else scale, plane[-1], framed=False)
    return np.stack([way.to_plane(each) for each in plane]), epochs, classes, way, names


def in_plane(codes: FloatArray) -> tuple[FloatArray, tuple[str, str]]:
    """Return codes (n_moments, n_samples, n_components) in one plane, and its axes' names."""
    n_components = codes.shape[2]
    if n_components == 1:
        heights = np.random.default_rng(0).uniform(size=codes.shape[1])
        both = np.stack([codes[..., 0], np.broadcast_to(heights, codes.shape[:2])], axis=-1)
        return both, ("component 1", "scattered")
    if n_components == 2:
        return codes, ("component 1", "component 2")
    last = codes[-1]
    _, _, directions = np.linalg.svd(last - last.mean(axis=0), full_matrices=False)
    if len(directions) < 2:
        return codes[..., :2], ("component 1", "component 2")
    return (codes - last.mean(axis=0)) @ directions[:2].T, (
        "widest direction of the last codes",
        "second widest",
    )


def _evenly(n: int, most: int) -> IntArray:
    """Return the places of at most so many of n moments, the first and the last among them."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(np.intp))


def _frame(points: FloatArray, way: Scale) -> Limits:
    """Return one frame for all moments; a true one leaves out one in a hundred at each end."""
    every = points.reshape(-1, 2)
    return frame_for(every, square=True) if way.note else limits_around(every, outside=0.005)


def _moment(epoch: float) -> str:
    return f"epoch {epoch:.3g}" if epoch else "before training"


def _moving_names(ax: Axes, classes: Labels) -> list[Text]:
    """Return a name for each of at most ten classes; more would hide the map."""
    if not isinstance(classes, Classes) or len(classes.names) > FEW:
        return []
    style: dict[str, Any] = {"ha": "center", "va": "center", "fontweight": "bold", "clip_on": True}
    words = [
        ax.text(0, 0, shorten(name, ON_MAP), color=readable(color), path_effects=halo(3), **style)
        for name, color in zip(classes.names, classes.colors, strict=True)
    ]
    for word in words:
        word.set_in_layout(False)
    return words
