"""The shrunk covariance of vectors, and how far other vectors are off by it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.covariance import ledoit_wolf_shrinkage

from inscape._typing import FloatArray

# A share of the mean variance below which a direction has none, but for roundings.
_LEAST = 1e-12


@dataclass(frozen=True, eq=False)
class Spread:
    r"""The mean and the shrunk covariance of vectors, :math:`C = (1 - s) S + s \mu I`.

    Here :math:`S` is the sample covariance and :math:`\mu` the mean of its diagonal. It is kept as
    its leading directions, so that 5,000 features and 50 vectors need no matrix of 5,000 by 5,000.

    Source of the share :math:`s`: Ledoit and Wolf 2004, Journal of Multivariate Analysis 88.

    Parameters
    ----------
    mean : ndarray, shape (n_features,)
        Of the vectors.
    directions : ndarray, shape (n_directions, n_features)
        Orthonormal.
    scales : ndarray, shape (n_directions,)
        Standard deviations along them, after shrinking.
    rest : float
        The standard deviation along all other directions.
    """

    mean: FloatArray
    directions: FloatArray
    scales: FloatArray
    rest: float

    def whiten(self, vectors: FloatArray) -> FloatArray:
        """Return :math:`C^{-1/2} (v - m)` with the symmetric root, (n, n_features)."""
        centred = vectors - self.mean
        along = centred @ self.directions.T
        rest = 1 / self.rest
        return centred * rest + (along * (1 / self.scales - rest)) @ self.directions


def fit_spread(vectors: FloatArray) -> Spread:
    """Return the spread of vectors (n, n_features).

    Examples
    --------
    >>> vectors = np.random.default_rng(0).normal(size=(2000, 3)) * [1, 2, 3]
    >>> whitened = fit_spread(vectors).whiten(vectors)
    >>> bool(abs(np.cov(whitened.T) - np.eye(3)).max() < 0.1)
    True
    """
    spread, _ = _fit(vectors, grown=1.0)
    return spread


def left_out_distances(vectors: FloatArray) -> FloatArray:
    r"""Return how far each vector is off, squared, by the mean and the covariance of all others.

    By those of all, a vector pulls them towards itself, and the more so the fewer there are: of 30
    vectors of 13 features none is ever far off. With :math:`v_i` the vector less the mean of all,
    and the share :math:`s` and the size :math:`\mu` of all,

    .. math:: d_i^2 = \Big(\frac{n}{n-1}\Big)^2 \frac{q_i}{1 - w q_i}, \qquad
              q_i = v_i^T \Big((1 - s) \frac{n}{n-1} S + s \mu I\Big)^{-1} v_i, \qquad
              w = (1 - s) \frac{n}{(n-1)^2}

    by the formula of Sherman and Morrison for the one that is taken out.

    Parameters
    ----------
    vectors : ndarray, shape (n, n_features)
        At least two.

    Returns
    -------
    ndarray, shape (n,)
    """
    n = len(vectors)
    others, share = _fit(vectors, grown=n / (n - 1))
    pulled = np.square(others.whiten(vectors)).sum(axis=1)
    left = 1 - (1 - share) * n / (n - 1) ** 2 * pulled
    # Where nothing is shrunk, a vector alone in its direction is off without end.
    return (n / (n - 1)) ** 2 * pulled / np.maximum(left, np.finfo(float).eps)


def _fit(vectors: FloatArray, *, grown: float) -> tuple[Spread, float]:
    """Return the spread with the sample covariance times a factor, and the share."""
    mean = vectors.mean(axis=0)
    centred = vectors - mean
    n, n_features = vectors.shape
    # Of numbers near 1, so that no square leaves the floats.
    unit = float(np.abs(centred).max()) or 1.0
    centred = centred / unit
    if n_features <= n:
        variances, columns = np.linalg.eigh(centred.T @ centred / n)
        directions = columns.T
    else:
        _, values, directions = np.linalg.svd(centred, full_matrices=False)
        variances = np.square(values) / n
    average = float(np.square(centred).sum() / n / n_features)
    if average == 0:
        # Nothing varies: whatever differs at all is as far off as can be told.
        return Spread(mean, np.zeros((0, n_features)), np.zeros(0), 1.0), 1.0
    share = float(ledoit_wolf_shrinkage(centred, assume_centered=True)) if n > 1 else 1.0
    least = _LEAST * average
    own = (1 - share) * grown * variances.clip(min=0)
    scales = np.sqrt(np.maximum(own + share * average, least))
    rest = max(share * average, least) ** 0.5
    return Spread(mean, directions, unit * scales, unit * rest), share
