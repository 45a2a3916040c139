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
    shift, scale : ndarray of shape (n_features,), float32
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
        ndarray of shape (n_samples, n_features), float32
            In scaled units.

        Raises
        ------
        InvalidDataError
            If the rows have another number of features than the fitted ones.
        """
        scaled = np.subtract(self._checked(X), self.shift, dtype=np.float32)
        scaled /= self.scale
        return scaled

    def inverse_transform(self, X: FloatArray) -> FloatArray:
        """Bring scaled rows (n_samples, n_features) back to the units of the data.

        Returns
        -------
        ndarray of shape (n_samples, n_features), float32
            In the units of the data.

        Raises
        ------
        InvalidDataError
            If the rows have another number of features than the fitted ones.
        """
        restored = np.multiply(self._checked(X), self.scale, dtype=np.float32)
        restored += self.shift
        return restored

    def _checked(self, X: FloatArray) -> FloatArray:
        values = np.asarray(X, dtype=np.float32)
        if values.ndim != 2 or values.shape[1] != self.shift.shape[0]:
            raise InvalidDataError(
                f"X must have shape (n_samples, {self.shift.shape[0]}), as the scaler was fitted; "
                f"got {values.shape}: give it the same features."
            )
        return values


def _minmax(X: FloatArray) -> tuple[np.ndarray, np.ndarray]:
    low = X.min(axis=0)
    # In float32, as `transform` subtracts, so that the maximum becomes exactly 1 and not
    # 1.0000001, which a likelihood on [0, 1] would refuse.
    return low, X.max(axis=0) - low


def _standard(X: FloatArray) -> tuple[np.ndarray, np.ndarray]:
    mean = X.mean(axis=0, dtype=np.float64)
    # Block by block: a float64 copy of all rows would be twice the size of the data.
    squares = np.zeros_like(mean)
    for start in range(0, len(X), _BLOCK):
        squares += ((X[start : start + _BLOCK] - mean) ** 2).sum(axis=0)
    return mean, np.sqrt(squares / len(X))


SCALERS: dict[str, Callable[[FloatArray], tuple[np.ndarray, np.ndarray]]] = {
    "minmax": _minmax,
    "standard": _standard,
}


def fit_scaler(name: str, X: FloatArray) -> Scaler:
    """Fit a scaler on the training rows.

    Parameters
    ----------
    name : {"minmax", "standard"}
        "minmax" maps each feature to [0, 1]; "standard" gives it mean 0 and variance 1.
    X : array of shape (n_samples, n_features)
        The training rows, finite.

    Returns
    -------
    Scaler
        Constant features have scale 1, so that they become 0 and are restored exactly.

    Raises
    ------
    InvalidParameterError
        If there is no scaler of that name.
    InvalidDataError
        If there are no rows, or the spread of a feature is beyond float32.

    Examples
    --------
    >>> import numpy as np
    >>> fit_scaler("standard", np.array([[1.0], [3.0]])).scale
    array([1.], dtype=float32)
    """
    statistics = look_up("scaler", name, SCALERS)
    values = np.asarray(X, dtype=np.float32)
    if values.ndim != 2 or not values.size:
        raise InvalidDataError(
            f"X must be a table with rows and columns; got shape {values.shape}: give the scaler "
            "the training rows."
        )
    with np.errstate(over="ignore"):
        shift, scale = (part.astype(np.float32) for part in statistics(values))
    # A constant feature has a spread of exactly 0, for equal float32 values sum without rounding
    # in float64; a spread below the smallest normal float32 would divide by (almost) nothing.
    scale = np.where(scale < np.finfo(np.float32).tiny, np.float32(1), scale)
    if not np.isfinite(scale).all():
        column = int(np.argmin(np.isfinite(scale)))
        raise InvalidDataError(
            f"X must have features whose spread fits float32; column {column} does not: rescale "
            "it or leave it out."
        )
    return Scaler(shift, scale)
