"""Scalers: one affine map a feature, fitted on the training rows and inverted on decode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from inscape._checks import look_up
from inscape._errors import InvalidDataError
from inscape._typing import FloatArray

_BLOCK = 8192


# Equality is identity: comparing arrays element by element would have no single truth value.
@dataclass(frozen=True, eq=False)
class Scaler:
    """The map x -> (x - shift) / scale, feature by feature.

    Parameters
    ----------
    shift, scale : ndarray of shape (n_features,), float64
        In the units of the data; `scale` is never 0.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0, 10], [4, 10]], dtype=np.float32)
    >>> scaler = fit_scaler("minmax", X)
    >>> scaler.transform(X)
    array([[0., 0.],
           [1., 0.]], dtype=float32)
    >>> scaler.inverse_transform(scaler.transform(X))
    array([[ 0., 10.],
           [ 4., 10.]], dtype=float32)
    """

    shift: FloatArray
    scale: FloatArray

    def transform(self, X: FloatArray) -> FloatArray:
        """Scale rows (n_samples, n_features).

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            In scaled units; float64 for float64, else float32.

        Raises
        ------
        InvalidDataError
            If the rows have another number of features than the fitted ones.
        """

        def scaled(rows: FloatArray) -> FloatArray:
            found = rows - self.shift
            found /= self.scale
            return found

        return self._by_block(scaled, X)

    def inverse_transform(self, X: FloatArray) -> FloatArray:
        """Bring scaled rows (n_samples, n_features) back to the units of the data.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            In the units of the data; float64 for float64, else float32.

        Raises
        ------
        InvalidDataError
            If the rows have another number of features than the fitted ones.
        """

        def restored(rows: FloatArray) -> FloatArray:
            found = rows * self.scale
            found += self.shift
            return found

        return self._by_block(restored, X)

    def _by_block(self, function: Callable[[FloatArray], FloatArray], X: FloatArray) -> FloatArray:
        """Apply a function of float64 block by block: an offset takes no digits of a difference."""
        values = self._checked(X)
        found = np.empty(values.shape, dtype=values.dtype)
        for start in range(0, len(values), _BLOCK):
            rows = slice(start, start + _BLOCK)
            found[rows] = function(values[rows].astype(np.float64))
        return found

    def _checked(self, X: FloatArray) -> FloatArray:
        values = _as_floats(X)
        if values.ndim != 2 or values.shape[1] != self.shift.shape[0]:
            raise InvalidDataError(
                f"X must have shape (n_samples, {self.shift.shape[0]}), as the scaler was fitted; "
                f"got {values.shape}: give it the same features."
            )
        return values


def _as_floats(X: FloatArray) -> FloatArray:
    """Return float32 and float64 as they are, anything else as float64."""
    values = np.asarray(X)
    return values if values.dtype in (np.float32, np.float64) else values.astype(np.float64)


def _minmax(X: FloatArray, weights: FloatArray | None) -> tuple[np.ndarray, np.ndarray]:
    low = X.min(axis=0).astype(np.float64)
    return low, X.max(axis=0).astype(np.float64) - low


def _standard(X: FloatArray, weights: FloatArray | None) -> tuple[np.ndarray, np.ndarray]:
    if weights is not None:
        mean = np.average(X, axis=0, weights=weights)
        mean += np.average(X - mean, axis=0, weights=weights)
        return mean, np.sqrt(np.average((X - mean) ** 2, axis=0, weights=weights))
    mean = X.mean(axis=0, dtype=np.float64)
    # Block by block: a float64 copy of all rows would be twice the size of the data.
    squares = np.zeros_like(mean)
    for start in range(0, len(X), _BLOCK):
        squares += ((X[start : start + _BLOCK] - mean) ** 2).sum(axis=0)
    return mean, np.sqrt(squares / len(X))


SCALERS: dict[str, Callable[[FloatArray, FloatArray | None], tuple[np.ndarray, np.ndarray]]] = {
    "minmax": _minmax,
    "standard": _standard,
}


def fit_scaler(name: str, X: FloatArray, weights: FloatArray | None = None) -> Scaler:
    """Fit a scaler on the training rows.

    Parameters
    ----------
    name : {"minmax", "standard"}
        "minmax" maps each feature to [0, 1]; "standard" gives it mean 0 and variance 1.
    X : array of shape (n_samples, n_features)
        The training rows, finite.
    weights : array of shape (n_samples,) or None
        What each counts, above 0.

    Returns
    -------
    Scaler
        Constant features have scale 1, so that they become 0 and are restored exactly.

    Raises
    ------
    InvalidParameterError
        If there is no scaler of that name.
    InvalidDataError
        If there are no rows, or the spread of a feature is beyond float64.

    Examples
    --------
    >>> import numpy as np
    >>> fit_scaler("standard", np.array([[1.0], [3.0]])).scale
    array([1.])
    """
    statistics = look_up("scaler", name, SCALERS)
    values = _as_floats(X)
    if values.ndim != 2 or not values.size:
        raise InvalidDataError(
            f"X must be a table with rows and columns; got shape {values.shape}: give the scaler "
            "the training rows."
        )
    kind = values.dtype
    with np.errstate(over="ignore"):
        shift, scale = statistics(values, weights)
    # The spread of equal values may be a rounding; one below the smallest normal number would
    # divide by (almost) nothing.
    constant = (values == values[0]).all(axis=0)
    shift = np.where(constant, values[0].astype(np.float64), shift)
    scale = np.where(constant | (scale < np.finfo(kind).tiny), 1.0, scale)
    if not np.isfinite(scale).all():
        column = int(np.argmin(np.isfinite(scale)))
        raise InvalidDataError(
            f"X must have features whose spread fits float64; column {column} does not: rescale "
            "it or leave it out."
        )
    return Scaler(shift, scale)
