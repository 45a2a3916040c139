"""Clusters that a walk along the graph of neighbours seldom leaves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inscape._typing import FloatArray
from inscape.uses.clusters.methods.method import ClusteringMethod, CodeGraph, FittedClusters
from inscape.uses.clusters.methods.neighborhood import Neighborhood, memberships_of
from inscape.uses.clusters.number import PER_CLUSTER
from inscape.uses.clusters.partition import partition

_RESTARTS = 20


@dataclass(frozen=True)
class Spectral(ClusteringMethod):
    """Clusters that a walk along the graph of neighbours seldom leaves; of any shape.

    K-means on the rows of the graph's slow directions (`spectrum.Spectrum.embed`), three for each
    cluster; a row then belongs where its neighbours in the graph belong, by their weights.

    Source: von Luxburg 2007, Statistics and Computing 17, "A tutorial on spectral clustering".
    """

    def fit(self, graph: CodeGraph, n_clusters: int) -> tuple[FittedClusters, FloatArray]:
        """Part the graph."""
        points = graph.spectrum(PER_CLUSTER * n_clusters).embed(PER_CLUSTER * n_clusters)
        found = partition(points, n_clusters, seed=graph.seed, restarts=_RESTARTS)
        sharp = memberships_of(found.labels, n_clusters)
        weights = graph.weights()
        shares = weights @ sharp / np.asarray(weights.sum(axis=1)).reshape(-1, 1)
        # A cluster of few must not be lost to those around it.
        kept = np.isin(np.unique(found.labels), shares.argmax(axis=1)).all()
        memberships = shares if kept else sharp
        return Neighborhood(graph.codes, memberships), memberships
