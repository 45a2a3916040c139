"""How alike two representations of the same samples are, each number with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from inscape._checks import (
    check_choice,
    check_generator,
    check_integer,
    check_matrix,
    check_number,
    check_same_rows,
    check_square,
)
from inscape._errors import InvalidDataError
from inscape._typing import FloatArray, SecondOrderName
from inscape.measures.resampling import (
    MINIMUM_SAMPLES,
    SECOND_ORDER,
    alignments,
    centred_pair,
    disparities,
    draw_counts,
)


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

    with :math:`\rho` Spearman's rank correlation, Kendall's :math:`\tau_b` or the cosine. Values
    that differ by less than 1e-12 of the largest, as rounding makes them, count as equal.

    Parameters
    ----------
    A, B : ndarray, shape (n_items, n_items)
        Symmetric matrices of at least 4 items; the diagonals do not matter.
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
    "Statistical inference on representational geometries", eLife 12: e82566). The interval is
    that of `centered_kernel_alignment`. In simulations with 20 and 50 items, intervals at 0.95
    held the population's value in 93 to 98 of 100 samples for Spearman's correlation, and in 85
    to 94 for the cosine.

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
        matrix = check_matrix(matrix, name=name)
        matrices[name] = check_square(matrix, name=name, minimum=MINIMUM_SAMPLES)
    check_same_rows(matrices["B"], len(matrices["A"]), name="B", of="A")
    pairs = np.triu_indices(len(matrices["A"]), 1)
    triangles = []
    for name, matrix in matrices.items():
        triangle = matrix[pairs].astype(np.float64)
        # Ranks would take the last digit of two values that are equal for a difference.
        rounded = np.round(triangle / (abs(triangle).max() or 1.0), 12)
        flat = not rounded.any() if kind == "cosine" else (rounded == rounded[0]).all()
        if flat:
            raise InvalidDataError(
                f"{name} must hold {'a value other than 0' if kind == 'cosine' else 'two values'} "
                f"off its diagonal for kind={kind!r}; got {triangle[0]:g} everywhere: check how "
                "it was made."
            )
        triangles.append(rounded)
    counts = draw_counts(len(matrices["A"]), n_bootstraps, generator)
    return _estimate(measure(*triangles, pairs, counts), confidence, lowest=-1.0)


def centered_kernel_alignment(
    X: FloatArray,
    Y: FloatArray,
    *,
    n_bootstraps: int = 1000,
    confidence: float = 0.95,
    random_state: int | np.random.Generator | None = None,
) -> Estimate:
    r"""Return the linear centred kernel alignment (CKA) of two representations.

    .. math:: \frac{\lVert X^\top Y \rVert_F^2}{\lVert X^\top X \rVert_F \lVert Y^\top Y \rVert_F}

    for centred columns: 1 where they differ by a rotation, reflection, shift or isotropic scale.

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
        Of the value over the population that the rows are a sample of; from 0 to 1.

    Raises
    ------
    InvalidParameterError
        If an option cannot hold.
    InvalidDataError
        If X or Y is no finite matrix, or does not vary, or they differ in rows.

    Notes
    -----
    Kornblith et al. (2019), "Similarity of neural network representations revisited",
    arXiv:1905.00414.

    Copies of a row look like structure, so the draws lie above the value as the value lies above
    the population's. The interval is therefore the normal one, corrected for that bias (Davison &
    Hinkley, 1997, "Bootstrap Methods and their Application", section 5.2),

    .. math:: 2 v - \bar v^* \pm z \, \mathrm{sd}(v^*)

    for the value :math:`v` and the draws :math:`v^*`, cut to the possible range and stretched to
    the value where the bias is larger than the spread: a value at the end of its own interval says
    that the rows are few for the columns. In simulations with 5 to 50 columns, intervals at 0.95
    held the population's value in 87 to 99 of 100 samples of 50 rows, and in 90 to 100 of 200
    rows. Where the two representations shared little, percentiles of the draws held it in 0 to 38
    and BCa in 0 to 75; reflected percentiles did about as well as the normal interval, 4 less at
    worst.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(100, 4))
    >>> centered_kernel_alignment(X, X[:, :3], random_state=0)
    0.778 [0.663, 0.877]
    """
    n_bootstraps, confidence, generator = _checked(n_bootstraps, confidence, random_state)
    X, Y = centred_pair(X, Y)
    counts = draw_counts(len(X), n_bootstraps, generator)
    return _estimate(alignments(X, Y, counts), confidence, lowest=0.0)


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

    The interval is that of `centered_kernel_alignment`. A rotation adapts to the rows that it is
    given, so the value is too small where the rows are few for the columns: in simulations with 5
    to 10 columns, intervals at 0.95 held the population's value in 83 to 100 of 100 samples of 50
    rows and in 93 to 100 of 200, but with 50 columns against 20 in 5 and in 26: there, reduce the
    wide ones first, or give more rows.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(100, 4))
    >>> procrustes_distance(X, X[:, :3], random_state=0)
    0.318 [0.250, 0.406]
    """
    n_bootstraps, confidence, generator = _checked(n_bootstraps, confidence, random_state)
    X, Y = centred_pair(X, Y)
    counts = draw_counts(len(X), n_bootstraps, generator)
    return _estimate(disparities(X, Y, counts), confidence, lowest=0.0)


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
