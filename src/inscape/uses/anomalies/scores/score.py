"""The base of every anomaly score."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np

from inscape._errors import InvalidParameterError
from inscape._parts import Part
from inscape._typing import FloatArray, IntArray
from inscape.uses.anomalies.rows import Rows, Source

Folds: TypeAlias = Iterable[tuple[IntArray, IntArray]]


class FittedScore(ABC):
    """What tells how far a row is from normal; a dataclass of arrays and representations.

    Attributes
    ----------
    explains : bool
        Whether it gives `contributions` and `restored`.
    """

    explains: ClassVar[bool] = False

    @abstractmethod
    def anomaly(self, rows: Rows) -> FloatArray:
        """Return a number for each row, (n_samples,): the higher, the less normal."""

    def contributions(self, rows: Rows) -> FloatArray:
        """Return the share of each feature in `anomaly`, (n_samples, n_features), none below 0.

        Raises
        ------
        InvalidParameterError
            If the score is no sum over features.
        """
        raise InvalidParameterError(
            "`method` must be a sum over features to be explained, as 'denoising' and "
            f"'reconstruction' are; got {type(self).__name__}: take one of those."
        )

    def restored(self, rows: Rows) -> FloatArray:
        """Return rows as they would be if they were normal, with columns of one spread.

        Raises
        ------
        InvalidParameterError
            If the score compares rows with nothing of their kind.
        """
        raise InvalidParameterError(
            "`method` must be 'denoising', 'reconstruction' or 'mahalanobis' to restore rows; got "
            f"{type(self).__name__}: take one of those."
        )


@dataclass(frozen=True)
class AnomalyScore(Part):
    """A way to tell how far a row is from what is normal.

    A score of your own extends this class, is a frozen dataclass, and gives `fit`.

    Attributes
    ----------
    trains_its_own : bool
        Whether it learns a network of its own, and takes no representation.
    """

    trains_its_own: ClassVar[bool] = False

    def learns_networks(self, source: Source) -> bool:
        """Return whether to learn it takes long: whether a network is trained."""
        return self.trains_its_own or not source.fixed

    @abstractmethod
    def fit(self, rows: Rows, source: Source) -> FittedScore:
        """Learn what is normal.

        Parameters
        ----------
        rows : Rows
            Taken for normal, most of them.
        source : Source
            Gives the representation: ``source.learn(rows, default)``.
        """

    def cross_fit(self, rows: Rows, folds: Folds, source: Source) -> tuple[FittedScore, FloatArray]:
        """Learn from all rows, and tell how far each is off for one who has not seen it.

        Parameters
        ----------
        rows : Rows
            Taken for normal, most of them.
        folds : iterable of pairs of ndarray
            The places of rows to learn from, and of those to judge.
        source : Source
            Gives the representation.
        """
        unseen = np.empty(len(rows))
        for learned, judged in folds:
            unseen[judged] = self.fit(rows.take(learned), source).anomaly(rows.take(judged))
        return self.fit(rows, source), unseen
