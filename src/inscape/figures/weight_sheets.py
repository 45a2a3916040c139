"""The weights of all units of a layer, each a small picture, on one sheet."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from inscape._checks import check_matrix
from inscape._errors import InvalidDataError
from inscape._typing import ImageShape
from inscape.figures._drawing.style import DIVERGING, MUTED, bare, dress, new_figure, styled
from inscape.figures._drawing.tiles import as_images, montage, show_sheet
from inscape.figures.weights import reading_of

# Inches: the widest sheet, the largest tile, and the narrowest sheet on which the note has room.
WIDEST, LARGEST, NARROWEST = 10.0, 1.0, 5.6
# Columns over rows of tiles, if tiles are square.
LANDSCAPE = 1.5
# The largest weights saturate, else a few stray pixels would make all tiles look empty.
SATURATED = 0.005


@styled
def weight_tiles(
    weights: Any,
    *,
    image_shape: ImageShape,
    structured: Any = None,
    title: str = "Weights of every unit",
) -> Figure:
    """Draw the weights of all units as tiles: red above 0, blue below, one scale for all.

    With one scale a unit that never learned is pale beside the others: it shows the small noise
    that it started from. The largest weights saturate.

    Parameters
    ----------
    weights : array (n_units, n_pixels)
        One unit a row: the weights into each unit (the encoder's matrix) or out of it (the
        decoder's, transposed).
    image_shape
        (height, width) or (height, width, 3) of one tile; in colour tiles 0 is grey.
    structured : array of bool (n_units,), optional
        Which tiles hold a pattern, such as `spatial_structure(weights).structured`: they come
        first, in a frame, and the note gives their share.
    title
        What stands above.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If the weights are not finite numbers, or there is not one True or False a unit.
    InvalidParameterError
        If the image shape does not fit.

    Examples
    --------
    >>> figure = weight_tiles(np.eye(4), image_shape=(2, 2), structured=[True, False, False, False])
    >>> figure.axes[0].texts[0].get_text().split(";")[0]
    '1 of 4 units (25%) hold a pattern: framed, and first'
    """
    weights = check_matrix(weights, name="weights")
    marked = _read_marks(structured, len(weights))
    # A stable order: within each group the units stay in the order of the layer.
    images = as_images(weights[np.argsort(~marked, kind="stable")], image_shape, name="weights")
    sizes = np.abs(weights)
    most = float(np.quantile(sizes, 1 - SATURATED)) or float(sizes.max()) or 1.0
    n, height, width = images.shape[:3]
    columns = min(n, math.ceil(math.sqrt(LANDSCAPE * n * height / width)))
    gap = max(1, width // 14)
    tile = min(LARGEST, WIDEST / columns)
    rows = math.ceil(n / columns)
    size = (max(columns * tile + 0.2, NARROWEST), rows * tile * height / width + 0.7)
    figure = new_figure(*size, shaped=True)
    ax = figure.add_subplot()
    show_sheet(ax, montage(images, columns=columns, gap=gap), (-most, most), cmap=DIVERGING)
    _frame(ax, int(marked.sum()), columns, (width, height), gap)
    bare(ax)
    dress(
        ax, title=title, note=_note(marked, told=structured is not None, in_colour=images.ndim == 4)
    )
    return figure


def _read_marks(structured: Any, n_units: int) -> NDArray[np.bool_]:
    if structured is None:
        return np.zeros(n_units, dtype=bool)
    marked = np.asarray(structured)
    if marked.shape == (n_units,) and marked.dtype == bool:
        return marked
    raise InvalidDataError(
        f"structured must hold True or False for each of the {n_units} units; got the shape "
        f"{marked.shape} of type {marked.dtype}: give spatial_structure(weights).structured."
    )


def _note(marked: NDArray[np.bool_], *, told: bool, in_colour: bool) -> str:
    count = f"{len(marked):,} unit{'s' if len(marked) > 1 else ''}"
    if told:
        framed = ": framed, and first" if marked.any() else ""
        count = f"{marked.sum():,} of {count} ({marked.mean():.0%}) hold a pattern{framed}"
    return f"{count}; {reading_of(signed=True, in_colour=in_colour)}, one scale for all"


def _frame(ax: Axes, n_framed: int, columns: int, size: tuple[int, int], gap: int) -> None:
    """Frame the first tiles, in the middle of the gap around each."""
    width, height = size
    frames = []
    for k in range(n_framed):
        row, column = divmod(k, columns)
        corner = (column * (width + gap) - (1 + gap) / 2, row * (height + gap) - (1 + gap) / 2)
        frames.append(Rectangle(corner, width + gap, height + gap))
    ax.add_collection(
        PatchCollection(frames, facecolor="none", edgecolor=MUTED, linewidth=0.6, clip_on=False),
        autolim=False,
    )
