"""Places on the circle and the sphere: flat maps of them, grids over them, the middle of many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inscape._typing import FloatArray

# Half the width of the map and half its height: an ellipse of area 4 pi, as the sphere's.
HALF_WIDTH, HALF_HEIGHT = 2 * np.sqrt(2), np.sqrt(2)


def hammer(codes: FloatArray) -> FloatArray:
    """Return the places (n, 2) of codes (n, 3) of norm 1 on Hammer's equal-area map of the sphere.

    E. Hammer (1892), Petermanns Geogr. Mitt. 38, 85-87: the half sphere of half the longitudes in
    Lambert's azimuthal map, stretched to twice its width.

    Examples
    --------
    >>> hammer(np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])).round(3).tolist()
    [[0.0, 0.0], [0.0, 1.414]]
    """
    half = np.arctan2(codes[:, 1], codes[:, 0]) / 2
    up = codes[:, 2]
    level = np.sqrt(np.clip(1 - up**2, 0, None))
    scale = np.sqrt(2 / (1 + level * np.cos(half)))
    return np.column_stack([2 * scale * level * np.sin(half), scale * up])


def inverse_hammer(places: FloatArray) -> FloatArray:
    """Return the codes (n, 3) at places (n, 2) inside the map: the inverse of `hammer`.

    Examples
    --------
    >>> inverse_hammer(np.array([[0.0, 0.0], [0.0, 1.0]])).round(3).tolist()
    [[1.0, 0.0, 0.0], [0.5, 0.0, 0.866]]
    """
    x, y = places.T
    z = np.sqrt(1 - (x / 4) ** 2 - (y / 2) ** 2)
    longitude = 2 * np.arctan2(z * x / 2, 2 * z**2 - 1)
    up = np.clip(z * y, -1, 1)
    level = np.sqrt(1 - up**2)
    return np.column_stack([level * np.cos(longitude), level * np.sin(longitude), up])


def spherical_median(codes: FloatArray, *, rounds: int = 100) -> FloatArray:
    """Return the point of norm 1 from which the sum of straight distances to the codes is least.

    Weiszfeld's iteration, brought back to the sphere in each round; it starts from the mean.

    Parameters
    ----------
    codes : array (n_samples, n_components)
        Codes of norm 1.
    rounds
        How often to repeat.
    """
    weights = np.ones(len(codes))
    middle = codes[0]
    for _ in range(rounds):
        summed = weights @ codes
        size = np.linalg.norm(summed)
        # Codes all around have no middle; any of them will do.
        if size <= 1e-9 * weights.sum():
            return middle
        middle = summed / size
        weights = 1 / np.maximum(np.linalg.norm(codes - middle, axis=1), 1e-9)
    return middle


def ring(n: int) -> FloatArray:
    """Return n places (n, 2) evenly around the unit circle, the first on the first axis."""
    angles = 2 * np.pi * np.arange(n) / n
    return np.column_stack([np.cos(angles), np.sin(angles)])


def cells_over_map(n: int, *, aspect: float) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return the middles (n_rows, n, 2) of cells over the map, and which (n_rows, n) lie inside it.

    Parameters
    ----------
    n
        Cells along the equator; the first row is the top one.
    aspect
        Height over width of a cell. It lies inside with all four corners; if none does, the one
        nearest the map's middle is taken.
    """
    size = 2 * HALF_WIDTH / n * np.array([1, aspect])
    n_rows = max(1, round(2 * HALF_HEIGHT / size[1]))
    x = size[0] * (np.arange(n) - (n - 1) / 2)
    y = size[1] * ((n_rows - 1) / 2 - np.arange(n_rows))
    middles = np.stack(np.meshgrid(x, y), axis=-1)
    reach = np.square((np.abs(middles) + size / 2) / [HALF_WIDTH, HALF_HEIGHT]).sum(axis=-1)
    inside = reach <= 1
    if not inside.any():
        inside.flat[np.argmin(reach)] = True
    return middles, inside
