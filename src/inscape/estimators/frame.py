"""The frame in which a network works: rows less their mean, over one scale for all columns."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from inscape._typing import FloatArray

# Rows, evenly spread, from which mean and scale are taken: more would tell no more.
_MOST_ROWS = 20_000
# Steps of the grid of training rows, in the spread of a column.
_STEPS = 2**16
# A column whose spread is a smaller share of its mean is constant, but for roundings.
_CONSTANT = 2.0**-44


@dataclass(frozen=True, eq=False)
class Frame:
    """The map x -> (x - mean) / scale with one scale, which keeps squared error what it is.

    The difference is taken in the type of the rows: in float64 an offset of a million spreads costs
    nothing, where float32 would keep one digit of what is left.

    Parameters
    ----------
    mean : ndarray, shape (n_features,), float64
        In the units of the (scaled) data.
    scale : float
        Above 0.
    """

    mean: FloatArray
    scale: float

    def apply(self, X: FloatArray) -> FloatArray:
        """Return rows (n_samples, n_features) in the frame, in their type."""
        rows = X - self.mean.astype(X.dtype)
        # In the type of the rows, and not first squeezed into float32's exponents.
        rows /= X.dtype.type(self.scale)
        return rows

    def undo(self, rows: FloatArray) -> FloatArray:
        """Return rows of the frame in the units of the data, in their type."""
        restored = rows * rows.dtype.type(self.scale)
        restored += self.mean.astype(rows.dtype)
        return restored

    def steady(self, rows: FloatArray, weights: FloatArray | None = None) -> FloatArray:
        """Return training rows of the frame on a grid, if they are float64, else as they came.

        Other units and offsets change the last digits of rows, and a training that begins a digit
        away ends elsewhere, as another seed does. On a grid of 2^-16 of the spread of a column,
        which float64 tells apart behind an offset of a million spreads, those digits are gone.
        """
        if rows.dtype != np.float64:
            return rows
        spread = np.sqrt(np.average(np.square(rows), axis=0, weights=weights))
        spread[spread * self.scale <= _CONSTANT * np.abs(self.mean)] = 1.0
        # A power of two, which 1.3 keeps off its borders where columns have been standardised.
        steps = np.ldexp(float(_STEPS), -np.frexp(1.3 * spread)[1])
        gridded = rows * steps
        np.rint(gridded, out=gridded)
        gridded /= steps
        return gridded


def fit_frame(X: FloatArray, weights: FloatArray | None = None) -> Frame:
    """Return the frame of training rows: their mean, and their root mean square around it.

    With weights (n_samples,) each row counts by its own.

    Multiplying the rows by a power of two multiplies both by the same and changes no other bit.
    """
    step = max(1, -(-len(X) // _MOST_ROWS))
    some, weights = X[::step].astype(np.float64), None if weights is None else weights[::step]
    mean = np.average(some, axis=0, weights=weights)
    # Twice: a sum of many rows that are far off their zero has lost its last digits.
    mean += np.average(some - mean, axis=0, weights=weights)
    centred = some - mean
    # By the exponent of the largest value, so that no square leaves float64.
    exponent = math.frexp(float(np.abs(centred).max()))[1]
    relative = np.ldexp(centred, -exponent)
    squares = np.square(relative)
    spread = float(
        squares.mean() if weights is None else np.average(squares.mean(axis=1), weights=weights)
    )
    return Frame(mean, math.ldexp(math.sqrt(spread), exponent))
