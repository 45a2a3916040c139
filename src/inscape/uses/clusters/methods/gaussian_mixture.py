"""Clusters that are Gaussians of any width and slant."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as ScikitGaussianMixture

from inscape._checks import check_integer
from inscape._typing import FloatArray
from inscape.uses.clusters.methods.method import ClusteringMethod, CodeGraph, FittedClusters

# Of the mean variance of the codes: no Gaussian is narrower.
_NARROWEST = 1e-6


@dataclass(frozen=True)
class GaussianMixture(ClusteringMethod):
    """Gaussians with covariances of their own; of several starts the most probable one is kept.

    Source: Dempster, Laird and Rubin 1977; scikit-learn's.

    Parameters
    ----------
    n_starts : int
        Starts, each from k-means.
    """

    n_starts: int = 5

    def __post_init__(self) -> None:
        check_integer("n_starts", self.n_starts, minimum=1)

    def fit(self, graph: CodeGraph, n_clusters: int) -> tuple[FittedClusters, FloatArray]:
        """Find Gaussians."""
        clusters = fit_gaussians(graph.codes, n_clusters, n_starts=self.n_starts, seed=graph.seed)
        return clusters, clusters.memberships(graph.codes)


@dataclass(frozen=True, eq=False)
class Gaussians(FittedClusters):
    """A mixture of Gaussians.

    Parameters
    ----------
    log_weights : ndarray, shape (n_clusters,)
        How probable each is.
    means : ndarray, shape (n_clusters, n_dimensions)
        Their middles.
    roots : ndarray, shape (n_clusters, n_dimensions, n_dimensions)
        Lower triangles whose products with their transposes are the covariances.
    """

    log_weights: FloatArray
    means: FloatArray
    roots: FloatArray

    def memberships(self, codes: FloatArray) -> FloatArray:
        logs = np.empty((len(codes), len(self.means)))
        for k, (mean, root) in enumerate(zip(self.means, self.roots, strict=True)):
            apart = solve_triangular(root, (codes - mean).T, lower=True)
            logs[:, k] = -0.5 * np.square(apart).sum(axis=0) - np.log(np.diag(root)).sum()
        return softmax(logs + self.log_weights, axis=1)


def fit_gaussians(codes: FloatArray, n_clusters: int, *, n_starts: int, seed: int) -> Gaussians:
    """Return the most probable mixture of several starts.

    Parameters
    ----------
    codes : ndarray, shape (n_samples, n_dimensions)
        In any unit.
    n_clusters : int
        How many Gaussians.
    n_starts : int
        How many starts.
    seed : int
        Of these.
    """
    middle = codes.mean(axis=0)
    unit = float(np.sqrt(np.square(codes - middle).mean())) or 1.0
    found = ScikitGaussianMixture(
        n_clusters, n_init=n_starts, reg_covar=_NARROWEST, random_state=seed
    )
    with warnings.catch_warnings():
        # Fewer different codes than Gaussians, or a hundred steps that were not enough.
        warnings.simplefilter("ignore", ConvergenceWarning)
        found.fit((codes - middle) / unit)
    return Gaussians(
        np.log(np.maximum(found.weights_, np.finfo(np.float64).tiny)),
        found.means_ * unit + middle,
        np.linalg.cholesky(found.covariances_) * unit,
    )
