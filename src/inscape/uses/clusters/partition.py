"""Points in groups around centres: k-means."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans as ScikitKMeans
from sklearn.exceptions import ConvergenceWarning

from inscape._typing import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Partition:
    """What k-means found.

    Parameters
    ----------
    labels : ndarray, shape (n_points,)
        The nearest centre of each point.
    centers : ndarray, shape (n_clusters, n_dimensions)
        Means of their points.
    """

    labels: IntArray
    centers: FloatArray


def partition(points: FloatArray, n_clusters: int, *, seed: int, restarts: int) -> Partition:
    """Return the best of several partitions by k-means (scikit-learn's).

    Where there are fewer different points than clusters, some clusters stay empty.

    Parameters
    ----------
    points : ndarray, shape (n_points, n_dimensions)
        At least as many as clusters.
    n_clusters : int
        How many.
    seed : int
        Of the starts.
    restarts : int
        How many of these.
    """
    found = ScikitKMeans(n_clusters, n_init=restarts, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found.fit(points)
    return Partition(found.labels_.astype(np.int64), found.cluster_centers_)
