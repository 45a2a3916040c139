"""Words beside marks: moved apart where they would lie on top of each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from inscape._typing import FloatArray
from inscape.figures._drawing.style import STYLE_DPI, halo, readable


def spread(centres: FloatArray, sizes: FloatArray, *, rounds: int = 200) -> FloatArray:
    """Move boxes apart, each pair along the direction in which it overlaps least.

    Parameters
    ----------
    centres, sizes : arrays (n_boxes, 2)
        Middle, and width and height, of each box in any one unit.
    rounds
        After so many rounds, what still overlaps is left so.

    Returns
    -------
    array (n_boxes, 2)
        The new centres; a box that overlapped nothing stays where it was.

    Examples
    --------
    >>> spread(np.zeros((2, 2)), np.array([[4.0, 1.0], [4.0, 1.0]])).round(2).tolist()
    [[0.0, -0.51], [0.0, 0.51]]
    """
    placed = np.array(centres, dtype=float)
    number = np.arange(len(placed))
    # Boxes on the very same spot part by their order.
    tie = np.sign(number[:, None] - number[None])[..., None]
    reach = (sizes[:, None] + sizes[None]) / 2
    for _ in range(rounds):
        apart = placed[:, None] - placed[None]
        overlap = reach - np.abs(apart)
        clash = (overlap > 1e-9).all(axis=-1) & (tie[..., 0] != 0)
        if not clash.any():
            break
        least = np.arange(2) == overlap.argmin(axis=-1)[..., None]
        # A little further than needed, else crowded boxes only creep towards being apart.
        way = np.where(apart == 0, tie, np.sign(apart))
        placed += (way * (overlap + 0.02 * reach) * least * clash[..., None]).sum(axis=1) / 2
    return placed


def label_ends(ax: Axes, ends: FloatArray, texts: Sequence[str], colors: Sequence[str]) -> None:
    """Write a label beside the end (x, y) of each line, without overlaps at the right edge.

    Parameters
    ----------
    ends : array (n_lines, 2)
        In data units; one well inside the panel gets its label there, the others at the edge.
    """
    at = ax.transAxes.inverted().transform(ax.transData.transform(ends))
    # The panel's height is only about this until the layout is made, and that is enough here.
    line = 11 / 72 * STYLE_DPI / ax.get_window_extent().height
    inside = at[:, 0] < 0.85
    placed = at.copy()
    placed[~inside] = spread(at[~inside], np.tile([1.0, 1.25 * line], (int((~inside).sum()), 1)))
    placed[:, 0] = np.where(inside, at[:, 0] + 0.015, 1.035)
    for start, end, text, color, within in zip(at, placed, texts, colors, inside, strict=True):
        arrow = {"arrowstyle": "-", "color": color, "lw": 0.7, "shrinkA": 1, "shrinkB": 0}
        ax.annotate(
            text,
            tuple(start),
            xytext=tuple(end),
            xycoords="axes fraction",
            textcoords="axes fraction",
            va="center",
            color=readable(color),
            fontsize=8.5,
            path_effects=halo() if within else [],
            annotation_clip=False,
            arrowprops=None if within else arrow,
        )
