"""Codes that belong where their neighbours belong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inscape._typing import FloatArray, IntArray
from inscape.uses.clusters.methods.method import FittedClusters
from inscape.uses.graph import neighbor_weights


@dataclass(frozen=True, eq=False)
class Neighborhood(FittedClusters):
    """The clusters of known codes; another one belongs where the 15 nearest belong.

    Parameters
    ----------
    codes : ndarray, shape (n_training, n_dimensions)
        Known ones.
    of_codes : ndarray, shape (n_training, n_clusters)
        How much each belongs where.
    """

    codes: FloatArray
    of_codes: FloatArray

    def memberships(self, codes: FloatArray) -> FloatArray:
        return neighbor_weights(codes, self.codes) @ self.of_codes


def memberships_of(labels: IntArray, n_clusters: int) -> FloatArray:
    """Return memberships of all or nothing, (n, n_clusters); a label of -1 belongs nowhere."""
    known = labels >= 0
    memberships = np.zeros((len(labels), n_clusters))
    memberships[np.flatnonzero(known), labels[known]] = 1.0
    return memberships
