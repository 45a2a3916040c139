"""Errors in one unit for all: standard deviations of the training rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from inscape._representations import in_order_of_fit
from inscape._typing import FloatArray
from inscape.data import Dataset
from inscape.data.scaling import Scaler, fit_scaler
from inscape.measures import reconstruct

NO_SCALER: Final = "none"


def choose_scaler(word: str | None, dataset: Dataset) -> str:
    """Return the word of the scaler: columns of tables have units of their own, pixels one."""
    return word or ("standard" if dataset.image_shape is None else NO_SCALER)


def scaler_of(word: str, dataset: Dataset) -> Scaler | None:
    """Return the scaler that a word stands for, fitted on the training rows."""
    return None if word == NO_SCALER else fit_scaler(word, dataset.train.X)


@dataclass(frozen=True, eq=False)
class Deviations:
    """Means and standard deviations of training rows.

    Parameters
    ----------
    mean, spread : ndarray, shape (n_features,), float64
        Of each column; of columns that are alike, such as pixels, the spread is one for all.
    counted : ndarray of bool, shape (n_features,)
        The columns that have a spread: an error in others has no unit.
    """

    mean: FloatArray
    spread: FloatArray
    counted: np.ndarray

    def apply(self, X: FloatArray) -> FloatArray:
        """Return the columns that count, in standard deviations from their means."""
        kept = self.counted
        return (X[:, kept].astype(np.float64) - self.mean[kept]) / self.spread[kept]

    def squared_errors(self, representation: Any, X: FloatArray) -> FloatArray:
        """Return of each row what did not come back: squared deviations, the mean over columns.

        The mean row in place of all others has 1, on average over the training rows.
        """
        back = reconstruct(representation, in_order_of_fit(representation, X))
        kept = self.counted
        left = np.subtract(back[:, kept], X[:, kept], dtype=np.float64) / self.spread[kept]
        return np.square(left).mean(axis=1)


def deviations_of(dataset: Dataset, scaler: str) -> Deviations:
    """Return those of the training rows of a data set; without a scaler columns are alike.

    Parameters
    ----------
    dataset : Dataset
        The data.
    scaler : str
        The word of the scaler.
    """
    X = dataset.train.X
    found = fit_scaler("standard", X)
    varies = X.max(axis=0) > X.min(axis=0)
    spread = found.scale
    if scaler == NO_SCALER:
        one = float(np.sqrt(np.square(np.where(varies, spread, 0.0)).mean()))
        varies = np.ones_like(varies)
        spread = np.full_like(spread, one or 1.0)
    return Deviations(found.shift, spread, varies)
