"""Measures of two matrices or representations, over many draws of their samples at once.

A draw is told by its counts: how often it holds each sample.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.stats import kendalltau

from inscape._checks import check_enough_samples, check_matrix, check_same_rows
from inscape._errors import InvalidDataError
from inscape._typing import FloatArray

# With three, most draws hold two distinct samples or one, of which nothing can be compared.
MINIMUM_SAMPLES = 4


def draw_counts(n_samples: int, n_bootstraps: int, generator: np.random.Generator) -> FloatArray:
    """Return how often each draw holds each sample; the first row is the sample itself."""
    counts = np.ones((n_bootstraps + 1, n_samples))
    for drawn in counts[1:]:
        drawn[:] = np.bincount(generator.integers(n_samples, size=n_samples), minlength=n_samples)
    return counts


# --------------------------------------------------------------------------- two matrices


def _spearman(
    a: FloatArray, b: FloatArray, pairs: tuple[Any, Any], counts: FloatArray
) -> FloatArray:
    # The values are sorted once: a draw changes how often each stands there, not their order.
    places = [np.unique(triangle, return_inverse=True)[1] for triangle in (a, b)]
    values = np.empty(len(counts))
    for i, drawn in enumerate(counts):
        weights = drawn[pairs[0]] * drawn[pairs[1]]
        total = weights.sum()
        ties = [np.bincount(place, weights=weights) for place in places]
        ranks_a, ranks_b = (
            (np.cumsum(tied) - (tied + total) / 2)[place]
            for tied, place in zip(ties, places, strict=True)
        )
        values[i] = _cosine_of(ranks_a, ranks_b, weights)
    return values


def _kendall(
    a: FloatArray, b: FloatArray, pairs: tuple[Any, Any], counts: FloatArray
) -> FloatArray:
    values = np.empty(len(counts))
    for i, drawn in enumerate(counts):
        times = (drawn[pairs[0]] * drawn[pairs[1]]).astype(np.intp)
        copies = np.repeat(a, times), np.repeat(b, times)
        values[i] = kendalltau(*copies, method="asymptotic")[0] if times.any() else np.nan
    return values


def _cosine(a: FloatArray, b: FloatArray, pairs: tuple[Any, Any], counts: FloatArray) -> FloatArray:
    return np.array([_cosine_of(a, b, drawn[pairs[0]] * drawn[pairs[1]]) for drawn in counts])


def _cosine_of(a: FloatArray, b: FloatArray, weights: FloatArray) -> float:
    weighted = weights * a
    size = np.sqrt((weighted @ a) * ((weights * b) @ b))
    return float(weighted @ b / size) if size > 0 else np.nan


# Name to the measure of two triangles, for each draw.
SECOND_ORDER: Mapping[str, Callable[..., FloatArray]] = {
    "spearman": _spearman,
    "kendall": _kendall,
    "cosine": _cosine,
}


# --------------------------------------------------------------------------- two representations


def centred_pair(X: Any, Y: Any) -> tuple[FloatArray, FloatArray]:
    """Return both as float64 with columns of mean 0 and a largest value of 1.

    Raises
    ------
    InvalidDataError
        If they are no matrices of the same rows, or one does not vary.
    """
    X, Y = check_matrix(X, name="X"), check_matrix(Y, name="Y")
    check_same_rows(Y, len(X), name="Y", of="X")
    check_enough_samples(len(X), minimum=MINIMUM_SAMPLES)
    pair = []
    for name, Z in (("X", X), ("Y", Y)):
        centred = Z - Z.mean(axis=0, dtype=np.float64)
        size = abs(centred).max()
        # What rounding leaves of equal rows is no geometry.
        if size <= 4 * np.finfo(Z.dtype).eps * abs(Z).max():
            raise InvalidDataError(
                f"{name} must vary; got {len(Z)} identical rows, whose geometry is a point: check "
                "how they were encoded."
            )
        pair.append(centred / size)
    return pair[0], pair[1]


def _sizes(Z: FloatArray, counts: FloatArray) -> FloatArray:
    """Return the squared norm of each draw about its mean, NaN where its rows are all the same."""
    about_zero = counts @ np.square(Z).sum(axis=1)
    sizes = about_zero - np.square(counts @ Z).sum(axis=1) / len(Z)
    return np.where(sizes > 1e-12 * about_zero, sizes, np.nan)


def alignments(X: FloatArray, Y: FloatArray, counts: FloatArray) -> FloatArray:
    """Return the linear centred kernel alignment of each draw, NaN where it has none."""
    n, p, q = len(X), X.shape[1], Y.shape[1]
    on_rows = n * (3 + (p + q) / len(counts)) < p * p + p * q + q * q
    squares = squares_of_rows if on_rows else squares_of_columns
    XY, XX, YY = squares(X, Y, counts)
    defined = ~np.isnan(_sizes(X, counts) + _sizes(Y, counts))
    return np.divide(XY, np.sqrt(abs(XX * YY)), out=np.full(len(XY), np.nan), where=defined)


def squares_of_columns(
    X: FloatArray, Y: FloatArray, counts: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return |X'Y|^2, |X'X|^2 and |Y'Y|^2 of each draw, from cross-products of columns."""
    squares = np.empty((3, len(counts)))
    for i, drawn in enumerate(counts):
        weights = drawn[:, None]
        U, V = X - drawn @ X / len(X), Y - drawn @ Y / len(Y)
        weighted = weights * V
        products = U.T @ weighted, (weights * U).T @ U, V.T @ weighted
        squares[:, i] = [np.square(product).sum() for product in products]
    return squares[0], squares[1], squares[2]


def squares_of_rows(
    X: FloatArray, Y: FloatArray, counts: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the same from products of rows, for all draws at once.

    |X'WY|^2 is the form w'(XX' * YY')w in the counts w, whose matrix is the same for each draw. The
    means m and l of the draw come off by |X'WY - n m l'|^2, multiplied out.
    """
    n = len(X)
    squares = np.zeros((3, len(counts)))
    # Blocks of rows keep it to 32 MiB each, and only one triangle is worked out.
    step = max(1, 2**22 // n)
    for start in range(0, n, step):
        stop = min(start + step, n)
        across = counts[:, start:].copy()
        across[:, stop - start :] *= 2
        K, L = X[start:stop] @ X[start:].T, Y[start:stop] @ Y[start:].T
        for square, products in zip(squares, (K * L, K * K, L * L), strict=True):
            square += np.einsum("bi,bi->b", counts[:, start:stop], across @ products.T)
    a, b = ((counts @ Z / n) @ Z.T for Z in (X, Y))
    for square, u, v in zip(squares, (a, a, b), (b, a, b), strict=True):
        weighted = counts * u
        square -= 2 * n * np.einsum("bi,bi->b", weighted, v)
        square += weighted.sum(axis=1) * np.einsum("bi,bi->b", counts, v)
    return squares[0], squares[1], squares[2]


def disparities(X: FloatArray, Y: FloatArray, counts: FloatArray) -> FloatArray:
    """Return the squared Procrustes distance of each draw, NaN where it has none."""
    X, Y = sorted((_narrowed(X), _narrowed(Y)), key=lambda Z: -Z.shape[1])
    sums = np.empty(len(counts))
    for i, drawn in enumerate(counts):
        product = X.T @ (drawn[:, None] * Y) - np.outer(drawn @ X, drawn @ Y) / len(X)
        sums[i] = np.linalg.svd(product, compute_uv=False).sum()
    return 1 - np.square(sums) / (_sizes(X, counts) * _sizes(Y, counts))


def _narrowed(Z: FloatArray) -> FloatArray:
    """Return Z rotated into as many columns as it has rows, where it has more."""
    if Z.shape[1] <= len(Z):
        return Z
    left, stretches, _ = np.linalg.svd(Z, full_matrices=False)
    return left * stretches
