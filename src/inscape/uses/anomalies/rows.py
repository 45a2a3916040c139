"""Rows as the detectors see them: as they came, and with columns of one spread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from inscape._typing import FloatArray
from inscape.uses.representations import is_fitted
from inscape.uses.standard import Standard

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
