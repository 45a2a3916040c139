"""Labels spread along the graph of neighbouring codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, diags_array

from inscape._checks import check_integer, check_number
from inscape._typing import FloatArray
from inscape.uses.classification.methods.method import (
    ClassificationMethod,
    FittedMethod,
    LabelledRows,
)
from inscape.uses.graph import neighbor_graph, neighbor_weights

# Of the labels' own norm: a hundredth of the least that tells two classes apart.
_TOLERANCE = 1e-6
_MOST_STEPS = 2000


@dataclass(frozen=True)
class Graph(ClassificationMethod):
    r"""Labels spread along the graph of neighbouring codes, every class with its mass.

    With the weights :math:`W` of the graph of neighbours (see `uses.graph`), their sums
    :math:`D` and the labels :math:`Y`, a row of zeros and a one for each row that has one,

    .. math:: F = (I - \alpha S)^{-1} Y, \qquad S = D^{-1/2} W D^{-1/2}

    is how much of each class comes to each row (Zhou et al. 2004, "Learning with local and global
    consistency", eq. 4). With few labels, one that lies better reaches farther than its class
    does. Each class therefore gets the mass that it has among the labels (Zhu, Ghahramani and
    Lafferty 2003, "Semi-supervised learning using Gaussian fields and harmonic functions", section
    4, with one row more for each class):

    .. math::

        p_{ic} \propto q_c F_{ic} / \textstyle\sum_j F_{jc}, \qquad
        q_c \propto 1 + \textstyle\sum_i Y_{ic}

    A row with a label keeps it by no force: it is told what it and its neighbours say. A new row is
    what the rows nearest to it are, by their weights, and nothing is learned from it. Where no
    label comes to, classes have their masses.

    Parameters
    ----------
    n_neighbors : int
        Of each row in the graph; all where there are fewer.
    alpha : float
        In (0, 1): how far labels spread, the nearer to 1 the farther. 0.99 is that of Zhou et al.;
        near 1 it is the harmonic solution of Zhu et al.
    """

    n_neighbors: int = 15
    alpha: float = 0.99

    def __post_init__(self) -> None:
        check_integer("n_neighbors", self.n_neighbors, minimum=1)
        check_number("alpha", self.alpha, above=0, below=1)

    def fit(self, rows: LabelledRows) -> GraphFitted:
        """Spread the labels."""
        known = rows.known
        labels = np.zeros((len(rows.codes), rows.n_classes))
        labels[known, rows.places[known]] = 1
        graph = neighbor_graph(rows.codes, n_neighbors=self.n_neighbors)
        shares = spread_labels(graph, labels, alpha=self.alpha)
        return GraphFitted(rows.representation, rows.codes, shares, self.n_neighbors)


@dataclass(frozen=True, eq=False)
class GraphFitted(FittedMethod):
    """The codes, and what has come to each.

    Parameters
    ----------
    representation : Any
        Fitted.
    codes : ndarray, shape (n_training, n_components)
        Of the rows in `fit`.
    shares : ndarray, shape (n_training, n_classes)
        How probable each class is there.
    n_neighbors : int
        By how many of these a new row is told.
    """

    representation: Any
    codes: FloatArray
    shares: FloatArray
    n_neighbors: int

    def probabilities(self, X: Any) -> FloatArray:
        codes = np.asarray(self.representation.transform(X), dtype=np.float64)
        weights = neighbor_weights(codes, self.codes, n_neighbors=self.n_neighbors)
        return np.asarray(weights @ self.shares)


def spread_labels(graph: csr_matrix, labels: FloatArray, *, alpha: float) -> FloatArray:
    """Return how probable each class is in each place of a graph; see `Graph`.

    Parameters
    ----------
    graph : sparse matrix, shape (n, n)
        Symmetric weights, none below 0.
    labels : ndarray, shape (n, n_classes)
        Rows of zeros, with a one where there is a label.
    alpha : float
        In (0, 1).

    Returns
    -------
    ndarray, shape (n, n_classes)
        Each row sums to 1.

    Examples
    --------
    >>> graph = csr_matrix(np.array([[0, 1, 0, 0], [1, 0, 0.1, 0], [0, 0.1, 0, 1], [0, 0, 1, 0]]))
    >>> labels = np.array([[1.0, 0], [0, 0], [0, 0], [0, 1]])
    >>> spread_labels(graph, labels, alpha=0.9).round(2).tolist()
    [[0.81, 0.19], [0.76, 0.24], [0.24, 0.76], [0.19, 0.81]]
    """
    sums = np.asarray(graph.sum(axis=1)).ravel()
    root = diags_array(np.where(sums > 0, sums, 1.0) ** -0.5)
    spread = solve(csr_matrix(alpha * (root @ graph @ root)), labels)
    mass = labels.sum(axis=0) + 1
    shares = np.maximum(spread, 0) / np.maximum(spread, 0).sum(axis=0) * mass
    total = shares.sum(axis=1, keepdims=True)
    # What is less than the solution is exact to is nothing.
    reached = total > 0
    return np.where(reached, shares / np.where(reached, total, 1.0), mass / mass.sum())


def solve(matrix: csr_matrix, right: FloatArray) -> FloatArray:
    """Return the solution of (I - matrix) F = right by conjugate gradients, all columns at once.

    Parameters
    ----------
    matrix : sparse matrix, shape (n, n)
        Symmetric, its eigenvalues in (-1, 1).
    right : ndarray, shape (n, n_columns)
        Columns of which none is zero.

    Returns
    -------
    ndarray, shape (n, n_columns)
        The residual of each column is at most 1e-6 of its norm.
    """
    found = np.zeros_like(right)
    left, along = right.copy(), right.copy()
    size = np.square(left).sum(axis=0)
    enough = size * _TOLERANCE**2
    for _ in range(_MOST_STEPS):
        if (size <= enough).all():
            break
        moved = along - matrix @ along
        step = size / np.maximum((along * moved).sum(axis=0), np.finfo(float).tiny)
        found += step * along
        left -= step * moved
        before, size = size, np.square(left).sum(axis=0)
        along = left + size / np.maximum(before, np.finfo(float).tiny) * along
    return found
