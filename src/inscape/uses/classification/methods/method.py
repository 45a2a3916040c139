"""The base of every way to tell classes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from inscape._parts import Part
from inscape._typing import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """Some rows, what they are encoded to, and the labels of those that have one.

    Parameters
    ----------
    given : array or frame, shape (n_samples, n_features)
        As they came; a frame keeps its names.
    representation : Any
        Fitted.
    codes : ndarray, shape (n_samples, n_components), float64
        What it encodes them to.
    places : ndarray of int, shape (n_samples,)
        Of each row's class, and -1 where it has no label.
    n_classes : int
        How many classes there are; each has a row at least.
    seed : int
        Of every draw.
    verbose : bool
        Whether a training draws a progress bar on a terminal.
    """

    given: Any
    representation: Any
    codes: FloatArray
    places: IntArray
    n_classes: int
    seed: int
    verbose: bool = False

    @property
    def known(self) -> IntArray:
        """The places of the rows that have a label."""
        return np.flatnonzero(self.places >= 0)

    def take(self, places: IntArray) -> Any:
        """Return the rows at some places, as they came."""
        return self.given.iloc[places] if hasattr(self.given, "iloc") else self.given[places]


class FittedMethod(ABC):
    """What tells how probable classes are; a dataclass of arrays and representations."""

    @abstractmethod
    def probabilities(self, X: Any) -> FloatArray:
        """Return how probable each class is, (n_samples, n_classes), each row summing to 1."""


@dataclass(frozen=True)
class ClassificationMethod(Part):
    """A way from codes and few labels to classes.

    A method of your own extends this class, is a frozen dataclass, and gives `fit`.

    Attributes
    ----------
    trains_encoder : bool
        Whether it goes on training the encoder, so that the representation has to be one of ours.
    """

    trains_encoder: ClassVar[bool] = False

    @abstractmethod
    def fit(self, rows: LabelledRows) -> FittedMethod:
        """Learn the classes.

        Parameters
        ----------
        rows : LabelledRows
            Those with a label, and those without.
        """
