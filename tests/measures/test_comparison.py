"""How representations are read and compared, against second libraries and direct formulas."""

from __future__ import annotations

import dataclasses
import itertools
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.spatial import procrustes
from scipy.spatial.distance import pdist, squareform
from scipy.stats import kendalltau, ortho_group, spearmanr
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from inscape import _typing
from inscape._checks import check_generator
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape.measures import (
    Estimate,
    centered_kernel_alignment,
    dissimilarity,
    dissimilarity_vectors,
    geometry,
    procrustes_distance,
    resampling,
    second_order_similarity,
    similarity,
)

DIGITS = load_digits().data[:60] / 16
KINDS = {
    "correlation": "correlation",
    "cosine": "cosine",
    "euclidean": "euclidean",
    "squared_euclidean": "sqeuclidean",
}
SECOND_ORDER = {
    "spearman": lambda a, b: spearmanr(a, b)[0],
    "kendall": lambda a, b: kendalltau(a, b)[0],
    "cosine": lambda a, b: a @ b / np.linalg.norm(a) / np.linalg.norm(b),
}
COMPARISONS = [centered_kernel_alignment, procrustes_distance]


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def alignment_by_hsic(X, Y):
    """CKA from the Gram matrices and the centring matrix, as Kornblith et al. define it."""
    H = np.eye(len(X)) - 1 / len(X)

    def hsic(A, B):
        return np.trace(A @ A.T @ H @ B @ B.T @ H)

    return hsic(X, Y) / np.sqrt(hsic(X, X) * hsic(Y, Y))


def disparity_by_scipy(X, Y):
    width = max(X.shape[1], Y.shape[1])
    return procrustes(*(np.pad(Z, ((0, 0), (0, width - Z.shape[1]))) for Z in (X, Y)))[2]


def quick(compare, *pair, **options):
    return compare(*pair, **{"n_bootstraps": 100, "random_state": 0, **options})


# --------------------------------------------------------------------------- geometry


def test_the_words_are_those_of_the_types():
    assert get_args(_typing.SimilarityName) == geometry.SIMILARITIES
    assert get_args(_typing.DissimilarityName) == geometry.DISSIMILARITIES
    assert get_args(_typing.SecondOrderName) == tuple(resampling.SECOND_ORDER)
    assert get_args(_typing.AlignmentName) == tuple(resampling.ALIGNMENTS)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
def test_similarities_are_numpys(dtype):
    Z = (DIGITS * 16).astype(dtype)
    wide = Z.astype(np.float64)
    unit = wide / np.linalg.norm(wide, axis=1, keepdims=True)
    np.testing.assert_allclose(similarity(Z), wide @ wide.T, rtol=1e-12)
    np.testing.assert_allclose(similarity(Z, kind="cosine"), unit @ unit.T, atol=1e-12)
    np.testing.assert_allclose(similarity(Z, kind="correlation"), np.corrcoef(wide), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_dissimilarities_are_scipys(kind):
    wanted = squareform(pdist(DIGITS, KINDS[kind]))
    np.testing.assert_allclose(dissimilarity(DIGITS, kind=kind), wanted, atol=1e-12)


@given(
    Z=arrays.arrays(
        np.float64,
        st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(2, 5)),
        elements=st.floats(-1e3, 1e3),
    )
)
@settings(max_examples=60, deadline=None)
def test_geometry_holds_its_bounds_and_a_stack_is_one_by_one(Z):
    # A ramp in place of a row without a direction.
    Z = np.where(np.ptp(Z, axis=-1, keepdims=True) < 1, np.arange(1.0, Z.shape[-1] + 1), Z)
    diagonal = np.arange(Z.shape[1])
    for kind in geometry.SIMILARITIES:
        S = similarity(Z, kind=kind)
        np.testing.assert_array_equal(S, S.swapaxes(-1, -2))
        np.testing.assert_allclose(S, [similarity(z, kind=kind) for z in Z], atol=1e-9)
        if kind != "dot":
            assert abs(S).max() <= 1
            assert (S[:, diagonal, diagonal] == 1).all()
    for kind in geometry.DISSIMILARITIES:
        D = dissimilarity(Z, kind=kind)
        np.testing.assert_array_equal(D, D.swapaxes(-1, -2))
        np.testing.assert_array_equal(D, [dissimilarity(z, kind=kind) for z in Z])
        assert (D[:, diagonal, diagonal] == 0).all()
        assert D.min() >= 0
        if kind in ("correlation", "cosine"):
            assert D.max() <= 2


@pytest.mark.parametrize("kind", ["correlation", "cosine"])
@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e160, 1e300])
def test_angles_do_not_depend_on_the_scale(kind, scale):
    Z = normal(5, 4)
    np.testing.assert_allclose(
        dissimilarity(scale * Z, kind=kind), dissimilarity(Z, kind=kind), atol=1e-12
    )


@pytest.mark.parametrize("kind", ["correlation", "cosine"])
def test_opposite_rows_are_at_most_two_apart(kind):
    Z = normal(50, 7)
    assert dissimilarity(np.vstack([Z, -Z]), kind=kind).max() == 2


@pytest.mark.parametrize("shape", [(40, 17), (3, 120, 33), (2, 2, 30, 64)])
def test_large_products_are_symmetric(shape):
    S = similarity(normal(*shape))
    np.testing.assert_array_equal(S, S.swapaxes(-1, -2))


@pytest.mark.parametrize("kind", KINDS)
def test_near_rows_keep_what_sets_them_apart(kind):
    # The difference of two products, each of which rounds at 1e-16, would be all rounding.
    Z = np.array([[1.0, 2.0, 4.0], [1.0, 2.0, 4.0 + 1e-9]])
    apart = dissimilarity(Z, kind=kind)[0, 1]
    if "euclidean" in kind:
        assert apart == pytest.approx(1e-9 if kind == "euclidean" else 1e-18, rel=1e-6)
    else:
        rows = Z - Z.mean(axis=1, keepdims=True) * (kind == "correlation")
        u = rows[0] / np.linalg.norm(rows[0])
        across = np.array([0.0, 0.0, 1e-9])
        across -= across.mean() * (kind == "correlation")
        sine = np.linalg.norm(across - (across @ u) * u) / np.linalg.norm(rows[0])
        assert apart == pytest.approx(sine**2 / 2, rel=1e-5)


def test_vectors_are_scipys_row_by_row():
    stack = dissimilarity(normal(3, 6, 4))
    vectors = dissimilarity_vectors(stack)
    assert vectors.shape == (3, 15)
    np.testing.assert_array_equal(vectors, [squareform(D) for D in stack])
    np.testing.assert_array_equal(dissimilarity_vectors(stack[1]), vectors[1:2])


@pytest.mark.parametrize("measure", [similarity, dissimilarity])
@pytest.mark.parametrize(
    ("kind", "row", "sentence"),
    [
        ("cosine", [0.0, 0.0, 0.0], "Z must hold non-zero rows .* row 2 is zero"),
        ("correlation", [0.1, 0.1, 0.1], "Z must hold rows that vary .* row 2 is constant"),
        ("correlation", [0.0, 0.0, 0.0], "Z must hold rows that vary .* row 2 is constant"),
    ],
)
def test_a_row_without_a_direction_is_named(measure, kind, row, sentence):
    Z = normal(4, 3)
    Z[2] = row
    with pytest.raises(InvalidDataError, match=sentence):
        measure(Z, kind=kind)
    with pytest.raises(InvalidDataError, match=sentence.replace("Z", r"Z\[1\]", 1)):
        measure(np.stack([normal(4, 3), Z]), kind=kind)
    with pytest.raises(InvalidDataError, match=sentence):
        measure(Z.astype(np.float32), kind=kind)


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: similarity(normal(4, 3), kind="cosin"), InvalidParameterError, "mean 'cosine'"),
        (lambda: dissimilarity(normal(4, 3), kind="dot"), InvalidParameterError, "`kind` must be"),
        (lambda: similarity([1.0, 2.0]), InvalidDataError, "two dimensions, or a stack"),
        (lambda: similarity(np.zeros((0, 3))), InvalidDataError, "non-empty"),
        (lambda: similarity([["a"]]), InvalidDataError, "must hold numbers"),
        (
            lambda: dissimilarity([[[1.0, 2.0]], [[1.0, np.nan]]]),
            InvalidDataError,
            r"Z\[1\] must be finite; got NaN at row 0, column 1",
        ),
        (lambda: dissimilarity_vectors(normal(3, 4)), InvalidDataError, "must be square"),
        (lambda: dissimilarity_vectors([[0.0]]), InvalidDataError, "at least 2 rows"),
        (
            lambda: dissimilarity_vectors([[0.0, 1.0], [2.0, 0.0]]),
            InvalidDataError,
            "D must be symmetric; got values that differ by 1 at row 0, column 1",
        ),
    ],
)
def test_geometry_says_what_is_wrong(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()


# --------------------------------------------------------------------------- an estimate


def test_an_estimate_is_a_number_that_cannot_change():
    estimate = Estimate(0.9123, 0.871, 0.94, 0.95)
    assert float(estimate) == 0.9123
    assert repr(estimate) == "0.912 [0.871, 0.940]"
    with pytest.raises(dataclasses.FrozenInstanceError):
        estimate.value = 1.0


# --------------------------------------------------------------------------- two matrices


@pytest.mark.parametrize("kind", SECOND_ORDER)
@pytest.mark.parametrize("ties", [False, True])
def test_second_order_similarity_is_scipys(kind, ties):
    A, B = dissimilarity(normal(20, 5)), dissimilarity(normal(20, 5, seed=1))
    if ties:
        A, B = A.round(1), (A + B).round(0)
    wanted = SECOND_ORDER[kind](squareform(A), squareform(B))
    assert quick(second_order_similarity, A, B, kind=kind).value == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("kind", SECOND_ORDER)
def test_a_draw_of_items_leaves_out_pairs_with_their_own_copy(kind):
    A, B = dissimilarity(normal(8, 5)), dissimilarity(normal(8, 5, seed=1))
    drawn = np.array([0, 0, 0, 2, 3, 3, 5, 7])
    own = drawn[:, None] == drawn
    rows, columns = np.nonzero(np.triu(~own, 1))
    wanted = SECOND_ORDER[kind](*(M[drawn[rows], drawn[columns]] for M in (A, B)))
    pairs = np.triu_indices(8, 1)
    counts = np.bincount(drawn, minlength=8)[None].astype(float)
    got = resampling.SECOND_ORDER[kind](A[pairs], B[pairs], pairs, counts)
    assert got == pytest.approx([wanted], abs=1e-12)


@pytest.mark.parametrize("kind", SECOND_ORDER)
def test_four_items_are_enough(kind):
    A, B = dissimilarity(normal(4, 5)), dissimilarity(normal(4, 5, seed=1))
    estimate = quick(second_order_similarity, A, B, kind=kind)
    assert -1 <= estimate.low < estimate.high <= 1


def test_values_that_rounding_alone_sets_apart_are_tied():
    A = np.kron(np.eye(5), np.ones((2, 2)))
    noise = 1e-15 * (normal(10, 10) + normal(10, 10).T)
    exact = quick(second_order_similarity, A, A)
    assert quick(second_order_similarity, A + noise, A - noise.T) == exact


@pytest.mark.parametrize("kind", ["spearman", "kendall"])
def test_values_over_many_powers_of_ten_are_no_ties(kind):
    """Most of them are below 1e-12 of the largest, and each is told apart from the next."""
    A, B = (np.exp(15 * abs(M + M.T)) for M in normal(2, 12, 12))
    a, b = (M[np.triu_indices(12, 1)] for M in (A, B))
    assert np.median(a) < 1e-12 * a.max()
    wanted = SECOND_ORDER[kind](a, b)
    assert quick(second_order_similarity, A, B, kind=kind).value == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("kind", SECOND_ORDER)
def test_a_diagonal_does_not_count_whatever_it_holds(kind):
    A, B = dissimilarity(normal(9, 5)), dissimilarity(normal(9, 5, seed=1))
    wanted = quick(second_order_similarity, A, B, kind=kind)
    before = A.copy()
    np.fill_diagonal(before, np.nan)
    given = before.copy()
    assert quick(second_order_similarity, given, B, kind=kind) == wanted
    np.testing.assert_array_equal(given, before)


def test_correlations_of_float32_on_a_large_mean_are_those_of_float64():
    rows = (1e7 + np.random.default_rng(0).integers(-4, 5, size=(12, 9))).astype(np.float32)
    wanted = np.corrcoef(rows.astype(np.float64))
    np.testing.assert_allclose(similarity(rows, kind="correlation"), wanted, atol=1e-12)
    shifted = quick(centered_kernel_alignment, rows, rows[:, :5])
    assert shifted.value == pytest.approx(
        quick(centered_kernel_alignment, rows - np.float32(1e7), rows[:, :5]).value, abs=1e-9
    )


def test_second_order_similarity_does_not_see_a_rising_curve():
    A, B = dissimilarity(DIGITS), dissimilarity(DIGITS @ normal(64, 3))
    wanted = quick(second_order_similarity, A, B)
    got = quick(second_order_similarity, A, np.exp(B))
    assert dataclasses.astuple(got) == pytest.approx(dataclasses.astuple(wanted))
    assert quick(second_order_similarity, A, similarity(DIGITS, kind="correlation")).value == (
        pytest.approx(-1)
    )


# --------------------------------------------------------------------------- two representations


@pytest.mark.parametrize(("p", "q"), [(3, 5), (50, 4), (50, 70), (1, 1)])
def test_alignment_is_that_of_the_direct_formula(p, q):
    X, Y = normal(30, p) + 3, normal(30, q, seed=1) - 1
    Y[:, : min(p, q)] += X[:, : min(p, q)]
    wanted = alignment_by_hsic(X, Y)
    found = quick(centered_kernel_alignment, X, Y, estimator="plain").value
    assert found == pytest.approx(wanted, rel=1e-10)


def criterion_by_enumeration(X, Y, counts):
    """The mean of K_ij (L_ij - 2 L_iq + L_qr) over all ordered sets of four distinct rows."""
    K, L = X @ X.T, Y @ Y.T
    sets = list(itertools.permutations(range(len(X)), 4))

    def mean(term, size):
        weights = {s[:size]: np.prod(counts[list(s[:size])]) for s in sets}
        return sum(w * term(*s) for s, w in weights.items()) / sum(weights.values())

    return (
        mean(lambda i, j: K[i, j] * L[i, j], 2)
        - 2 * mean(lambda i, j, q: K[i, j] * L[i, q], 3)
        + mean(lambda i, j, q, r: K[i, j] * L[q, r], 4)
    )


@pytest.mark.parametrize("columns", [(2, 3), (9, 12)])
def test_debiased_alignment_is_that_of_all_sets_of_four_rows(columns):
    X, Y = (Z[:, :p] for Z, p in zip(normal(2, 7, 12), columns, strict=True))
    Y = Y + X[:, :1]
    counts = np.array([np.ones(7), [2, 1, 0, 1, 0, 2, 1]])
    X, Y = resampling.centred_pair(X, Y)
    for products in (resampling.products_of_rows, resampling.products_of_columns):
        for a, b in ((X, Y), (X, X)):
            found = resampling._distinct(a, b, counts, *products(a, b, counts))
            wanted = [criterion_by_enumeration(a, b, w) for w in counts]
            np.testing.assert_allclose(found, wanted, rtol=1e-9)
    XY, XX, YY = (criterion_by_enumeration(*pair, np.ones(7)) for pair in ((X, Y), (X, X), (Y, Y)))
    if min(XX, YY) > 0:
        found = quick(centered_kernel_alignment, X, Y).value
        assert found == pytest.approx(XY / np.sqrt(XX * YY), rel=1e-9)


@pytest.mark.parametrize("p", [20, 50])
def test_independent_representations_score_nothing(p):
    rng = np.random.default_rng(0)
    pairs = [rng.normal(size=(2, 50, p)) for _ in range(40)]
    found = [quick(centered_kernel_alignment, *pair).value for pair in pairs]
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(40)
    assert np.mean([alignment_by_hsic(*pair) for pair in pairs]) > 0.25


@pytest.mark.parametrize(("p", "q"), [(5, 5), (3, 5), (50, 4), (50, 70), (1, 1)])
def test_procrustes_distance_is_scipys(p, q):
    X, Y = normal(30, p) + 3, normal(30, q, seed=1) - 1
    Y[:, : min(p, q)] += X[:, : min(p, q)]
    wanted = disparity_by_scipy(X, Y)
    assert quick(procrustes_distance, X, Y).value == pytest.approx(wanted, rel=1e-10)


@pytest.mark.parametrize(("p", "q"), [(3, 5), (40, 4), (40, 60)])
def test_a_draw_of_rows_is_the_measure_of_its_copies(p, q):
    X, Y = resampling.centred_pair(normal(30, p), normal(30, q, seed=1))
    counts = resampling.draw_counts(30, 100, np.random.default_rng(0))
    by_columns = np.array(resampling.squares_of_columns(X, Y, counts))
    np.testing.assert_allclose(resampling.squares_of_rows(X, Y, counts), by_columns, rtol=1e-9)
    alignments = resampling.alignments(X, Y, counts)
    disparities = resampling.disparities(X, Y, counts)
    for i in (0, 1, 50, 100):
        drawn = np.repeat(np.arange(30), counts[i].astype(int))
        assert alignments[i] == pytest.approx(alignment_by_hsic(X[drawn], Y[drawn]), rel=1e-9)
        assert disparities[i] == pytest.approx(disparity_by_scipy(X[drawn], Y[drawn]), rel=1e-9)


def test_rows_in_blocks_are_rows_at_once():
    X, Y = normal(3000, 3), normal(3000, 2, seed=1)
    counts = resampling.draw_counts(3000, 2, np.random.default_rng(0))
    # 2**22 // 3000 rows a block: three of them.
    np.testing.assert_allclose(
        resampling.squares_of_rows(X, Y, counts),
        resampling.squares_of_columns(X, Y, counts),
        rtol=1e-9,
    )


@pytest.mark.parametrize(("shape", "side"), [((300, 60), "rows"), ((300, 4), "columns")])
@pytest.mark.parametrize(("estimator", "what"), [("plain", "squares"), ("debiased", "products")])
def test_alignment_takes_the_side_that_costs_less(monkeypatch, shape, side, estimator, what):
    taken = []
    for name in (f"{what}_of_rows", f"{what}_of_columns"):
        squares = getattr(resampling, name)
        monkeypatch.setattr(
            resampling, name, lambda *args, n=name, f=squares: taken.append(n) or f(*args)
        )
    quick(centered_kernel_alignment, normal(*shape), normal(300, 4, seed=1), estimator=estimator)
    assert set(taken) == {f"{what}_of_{side}"}


@given(
    seed=st.integers(0, 2**16),
    p=st.integers(1, 6),
    scale=st.floats(1e-3, 1e3),
    shift=st.floats(-10, 10),
)
@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize("compare", COMPARISONS)
def test_rotation_shift_and_isotropic_scale_change_nothing(compare, seed, p, scale, shift):
    X, Y = normal(20, p, seed=seed), normal(20, 4, seed=seed + 1)
    rotation = ortho_group.rvs(p, random_state=seed) if p > 1 else -np.eye(1)
    wanted = dataclasses.astuple(quick(compare, X, Y))
    moved = dataclasses.astuple(quick(compare, scale * X @ rotation + shift, Y))
    assert moved == pytest.approx(wanted, abs=1e-9)
    turned = dataclasses.astuple(quick(compare, Y, X))
    assert turned == pytest.approx(wanted, abs=1e-9)
    same = 1 if compare is centered_kernel_alignment else 0
    assert dataclasses.astuple(quick(compare, X, scale * X @ rotation + shift))[:3] == (
        pytest.approx((same, same, same), abs=1e-9)
    )


@pytest.mark.parametrize("compare", COMPARISONS)
def test_anisotropic_scale_changes_the_geometry(compare):
    X, Y = normal(50, 4), normal(50, 4) + normal(50, 4, seed=1)
    stretched = X * [1.0, 1.0, 1.0, 10.0]
    assert abs(float(quick(compare, X, Y)) - float(quick(compare, stretched, Y))) > 0.05


@pytest.mark.parametrize("compare", COMPARISONS)
@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_no_scale_is_too_small_or_too_large(compare, scale):
    X, Y = normal(20, 3), normal(20, 2, seed=1)
    wanted = dataclasses.astuple(quick(compare, X, Y))
    assert dataclasses.astuple(quick(compare, scale * X, Y)) == pytest.approx(wanted)


@pytest.mark.parametrize("compare", COMPARISONS)
@pytest.mark.parametrize("p", [1, 30])
def test_a_draw_without_variance_is_left_out(compare, p):
    # Every seventh draw misses the two rows that differ.
    X, Y = np.zeros((12, p)), normal(12, 2)
    X[[5, 6]] = 1.0
    estimate = quick(compare, X, Y)
    assert np.isfinite(dataclasses.astuple(estimate)).all()


# --------------------------------------------------------------------------- intervals


def pairs_for(compare, X, Y):
    same_kind = compare is second_order_similarity
    return tuple(dissimilarity(Z, kind="euclidean") for Z in (X, Y)) if same_kind else (X, Y)


@pytest.mark.parametrize("compare", [*COMPARISONS, second_order_similarity])
def test_draws_come_from_the_seed_alone(compare):
    pair = pairs_for(compare, normal(30, 4), normal(30, 4, seed=1))
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - the state that must not move
    first = quick(compare, *pair, random_state=3)
    assert quick(compare, *pair, random_state=3) == first
    assert quick(compare, *pair, random_state=np.random.default_rng(3)) == first
    assert quick(compare, *pair, random_state=4) != first
    assert quick(compare, *pair, random_state=None) != quick(compare, *pair, random_state=None)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize("compare", [*COMPARISONS, second_order_similarity])
def test_the_interval_holds_the_value_and_widens_with_confidence(compare):
    pair = pairs_for(compare, normal(30, 4), normal(30, 4) + normal(30, 4, seed=1))
    narrow, wide = (quick(compare, *pair, confidence=share) for share in (0.5, 0.99))
    assert wide.low < narrow.low <= narrow.value <= narrow.high < wide.high
    assert narrow.value == wide.value
    assert (narrow.confidence, wide.confidence) == (0.5, 0.99)


@pytest.mark.parametrize("compare", COMPARISONS)
def test_an_interval_stays_in_the_possible_range_and_reaches_its_value(compare):
    # Nothing in common and few rows.
    estimate = quick(compare, normal(20, 15), normal(20, 15, seed=1))
    assert estimate.low <= estimate.value <= estimate.high <= 1
    assert estimate.low >= min(0, estimate.value)
    # What few rows share by chance reaches as far as nothing.
    none = 0 if compare is centered_kernel_alignment else 1
    assert estimate.low <= none <= estimate.high


def spectral_pair(rng, *, n, p, power, relation):
    """Two representations with variances k^-power, and what is true of their population."""
    scale = np.arange(1.0, p + 1) ** (-power / 2)
    X, noise = rng.normal(size=(2, n, p)) * scale
    if relation == "half":
        head = scale[: p // 2] ** 2
        alignment = np.sqrt(np.square(head).sum() / np.sum(scale**4))
        return X, X[:, : p // 2], alignment, 1 - head.sum() / np.sum(scale**2)
    Y = relation * X + np.sqrt(1 - relation**2) * noise
    return X, Y, relation**2, 1 - relation**2


def share_held(compare, *, n_samples, seed, **cell):
    rng, held = np.random.default_rng(seed), 0
    for _ in range(n_samples):
        X, Y, alignment, disparity = spectral_pair(rng, **cell)
        wanted = alignment if compare is centered_kernel_alignment else disparity
        estimate = quick(compare, X, Y, random_state=rng)
        held += estimate.low <= wanted + 1e-9 and wanted - 1e-9 <= estimate.high
    return held / n_samples


@pytest.mark.parametrize("compare", COMPARISONS)
def test_intervals_hold_where_rows_are_few_for_the_columns(compare):
    # 0.28 and 0.12 by the plain estimators and their bootstrap.
    for relation in (0.0, 0.5):
        cell = {"n": 50, "p": 20, "power": 0, "relation": relation}
        assert share_held(compare, n_samples=25, seed=3, **cell) >= 0.84


@pytest.mark.proof
@pytest.mark.parametrize("compare", COMPARISONS)
@pytest.mark.parametrize("n", [50, 200])
@pytest.mark.parametrize("p", [20, 50])
@pytest.mark.parametrize("power", [0, 0.5, 1, 2])
def test_intervals_hold_what_they_say_over_spectra(compare, n, p, power):
    shares = [
        share_held(compare, n_samples=200, seed=5, n=n, p=p, power=power, relation=relation)
        for relation in (0.0, 0.5, "half", 0.9)
    ]
    assert min(shares) >= 0.88, shares


@pytest.mark.parametrize("compare", [*COMPARISONS, second_order_similarity])
def test_intervals_hold_the_value_of_the_population(compare):
    def draw(n, rng):
        latent = rng.normal(size=(n, 3))
        X = latent @ mixing[:, :5] + rng.normal(size=(n, 5))
        return X, latent @ mixing[:, 5:] + rng.normal(size=(n, 4))

    mixing = normal(3, 9, seed=5)
    shared = mixing.T @ mixing
    XX, XY, YY = shared[:5, :5] + np.eye(5), shared[:5, 5:], shared[5:, 5:] + np.eye(4)
    if compare is centered_kernel_alignment:
        wanted = np.square(XY).sum() / (np.linalg.norm(XX) * np.linalg.norm(YY))
    elif compare is procrustes_distance:
        sigma = np.linalg.svd(XY, compute_uv=False)
        wanted = 1 - sigma.sum() ** 2 / (np.trace(XX) * np.trace(YY))
    else:
        # Pairs without an item in common, of many items.
        X, Y = draw(200_000, np.random.default_rng(1))
        a, b = (np.linalg.norm(Z[::2] - Z[1::2], axis=1) for Z in (X, Y))
        wanted = spearmanr(a, b)[0]
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(80):
        estimate = quick(compare, *pairs_for(compare, *draw(50, rng)), random_state=rng)
        held += estimate.low <= wanted <= estimate.high
    assert 67 <= held <= 80


@pytest.mark.parametrize("compare", COMPARISONS)
def test_percentiles_would_miss_where_intervals_do_not(compare):
    rng = np.random.default_rng(0)
    measure = {
        centered_kernel_alignment: resampling.alignments,
        procrustes_distance: resampling.disparities,
    }[compare]
    wanted = 0 if compare is centered_kernel_alignment else 1
    for _ in range(20):
        X, Y = rng.normal(size=(2, 50, 5))
        draws = measure(*resampling.centred_pair(X, Y), resampling.draw_counts(50, 100, rng))
        low, high = np.percentile(draws, [2.5, 97.5])
        assert not low <= wanted <= high
        estimate = quick(compare, X, Y, random_state=rng)
        assert estimate.low <= wanted <= estimate.high


# --------------------------------------------------------------------------- in use


def test_codes_of_pca_are_compared_with_the_rows_they_encode():
    codes = PCA(10).fit_transform(DIGITS)
    alignment = quick(centered_kernel_alignment, DIGITS.astype(np.float32), codes)
    assert 0.95 < alignment.value < 1
    whole = PCA().fit_transform(DIGITS)
    assert float(quick(centered_kernel_alignment, DIGITS, whole)) == pytest.approx(1)
    assert float(quick(procrustes_distance, DIGITS, whole)) == pytest.approx(0, abs=1e-9)
    order = quick(
        second_order_similarity,
        dissimilarity(DIGITS, kind="euclidean"),
        dissimilarity(codes, kind="euclidean"),
    )
    assert 0.9 < order.low <= order.high < 1


def test_a_stack_over_epochs_comes_nearer_to_its_end():
    noise, end = normal(4, 30, 6), normal(30, 6, seed=1)
    epochs = end + noise * np.array([3.0, 1.0, 0.3, 0.1])[:, None, None]
    stack = dissimilarity(epochs)
    assert stack.shape == (4, 30, 30)
    assert dissimilarity_vectors(stack).shape == (4, 435)
    order = [float(quick(second_order_similarity, D, dissimilarity(end))) for D in stack]
    assert order == sorted(order)
    assert similarity(epochs[None], kind="cosine").shape == (1, 4, 30, 30)


# --------------------------------------------------------------------------- what is wrong


@pytest.mark.parametrize("compare", [*COMPARISONS, second_order_similarity])
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"n_bootstraps": 99}, "`n_bootstraps` must be an integer >= 100; got 99"),
        ({"n_bootstraps": 200.0}, "`n_bootstraps` must be an integer"),
        ({"confidence": 1.0}, "`confidence` must be a number > 0 and < 1; got 1.0"),
        ({"confidence": 0}, "`confidence` must be a number > 0 and < 1"),
        ({"random_state": -1}, "`random_state` must be None, an integer >= 0 or a numpy"),
        ({"random_state": "0"}, "`random_state` must be None"),
        ({"random_state": True}, "`random_state` must be None"),
    ],
)
def test_comparisons_say_which_option_cannot_hold(compare, options, sentence):
    pair = pairs_for(compare, normal(10, 3), normal(10, 3, seed=1))
    with pytest.raises(InvalidParameterError, match=sentence):
        compare(*pair, **options)


@pytest.mark.parametrize("compare", COMPARISONS)
@pytest.mark.parametrize(
    ("X", "Y", "sentence"),
    [
        (normal(5, 2), normal(6, 2), "Y must have as many rows as X"),
        (normal(3, 2), normal(3, 2), "at least 4 rows"),
        # The mean of ten times 0.1 is not 0.1.
        (normal(10, 2), np.full((10, 2), 0.1), "Y must vary; got 10 identical rows"),
        (np.full((10, 2), np.float32(0.1)), normal(10, 2), "X must vary; got 10 identical rows"),
        (normal(5), normal(5, 2), "X must be a non-empty array of two dimensions"),
        (normal(5, 2), [[np.inf]] * 5, "Y must be finite; got infinity at row 0"),
    ],
)
def test_representations_that_cannot_be_compared_are_named(compare, X, Y, sentence):
    with pytest.raises(InvalidDataError, match=sentence):
        compare(X, Y)


@pytest.mark.parametrize(
    ("kind", "A", "B", "sentence"),
    [
        ("spearman", np.ones((5, 5)), np.eye(5), "A must hold two values .* got 1 everywhere"),
        ("kendall", dissimilarity(normal(5, 3)), np.eye(5), "B must hold two values"),
        ("cosine", np.eye(5), np.eye(5), "A must hold a value other than 0 .* got 0 everywhere"),
        ("spearman", np.eye(3), np.eye(3), "A must be square, with at least 4 rows"),
        ("spearman", np.eye(5), normal(5, 5), "B must be symmetric"),
        ("spearman", np.eye(5), np.eye(6), "B must have as many rows as A"),
        ("spearman", np.ones((2, 5, 5)), np.eye(5), "A must be a non-empty array of two dim"),
    ],
)
def test_matrices_that_cannot_be_compared_are_named(kind, A, B, sentence):
    with pytest.raises(InvalidDataError, match=sentence):
        second_order_similarity(A, B, kind=kind)


def test_an_unknown_kind_is_answered_with_the_nearest():
    with pytest.raises(InvalidParameterError, match="Did you mean 'spearman'"):
        second_order_similarity(np.eye(5), np.eye(5), kind="spearmann")


def test_a_generator_is_passed_through_and_none_is_fresh():
    generator = np.random.default_rng(0)
    assert check_generator("random_state", generator) is generator
    assert check_generator("random_state", np.int64(7)).random() == (
        np.random.default_rng(7).random()
    )
    first, second = (check_generator("random_state", None).random() for _ in range(2))
    assert first != second
