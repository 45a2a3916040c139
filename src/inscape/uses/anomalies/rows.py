"""Rows as the detectors see them: as they came, and with columns of one spread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from inscape._errors import InvalidParameterError
from inscape._typing import FloatArray

# Steps of the grid of training rows, in the spread of a column.
_STEPS = 2.0**16


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows.

    Parameters
    ----------
    given : array or frame, shape (n_samples, n_features)
        As they came, for a representation: a frame keeps its names.
    standard : ndarray, shape (n_samples, n_features), float64
        Less the mean of their column, over its spread.
    columns : Standard
        The way from the one to the other.
    """

    given: Any
    standard: FloatArray
    columns: Standard

    def __len__(self) -> int:
        return len(self.standard)

    @property
    def steady(self) -> FloatArray:
        """The standard rows without the digits that hang on units and offsets, to train on.

        A training that begins a digit away ends elsewhere, as another seed does.
        """
        return np.rint(self.standard * _STEPS) / _STEPS

    def take(self, places: Any) -> Rows:
        """Return the rows at some places."""
        given = self.given.iloc[places] if hasattr(self.given, "iloc") else self.given[places]
        return Rows(given, self.standard[places], self.columns)


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


@dataclass(frozen=True, eq=False)
class Source:
    """Where a representation comes from: given fitted, given to be fitted, or a score's own.

    Parameters
    ----------
    representation : Any
        Fitted, unfitted, or None.
    seed : int
        Of a default representation.
    """

    representation: Any
    seed: int

    @property
    def fixed(self) -> bool:
        """Whether it is fitted already, and used as it is."""
        return self.representation is not None and is_fitted(self.representation)

    def learn(self, rows: Rows, default: Callable[[int, int], Any]) -> Any:
        """Return a fitted representation.

        Parameters
        ----------
        rows : Rows
            To fit on, where it is not fitted yet.
        default : callable
            The number of features and a seed to the unfitted one that is taken where none is given.
        """
        if self.fixed:
            return self.representation
        unfitted = (
            default(rows.standard.shape[1], self.seed)
            if self.representation is None
            else clone(self.representation)
        )
        return unfitted.fit(rows.given)


def is_fitted(representation: Any) -> bool:
    """Return whether somebody has fitted it."""
    try:
        check_is_fitted(representation)
    except NotFittedError:
        return False
    except TypeError:
        # What is no scikit-learn estimator is asked for what it can do.
        return hasattr(representation, "transform")
    return True


def check_representation(representation: Any) -> None:
    """Ask for something that encodes, or can learn to.

    Raises
    ------
    InvalidParameterError
        If it is no such thing.
    """
    if representation is None:
        return
    if isinstance(representation, type) or not hasattr(representation, "transform"):
        raise InvalidParameterError(
            "`representation` must be None, or an estimator with `fit` and `transform`, fitted or "
            f"not; got {representation!r}: pass for example inscape.Autoencoder(8)."
        )
