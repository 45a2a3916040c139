"""Rows of numbers as small pictures, and many small pictures as one large one."""

from __future__ import annotations

import math

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from inscape._errors import InvalidParameterError
from inscape._typing import FloatArray, ImageShape
from inscape.figures._drawing.style import PAPER


def as_images(rows: FloatArray, image_shape: ImageShape | None, *, name: str = "X") -> FloatArray:
    """Return rows as grey images (n, height, width) or colour ones (n, height, width, 3).

    Parameters
    ----------
    rows : array (n, n_features)
        One flattened image a row.
    image_shape
        (height, width), (height, width, channels) or (channels, height, width), with 1 or 3
        channels.

    Raises
    ------
    InvalidParameterError
        If the shape is none of these, or does not hold as many pixels as a row has features.
    """
    shape = tuple(image_shape or ())
    if shape and math.prod(shape) == rows.shape[1]:
        images = rows.reshape(-1, *shape)
        if len(shape) == 2:
            return images
        if len(shape) == 3 and shape[2] in (1, 3):
            return images[..., 0] if shape[2] == 1 else images
        if len(shape) == 3 and shape[0] in (1, 3):
            return images[:, 0] if shape[0] == 1 else np.moveaxis(images, 1, -1)
    raise InvalidParameterError(
        f"`image_shape` must be (height, width) or (height, width, 3) and hold the "
        f"{rows.shape[1]} features of {name}; got {image_shape}: give the shape of one image."
    )


def montage(images: FloatArray, *, columns: int, gap: int = 0) -> FloatArray:
    """Lay images (n, height, width[, 3]) out row by row in one image; gaps and free cells are NaN.

    Examples
    --------
    >>> montage(np.array([[[1.0]], [[2.0]], [[3.0]]]), columns=2).tolist()
    [[1.0, 2.0], [3.0, nan]]
    """
    n, height, width, *channels = images.shape
    rows = math.ceil(n / columns)
    cells = np.full((rows * columns, height + gap, width + gap, *channels), np.nan)
    cells[:n, :height, :width] = images
    cells = cells.reshape(rows, columns, height + gap, width + gap, *channels)
    sheet = cells.swapaxes(1, 2).reshape(rows * (height + gap), columns * (width + gap), *channels)
    return sheet[: sheet.shape[0] - gap, : sheet.shape[1] - gap]


def value_range(*arrays: FloatArray) -> tuple[float, float]:
    """Return the values to show as black and white: [0, 1] for data inside it, else their range.

    A few far values (a linear decoder oversteps) would wash out the rest, so the range leaves out
    one in two hundred at each end.
    """
    low = min(float(array.min()) for array in arrays)
    high = max(float(array.max()) for array in arrays)
    if low >= 0 and 0.5 < high <= 1:
        return 0.0, 1.0
    low = min(float(np.quantile(array, 0.005)) for array in arrays)
    high = max(float(np.quantile(array, 0.995)) for array in arrays)
    if -0.5 * high <= low < 0:
        # Little below 0 is overstepping too, and 0 stays black; signed data lie on both sides.
        low = 0.0
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def show_sheet(
    ax: Axes,
    sheet: FloatArray,
    values: tuple[float, float],
    *,
    extent: tuple[float, float, float, float] | None = None,
    cmap: str = "gray",
) -> AxesImage:
    """Draw one montage; NaN is paper, colour images are scaled by the same range as grey ones."""
    low, high = values
    options = {"extent": extent, "aspect": "equal" if extent is None else "auto"}
    if sheet.ndim == 3:
        scaled = np.clip((sheet - low) / (high - low), 0, 1)
        return ax.imshow(np.nan_to_num(scaled, nan=1.0), interpolation="antialiased", **options)  # type: ignore[arg-type]
    paper = colormaps[cmap].with_extremes(bad=PAPER)
    return ax.imshow(
        np.ma.masked_invalid(sheet),
        cmap=paper,
        vmin=low,
        vmax=high,
        interpolation="antialiased",
        **options,  # type: ignore[arg-type]
    )
