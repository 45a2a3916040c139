"""Ranks of neighbours: against all ranks at once, scikit-learn, and codes with known answers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits, make_swiss_roll
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from inscape._errors import InvalidDataError, InvalidParameterError
from inscape.measures import neighbors, rank_preservation, squared_distances

RNG = np.random.default_rng(0)
TWO_CLUSTERS = RNG.normal(size=(60, 30)) * 1e-2 + np.repeat([0.0, 1e6], 30)[:, None]


def all_ranks(X):
    """Entry (i, j): the rank of j among the neighbours of i, the earlier first among ties."""
    D = cdist(np.asarray(X, dtype=float), np.asarray(X, dtype=float), "sqeuclidean").round(9)
    np.fill_diagonal(D, -1)
    order = np.lexsort((np.broadcast_to(np.arange(len(D)), D.shape), D), axis=1)
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(len(D))[None], axis=1)
    return ranks


def by_all_ranks(X, Z, k):
    """The five measures, each by its definition in the paper."""
    rho, r = all_ranks(X), all_ranks(Z)
    n = len(rho)
    others = ~np.eye(n, dtype=bool)
    worst = n * sum(abs(n - 2 * m) / m for m in range(1, k + 1))
    scale = 2 / (n * k * (2 * n - 3 * k - 1))
    of_codes, of_rows = others & (r <= k), others & (rho <= k)
    return {
        "trustworthiness": 1 - scale * (rho - k)[of_codes & (rho > k)].sum(),
        "continuity": 1 - scale * (r - k)[of_rows & (r > k)].sum(),
        "false_rank_error": (abs(rho - r)[of_codes] / r[of_codes]).sum() / worst,
        "missing_rank_error": (abs(rho - r)[of_rows] / rho[of_rows]).sum() / worst,
        "shared_neighbors": np.array(
            [(others & (rho <= K) & (r <= K)).sum() / (n * K) for K in range(1, n)]
        ),
    }


CASES = {
    "few columns": (RNG.normal(size=(61, 5)), RNG.normal(size=(61, 2)), 7),
    "many columns": (RNG.normal(size=(50, 5000)), RNG.normal(size=(50, 40)), 24),
    "far from 0": (RNG.normal(size=(40, 20)) + 1e6, RNG.normal(size=(40, 2)) - 1e6, 5),
    "ties everywhere": (RNG.integers(0, 3, (70, 4)), RNG.integers(0, 2, (70, 2)), 6),
    "ties of products": (RNG.integers(0, 2, (70, 20)), RNG.integers(0, 2, (70, 17)), 6),
    "codes that are one": (RNG.normal(size=(30, 3)), np.zeros((30, 2)), 4),
    "copies": (np.tile(RNG.normal(size=(9, 30)), (4, 1)), RNG.normal(size=(36, 3)), 3),
    "tight clusters far apart": (TWO_CLUSTERS, TWO_CLUSTERS[:, :3], 4),
    "short floats": (RNG.normal(size=(40, 20)).astype(np.float32), RNG.normal(size=(40, 2)), 4),
    "three rows": (RNG.normal(size=(3, 2)), RNG.normal(size=(3, 1)), 1),
}


@pytest.mark.parametrize("case", CASES)
def test_the_measures_are_those_of_all_ranks_at_once(case):
    X, Z, k = CASES[case]
    found = rank_preservation(X, Z, n_neighbors=k)
    for name, wanted in by_all_ranks(X, Z, k).items():
        np.testing.assert_allclose(getattr(found, name), wanted, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("k", [1, 5, 40])
def test_trustworthiness_and_continuity_are_scikit_learns(k):
    X = load_digits().data[:400] + RNG.normal(size=(400, 64)) * 1e-3  # no ties, which differ
    Z = PCA(2).fit_transform(X)
    found = rank_preservation(X, Z, n_neighbors=k)
    assert found.trustworthiness == pytest.approx(trustworthiness(X, Z, n_neighbors=k), abs=1e-9)
    assert found.continuity == pytest.approx(trustworthiness(Z, X, n_neighbors=k), abs=1e-9)


def test_the_curves_are_those_of_the_co_ranking_matrix():
    X, Z = RNG.normal(size=(40, 4)), RNG.normal(size=(40, 2))
    found = rank_preservation(X, Z)
    others = ~np.eye(40, dtype=bool)
    together = np.zeros((39, 39))
    np.add.at(together, (all_ranks(X)[others] - 1, all_ranks(Z)[others] - 1), 1)
    shared = np.array([together[:K, :K].sum() / (40 * K) for K in range(1, 40)])
    gain = [(39 * shared[K - 1] - K) / (39 - K) for K in range(1, 39)]
    np.testing.assert_allclose(found.shared_neighbors, shared, atol=1e-12)
    np.testing.assert_allclose(found.gain, gain, atol=1e-12)
    weights = [1 / K for K in range(1, 39)]
    area = sum(g * w for g, w in zip(gain, weights, strict=True)) / sum(weights)
    assert found.area == pytest.approx(area, abs=1e-12)


def test_the_best_is_one_whatever_turns_and_scales():
    X = RNG.normal(size=(80, 6)) + 1e4
    turned = 3 * X @ np.linalg.qr(RNG.normal(size=(6, 6)))[0]
    found = rank_preservation(X, turned)
    assert (found.trustworthiness, found.continuity, found.area) == (1, 1, 1)
    assert (found.false_rank_error, found.missing_rank_error) == (0, 0)
    assert (found.shared_neighbors == 1).all()


def test_the_worst_is_all_ranks_reversed():
    found = rank_preservation([[0.0], [1.0], [3.0]], [[0.0], [5.0], [2.0]], n_neighbors=1)
    assert (found.trustworthiness, found.continuity) == (0, 0)
    assert (found.false_rank_error, found.missing_rank_error) == (1, 1)
    assert found.shared_neighbors.tolist() == [0, 1]


def test_a_torn_manifold_misses_neighbours_and_a_folded_one_has_false_ones():
    X, along = make_swiss_roll(500, random_state=0)
    rolled_out = np.c_[along, X[:, 1] / 3]
    torn = rolled_out + np.where(along > np.median(along), 50.0, 0.0)[:, None]
    torn, folded = rank_preservation(rolled_out, torn), rank_preservation(X, X[:, [0, 1]])
    assert torn.trustworthiness > torn.continuity
    assert torn.false_rank_error < torn.missing_rank_error
    assert folded.trustworthiness < folded.continuity
    assert folded.false_rank_error > folded.missing_rank_error


def test_chance_gains_nothing():
    found = rank_preservation(RNG.normal(size=(600, 5)), RNG.normal(size=(600, 2)))
    assert abs(found.area) < 0.02
    assert found.trustworthiness == pytest.approx(0.5, abs=0.03)


def test_blocks_of_any_size_give_the_same(monkeypatch):
    X, Z = RNG.normal(size=(50, 20)), RNG.normal(size=(50, 2))
    whole = rank_preservation(X, Z)
    monkeypatch.setattr(neighbors, "_AT_ONCE", 150)
    in_threes = rank_preservation(X, Z)
    assert repr(whole) == repr(in_threes)
    np.testing.assert_array_equal(whole.shared_neighbors, in_threes.shared_neighbors)


def test_some_rows_estimate_what_all_give():
    X = RNG.normal(size=(1500, 6))
    whole = rank_preservation(X, X[:, :3], n_neighbors=10)
    some = rank_preservation(X, X[:, :3], n_neighbors=10, n_ranked=500, random_state=1)
    again = rank_preservation(X, X[:, :3], n_neighbors=10, n_ranked=500, random_state=1)
    others = rank_preservation(X, X[:, :3], n_neighbors=10, n_ranked=500, random_state=2)
    every = rank_preservation(X, X[:, :3], n_neighbors=10, n_ranked=1500, random_state=3)
    assert (some.n_ranked, some.n_samples) == (500, 1500)
    assert "500 of 1,500 rows" in repr(some)
    assert repr(some) == repr(again)
    assert repr(some) != repr(others)
    assert repr(every) == repr(whole)
    assert some.trustworthiness == pytest.approx(whole.trustworthiness, abs=0.01)
    assert some.area == pytest.approx(whole.area, abs=0.01)
    np.testing.assert_allclose(some.shared_neighbors, whole.shared_neighbors, atol=0.04)


@pytest.mark.parametrize("n_columns", [3, 30])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_squared_distances_are_those_of_differences(n_columns, dtype):
    points = np.vstack([RNG.normal(size=(30, 30)), TWO_CLUSTERS])[:, :n_columns].astype(dtype)
    rows = np.vstack([points[:5], points[:5] + dtype(1e-6), points[-5:]])
    wanted = cdist(rows.astype(float), points.astype(float), "sqeuclidean")
    [(block, found)] = squared_distances(rows, points)
    assert (block, found.dtype) == (slice(0, 15), np.float64)
    np.testing.assert_allclose(found, wanted, rtol=1e-11)
    assert (found[np.arange(5), np.arange(5)] == 0).all()


@pytest.mark.parametrize(
    ("X", "Z", "options", "error", "message"),
    [
        (np.eye(4), np.eye(3), {}, InvalidDataError, "as many rows as X"),
        (np.eye(4), [[0.0], [1], [np.nan], [2]], {}, InvalidDataError, "NaN at row 2"),
        (np.eye(2), np.eye(2), {}, InvalidDataError, "at least 3 rows"),
        (np.eye(9), np.eye(9), {"n_neighbors": 5}, InvalidParameterError, "from 1 to .* = 4"),
        (np.eye(9), np.eye(9), {"n_neighbors": 0}, InvalidParameterError, "from 1"),
        (np.eye(30), np.eye(30), {"n_ranked": 31}, InvalidParameterError, "= 30"),
    ],
)
def test_what_cannot_be_ranked_is_told(X, Z, options, error, message):
    with pytest.raises(error, match=message):
        rank_preservation(X, Z, **options)
