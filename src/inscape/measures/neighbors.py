"""Which rows are nearest to which, and how far they are, some rows at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from inscape._checks import check_filled, check_integer, check_matrix
from inscape._errors import InvalidDataError
from inscape._typing import FloatArray, IntArray

# In more dimensions a tree opens nearly every leaf, and products of blocks are sooner done.
_FEW_DIMENSIONS = 16
# Distances that are in memory at a time: 32 MiB.
_AT_ONCE = 2**22
# Of two squared lengths: a squared distance below that has lost digits to the difference of
# products, and is taken from differences instead.
_NEAR = 1e-3


def nearest_neighbors(
    points: FloatArray, rows: FloatArray | None = None, *, n_neighbors: int
) -> tuple[FloatArray, IntArray]:
    """Return how far, and which, the nearest points are: exactly, nearest first.

    Parameters
    ----------
    points : ndarray, shape (n_points, n_dimensions)
        Among which neighbours are looked for.
    rows : ndarray, shape (n_rows, n_dimensions), or None
        Whose neighbours; None are the points themselves, and none is its own neighbour.
    n_neighbors : int
        How many; all where there are fewer.

    Returns
    -------
    distances, places : ndarray, shape (n_rows, n_neighbors)

    Raises
    ------
    InvalidDataError
        If there are rows or points that are not finite, or their dimensions differ.
    """
    check_integer("n_neighbors", n_neighbors, minimum=1)
    check_filled(points, name="points")
    points = check_matrix(points, name="points").astype(np.float64)
    if rows is None and len(points) < 2:
        raise InvalidDataError("points must be at least two to be neighbours; got 1: give more.")
    if rows is not None:
        check_filled(rows, name="rows")
        rows = check_matrix(rows, name="rows", n_columns=points.shape[1]).astype(np.float64)
        return _search(points, rows, min(n_neighbors, len(points)))
    n_neighbors = min(n_neighbors, len(points) - 1)
    distances, places = _search(points, points, n_neighbors + 1)
    # Among copies of itself a point need not have found itself: then the last one is too many.
    itself = places == np.arange(len(points))[:, None]
    itself[~itself.any(axis=1), -1] = True
    shape = (len(points), n_neighbors)
    return distances[~itself].reshape(shape), places[~itself].reshape(shape)


def _search(points: FloatArray, rows: FloatArray, n_neighbors: int) -> tuple[FloatArray, IntArray]:
    if points.shape[1] <= _FEW_DIMENSIONS:
        found = cKDTree(points).query(rows, k=np.arange(1, n_neighbors + 1))
        return found[0], found[1]
    # Products of far numbers would round off what tells neighbours apart.
    middle = points.mean(axis=0)
    search = NearestNeighbors(n_neighbors=n_neighbors, algorithm="brute").fit(points - middle)
    places = search.kneighbors(rows - middle, return_distance=False)
    # From differences: those of products leave a copy some distance from itself.
    distances = np.empty(places.shape)
    for column in range(n_neighbors):
        distances[:, column] = np.linalg.norm(rows - points[places[:, column]], axis=1)
    order = np.argsort(distances, axis=1, kind="stable")
    return np.take_along_axis(distances, order, 1), np.take_along_axis(places, order, 1)


def squared_distances(rows: FloatArray, points: FloatArray) -> Iterator[tuple[slice, FloatArray]]:
    r"""Return an iterator over the squared distances of rows to points, some rows at a time.

    .. math:: D_{ij} = \lVert x_i - p_j \rVert^2

    Parameters
    ----------
    rows : ndarray, shape (n_rows, n_dimensions)
    points : ndarray, shape (n_points, n_dimensions)

    Yields
    ------
    block : slice
        Which rows.
    distances : ndarray of float64, shape (n_block, n_points)
        32 MiB at most, or one row; exact to 1e-12 of themselves or so, and 0 for copies.

    Raises
    ------
    InvalidDataError
        If there are rows or points that are not finite, or their dimensions differ.

    Notes
    -----
    In up to 16 dimensions they come from differences, in more from products, which are twenty
    times as fast; pairs so near each other that the products lose digits are done again.

    Examples
    --------
    >>> [(block, D)] = squared_distances(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]]))
    >>> D
    array([[25.]])
    """
    check_filled(rows, name="rows")
    check_filled(points, name="points")
    points = check_matrix(points, name="points")
    rows = check_matrix(rows, name="rows", n_columns=points.shape[1])
    return _by_blocks(rows, points)


def _by_blocks(rows: FloatArray, points: FloatArray) -> Iterator[tuple[slice, FloatArray]]:
    by_products = points.shape[1] > _FEW_DIMENSIONS
    if by_products:
        # Products of numbers far from 0 would round off what tells neighbours apart.
        middle = points.mean(axis=0, dtype=np.float64)
        centred = points - middle
        lengths = np.square(centred).sum(axis=1)
    step = max(1, _AT_ONCE // len(points))
    for start in range(0, len(rows), step):
        block = slice(start, min(start + step, len(rows)))
        if by_products:
            distances, least = _from_products(rows[block] - middle, centred, lengths)
            _mend_near(distances, least, rows[block], points)
            yield block, distances
        else:
            yield block, cdist(rows[block], points, "sqeuclidean")


def _from_products(
    rows: FloatArray, points: FloatArray, lengths: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return squared distances, and those below which they have lost digits."""
    sums = np.square(rows).sum(axis=1)[:, None] + lengths
    distances = rows @ points.T
    distances *= -2
    distances += sums
    sums *= _NEAR
    return distances, sums


def _mend_near(
    distances: FloatArray, least: FloatArray, rows: FloatArray, points: FloatArray
) -> None:
    near, to = np.nonzero(distances < least)
    step = max(1, _AT_ONCE // points.shape[1])
    for start in range(0, len(near), step):
        pairs = near[start : start + step], to[start : start + step]
        differences = rows[pairs[0]].astype(np.float64) - points[pairs[1]]
        distances[pairs] = np.einsum("ij,ij->i", differences, differences)
