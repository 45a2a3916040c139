"""Representations of the same rows at a glance: two by every measure, many by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from inscape._checks import check_choice, check_enough_samples, check_matrix, check_same_rows
from inscape._errors import InvalidDataError
from inscape._typing import AlignmentName, FloatArray
from inscape.measures.comparison import (
    Estimate,
    centered_kernel_alignment,
    procrustes_distance,
    second_order_similarity,
)
from inscape.measures.geometry import dissimilarity
from inscape.measures.resampling import ALIGNMENTS, MINIMUM_SAMPLES

# Rows, evenly spread, whose distances to each other are ranked: of more there are too many pairs.
_MOST_RANKED = 300
# Numbers of all Gram matrices that are in memory at a time.
_AT_ONCE = 2**22


@dataclass(frozen=True, repr=False)
class Comparison:
    """How alike two representations are, by three measures.

    Parameters
    ----------
    centered_kernel_alignment : Estimate
        1 where they differ by a rotation and a scale; see that function, debiased.
    procrustes_distance : Estimate
        0 where they do; what the best rotation leaves.
    second_order_similarity : Estimate
        1 where they rank the distances of the rows alike, even if neither is turned into the other:
        Spearman's correlation of Euclidean distances.
    n_samples, n_ranked : int
        Rows that were compared, and those of them whose distances were ranked.
    """

    centered_kernel_alignment: Estimate
    procrustes_distance: Estimate
    second_order_similarity: Estimate
    n_samples: int
    n_ranked: int

    def __repr__(self) -> str:
        return (
            f"centred kernel alignment  {self.centered_kernel_alignment}\n"
            f"Procrustes distance       {self.procrustes_distance}\n"
            f"second-order similarity   {self.second_order_similarity}"
        )


def compare(
    A: Any,
    B: Any,
    X: Any = None,
    *,
    n_bootstraps: int = 1000,
    confidence: float = 0.95,
    random_state: int | np.random.Generator | None = None,
) -> Comparison:
    """Compare two representations of the same rows by every measure, each with its interval.

    Parameters
    ----------
    A, B : array (n_samples, ...), or fitted object with `transform`
        Codes, or activations, each with its own width; maps count as one long row. A fitted object
        is asked for the codes of X.
    X : array-like, shape (n_samples, n_features), or None
        The rows, where one of the two is a fitted object.
    n_bootstraps : int, default 1000
        Draws of rows behind each interval, at least 100.
    confidence : float, default 0.95
        Between 0 and 1.
    random_state : int, numpy.random.Generator or None, default None
        What the draws come from; None gives others each time.

    Returns
    -------
    Comparison

    Raises
    ------
    InvalidParameterError
        If an option cannot hold.
    InvalidDataError
        If X is missing, or the two are no finite matrices of the same rows that vary.

    Notes
    -----
    Distances are ranked among at most 300 rows, evenly spread: 45,000 pairs. `n_ranked` tells.

    Examples
    --------
    >>> from sklearn.decomposition import PCA
    >>> X = np.random.default_rng(0).normal(size=(100, 6)) * [6, 5, 4, 3, 2, 1]
    >>> compare(PCA(3).fit(X), PCA(5).fit(X), X, random_state=0)
    centred kernel alignment  0.975 [0.959, 0.992]
    Procrustes distance       0.154 [0.117, 0.203]
    second-order similarity   0.947 [0.919, 0.976]
    """
    codes_A, codes_B = _codes(A, X, name="A"), _codes(B, X, name="B")
    if X is not None and not (hasattr(A, "transform") or hasattr(B, "transform")):
        raise InvalidDataError(
            "X must be left out where A and B are arrays already; got rows besides: give the "
            "fitted objects, or leave X out."
        )
    check_same_rows(codes_B, len(codes_A), name="B", of="A")
    options: dict[str, Any] = {
        "n_bootstraps": n_bootstraps,
        "confidence": confidence,
        "random_state": random_state,
    }
    ranked = slice(None, None, max(1, -(-len(codes_A) // _MOST_RANKED)))
    distances = [dissimilarity(Z[ranked], kind="euclidean") for Z in (codes_A, codes_B)]
    return Comparison(
        centered_kernel_alignment=centered_kernel_alignment(codes_A, codes_B, **options),
        procrustes_distance=procrustes_distance(codes_A, codes_B, **options),
        second_order_similarity=second_order_similarity(distances[0], distances[1], **options),
        n_samples=len(codes_A),
        n_ranked=len(distances[0]),
    )


def alignment_matrix(
    representations: Mapping[str, Any],
    others: Mapping[str, Any] | None = None,
    *,
    X: Any = None,
    estimator: AlignmentName = "debiased",
) -> FloatArray:
    r"""Return the centred kernel alignment of every representation with every other.

    Such as of each layer at each moment of a training with each other one, in one matrix; drawn by
    `inscape.figures.alignment_map`.

    Parameters
    ----------
    representations : mapping of str to array (n_samples, ...), or to fitted object
        By name, as for `compare`.
    others : mapping or None
        What they are aligned with; None takes them with each other.
    X : array-like, shape (n_samples, n_features), or None
        The rows, where some are fitted objects.
    estimator : {"debiased", "plain"}, default "debiased"
        See `centered_kernel_alignment`, whose values these are.

    Returns
    -------
    ndarray, shape (n_representations, n_others)
        NaN where one of the two is the same for all rows, or shows no more structure than chance
        would give it, as what an untrained layer of zeros gives.

    Raises
    ------
    InvalidParameterError
        If `estimator` is neither.
    InvalidDataError
        If there is none, X is missing, or they are no finite matrices of the same rows.

    Notes
    -----
    The time goes with the squared number of rows: some hundreds tell what thousands do. All
    criteria are products of the centred matrices :math:`ZZ^\top`, debiased as in Székely & Rizzo
    (2014), "Partial distance correlation with methods for dissimilarities", Annals of Statistics
    42(6): 2382-2412, section 3, which is the estimator of Song et al. (2012).

    Examples
    --------
    >>> Z = np.random.default_rng(0).normal(size=(100, 4))
    >>> alignment_matrix({"all": Z, "three": Z[:, :3]}).round(3)
    array([[1.   , 0.772],
           [0.772, 1.   ]])
    """
    check_choice("estimator", estimator, ALIGNMENTS)
    rows = _named_codes(representations, X, name="representations")
    columns = {} if others is None else _named_codes(others, X, name="others")
    every = [*rows.items(), *columns.items()]
    n = len(every[0][1])
    for name, codes in every:
        check_same_rows(codes, n, name=repr(name), of=repr(every[0][0]))
    check_enough_samples(n, minimum=MINIMUM_SAMPLES)
    centred = [_centred(codes) for _, codes in every]
    products = _products(centred, debiased=estimator == "debiased")
    own = np.diag(products)
    # Below the rounding of its terms a product of a representation with itself is none.
    least = np.array([1e-12 * float(np.square(np.square(Z).sum(axis=1)).sum()) for Z in centred])
    sizes = np.sqrt(np.where(own > least, own, np.nan))
    found = products / np.outer(sizes, sizes)
    return found[: len(rows), len(rows) :] if columns else found


def _codes(given: Any, X: Any, *, name: str) -> FloatArray:
    """Return the codes (n_samples, width) that a representation gives, or that an array is."""
    if hasattr(given, "transform"):
        if X is None:
            raise InvalidDataError(
                f"X must hold rows where {name} is a fitted object; got None: give the rows to be "
                "encoded, or the codes themselves."
            )
        given = given.transform(X)
    array = np.asarray(given)
    return check_matrix(array.reshape(len(array), -1) if array.ndim > 2 else given, name=name)


def _named_codes(given: Mapping[str, Any], X: Any, *, name: str) -> dict[str, FloatArray]:
    if not isinstance(given, Mapping) or not given:
        raise InvalidDataError(
            f"{name} must be a mapping of names to representations, at least one; got "
            f'{type(given).__name__}: give {{"name": codes}}.'
        )
    return {str(key): _codes(value, X, name=f"{name}[{key!r}]") for key, value in given.items()}


def _centred(codes: FloatArray) -> FloatArray:
    """Return codes less their mean, with 1 as the largest number; zeros where all are the same."""
    found = codes - codes.mean(axis=0, dtype=np.float64)
    size = float(abs(found).max())
    # What rounding leaves of equal rows is no geometry.
    if size <= 4 * np.finfo(np.float64).eps * float(abs(codes).max()):
        return np.zeros_like(found)
    return found / size


def _products(centred: list[FloatArray], *, debiased: bool) -> FloatArray:
    """Return the products of all centred Gram matrices with each other, some rows at a time."""
    n = len(centred[0])
    found = np.zeros((len(centred), len(centred)))
    own = [np.square(Z).sum(axis=1) for Z in centred]
    step = max(1, _AT_ONCE // (n * len(centred)))
    for start in range(0, n, step):
        rows = slice(start, start + step)
        block = np.stack([Z[rows] @ Z.T for Z in centred])
        if debiased:
            for K, squares in zip(block, own, strict=True):
                # Columns have mean 0, so that a row of the whole matrix sums to 0.
                K += (squares[rows, None] + squares) / (n - 2)
                K -= squares.sum() / ((n - 1) * (n - 2))
                np.fill_diagonal(K[:, start:], 0.0)
        flat = block.reshape(len(centred), -1)
        found += flat @ flat.T
    return found
