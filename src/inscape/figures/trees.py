"""A hierarchy of items: the tree that made them, their features and their similarity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from inscape._checks import check_array, check_integer, check_names
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape._typing import FloatArray
from inscape.figures._drawing.style import (
    DIVERGING,
    INK,
    MUTED,
    PAPER,
    bare,
    color_bar,
    dress,
    new_figure,
    styled,
)

MOST_FEATURES = 32
SOFT = (0.32, 0.9)


@styled
def hierarchy(
    features: Any,
    *,
    item_names: Sequence[str],
    branches: Sequence[int],
    title: str = "A hierarchy of items",
) -> Figure:
    """Draw a tree of items, beside it their features, and how similar they are to each other.

    Parameters
    ----------
    features : array (n_items, n_features)
        -1 or +1; items in the order of the tree's leaves. The first 32 features are shown, the
        similarity is that of all.
    item_names
        A name for each item.
    branches
        Children of each node at each level, from the root: (2, 2, 2) makes 8 items.
    title
        What stands above the tree.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If the features are not all -1 or +1, or there is not one name an item.
    InvalidParameterError
        If the branches do not make as many leaves as there are items.

    Examples
    --------
    >>> features = np.array([[1, 1, 1], [1, 1, -1], [-1, 1, 1], [-1, -1, 1]])
    >>> names = ["Robin", "Canary", "Rose", "Oak"]
    >>> figure = hierarchy(features, item_names=names, branches=(2, 2))
    >>> [ax.get_title(loc="left") for ax in figure.axes[:3]]
    ['A hierarchy of items', 'Features', 'Similarity']
    """
    features = check_array(features, name="features", shape={"n_items": None, "n_features": None})
    _check_signs(features)
    n_items, n_features = features.shape
    names = check_names(item_names, name="item_names", n=n_items)
    levels = _check_branches(branches, n_items)
    height = float(np.clip(0.16 * n_items, 2.4, 5.4))
    size = float(np.clip(0.8 * 72 * height / n_items, 4, 8.5))
    longest = 0.0085 * size * max(map(len, names))
    shown = min(n_features, MOST_FEATURES)
    # Each panel's height over its width, so that all three are as high and rows lie in line.
    shapes = (1.15, max(0.62, min(n_items / shown, 3)), 1.0)
    widths = [1 / shape for shape in shapes]
    figure = new_figure(height * sum(widths) + 1.3 + longest, height + 0.9 + longest, shaped=True)
    left, middle, right = figure.subplots(1, 3, width_ratios=widths)
    plural = "s" if len(levels) > 1 else ""
    note = f"{n_items} items, {len(levels)} level{plural} below the root"
    dress(left, title=title, note=note)
    _draw_tree(left, levels)
    left.yaxis.tick_right()
    left.set_yticks(range(n_items), names)
    # Softer than the ends of the scale of similarity, for half of all cells have each of the two;
    # one darker than the other, for eyes or printers that see greys alone.
    soft = ListedColormap(colormaps[DIVERGING](SOFT))
    which = f"first {shown} of {n_features:,}" if shown < n_features else f"all {shown}"
    dress(middle, title="Features", note=f"{which}: red +1, blue -1", xlabel="feature")
    middle.imshow(features[:, :shown], cmap=soft, vmin=-1, vmax=1, aspect="auto")
    bare(middle)
    _draw_gaps(middle, n_items, shown)
    dress(right, title="Similarity", note="mean product of features")
    drawn = right.imshow(
        features @ features.T / n_features, cmap=DIVERGING, vmin=-1, vmax=1, aspect="auto"
    )
    bare(right)
    right.set_xticks(range(n_items), names, rotation=90)
    for ax, shape in zip((left, middle, right), shapes, strict=True):
        ax.tick_params(length=0, labelcolor=INK, labelsize=size)
        ax.set_box_aspect(shape)
        ax.set_ylim(n_items - 0.5, -0.5)
    color_bar(drawn, right, label="", ticks=[-1, 0, 1])
    return figure


def _check_signs(features: FloatArray) -> None:
    bad = np.abs(features) != 1
    if bad.any():
        row, column = (int(i) for i in np.unravel_index(int(np.argmax(bad)), bad.shape))
        raise InvalidDataError(
            f"features must be -1 or +1; got {features[row, column]:g} at row {row}, column "
            f"{column}: give the sign of each."
        )


def _check_branches(branches: Sequence[int], n_items: int) -> tuple[int, ...]:
    levels = tuple(check_integer("branches", width, minimum=1) for width in branches)
    if not levels or math.prod(levels) != n_items:
        raise InvalidParameterError(
            f"`branches` must multiply to the {n_items} items of features; got {levels}, which "
            f"make {math.prod(levels)}: give the children of each node, level by level."
        )
    return levels


def _draw_tree(ax: Axes, levels: Sequence[int]) -> None:
    """Draw the tree from its root at the left to one leaf a row at the right."""
    nodes = np.arange(math.prod(levels), dtype=float)
    lines: list[list[tuple[float, float]]] = []
    for depth in reversed(range(len(levels))):
        groups = nodes.reshape(-1, levels[depth])
        parents = groups.mean(axis=1)
        fork = depth + 0.5
        lines += [[(fork, y), (depth + 1, y)] for y in nodes]
        lines += [[(depth, y), (fork, y)] for y in parents]
        lines += [[(fork, group[0]), (fork, group[-1])] for group in groups]
        ax.plot(np.full(len(parents), depth), parents, "o", ms=5, color=INK, zorder=3)
        nodes = parents
    ax.add_collection(LineCollection(lines, colors=MUTED, linewidths=1.2, capstyle="round"))
    ax.set_xlim(-0.15, len(levels))
    bare(ax)


def _draw_gaps(ax: Axes, n_rows: int, n_columns: int) -> None:
    """Part the cells by thin lines of paper, so that they can be counted."""
    ax.vlines(np.arange(1, n_columns) - 0.5, -0.5, n_rows - 0.5, color=PAPER, lw=0.5)
    ax.hlines(np.arange(1, n_rows) - 0.5, -0.5, n_columns - 0.5, color=PAPER, lw=0.5)
