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

# Of the norm of what the labels give.
_TOLERANCE = 1e-8
# Below it a probability is nothing: the solution is not exact to more.
_NOTHING = 1e-7
_MOST_STEPS = 5000


@dataclass(frozen=True)
class Graph(ClassificationMethod):
    r"""Labels spread along the graph of neighbouring codes, every class with its mass.

    A walk begins at a row without a label and goes from row to row along the graph of neighbours
    (see `uses.graph`), as probably as its weights :math:`W` say; at each step it ends with the
    probability :math:`1 - \alpha`. How probable it is that the first label it meets is of class c,

    .. math:: F_u = (D_{uu} - \alpha W_{uu})^{-1} \, \alpha W_{ul} Y_l, \qquad F_l = Y_l

    with the rows' sums of weights :math:`D` and the labels :math:`Y_l`, rows of zeros and a one, is
    the harmonic solution of Zhu, Ghahramani and Lafferty 2003, "Semi-supervised learning using
    Gaussian fields and harmonic functions", damped as in Zhou et al. 2004, "Learning with local and
    global consistency", whose constant 0.99 is. With few labels, one that lies better is met more
    often than its class is there. Each class therefore gets the mass that it has among the labels
    (Zhu et al., section 4, with one label more for each class):

    .. math::

        p_{ic} \propto q_c F_{ic} / \textstyle\sum_j F_{jc}, \qquad
        q_c \propto 1 + \textstyle\sum_i Y_{ic}

    so that labels have to be as frequent as their classes are: where few rows of a rare class are
    labelled as often as others, too many are told to be of it, and the probe is the better method.
    A row with a label keeps it. A new row is what the rows nearest to it are, by their weights, and
    nothing is learned from it. Where no label is met, classes have their masses.

    Parameters
    ----------
    n_neighbors : int
        Of each row in the graph; all where there are fewer.
    alpha : float
        In (0, 1): the nearer to 1, the farther labels spread.
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
        Rows of zeros, with a one where there is a label; each class has one.
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
    [[1.0, 0.0], [0.92, 0.08], [0.08, 0.92], [0.0, 1.0]]
    """
    met = first_labels(graph, labels, alpha=alpha)
    mass = labels.sum(axis=0) + 1
    shares = np.where(met > _NOTHING, met, 0) / met.sum(axis=0) * mass
    total = shares.sum(axis=1, keepdims=True)
    return np.where(total > 0, shares / np.where(total > 0, total, 1.0), mass / mass.sum())


def first_labels(graph: csr_matrix, labels: FloatArray, *, alpha: float) -> FloatArray:
    """Return how probable it is that the first label that a walk meets is of each class.

    Parameters
    ----------
    graph, labels, alpha
        As for `spread_labels`.

    Returns
    -------
    ndarray, shape (n, n_classes)
        In [0, 1], but for roundings; the rest of a row is the walks that end before.
    """
    known = labels.any(axis=1)
    met = labels.astype(np.float64)
    if known.all():
        return met
    sums = np.asarray(graph.sum(axis=1)).ravel()
    root = np.where(sums > 0, sums, 1.0) ** 0.5
    # Symmetric, as conjugate gradients need it.
    even = csr_matrix(alpha * (diags_array(1 / root) @ graph @ diags_array(1 / root)))[~known]
    right = even[:, known] @ (root[known, None] * met[known])
    met[~known] = solve(even[:, ~known], right) / root[~known, None]
    return met


def solve(matrix: csr_matrix, right: FloatArray) -> FloatArray:
    """Return the solution of (I - matrix) F = right by conjugate gradients, all columns at once.

    Parameters
    ----------
    matrix : sparse matrix, shape (n, n)
        Symmetric, its eigenvalues in (-1, 1).
    right : ndarray, shape (n, n_columns)
        Columns.

    Returns
    -------
    ndarray, shape (n, n_columns)
        The residual of each column is at most 1e-8 of its norm.
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
