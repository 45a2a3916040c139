"""How well codes keep who is near whom: ranks of neighbours, in the rows and in the codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from inscape._checks import (
    check_enough_samples,
    check_generator,
    check_integer,
    check_matrix,
    check_same_rows,
)
from inscape._typing import FloatArray, IntArray
from inscape.measures.neighbors import squared_distances

# Trailing bits, of the 52 of a squared distance, that give way to the place of the row: what is
# less than 2**-40 of it apart differs by rounding. Places of more rows need more bits.
_TIED_BITS = 12


@dataclass(frozen=True, eq=False, repr=False)
class RankPreservation:
    r"""How the ranks of neighbours among the rows and among their codes agree.

    Parameters
    ----------
    trustworthiness : float
        1 where each neighbour in the codes is one in the rows; less for false neighbours, by how
        far away they are.
    continuity : float
        1 where each neighbour in the rows is one in the codes; less for missing neighbours.
    false_rank_error, missing_rank_error : float
        Mean relative rank errors of the neighbours in the codes and of those in the rows: 0 where
        their ranks are the same, 1 where all ranks are reversed.
    shared_neighbors : ndarray, shape (n_samples - 1,)
        Entry K - 1: which share of the K nearest is the same, :math:`Q_{NX}(K)`.
    n_neighbors : int
        The size of the neighbourhoods of the first four.
    n_samples, n_ranked : int
        Rows there are, and those of them whose neighbours were ranked, among all.
    """

    trustworthiness: float
    continuity: float
    false_rank_error: float
    missing_rank_error: float
    shared_neighbors: FloatArray
    n_neighbors: int
    n_samples: int
    n_ranked: int

    @property
    def gain(self) -> FloatArray:
        r"""What is shared beyond chance, for K of 1 to n_samples - 2: 1 is all, 0 is chance.

        .. math:: R_{NX}(K) = \frac{(n - 1) \, Q_{NX}(K) - K}{n - 1 - K}
        """
        n, sizes = self.n_samples, np.arange(1, self.n_samples - 1)
        return ((n - 1) * self.shared_neighbors[:-1] - sizes) / (n - 1 - sizes)

    @property
    def area(self) -> float:
        r"""The area under the gain over the logarithm of K: all sizes in one number.

        .. math:: \frac{\sum_K R_{NX}(K) / K}{\sum_K 1 / K}
        """
        return float(np.average(self.gain, weights=1 / np.arange(1, self.n_samples - 1)))

    def __repr__(self) -> str:
        rows = f"{self.n_samples:,} rows"
        if self.n_ranked < self.n_samples:
            rows = f"{self.n_ranked:,} of {rows}"
        return (
            f"trustworthiness           {self.trustworthiness:.4f}\n"
            f"continuity                {self.continuity:.4f}\n"
            f"false rank error          {self.false_rank_error:.4f}\n"
            f"missing rank error        {self.missing_rank_error:.4f}\n"
            f"area under the gain       {self.area:.4f}\n"
            f"{self.n_neighbors} neighbours, {rows}"
        )


def rank_preservation(
    X: Any,
    Z: Any,
    *,
    n_neighbors: int = 5,
    n_ranked: int | None = None,
    random_state: int | np.random.Generator | None = None,
) -> RankPreservation:
    r"""Return how well codes keep the ranks of neighbours.

    With the ranks :math:`\rho_{ij}` of row j among the neighbours of row i, from 1, and
    :math:`r_{ij}` among those of its code, for k neighbours of n rows:

    .. math::

        T = 1 - \frac{2}{n k (2n - 3k - 1)} \sum_{r_{ij} \le k} \max(0, \rho_{ij} - k), \qquad
        E = \frac{1}{H} \sum_{r_{ij} \le k} \frac{|\rho_{ij} - r_{ij}|}{r_{ij}}, \qquad
        Q_{NX}(K) = \frac{1}{n K} \sum_{ij} 1[\rho_{ij} \le K \wedge r_{ij} \le K]

    with :math:`H = n \sum_{m \le k} |n - 2m| / m`. T is the trustworthiness and E the error of
    false neighbours; continuity and the error of missing ones are the same with rows and codes
    exchanged.

    Distances are Euclidean. Of rows at one distance the earlier counts as the nearer, in the rows
    as in the codes; squared distances that differ by less than 1e-12 of themselves are one (of
    70,000 rows, 3e-11).

    Parameters
    ----------
    X : array-like, shape (n_samples, n_features)
        Rows.
    Z : array-like, shape (n_samples, n_components)
        Their codes.
    n_neighbors : int, default 5
        k, below half the number of rows.
    n_ranked : int or None, default None
        Rows whose neighbours are ranked, each among all rows: some, drawn without replacement,
        estimate what all would give, in that share of the time. None ranks all.
    random_state : int, numpy.random.Generator or None, default None
        What the rows are drawn from; None draws others each time.

    Returns
    -------
    RankPreservation

    Raises
    ------
    InvalidParameterError
        If an option cannot hold.
    InvalidDataError
        If X and Z are no finite matrices of the same rows, three at least.

    Notes
    -----
    Venna and Kaski 2001, ICANN, for trustworthiness and continuity; Lee and Verleysen 2009,
    "Quality assessment of dimensionality reduction: Rank-based criteria", Neurocomputing 72, for
    ties, rank errors and :math:`Q_{NX}`; Lee, Peluffo-Ordóñez and Verleysen 2015, Neurocomputing
    169, for the area. The time goes with the squared number of rows; the memory does not.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(200, 5)) * [5, 4, 1, 1, 1]
    >>> rank_preservation(X, X[:, :2])
    trustworthiness           0.9759
    continuity                0.9883
    false rank error          0.0311
    missing rank error        0.0157
    area under the gain       0.6554
    5 neighbours, 200 rows
    """
    X, Z = check_matrix(X, name="X"), check_matrix(Z, name="Z")
    check_same_rows(Z, len(X), name="Z", of="X")
    n = len(X)
    check_enough_samples(n, minimum=3)
    k = check_integer(
        "n_neighbors", n_neighbors, minimum=1, maximum=(n - 1) // 2, limit="below half the rows"
    )
    ranked = np.arange(n)
    if n_ranked is not None:
        size = check_integer("n_ranked", n_ranked, minimum=1, maximum=n, limit="the rows")
        generator = check_generator("random_state", random_state)
        ranked = np.sort(generator.choice(n, size, replace=False))
    shared, sums = _count(X, Z, ranked, k)
    sizes = np.arange(1, n)
    beyond = k * (2 * n - 3 * k - 1) / 2
    worst = (abs(n - 2 * sizes[:k]) / sizes[:k]).sum()
    false, missing, false_errors, missing_errors = sums / len(ranked)
    return RankPreservation(
        trustworthiness=float(1 - false / beyond),
        continuity=float(1 - missing / beyond),
        false_rank_error=float(false_errors / worst),
        missing_rank_error=float(missing_errors / worst),
        shared_neighbors=shared.cumsum() / (sizes * len(ranked)),
        n_neighbors=k,
        n_samples=n,
        n_ranked=len(ranked),
    )


def _count(X: FloatArray, Z: FloatArray, ranked: IntArray, k: int) -> tuple[IntArray, FloatArray]:
    """Return what the measures are sums of.

    Returns
    -------
    shared : ndarray, shape (n_samples - 1,)
        Entry K - 1: pairs whose larger rank is K.
    sums : ndarray, shape (4,)
        Ranks beyond k of false and of missing neighbours, and relative errors of either.
    """
    n = len(X)
    counting, ranks = np.arange(1, n), np.empty(n, dtype=np.intp)
    shared, sums = np.zeros(n, dtype=np.intp), np.zeros(4)
    of_X, of_Z = (X, Z) if len(ranked) == n else (X[ranked], Z[ranked])
    among_rows = (row for _, D in squared_distances(of_X, X) for row in D)
    among_codes = (row for _, D in squared_distances(of_Z, Z) for row in D)
    for i, of_row, of_code in zip(ranked, among_rows, among_codes, strict=True):
        ranks[_neighbors_in_order(of_row, i)] = counting
        # Entry r - 1: the rank among the rows of what has rank r among the codes.
        found = ranks[_neighbors_in_order(of_code, i)]
        shared += np.bincount(np.maximum(found, counting), minlength=n)
        places = np.flatnonzero(found <= k)
        for j, (own, other) in enumerate(((counting[:k], found[:k]), (found[places], places + 1))):
            sums[j] += (other[other > k] - k).sum()
            sums[j + 2] += (abs(own - other) / own).sum()
    return shared[1:], sums


def _neighbors_in_order(distances: FloatArray, itself: int) -> IntArray:
    """Return the places of all others, nearest first, earlier ones first among ties.

    Bits of floats from 0 on are in the order of the floats, so that one sort of integers, distance
    above and place below, orders both.
    """
    bits = max(_TIED_BITS, (len(distances) - 1).bit_length())
    mask = np.uint64(2**bits - 1)
    keys = distances.view(np.uint64) + np.uint64(2 ** (bits - 1))
    keys &= ~mask
    keys |= np.arange(len(keys), dtype=np.uint64)
    keys[itself] = np.iinfo(np.uint64).max
    keys.sort()
    return (keys[:-1] & mask).astype(np.intp)
