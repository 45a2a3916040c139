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
        return Spread(mean, np.zeros((0, n_features)), np.zeros(0), 1.0)
    share = float(ledoit_wolf_shrinkage(centred, assume_centered=True)) if n > 1 else 1.0
    least = _LEAST * average
    scales = np.sqrt(np.maximum((1 - share) * variances.clip(min=0) + share * average, least))
    rest = max(share * average, least) ** 0.5
    return Spread(mean, directions, unit * scales, unit * rest)
