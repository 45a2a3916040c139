"""Columns of one spread, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inscape._typing import FloatArray


@dataclass(frozen=True, eq=False)
class Standard:
    """The map to columns of one spread.

    Parameters
    ----------
    mean, spread : ndarray, shape (n_features,), float64
        Of each column; a constant column has the spread 1.
    """

    mean: FloatArray
    spread: FloatArray

    def apply(self, X: FloatArray) -> FloatArray:
        """Return (X - mean) / spread in float64."""
        return (X.astype(np.float64) - self.mean) / self.spread

    def undo(self, rows: FloatArray) -> FloatArray:
        """Return the rows that `apply` made these of."""
        return rows * self.spread + self.mean


def fit_standard(X: FloatArray, *, alike: bool = False) -> Standard:
    """Return the map of training rows.

    A column that is constant but for roundings is constant.

    Parameters
    ----------
    X : ndarray, shape (n_samples, n_features)
        Rows.
    alike : bool
        Whether columns are of one unit, such as pixels, and get one spread: the root mean square.
    """
    mean = X.mean(axis=0, dtype=np.float64)
    centred = X.astype(np.float64) - mean
    # Twice: a sum of many rows that are far off their zero has lost its last digits.
    rest = centred.mean(axis=0)
    mean, centred = mean + rest, centred - rest
    size = np.abs(centred).max(axis=0)
    # Of numbers up to 1, so that no square leaves the floats.
    size[size <= 1e-13 * np.abs(mean)] = 0
    safe = np.where(size > 0, size, 1.0)
    spread = safe * np.sqrt(np.square(centred / safe).mean(axis=0))
    spread = np.where(size > 0, spread, 0.0)
    if alike:
        most = float(spread.max()) or 1.0
        spread = np.full_like(spread, most * np.sqrt(np.square(spread / most).mean()))
    return Standard(mean, np.where(spread > 0, spread, 1.0))
