"""Mixtures of Gaussians of one covariance: what they say of entries that are missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from inscape._typing import FloatArray
from inscape.uses.clusters.partition import partition
from inscape.uses.graph import nearest_neighbors
from inscape.uses.imputation.covariances import (
    ROOM,
    Covariance,
    FullCovariance,
    Seen,
    SeenByFull,
)

_MOST_STEPS = 30
# Nats a row by which the likelihood has to rise, or the steps end.
TOLERANCE = 1e-4
# Of a spread, squared: no column is told better than that by the others.
NARROWEST = 1e-6


class Told(NamedTuple):
    """What a mixture says of a block of rows.

    Parameters
    ----------
    rows : slice
        Which.
    seen : Seen
        By the covariance.
    shares : ndarray, shape (n_rows, n_groups)
        How probable each group is.
    solved : ndarray, shape (n_rows, n_groups, n_features)
        The inverse of the covariance of what is there times the row less the mean of each group.
    likelihoods : ndarray, shape (n_rows,)
        Logarithms of the density of what is there, but for a constant.
    """

    rows: slice
    seen: Seen
    shares: FloatArray
    solved: FloatArray
    likelihoods: FloatArray


@dataclass(frozen=True, eq=False)
class Gaussians:
    r"""Gaussians of several means and one covariance.

    .. math::

        E(x_m \mid x_o) = \sum_k p(k \mid x_o)
        \left(\mu_{km} + \Sigma_{mo} \Sigma_{oo}^{-1} (x_o - \mu_{ko})\right)

    for the missing entries m of a row given those observed.

    Parameters
    ----------
    weights : ndarray, shape (n_groups,)
        They sum to 1.
    means : ndarray, shape (n_groups, n_features)
        Of the groups.
    covariance : Covariance
        Of each of them.
    known : ndarray of bool, shape (n_groups, n_features), or None
        Where means are rows: which entries these had. A row that is such a mean, and has no other
        entries, does not tell itself what it lacks.
    """

    weights: FloatArray
    means: FloatArray
    covariance: Covariance
    known: np.ndarray | None = None

    def tell(self, X: FloatArray) -> Iterator[Told]:
        """Yield what is known of rows with NaN, block by block."""
        block = max(1, min(self.covariance.block, ROOM // (8 * self.means.size)))
        for start in range(0, len(X), block):
            rows = slice(start, start + block)
            some = X[rows]
            there = ~np.isnan(some)
            seen = self.covariance.given(there)
            apart = np.where(there[:, None], some[:, None] - self.means, 0.0)
            solved = seen.solve(apart)
            logs = np.log(self.weights) - 0.5 * (solved * apart).sum(axis=2)
            if self.known is not None:
                logs[self._themselves(there, apart)] = -np.inf
            likelihoods = logsumexp(logs, axis=1)
            shares = np.exp(logs - likelihoods[:, None])
            yield Told(rows, seen, shares, solved, likelihoods - 0.5 * seen.log_determinants)

    def _themselves(self, there: np.ndarray, apart: FloatArray) -> np.ndarray:
        """Return which rows are which means, (n_rows, n_groups), save rows that have no other."""
        assert self.known is not None
        found = np.zeros(apart.shape[:2], dtype=bool)
        rows, groups = np.nonzero(~np.any(apart, axis=2))
        alike = (self.known[groups] == there[rows]).all(axis=1)
        found[rows[alike], groups[alike]] = True
        found[found.all(axis=1)] = False
        return found

    def filled(self, X: FloatArray, told: Told) -> FloatArray:
        """Return rows with the conditional means in each group, (n_rows, n_groups, n_features)."""
        some = X[told.rows][:, None]
        means = self.means + self.covariance.times(told.solved)
        return np.where(np.isnan(some), means, some)

    def moments(self, X: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the mean and the variance of each entry; those that are there have none."""
        mean, variance = np.empty(X.shape), np.empty(X.shape)
        for told in self.tell(X):
            rows, filled = told.rows, self.filled(X, told)
            mean[rows] = np.einsum("nk,nkd->nd", told.shares, filled)
            apart = np.square(filled - mean[rows][:, None])
            variance[rows] = np.einsum("nk,nkd->nd", told.shares, apart) + told.seen.left()
        known = ~np.isnan(X)
        return np.where(known, X, mean), np.where(known, 0.0, variance)

    def draw(self, X: FloatArray, random: np.random.Generator) -> FloatArray:
        """Return rows whose missing entries are drawn, all of a row together."""
        drawn = np.empty(X.shape)
        for told in self.tell(X):
            lacking, n_rows = np.isnan(X[told.rows]), len(told.shares)
            ends = told.shares.cumsum(axis=1)
            groups = (random.random((n_rows, 1)) * ends[:, -1:] > ends).sum(axis=1)
            # A row of the whole, less what of it could have been told from what is there.
            whole = self.covariance.draw(n_rows, random)
            known = told.seen.solve(np.where(lacking, 0.0, whole)[:, None])
            left = whole - self.covariance.times(known)[:, 0]
            filled = self.filled(X, told)[np.arange(n_rows), groups]
            drawn[told.rows] = filled + np.where(lacking, left, 0.0)
        return drawn


def fit_gaussians(
    X: FloatArray, *, n_groups: int, shrinkage: float, start: Gaussians | None = None, seed: int = 0
) -> Gaussians:
    r"""Learn a mixture from rows with NaN by expectation-maximisation.

    .. math::

        \mu_k = \frac{\sum_i r_{ik} \hat x_{ik} + \lambda \bar x}{n_k + \lambda}, \qquad
        \Sigma = \frac{S + \lambda \operatorname{diag}(S) / n}{n + \lambda}

    with :math:`\hat x_{ik}` the rows filled by the conditional means of group k, S their scatter
    within groups plus the conditional covariances, and :math:`\lambda` the shrinkage, in rows.

    Source: Little and Rubin 2002, Statistical Analysis with Missing Data, section 11.2; for
    mixtures Ghahramani and Jordan 1994, NIPS 6.

    Parameters
    ----------
    X : ndarray, shape (n_samples, n_features)
        Rows with columns of one spread.
    n_groups : int
        How many means.
    shrinkage : float
        Rows that speak for columns that have nothing to do with each other, and groups of one
        mean.
    start : Gaussians or None
        Of one group: where several groups are looked for, rows are filled by it first.
    seed : int
        Of the first groups.
    """
    n = len(X)
    if n_groups == 1:
        there = ~np.isnan(X)
        counts = np.maximum(there.sum(axis=0), 1)
        mean = np.where(there, X, 0).sum(axis=0) / counts
        if start is None:
            variances = np.square(np.where(there, X - mean, 0)).sum(axis=0) / counts
            own = FullCovariance(np.diag(variances + NARROWEST))
            start = Gaussians(np.ones(1), mean[None], own)
    else:
        filled = X if start is None else start.moments(X)[0]
        found = partition(filled, n_groups, seed=seed, restarts=1)
        apart = filled - found.centers[found.labels]
        covariance = FullCovariance(_shrunk(apart.T @ apart, n, shrinkage))
        start = Gaussians(np.full(n_groups, 1 / n_groups), found.centers, covariance)
    gaussians, before = start, -np.inf
    for _ in range(_MOST_STEPS):
        gaussians, likelihood = _step(gaussians, X, shrinkage)
        if likelihood - before < TOLERANCE * X.shape[1]:
            break
        before = likelihood
    return gaussians


def fit_kernel(
    X: FloatArray, start: Gaussians, *, n_neighbors: int, width: float, most: int, seed: int = 0
) -> Gaussians:
    r"""Return a Gaussian about each row, as wide as rows are apart from their neighbours.

    .. math::

        \Sigma = \frac{w}{n k} \sum_i \sum_{j \in N_k(i)} (x_i - x_j)(x_i - x_j)^\top

    Source: Parzen 1962, Annals of Mathematical Statistics 33 (3), with one full matrix of
    bandwidths, taken from neighbours.

    Parameters
    ----------
    X : ndarray, shape (n_samples, n_features)
        Rows with columns of one spread, and NaN.
    start : Gaussians
        By which they are filled first.
    n_neighbors : int
        k.
    width : float
        w.
    most : int
        Rows that have a Gaussian, drawn where there are more.
    seed : int
        Of these.
    """
    if len(X) > most:
        X = X[np.sort(np.random.default_rng(seed).permutation(len(X))[:most])]
    filled = start.moments(X)[0]
    _, places = nearest_neighbors(filled, n_neighbors=min(n_neighbors, len(X) - 1))
    scatter = np.zeros((X.shape[1], X.shape[1]))
    for others in places.T:
        apart = filled - filled[others]
        scatter += apart.T @ apart
    scatter *= width / places.shape[1]
    covariance = FullCovariance(_shrunk(scatter, len(X), 1.0))
    return Gaussians(np.full(len(X), 1 / len(X)), filled, covariance, ~np.isnan(X))


def _shrunk(scatter: FloatArray, n: int, shrinkage: float) -> FloatArray:
    own = np.diag(scatter) / n
    return (scatter + np.diag(shrinkage * own + n * NARROWEST * (own + 1))) / (n + shrinkage)


def _step(gaussians: Gaussians, X: FloatArray, shrinkage: float) -> tuple[Gaussians, float]:
    """Return the next mixture, and the mean log-likelihood of the one before."""
    n, old, covariance = len(X), gaussians.means, gaussians.covariance
    assert isinstance(covariance, FullCovariance)
    matrix = covariance.matrix
    counts, sums = np.zeros(len(old)), np.zeros(old.shape)
    outer, inverses, likelihood = np.zeros(matrix.shape), np.zeros(matrix.shape), 0.0
    for told in gaussians.tell(X):
        assert isinstance(told.seen, SeenByFull)
        inverses += told.seen.inverses_together()
        weighted = told.shares[:, :, None] * told.solved
        flat = weighted.reshape(-1, len(matrix))
        outer += flat.T @ told.solved.reshape(flat.shape)
        counts += told.shares.sum(axis=0)
        sums += weighted.sum(axis=0)
        likelihood += float(told.likelihoods.sum())
    # Rows less their means are the covariance times what is solved, where they are there too.
    scatter = n * matrix + matrix @ (outer - inverses) @ matrix
    gone = sums @ matrix
    pull = shrinkage if len(old) > 1 else 0.0
    centre = (counts[:, None] * old + gone).sum(axis=0) / n
    moved = (gone + pull * (centre - old)) / (counts + pull)[:, None]
    # The scatter is about the old means so far.
    scatter += (counts[:, None] * moved).T @ moved - gone.T @ moved - moved.T @ gone
    weights = (counts + 1) / (n + len(old))
    covariance = FullCovariance(_shrunk((scatter + scatter.T) / 2, n, shrinkage))
    return Gaussians(weights, old + moved, covariance), likelihood / n
