"""A Gaussian of few directions, learned from rows with missing entries: for wide tables."""

from __future__ import annotations

import numpy as np
from sklearn.utils.extmath import randomized_svd

from inscape._typing import FloatArray
from inscape.uses.imputation.covariances import LowRankCovariance, SeenByLowRank
from inscape.uses.imputation.gaussians import NARROWEST, TOLERANCE, Gaussians

_MOST_STEPS = 40


def fit_low_rank(X: FloatArray, *, rank: int, shrinkage: float, seed: int = 0) -> Gaussians:
    r"""Learn factor analysis from rows with NaN by expectation-maximisation.

    .. math:: x = \mu + L z + \epsilon, \qquad z \sim N(0, 1), \; \epsilon_j \sim N(0, \psi_j)

    of which each column asks the rows that have it alone; each row of L is drawn to 0 as if
    `shrinkage` rows had told so. The directions are given the spread 1 anew after each step, which
    takes far fewer of them.

    Source: Rubin and Thayer 1982, Psychometrika 47 (1); for the last Liu, Rubin and Wu 1998,
    Biometrika 85 (4).

    Parameters
    ----------
    X : ndarray, shape (n_samples, n_features)
        Rows with columns of one spread.
    rank : int
        How many directions.
    shrinkage : float
        In rows.
    seed : int
        Of the start.
    """
    mean, covariance = _start(X, rank, seed)
    before = -np.inf
    for _ in range(_MOST_STEPS):
        mean, covariance, likelihood = _step(X, mean, covariance, shrinkage)
        if likelihood - before < TOLERANCE * X.shape[1]:
            break
        before = likelihood
    return Gaussians(np.ones(1), mean[None], covariance)


def _start(X: FloatArray, rank: int, seed: int) -> tuple[FloatArray, LowRankCovariance]:
    there = ~np.isnan(X)
    counts = np.maximum(there.sum(axis=0), 1)
    mean = np.where(there, X, 0.0).sum(axis=0) / counts
    apart = np.where(there, X - mean, 0.0)
    variances = np.square(apart).sum(axis=0) / counts
    _, sizes, directions = randomized_svd(apart, rank, random_state=seed)
    loadings = directions.T * sizes / np.sqrt(there.mean() * len(X))
    told = np.square(loadings).sum(axis=1)
    # A first guess must not leave a column without noise.
    loadings *= np.sqrt(np.minimum(1.0, 0.9 * variances / np.where(told > 0, told, 1.0)))[:, None]
    noise = variances - np.square(loadings).sum(axis=1) + NARROWEST
    return mean, LowRankCovariance(loadings, noise)


def _step(
    X: FloatArray, mean: FloatArray, covariance: LowRankCovariance, shrinkage: float
) -> tuple[FloatArray, LowRankCovariance, float]:
    """Return the next mean and covariance, and the mean log-likelihood of those before."""
    n, d = X.shape
    wide = covariance.loadings.shape[1] + 1
    products, crossed = np.zeros((d, wide * wide)), np.zeros((d, wide))
    squares, counts, likelihood = np.zeros(d), np.zeros(d), 0.0
    together = np.zeros((wide, wide))
    for told in Gaussians(np.ones(1), mean[None], covariance).tell(X):
        seen = told.seen
        assert isinstance(seen, SeenByLowRank)
        there = seen.there.astype(np.float64)
        apart = np.where(seen.there, X[told.rows] - mean, 0.0)
        # The places along the directions, and 1 for the mean.
        places = np.ones((len(apart), wide))
        places[:, :-1] = seen.directions(apart[:, None])[:, 0]
        pairs = places[:, :, None] * places[:, None, :]
        pairs[:, :-1, :-1] += seen.inverses
        products += there.T @ pairs.reshape(len(apart), -1)
        crossed += apart.T @ places
        squares += np.square(apart).sum(axis=0)
        counts += there.sum(axis=0)
        together += pairs.sum(axis=0)
        likelihood += float(told.likelihoods.sum())
    products = products.reshape(d, wide, wide)
    pull = np.diag([*np.full(wide - 1, shrinkage), 0.0]) + NARROWEST * np.eye(wide)
    found = np.linalg.solve(products + pull, crossed[:, :, None])[:, :, 0]
    left = squares - 2 * (found * crossed).sum(axis=1)
    left += np.einsum("dj,djk,dk->d", found, products + pull, found)
    noise = np.maximum(left, 0.0) / np.maximum(counts, 1.0) + NARROWEST
    loadings, moved = found[:, :-1], found[:, -1]
    centre = together[:-1, -1] / n
    spread = together[:-1, :-1] / n - np.outer(centre, centre)
    root = np.linalg.cholesky(spread + NARROWEST * np.eye(wide - 1))
    covariance = LowRankCovariance(loadings @ root, noise)
    return mean + moved + loadings @ centre, covariance, likelihood / n
