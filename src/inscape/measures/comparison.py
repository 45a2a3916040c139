"""How alike two representations of the same samples are, each number with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from scipy.special import stdtrit

from inscape._checks import (
    as_floats,
    check_choice,
    check_generator,
    check_integer,
    check_matrix,
    check_number,
    check_numbers,
    check_same_rows,
    check_square,
)
from inscape._errors import InvalidDataError
from inscape._typing import AlignmentName, FloatArray, SecondOrderName
from inscape.measures.resampling import (
    ALIGNMENTS,
    MINIMUM_SAMPLES,
    SECOND_ORDER,
    centred_pair,
    disparities,
    draw_counts,
    judged_disparity,
    leave_out_counts,
)

# What is nearer to 1 is told from it by rounding alone.
_NEAR_ONE = 1 - 1e-15


@dataclass(frozen=True, repr=False)
class Estimate:
    """A number and the interval around it.

    Parameters
    ----------
    value : float
        The number; `float(estimate)` is the same.
    low, high : float
        The ends of the interval; `value` lies between them.
    confidence : float
        The share of samples whose interval is meant to hold the population's value.

    Examples
    --------
    >>> Estimate(0.912, 0.871, 0.94, 0.95)
    0.912 [0.871, 0.940]
    """

    value: float
    low: float
    high: float
    confidence: float

    def __float__(self) -> float:
        return self.value

    def __repr__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def second_order_similarity(
    A: FloatArray,
    B: FloatArray,
    *,
    kind: SecondOrderName = "spearman",
    n_bootstraps: int = 1000,
    confidence: float = 0.95,
    random_state: int | np.random.Generator | None = None,
) -> Estimate:
    r"""Compare two similarity or dissimilarity matrices over the same items.

    .. math:: \rho\left( (A_{ij})_{i<j}, (B_{ij})_{i<j} \right)

    with :math:`\rho` Spearman's rank correlation, Kendall's :math:`\tau_b` or the cosine. For
    ranks, values that differ by less than 1e-12 of themselves, as rounding makes them, count as
    equal; in a matrix with values below 0, so do those that differ by 1e-14 of the largest.

    Parameters
    ----------
    A, B : ndarray, shape (n_items, n_items)
        Symmetric matrices of at least 4 items; the diagonals do not matter, and may be NaN.
    kind : {"spearman", "kendall", "cosine"}, default "spearman"
        What compares the upper triangles. Kendall's takes some six times as long as Spearman's.
    n_bootstraps : int, default 1000
        Draws of items behind the interval, at least 100.
    confidence : float, default 0.95
        Between 0 and 1.
    random_state : int, numpy.random.Generator or None, default None
        What the draws come from; None gives others each time.

    Returns
    -------
    Estimate
        Of the value over all the items that these are a sample of; from -1 to 1.

    Raises
    ------
    InvalidParameterError
        If an option cannot hold.
    InvalidDataError
        If A or B is no symmetric matrix over the same items, or its triangle is constant (for the
        cosine: zero).

    Notes
    -----
    The bootstrap draws items, not pairs, since pairs with an item in common are not independent
    (Nili et al., 2014, "A toolbox for representational similarity analysis", PLOS Computational
    Biology 10(4): e1003553). A pair of an item with its own copy is left out, as rsatoolbox does:
    its dissimilarity is zero in both matrices and would count as agreement (Schütt et al., 2023,
    "Statistical inference on representational geometries", eLife 12: e82566). The interval of ranks
    is the normal one, corrected by the draws' bias; in simulations with 20 and 50 items it held the
    population's value, at 0.95, in 93 to 98 of 100 samples for Spearman's correlation. That of the
    cosine, which is near 1 for dissimilarities that have little in common, is taken of its inverse
    hyperbolic tangent, with the larger standard deviation of the draws and of the jackknife; in the
    simulations of `centered_kernel_alignment` it held the value in 83 to 100 of 100, 94 on average.

    Examples
    --------
    >>> from inscape.measures import dissimilarity
    >>> X = np.random.default_rng(0).normal(size=(20, 8))
    >>> A, B = dissimilarity(X), dissimilarity(X[:, :6])
    >>> second_order_similarity(A, B, random_state=0)
    0.836 [0.707, 0.978]
    """
    measure = SECOND_ORDER[check_choice("kind", kind, SECOND_ORDER)]
    n_bootstraps, confidence, generator = _checked(n_bootstraps, confidence, random_state)
    matrices = {"A": A, "B": B}
    for name, matrix in matrices.items():
        matrix = check_matrix(_without_diagonal(matrix, name=name), name=name)
        matrices[name] = check_square(matrix, name=name, minimum=MINIMUM_SAMPLES)
    check_same_rows(matrices["B"], len(matrices["A"]), name="B", of="A")
    pairs = np.triu_indices(len(matrices["A"]), 1)
    triangles = []
    for name, matrix in matrices.items():
        triangle = matrix[pairs].astype(np.float64)
        values = triangle / (abs(triangle).max() or 1.0)
        if kind != "cosine":
            values = _tied(values)
        flat = not values.any() if kind == "cosine" else (values == values[0]).all()
        if flat:
            raise InvalidDataError(
                f"{name} must hold {'a value other than 0' if kind == 'cosine' else 'two values'} "
                f"off its diagonal for kind={kind!r}; got {triangle[0]:g} everywhere: check how "
                "it was made."
            )
        triangles.append(values)
    n_items = len(matrices["A"])
    values = measure(*triangles, pairs, draw_counts(n_items, n_bootstraps, generator))
    if kind == "cosine":
        left_out = measure(*triangles, pairs, leave_out_counts(n_items))
        return _around_angle(values, left_out, confidence)
    return _estimate(values, confidence, lowest=-1.0)


def centered_kernel_alignment(
    X: FloatArray,
    Y: FloatArray,
    *,
    estimator: AlignmentName = "debiased",
    n_bootstraps: int = 1000,
    confidence: float = 0.95,
    random_state: int | np.random.Generator | None = None,
) -> Estimate:
    r"""Return the linear centred kernel alignment (CKA) of two representations.

    .. math:: \frac{\lVert \Sigma_{XY} \rVert_F^2}
              {\lVert \Sigma_{XX} \rVert_F \lVert \Sigma_{YY} \rVert_F}

    with the covariances of the columns: 1 where they differ by a rotation, reflection, shift or
    isotropic scale.

    Parameters
    ----------
    X, Y : ndarray, shape (n_samples, n_components), each with its own n_components
        Two representations of the same samples, at least 4.
    estimator : {"debiased", "plain"}, default "debiased"
        Each squared norm without its bias, so that independent representations score about 0; or
        the norms of what the rows have, which is high where rows are few for the columns: two
        independent representations of 20 columns and 50 rows score 0.3, of 50 columns 0.5.
    n_bootstraps : int, default 1000
        Draws of rows behind the interval, at least 100.
    confidence : float, default 0.95
        Between 0 and 1.
    random_state : int, numpy.random.Generator or None, default None
        What the draws come from; None gives others each time.

    Returns
    -------
    Estimate
        Of the value over the population that the rows are a sample of; from 0 to 1. A debiased
        value may lie a little below 0 or above 1 by chance.

    Raises
    ------
    InvalidParameterError
        If an option cannot hold.
    InvalidDataError
        If X or Y is no finite matrix, or does not vary, or they differ in rows; for the debiased
        estimator, if one has no more structure than chance would give it.

    Notes
    -----
    Kornblith et al. (2019), "Similarity of neural network representations revisited",
    arXiv:1905.00414. The debiased estimator takes the unbiased estimator of the Hilbert-Schmidt
    independence criterion (Song et al., 2012, "Feature selection via dependence maximization",
    JMLR 13: 1393-1434, Eq. 5), as Nguyen, Raghu & Kornblith (2021), arXiv:2010.15327, do.

    A draw of rows is told by how often it holds each, and the three criteria of a draw are means
    over sets of distinct rows: a row compared with its own copy would count as agreement. The
    interval is the value and :math:`z` standard deviations of the draws on both sides, cut to the
    possible range. In simulations with 20 and 50 columns, 50 and 200 rows, variances that are equal
    or fall like :math:`k^{-1/2}, k^{-1}, k^{-2}`, and four relations from independent to nearly the
    same, intervals at 0.95 held the population's value in 87 to 100 of 100 samples, 97 on average.

    The interval of the plain estimator is the normal one, corrected by the draws' bias (Davison &
    Hinkley, 1997, "Bootstrap Methods and their Application", section 5.2), which does not undo a
    bias that is larger than the spread: for flat spectra it held the value in 0 to 23 of 100.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(100, 4))
    >>> centered_kernel_alignment(X, X[:, :3], random_state=0)
    0.772 [0.662, 0.882]
    """
    measure = ALIGNMENTS[check_choice("estimator", estimator, ALIGNMENTS)]
    n_bootstraps, confidence, generator = _checked(n_bootstraps, confidence, random_state)
    X, Y = centred_pair(X, Y)
    values = measure(X, Y, draw_counts(len(X), n_bootstraps, generator))
    if estimator == "plain":
        return _estimate(values, confidence, lowest=0.0)
    if np.isnan(values[0]):
        raise InvalidDataError(
            f"X and Y must have rows enough for estimator='debiased'; got {len(X)}, over which one "
            "of them has no more structure than chance gives: give more rows, or take "
            "estimator='plain'."
        )
    return _around(values, confidence)


def procrustes_distance(
    X: FloatArray,
    Y: FloatArray,
    *,
    n_bootstraps: int = 1000,
    confidence: float = 0.95,
    random_state: int | np.random.Generator | None = None,
) -> Estimate:
    r"""Return what the best rotation or reflection leaves between two representations.

    .. math::

        \min_{R, c} \lVert X - c Y R \rVert_F^2 = 1 - \Bigl( \sum_k \sigma_k(X^\top Y) \Bigr)^2

    for centred columns scaled to :math:`\lVert X \rVert_F = \lVert Y \rVert_F = 1`, the narrower
    one padded with zeros: the disparity of `scipy.spatial.procrustes`.

    Parameters
    ----------
    X, Y : ndarray, shape (n_samples, n_components), each with its own n_components
        Two representations of the same samples, at least 4.
    n_bootstraps : int, default 1000
        Draws of rows behind the interval, at least 100.
    confidence : float, default 0.95
        Between 0 and 1.
    random_state : int, numpy.random.Generator or None, default None
        What the draws come from; None gives others each time.

    Returns
    -------
    Estimate
        Of the value over the population that the rows are a sample of; from 0, the same
        geometry, to 1.

    Raises
    ------
    InvalidParameterError
        If an option cannot hold.
    InvalidDataError
        If X or Y is no finite matrix, or does not vary, or they differ in rows.

    Notes
    -----
    Schönemann (1966), "A generalized solution of the orthogonal Procrustes problem",
    Psychometrika 31(1): 1-10.

    A rotation adapts to the rows that it is given, so the value is on average below the
    population's; one that is told by nine tenths of the rows and judged by the others is on average
    above it. The interval reaches from the one to the other, and :math:`z` standard deviations of
    the draws beyond: it is wide where rows are few for the columns. In the simulations that
    `centered_kernel_alignment` tells of, intervals at 0.95 held the population's value in 93 to 100
    of 100 samples, mostly in all.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(100, 4))
    >>> procrustes_distance(X, X[:, :3], random_state=0)
    0.318 [0.239, 0.414]
    """
    n_bootstraps, confidence, generator = _checked(n_bootstraps, confidence, random_state)
    X, Y = centred_pair(X, Y)
    counts = draw_counts(len(X), n_bootstraps, generator)
    values = disparities(X, Y, counts)
    return _around(values, confidence, beyond=judged_disparity(X, Y))


# --------------------------------------------------------------------------- the bootstrap


def _checked(
    n_bootstraps: Any, confidence: Any, random_state: Any
) -> tuple[int, float, np.random.Generator]:
    return (
        check_integer("n_bootstraps", n_bootstraps, minimum=100),
        check_number("confidence", confidence, above=0, below=1),
        check_generator("random_state", random_state),
    )


def _estimate(values: FloatArray, confidence: float, *, lowest: float) -> Estimate:
    """Return the first of `values` with the interval that the others, one a draw, give it."""
    value, draws = np.clip(values[0], lowest, 1.0), values[1:]
    # A draw of too few distinct samples has no value.
    draws = draws[~np.isnan(draws)]
    middle = 2 * value - draws.mean()
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * draws.std(ddof=1)
    return Estimate(
        value=float(value),
        low=float(min(value, np.clip(middle - reach, lowest, 1.0))),
        high=float(max(value, np.clip(middle + reach, lowest, 1.0))),
        confidence=confidence,
    )


def _around(values: FloatArray, confidence: float, *, beyond: float | None = None) -> Estimate:
    """Return the first of `values` with the spread of the others on both sides of it.

    The upper end is as far from `beyond`, where that is higher.
    """
    value, draws = values[0], values[1:][~np.isnan(values[1:])]
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * draws.std(ddof=1)
    top = bottom = value
    if beyond is not None:
        # Draws are below the value as the value is below the population's.
        bottom, top = min(value, 2 * value - draws.mean()), max(value, beyond)
    return Estimate(
        value=float(value),
        low=float(min(value, np.clip(bottom - reach, 0.0, 1.0))),
        high=float(max(value, np.clip(top + reach, 0.0, 1.0))),
        confidence=confidence,
    )


def _around_angle(values: FloatArray, left_out: FloatArray, confidence: float) -> Estimate:
    """Return the first of `values` with what its inverse hyperbolic tangent varies by."""
    angles, others = (
        np.arctanh(np.clip(each, -_NEAR_ONE, _NEAR_ONE)) for each in (values, left_out)
    )
    n = len(left_out)
    others = others[~np.isnan(others)]
    jackknife = np.sqrt((n - 1) / n * np.square(others - others.mean()).sum())
    draws = angles[1:][~np.isnan(angles[1:])]
    reach = stdtrit(n - 1, (1 + confidence) / 2) * max(draws.std(ddof=1), jackknife)
    low, high = np.tanh([angles[0] - reach, angles[0] + reach])
    value = float(values[0])
    return Estimate(value, min(value, float(low)), max(value, float(high)), confidence)


def _without_diagonal(matrix: Any, *, name: str) -> Any:
    """Return a copy of a square matrix whose diagonal is 0, anything else as it is."""
    array = check_numbers(matrix, name=name)
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        return array
    array = as_floats(array).copy()
    np.fill_diagonal(array, 0.0)
    return array


def _tied(values: FloatArray) -> FloatArray:
    """Return values, of which the largest is 1, with those the same that rounding sets apart."""
    order = np.argsort(values)
    rising = values[order]
    # Below 0 there are differences, of which rounding leaves a share of what was subtracted.
    least = 1e-14 if rising[0] < 0 else 0.0
    gaps = np.diff(rising)
    apart = gaps > np.maximum(1e-12 * np.maximum(abs(rising[1:]), abs(rising[:-1])), least)
    first = np.maximum.accumulate(np.where(np.r_[True, apart], np.arange(len(values)), 0))
    tied = np.empty_like(values)
    tied[order] = rising[first]
    return tied
