"""The graph of neighbours: against brute force, and against its formula."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from inscape._errors import InvalidDataError, InvalidParameterError
from inscape.measures import nearest_neighbors
from inscape.uses.graph import fuzzy_weights, neighbor_graph, neighbor_weights


def brute(points, n_neighbors):
    """Every distance from every difference, one point at a time; the weights by a root finder."""
    n = len(points)
    A = np.zeros((n, n))
    for i in range(n):
        d = np.sqrt(((points - points[i]) ** 2).sum(axis=1))
        others = np.array([j for j in np.argsort(d, kind="stable") if j != i][:n_neighbors])
        rho = min(d[others][d[others] > 0])
        beyond = np.maximum(d[others] - rho, 0)

        def excess(sigma, beyond=beyond):
            return np.exp(-beyond / sigma).sum() - np.log2(len(beyond))

        sigma = brentq(excess, 1e-6 * beyond.max(), 1e3 * beyond.max(), xtol=1e-14)
        A[i, others] = np.exp(-beyond / sigma)
    return A + A.T - A * A.T


@pytest.mark.parametrize("n_dimensions", [2, 10, 40])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_the_graph_is_that_of_brute_force(n_dimensions, offset):
    points = np.random.default_rng(0).normal(size=(120, n_dimensions)) + offset
    graph = neighbor_graph(points, n_neighbors=15)
    np.testing.assert_allclose(graph.toarray(), brute(points, 15), atol=1e-6)


@pytest.mark.parametrize("n_neighbors", [5, 8, 15])
def test_the_weights_of_a_point_sum_to_the_logarithm_of_their_number(n_neighbors):
    distances = np.sort(np.random.default_rng(0).uniform(1, 2, (500, n_neighbors)), axis=1)
    weights = fuzzy_weights(distances)
    np.testing.assert_allclose(weights.sum(axis=1), np.log2(n_neighbors), rtol=1e-9)
    assert (weights[:, 0] == 1).all()
    assert (np.diff(weights, axis=1) <= 0).all()
    # Units are nobody's business.
    for scale in (1e-9, 1e9):
        np.testing.assert_allclose(fuzzy_weights(scale * distances), weights, rtol=1e-9)


def test_the_weights_are_those_of_umap():
    umap = pytest.importorskip("umap.umap_", reason="umap-learn is not installed")
    distances = np.sort(np.random.default_rng(0).uniform(0.1, 2, (200, 15)), axis=1)
    with_itself = np.column_stack([np.zeros(200), distances]).astype(np.float32)
    sigmas, rhos = umap.smooth_knn_dist(with_itself, 15.0)
    theirs = np.exp(-np.maximum(distances - rhos[:, None], 0) / sigmas[:, None])
    np.testing.assert_allclose(fuzzy_weights(distances), theirs, atol=1e-4)


def test_the_graph_is_symmetric_and_ties_nobody_to_itself():
    points = np.random.default_rng(0).normal(size=(200, 3))
    graph = neighbor_graph(points)
    assert abs(graph - graph.T).max() == 0
    assert graph.diagonal().max() == 0
    assert graph.data.min() > 0
    assert graph.data.max() <= 1
    assert graph.max(axis=1).toarray().min() > 1 - 1e-12


@pytest.mark.parametrize("n_dimensions", [2, 40])
def test_copies_of_a_point_are_its_neighbours_and_not_itself(n_dimensions):
    point = np.random.default_rng(0).normal(size=n_dimensions)
    distances, places = nearest_neighbors(np.tile(point, (30, 1)), n_neighbors=5)
    assert distances.max() == 0
    assert (places != np.arange(30)[:, None]).all()
    assert all(len(set(row)) == 5 for row in places)
    assert neighbor_graph(np.tile(point, (30, 1))).data.min() == 1


def test_fewer_points_than_neighbours():
    points = np.array([[0.0, 0.0], [0.0, 1.0], [5.0, 5.0]])
    assert nearest_neighbors(points, n_neighbors=15)[1].shape == (3, 2)
    assert nearest_neighbors(points, points[:1] + 0.1, n_neighbors=15)[1].shape == (1, 3)
    assert neighbor_graph(points).shape == (3, 3)
    np.testing.assert_array_equal(neighbor_graph(points[:2]).toarray(), [[0, 1], [1, 0]])


@pytest.mark.parametrize("n_dimensions", [2, 40])
def test_new_rows_are_tied_to_their_nearest_and_known_ones_to_themselves(n_dimensions):
    random = np.random.default_rng(0)
    points, rows = random.normal(size=(100, n_dimensions)), random.normal(size=(20, n_dimensions))
    weights = neighbor_weights(rows, points, n_neighbors=7)
    assert (np.diff(weights.indptr) <= 7).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    nearest = np.linalg.norm(rows[:, None] - points, axis=2).argmin(axis=1)
    np.testing.assert_array_equal(np.asarray(weights.argmax(axis=1)).ravel(), nearest)
    known = neighbor_weights(points * (1 + 1e-9), points, n_neighbors=7)
    np.testing.assert_array_equal(known.toarray(), np.eye(100))


def test_what_cannot_be_a_graph_is_refused():
    with pytest.raises(InvalidDataError, match="at least two"):
        neighbor_graph(np.zeros((1, 2)))
    with pytest.raises(InvalidDataError, match="row 1, column 0"):
        neighbor_graph(np.array([[0.0], [np.nan], [1.0]]))
    with pytest.raises(InvalidParameterError, match="`n_neighbors` must be an integer >= 1"):
        neighbor_graph(np.zeros((5, 2)), n_neighbors=0)
    with pytest.raises(InvalidDataError, match="3 columns"):
        neighbor_weights(np.zeros((5, 2)), np.zeros((5, 3)))
