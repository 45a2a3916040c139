"""How rows that a model draws are like the rows it learned from, and whether they are copies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from inscape._checks import check_enough_samples, check_integer, check_matrix
from inscape._typing import FloatArray, IntArray
from inscape.measures.neighbors import nearest_neighbors, squared_distances

# Squared distances that differ by less than that of themselves differ by rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class SampleCoverage:
    """How much of what was drawn lies among the rows, and of the rows among what was drawn.

    Parameters
    ----------
    precision : float
        The share of samples that lie where rows lie: 1 if each could be a row.
    recall : float
        The share of rows that lie where samples lie: 1 if nothing is left out.
    n_neighbors : int
        Whose distance says how far "where" reaches.
    n_rows, n_samples : int
        How many of either.
    """

    precision: float
    recall: float
    n_neighbors: int
    n_rows: int
    n_samples: int


@dataclass(frozen=True, eq=False)
class NearestRows:
    """The training row nearest to each sample, and how near rows are to each other there.

    Parameters
    ----------
    places : ndarray of int, shape (n_samples,)
        Which row.
    distances : ndarray, shape (n_samples,)
        How far it is; 0 is a copy.
    usual : ndarray, shape (n_samples,)
        How far that row's nearest other row is: a sample much nearer than that repeats the row.
    """

    places: IntArray
    distances: FloatArray
    usual: FloatArray


def sample_coverage(X: Any, samples: Any, *, n_neighbors: int = 3) -> SampleCoverage:
    r"""Return precision and recall of samples, by balls about rows that reach their neighbours.

    .. math::

        \text{precision} = \frac{1}{m} \sum_j 1\big[ \exists i : |s_j - x_i| \le r_i \big], \qquad
        \text{recall} = \frac{1}{n} \sum_i 1\big[ \exists j : |x_i - s_j| \le r'_j \big]

    with :math:`r_i` the distance of row i to its k-th nearest other row, and :math:`r'_j` that of
    sample j to its k-th nearest other sample.

    Parameters
    ----------
    X : array-like, shape (n_rows, n_features)
        Rows that the model has not seen, such as test rows, or features of them.
    samples : array-like, shape (n_samples, n_features)
        What it drew; as many, for recall hangs on how many there are.
    n_neighbors : int, default 3
        k.

    Returns
    -------
    SampleCoverage

    Raises
    ------
    InvalidParameterError
        If `n_neighbors` is not below the number of rows and of samples.
    InvalidDataError
        If these are no finite matrices of as many columns.

    Notes
    -----
    Kynkäänniemi, Karras, Laine, Lehtinen and Aila 2019, "Improved precision and recall metric for
    assessing generative models", NeurIPS, who take features of a large network for rows.
    Distances stand in memory some rows at a time; the time goes with the squared number.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> both, one = rng.normal(size=(2, 200, 2)), rng.normal(size=(400, 2))
    >>> half = sample_coverage(np.concatenate([both[0], both[1] + 20]), one)
    >>> half.precision > 0.9, 0.4 < half.recall < 0.5
    (True, True)
    """
    rows = check_matrix(X, name="X")
    drawn = check_matrix(samples, name="samples", n_columns=rows.shape[1])
    check_enough_samples(min(len(rows), len(drawn)))
    k = check_integer(
        "n_neighbors",
        n_neighbors,
        minimum=1,
        maximum=min(len(rows), len(drawn)) - 1,
        limit="the smaller number of rows or samples, less one",
    )
    return SampleCoverage(
        precision=_share_within(drawn, rows, k),
        recall=_share_within(rows, drawn, k),
        n_neighbors=k,
        n_rows=len(rows),
        n_samples=len(drawn),
    )


def nearest_rows(X: Any, samples: Any) -> NearestRows:
    """Return which training row each sample is nearest to: what was copied is seen beside it.

    Parameters
    ----------
    X : array-like, shape (n_rows, n_features)
        All rows that the model learned from, two at least.
    samples : array-like, shape (n_samples, n_features)
        What it drew.

    Returns
    -------
    NearestRows
        By Euclidean distance. Expected rows are smoother than rows, and so nearer to them than
        rows are to each other: look at both, the distance alone is no verdict.

    Raises
    ------
    InvalidDataError
        If these are no finite matrices of as many columns.

    Examples
    --------
    >>> nearest_rows([[0.0], [1.0], [5.0]], [[4.5], [1.0]])
    NearestRows(places=array([2, 1]), distances=array([0.5, 0. ]), usual=array([4., 1.]))
    """
    rows = check_matrix(X, name="X")
    check_enough_samples(len(rows))
    distances, places = nearest_neighbors(rows, samples, n_neighbors=1)
    # A row finds itself first.
    usual, _ = nearest_neighbors(rows, rows[places[:, 0]], n_neighbors=2)
    return NearestRows(places[:, 0], distances[:, 0], usual[:, 1])


def frechet_distance(A: Any, B: Any) -> float:
    r"""Return the squared Fréchet distance of two sets of rows, each taken as one Gaussian.

    .. math::

        |m_A - m_B|^2 + \text{tr} \big( C_A + C_B - 2 (C_A^{1/2} C_B C_A^{1/2})^{1/2} \big)

    with the mean m and the covariance C of each. Fewer rows give larger numbers: compare sets of
    the same sizes.

    Parameters
    ----------
    A, B : array-like, shape (n_samples, n_features)
        Two rows at least, each. Such as features of rows and of samples, by `LabelFeatures`.

    Returns
    -------
    float
        0 where means and covariances are the same.

    Raises
    ------
    InvalidDataError
        If these are no finite matrices of as many columns.

    Notes
    -----
    Dowson and Landau 1982, Journal of Multivariate Analysis 12: 450-455.

    Examples
    --------
    >>> frechet_distance([[0.0], [2.0]], [[3.0], [9.0]])
    33.0
    """
    first = check_matrix(A, name="A").astype(np.float64)
    second = check_matrix(B, name="B", n_columns=first.shape[1]).astype(np.float64)
    check_enough_samples(min(len(first), len(second)))
    between = first.mean(axis=0) - second.mean(axis=0)
    roots = []
    for rows in (first, second):
        centred = (rows - rows.mean(axis=0)) / np.sqrt(len(rows) - 1)
        # A matrix R with R'R = C: the singular values of R_A R_B' are what the last root sums.
        roots.append(np.asarray(np.linalg.qr(centred, mode="r")))
    common = np.linalg.svd(roots[0] @ roots[1].T, compute_uv=False).sum()
    spread = sum(np.square(root).sum() for root in roots) - 2 * common
    return float(np.square(between).sum() + max(spread, 0.0))


def _share_within(points: FloatArray, about: FloatArray, k: int) -> float:
    """Return the share of points that lie within the ball of any of the others."""
    radii = np.empty(len(about))
    for block, D in squared_distances(about, about):
        # A row is nearest to itself.
        np.fill_diagonal(D[:, block.start :], -1.0)
        radii[block] = np.partition(D, k, axis=1)[:, k]
    radii *= 1 + _ROUNDING
    within = sum(int((radii >= D).any(axis=1).sum()) for _, D in squared_distances(points, about))
    return within / len(points)
