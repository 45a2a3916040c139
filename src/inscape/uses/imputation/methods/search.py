"""Ways of learning Gaussians, and the search for the one that tells hidden entries best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from inscape._typing import FloatArray
from inscape.uses.imputation.gaussians import Gaussians, fit_gaussians, fit_kernel
from inscape.uses.imputation.held_out import Turn, mean_square, stretch
from inscape.uses.imputation.low_rank import fit_low_rank
from inscape.uses.imputation.marginals import Marginals, fit_marginals
from inscape.uses.imputation.methods.method import FittedImputation

# What is tried, in rows; the last is nearly the mean of each column.
SHRINKAGES: tuple[float, ...] = (1.0, 3.0, 10.0, 30.0, 100.0, 1000.0)
OF_GROUPS: tuple[float, ...] = (1.0, 3.0, 10.0)
_OF_WIDE = (1.0, 10.0, 100.0, 1000.0)
_GROUPS = (3, 10, 30, 100)
_RANKS = (2, 5, 10, 20, 40, 80)
NEIGHBORS = 20
# Of more columns a whole covariance is learned too slowly, and from too few rows.
WIDE = 150
_MOST_ROWS = 20_000
_MOST_ROWS_WIDE = 6000
_MOST_CENTRES = 2000


@dataclass(frozen=True, eq=False)
class GaussianFitted(FittedImputation):
    """What Gaussians tell.

    Parameters
    ----------
    marginals : Marginals
        To what the Gaussians see, and back.
    gaussians : Gaussians
        Of that.
    stretch : float
        By how much errors of hidden entries were wider than these say.
    """

    marginals: Marginals
    gaussians: Gaussians
    stretch: float = 1.0

    def moments(self, X: FloatArray) -> tuple[FloatArray, FloatArray]:
        mean, variance = self.gaussians.moments(self.marginals.apply(X))
        found, deviation = self.marginals.undo_moments(mean, variance)
        return np.where(np.isnan(X), found, X), self.stretch * deviation

    def draw(self, X: FloatArray, random: np.random.Generator) -> FloatArray:
        Z = self.marginals.apply(X)
        mean, _ = self.gaussians.moments(Z)
        drawn = mean + self.stretch * (self.gaussians.draw(Z, random) - mean)
        return np.where(np.isnan(X), self.marginals.undo(drawn), X)


@dataclass(frozen=True)
class Way:
    """One way of learning Gaussians.

    Parameters
    ----------
    shrinkage : float
        In rows.
    bend : bool
        Whether columns are bent to be like a bell.
    n_groups : int
        How many means.
    rank : int
        Of the covariance; 0 is a whole one.
    width : float
        Of a Gaussian about each row; 0 is none.
    """

    shrinkage: float = 3.0
    bend: bool = False
    n_groups: int = 1
    rank: int = 0
    width: float = 0.0


class Learning:
    """Gaussians of some rows, learned in one way after the other.

    Parameters
    ----------
    X : ndarray, shape (n_samples, n_features)
        Rows with NaN.
    seed : int
        Of what is drawn.
    """

    def __init__(self, X: FloatArray, *, seed: int) -> None:
        self.X, self.seed = X, seed
        self._seen: dict[bool, tuple[Marginals, FloatArray]] = {}
        self._single: dict[tuple[bool, float], Gaussians] = {}

    def learn(self, way: Way) -> GaussianFitted:
        """Return what is learned in a way."""
        marginals, Z = self._rows(way)
        if way.rank:
            found = fit_low_rank(Z, rank=way.rank, shrinkage=way.shrinkage, seed=self.seed)
            return GaussianFitted(marginals, found)
        found = self._one(way, Z)
        if way.width:
            found = fit_kernel(
                Z,
                found,
                n_neighbors=NEIGHBORS,
                width=way.width,
                most=_MOST_CENTRES,
                seed=self.seed,
            )
        elif way.n_groups > 1:
            found = fit_gaussians(
                Z, n_groups=way.n_groups, shrinkage=way.shrinkage, start=found, seed=self.seed
            )
        return GaussianFitted(marginals, found)

    def _rows(self, way: Way) -> tuple[Marginals, FloatArray]:
        if way.bend not in self._seen:
            marginals = fit_marginals(self.X, bend=way.bend)
            X, most = self.X, _MOST_ROWS_WIDE if way.rank else _MOST_ROWS
            if len(X) > most:
                X = X[np.sort(np.random.default_rng(self.seed).permutation(len(X))[:most])]
            self._seen[way.bend] = marginals, marginals.apply(X)
        return self._seen[way.bend]

    def _one(self, way: Way, Z: FloatArray) -> Gaussians:
        """Return the one Gaussian, from the last that was learned on: it is not far."""
        key = (way.bend, way.shrinkage)
        if key not in self._single:
            others = [one for (bend, _), one in self._single.items() if bend == way.bend]
            start = others[-1] if others else None
            self._single[key] = fit_gaussians(Z, n_groups=1, shrinkage=way.shrinkage, start=start)
        return self._single[key]


class Search:
    """The way that tells hidden entries best; what was tried is not tried again.

    Parameters
    ----------
    X : ndarray, shape (n_samples, n_features)
        Rows with NaN.
    turns : sequence of Turn
        What is hidden; none where rows are too few to hide any.
    seed : int
        Of what is drawn in learning.
    """

    def __init__(self, X: FloatArray, turns: Sequence[Turn], *, seed: int) -> None:
        self.X, self.turns, self.seed = X, turns, seed
        self.spread = fit_marginals(X, bend=False).spread
        self.errors: dict[Way, float] = {}
        self._learning = [Learning(turn.learned, seed=seed) for turn in turns]

    def learned(self, way: Way, turn: int) -> GaussianFitted:
        """Return what is learned in a turn."""
        return self._learning[turn].learn(way)

    def error(self, way: Way) -> float:
        """Return the mean squared error of what was hidden, in spreads."""
        if not self.turns:
            return 1.0
        if way not in self.errors:
            self.errors[way] = mean_square(
                self.turns, lambda turn: self.learned(way, turn), self.spread
            )
        return self.errors[way]

    def best(self, ways: Sequence[Way]) -> Way:
        """Return the way of the least error, the first of equals."""
        return min(ways, key=self.error)

    def shrunk(self, way: Way, shrinkages: Sequence[float] = SHRINKAGES) -> Way:
        """Return a way with the shrinkage that tells hidden entries best."""
        return self.best([replace(way, shrinkage=value) for value in shrinkages])

    def ranked(self) -> Way:
        """Return the way of few directions: more of them as long as that helps."""
        n, d = self.X.shape
        best = Way(rank=1)
        for rank in _RANKS:
            if rank > min(n // 2, d // 2):
                break
            tried = Way(rank=rank)
            if self.error(tried) >= self.error(best):
                break
            best = tried
        return self.shrunk(best, _OF_WIDE)

    def grouped(self, way: Way) -> Way:
        """Return a way with more groups, as long as that helps."""
        for n_groups in _GROUPS:
            if 3 * n_groups > len(self.X):
                break
            tried = self.shrunk(replace(way, n_groups=n_groups), OF_GROUPS)
            if self.error(tried) >= self.error(way):
                break
            way = tried
        return way

    def finished(self, way: Way) -> GaussianFitted:
        """Return what is learned from all rows, its widths mended by errors of hidden entries."""
        found = Learning(self.X, seed=self.seed).learn(way)
        if not self.turns:
            return found
        return replace(found, stretch=stretch(self.turns, lambda turn: self.learned(way, turn)))
