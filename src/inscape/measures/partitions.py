"""How well clusters agree with labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from inscape._checks import check_filled, check_same_rows
from inscape._typing import FloatArray, IntArray


def count_together(labels: Any, clusters: Any) -> tuple[IntArray, np.ndarray, np.ndarray]:
    """Return how many rows each label and each cluster have together.

    Parameters
    ----------
    labels, clusters : array-like, shape (n_samples,)
        Of the same rows: numbers or words.

    Returns
    -------
    counts : ndarray, shape (n_labels, n_clusters)
    labels, clusters : ndarray
        Those that there are, in order.

    Raises
    ------
    InvalidDataError
        If there are none, or the lengths differ.
    """
    labels, clusters = np.asarray(labels), np.asarray(clusters)
    check_filled(labels, name="labels")
    check_same_rows(clusters, len(labels), name="clusters", of="labels")
    kinds, of_labels = np.unique(labels, return_inverse=True)
    found, of_clusters = np.unique(clusters, return_inverse=True)
    counts = np.zeros((len(kinds), len(found)), dtype=np.int64)
    np.add.at(counts, (of_labels, of_clusters), 1)
    return counts, kinds, found


def clustering_accuracy(labels: Any, clusters: Any) -> float:
    r"""Return the share of rows that are right when each cluster stands for one label.

    .. math:: \max_m \frac{1}{n} \sum_i 1[y_i = m(c_i)]

    over all maps m of clusters to labels that give no label twice, by the Hungarian method. What
    is noise, -1, stands for none.

    Parameters
    ----------
    labels : array-like, shape (n_samples,)
        The truth.
    clusters : array-like, shape (n_samples,)
        Numbers of clusters, or -1.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    InvalidDataError
        If there are none, or the lengths differ.

    Notes
    -----
    The "ACC" of Xie, Girshick and Farhadi 2016, ICML, Eq. 10; Kuhn 1955.

    Examples
    --------
    >>> clustering_accuracy(["a", "a", "b", "b"], [1, 1, 0, 1])
    0.75
    """
    counts, _, found = count_together(labels, clusters)
    counts = counts[:, found != -1]
    rows, columns = linear_sum_assignment(-counts)
    return float(counts[rows, columns].sum() / len(np.asarray(labels)))


def cluster_purity(labels: Any, clusters: Any) -> FloatArray:
    """Return for each cluster the share of its most frequent label.

    Parameters
    ----------
    labels, clusters : array-like, shape (n_samples,)
        Of the same rows.

    Returns
    -------
    ndarray, shape (n_clusters,)
        In the order of the clusters' numbers.

    Raises
    ------
    InvalidDataError
        If there are none, or the lengths differ.

    Examples
    --------
    >>> cluster_purity(["a", "a", "b", "b"], [1, 1, 0, 1]).round(3)
    array([1.   , 0.667])
    """
    counts, _, _ = count_together(labels, clusters)
    return counts.max(axis=0) / counts.sum(axis=0)
