"""The dimension that rows fill: against its formula, and on rows of known dimension."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.datasets import make_swiss_roll

from inscape._errors import InvalidDataError, InvalidParameterError
from inscape.measures import intrinsic_dimension


def embedded(rows, n_columns, seed=0):
    """The same rows, turned into more columns, in raw units and far from 0."""
    axes = np.linalg.qr(np.random.default_rng(seed).normal(size=(n_columns, rows.shape[1])))[0]
    return 1e4 + 250 * rows @ axes.T


@pytest.mark.parametrize("n_columns", [3, 40])
@pytest.mark.parametrize("k", [2, 7])
def test_it_is_its_formula(n_columns, k):
    rows = np.random.default_rng(0).normal(size=(50, n_columns))
    T = np.sort(cdist(rows, rows), axis=1)[:, 1 : k + 1]
    logarithms = [np.log(T[i, -1] / T[i, j]) for i in range(50) for j in range(k - 1)]
    wanted = (len(logarithms) - 1) / sum(logarithms)
    assert intrinsic_dimension(rows, n_neighbors=k) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(
    ("make", "dimension"),
    [
        (lambda rng: embedded(rng.random((1500, 1)), 3), 1),
        (lambda rng: make_swiss_roll(1500, random_state=0)[0], 2),
        (lambda rng: embedded(rng.normal(size=(1500, 3)), 200), 3),
        (lambda rng: (v := rng.normal(size=(1500, 5))) / np.linalg.norm(v, axis=1)[:, None], 4),
    ],
    ids=["line", "swiss roll", "normal in 200 columns", "sphere"],
)
@pytest.mark.parametrize("k", [2, 10])
def test_a_known_dimension_is_found(make, dimension, k):
    found = intrinsic_dimension(make(np.random.default_rng(0)), n_neighbors=k)
    assert found == pytest.approx(dimension, rel=0.12)


def test_the_estimate_is_unbiased_on_few_rows():
    # On a circle there is no edge: 300 draws of 50 rows tell 0.03 of a dimension.
    rng = np.random.default_rng(0)
    angles = rng.random((300, 50)) * 2 * np.pi
    found = [intrinsic_dimension(np.c_[np.cos(a), np.sin(a)]) for a in angles]
    assert np.mean(found) == pytest.approx(1, abs=0.03)


def test_copies_count_once():
    rows = np.random.default_rng(0).normal(size=(80, 3))
    assert intrinsic_dimension(np.tile(rows, (3, 1))) == pytest.approx(intrinsic_dimension(rows))


def test_a_grid_has_no_nearer_neighbour():
    grid = np.stack(np.meshgrid(*[np.arange(6.0)] * 2), axis=-1).reshape(-1, 2)
    with pytest.raises(InvalidDataError, match="not all equally far; got 36 rows"):
        intrinsic_dimension(grid)
    with pytest.raises(InvalidParameterError, match="less one = 2"):
        intrinsic_dimension(np.tile(np.eye(3), (4, 1)), n_neighbors=3)
    with pytest.raises(InvalidParameterError, match="from 2"):
        intrinsic_dimension(grid, n_neighbors=1)
