"""Names of classes and items: shortened, on the map, in a legend beside it, at most so many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from inscape._typing import FloatArray
from inscape.figures._drawing.classes import Classes, class_centres, mark_of
from inscape.figures._drawing.labels import spread
from inscape.figures._drawing.style import INK, MUTED, halo, readable

# Letters of a name on a map, on one of many classes, and beside a panel.
ON_MAP: Final = 14
IN_CROWD: Final = 9
BESIDE: Final = 22
# Names on a map, and in a legend; a map of more than ten classes has a legend too.
MOST_ON_MAP: Final = 20
MOST_IN_LEGEND: Final = 40
FEW: Final = 10
LINE = 0.17
LETTER = 0.072


def shorten(name: object, most: int = BESIDE) -> str:
    """Return a name in at most so many letters, the middle left out: ends tell most names apart.

    Examples
    --------
    >>> shorten("Reconnaissance aircraft, model 17", 14)
    'Reconnais…l 17'
    >>> shorten("cat", 14)
    'cat'
    """
    text = " ".join(str(name).split())
    if len(text) <= most:
        return text
    tail = most // 3
    return f"{text[: most - tail - 1]}…{text[-tail:]}"


def name_classes(
    ax: Axes, codes: FloatArray, classes: Classes, *, inches: tuple[float, float], size: float = 12
) -> None:
    """Write names at the centres of the largest classes; those that would overlap move apart.

    Names take no part in the layout and stay inside the panel.

    Parameters
    ----------
    codes : array (n_samples, 2)
    inches
        About how wide and high the panel will be drawn, to know what would overlap.
    """
    counts = np.bincount(classes.index, minlength=len(classes.names))
    largest = np.sort(np.argsort(-counts, kind="stable")[:MOST_ON_MAP])
    few = len(classes.names) <= FEW
    size = size if few else 0.7 * size
    names = [shorten(classes.names[k], ON_MAP if few else IN_CROWD) for k in largest]
    centres = class_centres(codes, classes)[largest]
    low, high = np.column_stack([ax.get_xlim(), ax.get_ylim()])
    panel = np.array(inches) * 72
    points = (centres - low) / (high - low) * panel
    boxes = np.array([[0.62 * size * len(name) + 3, 1.1 * size] for name in names])
    inside = np.clip(spread(points, boxes), boxes / 2, np.maximum(panel - boxes / 2, boxes / 2))
    # Who lies outside the frame is clipped with its centre, and is not brought in.
    within = ((points >= 0) & (points <= panel)).all(axis=1, keepdims=True)
    shift = np.where(within, inside - points, 0)
    for k, name, centre, offset in zip(largest, names, centres, shift, strict=True):
        word = ax.annotate(
            name,
            (float(centre[0]), float(centre[1])),
            xytext=(float(offset[0]), float(offset[1])),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=size,
            fontweight="bold",
            color=readable(classes.colors[k]),
            path_effects=halo(3),
            annotation_clip=True,
        )
        word.set_in_layout(False)


def remember_classes(ax: Axes, classes: Classes) -> None:
    """Leave one empty mark a class in a panel, from which legends and class bars are made."""
    for name, place in zip(classes.names, classes.places, strict=True):
        color, shape = mark_of(place)
        (handle,) = ax.plot([], [], shape, color=color, ms=5, mew=0, ls="", label=shorten(name))
        handle.set_gid(str(place))


def handles_of(ax: Axes) -> list[Line2D]:
    """Return the marks that `remember_classes` left."""
    return [line for line in ax.get_lines() if line.get_gid() is not None]


def needs_legend(classes: object) -> bool:
    """Return whether the names on a map are not enough: more than ten classes, or long names."""
    return isinstance(classes, Classes) and (
        len(classes.names) > FEW or max(map(len, classes.names)) > ON_MAP
    )


def legend_width(classes: object, height: float) -> float:
    """Return the inches that a legend takes beside panels of this height; 0 where none is due."""
    if not isinstance(classes, Classes) or not needs_legend(classes):
        return 0.0
    return width_of_names(classes.names, height)


def width_of_names(names: Sequence[str], height: float) -> float:
    """Return the inches that a legend of these names takes in a figure of this height."""
    shown = min(len(names), MOST_IN_LEGEND)
    letters = max(len(shorten(name)) for name in names)
    return math.ceil(shown / _lines(height)) * (0.35 + LETTER * letters) + 0.1


def draw_legend(figure: Figure, ax: Axes, classes: object) -> None:
    """Explain the marks of a map's classes at the right of the figure, where that is due."""
    if needs_legend(classes):
        add_legend(figure, handles_of(ax))


def add_legend(figure: Figure, handles: Sequence[Line2D], *, title: str | None = None) -> None:
    """Write a legend at the right of the figure: at most forty marks, and how many more."""
    shown = list(handles[:MOST_IN_LEGEND])
    more = len(handles) - len(shown)
    if more:
        shown.append(Line2D([], [], ls="", label=f"and {more:,} more"))
    legend = figure.legend(
        handles=shown,
        loc="outside right upper",
        ncols=math.ceil(len(shown) / _lines(figure.get_figheight())),
        frameon=False,
        fontsize=8,
        labelcolor=INK,
        handletextpad=0.1,
        columnspacing=0.8,
        title=title,
        title_fontsize=8,
        alignment="left",
    )
    legend.get_title().set_color(MUTED)


def _lines(height: float) -> int:
    return max(int((height - 0.4) / LINE), 1)


def names_height(names: Sequence[str] | None) -> float:
    """Return the inches that feature names need when they stand upright under a panel."""
    return 0.0 if names is None else 0.075 * max(len(shorten(name)) for name in names)


def thin_out(
    names: Sequence[object], *, inches: float, most: int = BESIDE
) -> tuple[list[int], list[str], float]:
    """Return which names of a row of items to write in this length, the texts, and their size.

    As many as can be read at 5 points are left, evenly spaced from the first.

    Examples
    --------
    >>> places, texts, size = thin_out([f"item {k}" for k in range(200)], inches=2.0)
    >>> len(places), texts[:2]
    (25, ['item 0', 'item 8'])
    """
    room = 0.85 * 72 * inches
    step = math.ceil(len(names) / max(int(room / 4.8), 1))
    places = list(range(0, len(names), step))
    return (
        places,
        [shorten(names[k], most) for k in places],
        float(np.clip(room / len(places), 4.8, 8)),
    )
