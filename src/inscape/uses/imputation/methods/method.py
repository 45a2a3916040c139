"""The base of every way to tell what is missing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from inscape._parts import Part
from inscape._typing import FloatArray


@dataclass(frozen=True, eq=False)
class RowsWithGaps:
    """Some rows of which entries are missing, and what they may be encoded by.

    Parameters
    ----------
    X : ndarray, shape (n_samples, n_features), float64
        NaN where an entry is missing; no column is NaN throughout.
    representation : Any
        Fitted or not, or None.
    seed : int
        Of every draw.
    verbose : bool
        Whether a training draws a progress bar on a terminal.
    """

    X: FloatArray
    representation: Any = None
    seed: int = 0
    verbose: bool = False


class FittedImputation(ABC):
    """What tells missing entries from those that are there; a dataclass of arrays."""

    @abstractmethod
    def moments(self, X: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return mean and standard deviation of each entry of rows with NaN, given the others.

        An entry that is there is its own mean, and its deviation is 0.
        """

    @abstractmethod
    def draw(self, X: FloatArray, random: np.random.Generator) -> FloatArray:
        """Return rows whose missing entries are drawn, all of a row together."""


@dataclass(frozen=True)
class ImputationMethod(Part):
    """A way to tell what is missing.

    A method of your own extends this class, is a frozen dataclass, and gives `fit`.
    """

    @abstractmethod
    def fit(self, rows: RowsWithGaps) -> FittedImputation:
        """Learn from rows with missing entries.

        Parameters
        ----------
        rows : RowsWithGaps
            Those to learn from.
        """
