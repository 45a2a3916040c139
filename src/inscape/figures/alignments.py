"""How alike many representations are: layers, moments of a training, models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from inscape._checks import check_array, check_names
from inscape._errors import InvalidDataError
from inscape._typing import FloatArray
from inscape.figures._drawing.naming import shorten, thin_out
from inscape.figures._drawing.style import (
    INK,
    PAPER,
    RULE,
    SEQUENTIAL,
    TEXT_CONTRAST,
    color_bar,
    contrast,
    draw_key_row,
    dress,
    new_figure,
    styled,
)

# Of more, numbers in cells could not be read.
_MOST_WRITTEN = 12
_CELL, _LEAST, _MOST = 0.42, 2.2, 6.2
_LETTER = 0.066
# Letters of a name: where a layer and a moment stand together, both are needed.
_LONGEST = 34


@styled
def alignment_map(
    values: Any,
    names: Sequence[str],
    *,
    other_names: Sequence[str] | None = None,
    title: str = "How alike representations are",
    label: str = "centred kernel alignment",
) -> Figure:
    """Draw how alike every representation is to every other, as `measures.alignment_matrix` gives.

    Bright squares along the diagonal are runs of layers, or of moments, that hold the rows alike;
    an edge between two is where the representation changes.

    Parameters
    ----------
    values : array (n_names, n_other_names)
        1 for the same geometry, 0 for none in common; whole rows or columns of NaN are
        drawn in grey.
    names
        One a row, from above.
    other_names
        One a column; None where the matrix is of `names` with themselves.
    title
        What stands above.
    label
        What the values are.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If the shapes do not fit, or a value is not finite where its row and column have others.

    Examples
    --------
    >>> figure = alignment_map([[1.0, 0.4], [0.4, 1.0]], ["epoch 0", "epoch 1"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['1.00', '0.40', '0.40', '1.00']
    """
    below = names if other_names is None else other_names
    found, none = _check_values(values)
    left = check_names(names, name="names", n=found.shape[0])
    below = check_names(below, name="other_names", n=found.shape[1])
    height, width = (float(np.clip(_CELL * n, _LEAST, _MOST)) for n in found.shape)
    letters = [
        _LETTER * max(len(shorten(name, _LONGEST)) for name in each) for each in (left, below)
    ]
    figure = new_figure(width + letters[0] + 1.5, height + letters[1] + 1.0, shaped=True)
    ax = figure.add_subplot()
    image = ax.imshow(
        np.ma.masked_array(found, none), cmap=SEQUENTIAL, vmin=0, vmax=1, interpolation="nearest"
    )
    if height != width:
        ax.set_aspect("auto")
    ax.set_facecolor(RULE)
    dress(ax, title=title, note=" " if none.any() else "")
    if none.any():
        key = Patch(color=RULE, label="no structure to compare: the same for all rows")
        draw_key_row(ax, [key], handlelength=1)
    for axis, words, inches in ((ax.yaxis, left, height), (ax.xaxis, below, width)):
        places, texts, size = thin_out(words, inches=inches, most=_LONGEST)
        axis.set_ticks(places, texts, fontsize=size, color=INK)
    ax.tick_params(axis="x", rotation=90)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    if max(found.shape) <= _MOST_WRITTEN:
        for (i, j), value in np.ndenumerate(found):
            if not none[i, j]:
                shade = image.cmap(float(value))[:3]
                color = PAPER if contrast(shade) >= TEXT_CONTRAST else INK
                ax.text(j, i, f"{value:.2f}", ha="center", va="center", color=color, size=7)
    color_bar(image, ax, label=label, ticks=[0, 0.5, 1], shrink=0.8)
    return figure


def _check_values(values: Any) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return the values with 0 where there are none, and where that is: whole rows or columns."""
    array = np.asarray(values)
    missing = np.isnan(array) if array.dtype.kind == "f" else np.zeros(array.shape, dtype=bool)
    none = np.zeros_like(missing)
    if missing.ndim == 2:
        none |= missing.all(axis=1, keepdims=True) | missing.all(axis=0)
    if none.size and none.all():
        raise InvalidDataError(
            "values must hold a number at least; got NaN everywhere: compare representations that "
            "vary over the rows."
        )
    # Of a representation that has no structure nothing is known at all; a lone gap is a mistake.
    shape: dict[str, int | None] = {"n_names": None, "n_other_names": None}
    return check_array(np.where(none, 0.0, array), name="values", shape=shape), none
