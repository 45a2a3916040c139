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


def leave_out_counts(n_samples: int) -> FloatArray:
    """Return the counts of n draws, each of which leaves one sample out."""
    return 1.0 - np.eye(n_samples)


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
        # What rounding leaves of equal rows is no geometry; the last digit of a float32 is data.
        if size <= 4 * np.finfo(np.float64).eps * abs(Z).max():
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
    squares = squares_of_rows if _rows_cost_less(X, Y, counts) else squares_of_columns
    XY, XX, YY = squares(X, Y, counts)
    defined = ~np.isnan(_sizes(X, counts) + _sizes(Y, counts))
    return np.divide(XY, np.sqrt(abs(XX * YY)), out=np.full(len(XY), np.nan), where=defined)


def _rows_cost_less(X: FloatArray, Y: FloatArray, counts: FloatArray) -> bool:
    n, p, q = len(X), X.shape[1], Y.shape[1]
    return n * (3 + (p + q) / len(counts)) < p * p + p * q + q * q


def debiased_alignments(X: FloatArray, Y: FloatArray, counts: FloatArray) -> FloatArray:
    """Return the debiased alignment of each draw, NaN where it has none.

    Its three covariances are means over sets of distinct rows, weighted by how often a draw holds
    them: a row is never compared with its own copy.
    """
    products = products_of_rows if _rows_cost_less(X, Y, counts) else products_of_columns
    XY, XX, YY = (
        _distinct(*pair, counts, *products(*pair, counts)) for pair in ((X, Y), (X, X), (Y, Y))
    )
    # Below the rounding of its terms a covariance of a representation with itself is none.
    least_X, least_Y = (1e-12 * np.square(Z).sum(axis=1).mean() ** 2 for Z in (X, Y))
    defined = (least_X < XX) & (least_Y < YY)
    return np.divide(
        XY, np.sqrt(abs(XX)) * np.sqrt(abs(YY)), out=np.full(len(XY), np.nan), where=defined
    )


def _distinct(
    X: FloatArray,
    Y: FloatArray,
    counts: FloatArray,
    ones: FloatArray,
    mixed: FloatArray,
    squares: FloatArray,
) -> FloatArray:
    r"""Return the mean of K_ij (L_ij - 2 L_iq + L_qr) over distinct rows i, j, q, r of each draw.

    With K = XX' and L = YY' without their diagonals. `ones`, `mixed` and `squares` are the sums of
    K_ij L_ij with the weights w_i w_j, w_i w_j^2 and w_i^2 w_j^2: what sets of equal rows are told
    by. It is the unbiased estimator of Song et al. (2012), of weighted rows.
    """
    w = counts
    first, second, third, fourth = ((w**power).sum(axis=1) for power in (1, 2, 3, 4))
    pairs = first**2 - second
    triples = first**3 - 3 * first * second + 2 * third
    fours = first**4 - 6 * first**2 * second + 8 * first * third + 3 * second**2 - 6 * fourth
    of_X, of_Y = ((w @ Z) @ Z.T - w * np.square(Z).sum(axis=1) for Z in (X, Y))
    both = w * of_X * of_Y
    chains = both.sum(axis=1) - mixed
    apart = (w * of_X).sum(axis=1) * (w * of_Y).sum(axis=1)
    apart = apart - 4 * (w * both).sum(axis=1) + 2 * squares
    with np.errstate(divide="ignore", invalid="ignore"):
        found = ones / pairs - 2 * chains / triples + apart / fours
    return np.where(fours > 0.5, found, np.nan)


# Name to the alignment of each draw.
ALIGNMENTS: Mapping[str, Callable[[FloatArray, FloatArray, FloatArray], FloatArray]] = {
    "debiased": debiased_alignments,
    "plain": alignments,
}


def products_of_columns(
    X: FloatArray, Y: FloatArray, counts: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the sums of K_ij L_ij off the diagonal that `_distinct` asks for, by columns."""
    own = np.square(X).sum(axis=1) * np.square(Y).sum(axis=1)
    sums = np.empty((3, len(counts)))
    for i, w in enumerate(counts):
        once, twice = X.T @ (w[:, None] * Y), X.T @ ((w**2)[:, None] * Y)
        whole = np.square(once).sum(), (once * twice).sum(), np.square(twice).sum()
        sums[:, i] = [each - w**power @ own for each, power in zip(whole, (2, 3, 4), strict=True)]
    return sums[0], sums[1], sums[2]


def products_of_rows(
    X: FloatArray, Y: FloatArray, counts: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the same from products of rows, for all draws at once, in blocks of 32 MiB."""
    n, squared = len(X), counts**2
    sums = np.zeros((3, len(counts)))
    step = max(1, 2**22 // n)
    for start in range(0, n, step):
        block = slice(start, start + step)
        products = (X[block] @ X.T) * (Y[block] @ Y.T)
        np.fill_diagonal(products[:, start:], 0.0)
        once, twice = counts @ products.T, squared @ products.T
        some, more = counts[:, block], squared[:, block]
        for total, weights, inner in zip(
            sums, (some, some, more), (once, twice, twice), strict=True
        ):
            total += np.einsum("bi,bi->b", weights, inner)
    return sums[0], sums[1], sums[2]


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


def judged_disparity(X: FloatArray, Y: FloatArray, *, n_folds: int = 10) -> float:
    """Return the squared Procrustes distance by rotations that have not seen what judges them."""
    place = np.arange(len(X)) % n_folds
    kept, sizes = 0.0, np.zeros(2)
    for fold in np.unique(place):
        out = place == fold
        pair = [Z - Z[~out].mean(axis=0) for Z in (X, Y)]
        left, _, right = np.linalg.svd(pair[0][~out].T @ pair[1][~out], full_matrices=False)
        kept += np.sum((pair[0][out] @ (left @ right)) * pair[1][out])
        sizes += [np.square(Z[out]).sum() for Z in pair]
    return float(1 - max(kept, 0.0) ** 2 / sizes.prod())


def _narrowed(Z: FloatArray) -> FloatArray:
    """Return Z rotated into as many columns as it has rows, where it has more."""
    if Z.shape[1] <= len(Z):
        return Z
    left, stretches, _ = np.linalg.svd(Z, full_matrices=False)
    return left * stretches
