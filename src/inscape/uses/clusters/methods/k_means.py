"""Clusters around centres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from inscape._typing import FloatArray
from inscape.uses.clusters.methods.method import ClusteringMethod, CodeGraph, FittedClusters
from inscape.uses.clusters.partition import partition

_RESTARTS = 10


@dataclass(frozen=True)
class KMeans(ClusteringMethod):
    """Clusters around centres, all of one width.

    Source: Lloyd 1982; Arthur and Vassilvitskii 2007, SODA, for the starts; scikit-learn's.
    """

    def fit(self, graph: CodeGraph, n_clusters: int) -> tuple[FittedClusters, FloatArray]:
        """Find centres."""
        found = partition(graph.codes, n_clusters, seed=graph.seed, restarts=_RESTARTS)
        left = graph.codes - found.centers[found.labels]
        filled = np.unique(found.labels)
        clusters = Centers(found.centers[filled], float(np.square(left).mean()))
        return clusters, clusters.memberships(graph.codes)


@dataclass(frozen=True, eq=False)
class Centers(FittedClusters):
    """Centres, as the middles of equally probable Gaussians of one width.

    Parameters
    ----------
    centers : ndarray, shape (n_clusters, n_dimensions)
        Their middles.
    variance : float
        In each direction.
    """

    centers: FloatArray
    variance: float

    def memberships(self, codes: FloatArray) -> FloatArray:
        squares = np.stack([np.square(codes - center).sum(axis=1) for center in self.centers], 1)
        squares -= squares.min(axis=1, keepdims=True)
        tiny = np.finfo(np.float64).tiny
        return softmax(-squares / (2 * max(self.variance, tiny)), axis=1)
