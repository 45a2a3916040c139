"""Two representations by every measure, many by one: the measures' own values, at one call."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from inscape._errors import InvalidDataError, InvalidParameterError
from inscape.measures import (
    alignment_matrix,
    centered_kernel_alignment,
    compare,
    procrustes_distance,
    second_order_similarity,
)

X = load_digits().data[:400]
RNG = np.random.default_rng(0)
QUICK = {"n_bootstraps": 100, "random_state": 0}


def test_a_comparison_has_the_values_and_intervals_of_each_measure():
    A, B = PCA(3).fit(X), X[:, :20]
    found = compare(A, B, X, **QUICK)
    codes = A.transform(X)
    assert found.centered_kernel_alignment == centered_kernel_alignment(codes, B, **QUICK)
    assert found.procrustes_distance == procrustes_distance(codes, B, **QUICK)
    distances = [squareform(pdist(Z[::2])) for Z in (codes, B)]
    second = second_order_similarity(*distances, **QUICK)
    assert found.second_order_similarity.value == pytest.approx(second.value, abs=1e-12)
    assert (found.n_samples, found.n_ranked) == (400, 200)
    for line, estimate in zip(
        repr(found).splitlines(),
        (
            found.centered_kernel_alignment,
            found.procrustes_distance,
            found.second_order_similarity,
        ),
        strict=True,
    ):
        assert line.endswith(repr(estimate))


def test_a_turned_and_stretched_representation_is_the_same_by_every_measure():
    turn = np.linalg.qr(RNG.normal(size=(64, 64)))[0]
    found = compare(X, 1e6 + 3 * X @ turn, **QUICK)
    assert found.centered_kernel_alignment.value == pytest.approx(1)
    assert found.procrustes_distance.value == pytest.approx(0, abs=1e-9)
    assert found.second_order_similarity.value == pytest.approx(1)


def test_maps_count_as_one_long_row():
    maps = X.reshape(-1, 1, 8, 8)
    flat, found = compare(X, X[:, :9], **QUICK), compare(maps, X[:, :9], **QUICK)
    assert found == flat


@pytest.mark.parametrize("estimator", ["debiased", "plain"])
@pytest.mark.parametrize("n", [5, 37, 400])
def test_every_entry_is_the_alignment_of_its_two(estimator, n):
    offset = {"digits": X[:n], "few": 1e6 + RNG.normal(size=(n, 3)), "wide": np.sin(X[:n]) ** 2}
    offset["maps"] = RNG.normal(size=(n, 2, 3, 3)).astype(np.float32)
    found = alignment_matrix(offset, estimator=estimator)
    options = {"estimator": estimator, "n_bootstraps": 100, "random_state": 0}
    flat = [Z.reshape(n, -1) for Z in offset.values()]
    for i, j in itertools.product(range(4), repeat=2):
        if np.isnan(found[i, j]):
            with pytest.raises(InvalidDataError, match="no more structure than chance"):
                centered_kernel_alignment(flat[i], flat[j], **options)
        else:
            value = centered_kernel_alignment(flat[i], flat[j], **options).value
            assert found[i, j] == pytest.approx(value, abs=1e-9)
    assert np.allclose(found, found.T, equal_nan=True)


def test_rows_in_blocks_give_the_same_as_all_at_once(monkeypatch):
    from inscape.measures import overview

    codes = {str(k): RNG.normal(size=(50, k)) for k in (2, 3, 4)}
    whole = alignment_matrix(codes)
    monkeypatch.setattr(overview, "_AT_ONCE", 7 * 50 * 3)
    assert np.allclose(alignment_matrix(codes), whole, rtol=1e-10)


def test_some_stand_against_others_and_what_does_not_vary_has_no_value():
    some = {"pca": PCA(2).fit(X), "constant": np.ones((400, 5))}
    others = {"first": X[:, :20], "last": X[:, 20:], "all": X}
    found = alignment_matrix(some, others, X=X)
    assert found.shape == (2, 3)
    whole = alignment_matrix({**some, **others}, X=X)
    assert np.allclose(found, whole[:2, 2:], equal_nan=True)
    assert np.isnan(found[1]).all()
    assert np.isfinite(found[0]).all()


@pytest.mark.parametrize(
    ("ask", "error", "told"),
    [
        (lambda: compare(PCA(2).fit(X), X), InvalidDataError, "X must hold rows where A"),
        (lambda: compare(X, X[:, :2], X), InvalidDataError, "X must be left out"),
        (lambda: compare(X, X[:9]), InvalidDataError, "B must"),
        (lambda: alignment_matrix({}), InvalidDataError, "at least one"),
        (lambda: alignment_matrix([X]), InvalidDataError, "mapping of names.*list"),
        (lambda: alignment_matrix({"a": X, "b": X[:9]}), InvalidDataError, "'b' must.*'a'"),
        (lambda: alignment_matrix({"a": X}, estimator="b"), InvalidParameterError, "estimator"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_sentence(ask, error, told):
    with pytest.raises(error, match=told) as caught:
        ask()
    assert "\n" not in str(caught.value)
