"""Entries that are there and hidden, to see how well they are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from inscape._typing import FloatArray
from inscape.uses.imputation.methods.method import FittedImputation

# So many rows tell which way is the best one; all are then learned from.
_MOST_ROWS = 1200
# Of the rows a fourth is asked about, in turns until so many entries were hidden.
_TURNS, _ENOUGH = 4, 800
# What is hidden of the rows asked about: as much as is missing, or so much where nothing is.
_SHARE = 0.3
_LEAST, _MOST = 0.1, 0.5
FEWEST_ROWS = 8
_NINE_OF_TEN, _OF_A_GAUSSIAN = 0.9, 1.6448536


@dataclass(frozen=True, eq=False)
class Turn:
    """Rows to learn from, and others of which entries are hidden.

    Parameters
    ----------
    learned : ndarray, shape (n_learned, n_features)
        With NaN where an entry is missing.
    asked : ndarray, shape (n_asked, n_features)
        With NaN where an entry is missing or hidden.
    truth : ndarray, shape (n_asked, n_features)
        With NaN where an entry is not hidden.
    """

    learned: FloatArray
    asked: FloatArray
    truth: FloatArray

    def errors(self, fitted: FittedImputation) -> tuple[FloatArray, FloatArray]:
        """Return errors (n_asked, n_features) of what was hidden, and how wide they should be."""
        mean, deviation = fitted.moments(self.asked)
        return mean - self.truth, np.where(np.isnan(self.truth), np.nan, deviation)


def hide(X: FloatArray, *, seed: int) -> list[Turn]:
    """Return turns; in each other rows are asked about, who were not learned from.

    Every column of the rows learned from has an entry, and every row asked about keeps one; of few
    rows there is no turn.

    Parameters
    ----------
    X : ndarray, shape (n_samples, n_features)
        Rows with NaN.
    seed : int
        Of what is hidden.
    """
    random = np.random.default_rng(seed)
    order = random.permutation(len(X))[:_MOST_ROWS]
    turns: list[Turn] = []
    n_hidden = 0
    if len(order) < FEWEST_ROWS:
        return turns
    for part in np.array_split(order, _TURNS):
        learned, asked = X[np.setdiff1d(order, part)], X[np.sort(part)]
        there = ~np.isnan(asked)
        share = float(np.clip(1 - there.mean(), _LEAST, _MOST)) if not there.all() else _SHARE
        drawn = np.where(there, random.random(asked.shape), -1.0)
        hidden = (drawn > 1 - share) & (drawn < drawn.max(axis=1, keepdims=True))
        hidden &= ~np.isnan(learned).all(axis=0)
        truth = np.where(hidden, asked, np.nan)
        turns.append(Turn(learned, np.where(hidden, np.nan, asked), truth))
        n_hidden += int(hidden.sum())
        if n_hidden >= _ENOUGH:
            break
    return turns


def mean_square(
    turns: Sequence[Turn], learn: Callable[[int], FittedImputation], spread: FloatArray
) -> float:
    """Return the mean squared error of what was hidden, in spreads of the columns.

    Parameters
    ----------
    turns : sequence of Turn
        As `hide` gives them.
    learn : callable
        Gives what was learned in the turn of a number.
    spread : ndarray, shape (n_features,)
        Of each column.
    """
    found = [turn.errors(learn(i))[0] / spread for i, turn in enumerate(turns)]
    return float(np.nanmean(np.square(np.concatenate(found))))


def stretch(turns: Sequence[Turn], learn: Callable[[int], FittedImputation]) -> float:
    """Return by how much errors are wider than was said: nine of ten lie where they should.

    The quantile and no mean of squares: one entry that was thought to be sure would speak for all.
    """
    pairs = [turn.errors(learn(i)) for i, turn in enumerate(turns)]
    errors, said = (np.concatenate([pair[k].ravel() for pair in pairs]) for k in range(2))
    known = said > 0
    if not known.any():
        return 1.0
    return float(np.quantile(np.abs(errors[known] / said[known]), _NINE_OF_TEN) / _OF_A_GAUSSIAN)
