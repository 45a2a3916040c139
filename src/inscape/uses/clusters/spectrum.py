"""The slow directions of a graph: its spectrum, and the points by the time to walk between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, diags_array
from scipy.sparse.linalg import LinearOperator, eigsh

from inscape._typing import FloatArray

# Of the mean degree: so strongly each point is tied to all others together.
_REGULARIZATION = 0.01
# What that adds to an eigenvalue where all degrees are the same.
REGULARIZED = _REGULARIZATION / (1 + _REGULARIZATION)
# Of points: with so few the whole spectrum is sooner found than a part of it.
_FEW = 400
# What the loosest eigenvectors are off by is far below what k-means sees.
_TOLERANCE = 1e-4


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The smallest eigenvalues of a graph's Laplacian, and their eigenvectors.

    Parameters
    ----------
    values : ndarray, shape (n_values,)
        Rising, from the first after 0.
    vectors : ndarray, shape (n_points, n_values)
        Of length 1.
    """

    values: FloatArray
    vectors: FloatArray

    def embed(self, n_values: int) -> FloatArray:
        r"""Return the points such that their angles are those of commute times.

        .. math:: y_i = \left(v_{1i} / \sqrt{\lambda_1}, \ldots, v_{mi} / \sqrt{\lambda_m}\right)

        divided by their lengths. Directions that are crossed quickly weigh little, so that it does
        not matter how many there are: with the plain eigenvectors, as many as clusters, a narrow
        neck inside a cluster costs another cluster.

        Source: Qiu and Hancock 2007, IEEE PAMI 29 (11), on commute times; Ng, Jordan and Weiss
        2002, NIPS 14, on rows of one length.

        Parameters
        ----------
        n_values : int
            How many directions; all where there are fewer.
        """
        points = self.vectors[:, :n_values] / np.sqrt(self.values[:n_values])
        lengths = np.linalg.norm(points, axis=1, keepdims=True)
        return points / np.where(lengths > 0, lengths, 1.0)


def find_spectrum(graph: csr_matrix, n_values: int, *, seed: int) -> Spectrum:
    r"""Return the slow directions of a graph.

    .. math:: L = 1 - D_\tau^{-1/2} \left(W + \tfrac{\tau}{n} 1 1^\top\right) D_\tau^{-1/2}

    with the degrees :math:`D_\tau = D + \tau` and :math:`\tau` a hundredth of their mean: a few
    points that are tied to no others would else be clusters of their own.

    Source: Amini, Chen, Bickel and Levina 2013, Annals of Statistics 41 (4), Eq. 2.

    Parameters
    ----------
    graph : csr_matrix, shape (n_points, n_points)
        Symmetric weights.
    n_values : int
        How many; all but the first, which is 0, where there are fewer.
    seed : int
        Of the start.
    """
    n_points = graph.shape[0]
    n_values = min(n_values, n_points - 1)
    degrees = np.asarray(graph.sum(axis=1)).ravel()
    weight = _REGULARIZATION * degrees.mean()
    roots = 1 / np.sqrt(degrees + weight)
    scaled = (diags_array(roots) @ graph @ diags_array(roots)).tocsr()
    if n_points <= max(_FEW, 2 * n_values):
        whole = scaled.toarray() + weight / n_points * np.outer(roots, roots)
        found, vectors = np.linalg.eigh(whole)
    else:
        start = np.random.default_rng(seed).normal(size=n_points)
        found, vectors = eigsh(
            _with_ties(scaled, roots, weight / n_points),
            k=n_values + 1,
            which="LA",
            v0=start,
            tol=_TOLERANCE,
        )
    order = np.argsort(-found, kind="stable")[1 : n_values + 1]
    # Of a connected graph none is 0; roundings must not say so.
    return Spectrum(np.maximum(1 - found[order], np.finfo(np.float64).eps), vectors[:, order])


def _with_ties(scaled: Any, roots: FloatArray, weight: float) -> LinearOperator:
    """Return the product with the graph in which every two points are tied a little."""

    def multiply(vector: FloatArray) -> FloatArray:
        vector = vector.ravel()
        return scaled @ vector + weight * roots * (roots @ vector)

    return LinearOperator(scaled.shape, matvec=multiply, dtype=np.float64)
