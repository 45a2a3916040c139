"""Units and known factors: codes whose answers are known, and each formula once more."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pandas
import pytest

from inscape._errors import InvalidDataError
from inscape.measures import Disentanglement, disentanglement

# Every pair of values as often: the factors tell nothing of each other.
GRID = np.tile(list(itertools.product(range(4), range(5))), (25, 1)).astype(float)
A, B = GRID.T
NONE = np.zeros(len(GRID))
SCORES = [f.name for f in dataclasses.fields(Disentanglement) if f.type == "float"]


def measured(*units, factors=GRID, **options):
    return disentanglement(np.column_stack(units), factors, random_state=0, **options)


@pytest.mark.parametrize("scale", [1.0, -1e-3, 1e5])
def test_a_unit_a_factor_is_perfect(scale):
    found = measured(scale * B + 1e4, scale * A)
    for name in SCORES:
        assert getattr(found, name) == pytest.approx(1, abs=0.02), name
    np.testing.assert_allclose(
        found.mutual_information, [[0, np.log(5)], [np.log(4), 0]], atol=1e-9
    )


def test_every_unit_of_every_factor_is_entangled():
    # 45 degrees: each unit tells as much of one factor as of the other.
    square = np.tile(list(itertools.product(range(4), range(4))), (30, 1))
    u, v = square.T
    found = measured(u + v, u - v, factors=square)
    assert found.mutual_information_gap < 1e-9
    assert found.attribute_predictability < 1e-9
    assert found.modularity < 1e-9
    assert found.disentanglement < 0.1
    assert found.completeness < 0.1
    assert found.informativeness > 0.98


def test_copies_of_units_are_modular_but_leave_no_gap():
    found = measured(A, A, B, B)
    assert found.mutual_information_gap == pytest.approx(0, abs=1e-12)
    assert found.attribute_predictability == pytest.approx(0, abs=1e-12)
    assert found.modularity == pytest.approx(1)
    assert found.disentanglement == pytest.approx(1, abs=0.02)
    # Two units of four, evenly: 1 - log 2 / log 4.
    assert found.completeness == pytest.approx(0.5, abs=0.05)


def test_one_unit_of_both_factors_is_complete_but_not_disentangled():
    found = measured(A * 5 + B, NONE, n_bins=20)
    assert found.modularity == pytest.approx(1 - (np.log(4) / np.log(5)) ** 2)
    assert found.mutual_information_gap == pytest.approx(1)
    assert found.disentanglement == pytest.approx(0, abs=0.02)
    assert found.completeness == pytest.approx(1)


def test_a_factor_that_no_unit_tells_has_no_gap():
    found = measured(A, NONE)
    assert found.mutual_information_gap == pytest.approx(0.5)
    assert found.attribute_predictability == pytest.approx(0.5)
    assert found.modularity == pytest.approx(1)
    assert found.informativeness == pytest.approx(0.5, abs=0.02)
    nothing = measured(NONE, NONE)
    assert nothing.modularity == nothing.mutual_information_gap == nothing.disentanglement == 0


def test_each_measure_is_its_formula():
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 3, (400, 3))
    Z = factors @ rng.normal(size=(3, 4)) + rng.normal(size=(400, 4))
    found = disentanglement(Z, factors, random_state=1)
    edges = [np.linspace(z.min(), z.max(), 21)[1:-1] for z in Z.T]
    binned = np.column_stack([np.digitize(z, e) for z, e in zip(Z.T, edges, strict=True)])
    information, correlations = np.zeros((4, 3)), np.zeros((4, 3))
    for j, f in itertools.product(range(4), range(3)):
        p = np.histogram2d(binned[:, j], factors[:, f], bins=(range(21), range(4)))[0] / 400
        apart = np.outer(p.sum(1), p.sum(0))
        information[j, f] = (p[p > 0] * np.log(p[p > 0] / apart[p > 0])).sum()
        correlations[j, f] = np.corrcoef(Z[:, j], factors[:, f])[0, 1] ** 2
    np.testing.assert_allclose(found.mutual_information, information, atol=1e-9)
    shares = [np.bincount(f) / 400 for f in factors.T]
    entropies = np.array([-(p * np.log(p)).sum() for p in shares])
    first, second = np.sort(information, axis=0)[::-1][:2]
    assert found.mutual_information_gap == pytest.approx(((first - second) / entropies).mean())
    first, second = np.sort(correlations, axis=0)[::-1][:2]
    assert found.attribute_predictability == pytest.approx((first - second).mean())
    others = np.sort(information, axis=1)[:, :-1]
    modular = 1 - np.square(others).sum(axis=1) / (2 * information.max(axis=1) ** 2)
    assert found.modularity == pytest.approx(modular.mean())
    R = found.importance
    np.testing.assert_allclose(R.sum(axis=0), 1)
    rows = R / R.sum(axis=1, keepdims=True)
    D = 1 + (rows * np.log(rows) / np.log(3)).sum(axis=1)
    assert found.disentanglement == pytest.approx((R.sum(axis=1) / R.sum() * D).sum())
    assert found.completeness == pytest.approx((1 + (R * np.log(R) / np.log(4)).sum(axis=0)).mean())


def test_a_word_is_predicted_by_the_purest_of_all_thresholds():
    rng = np.random.default_rng(0)
    kind = rng.random(60) < 0.3
    units = np.column_stack([kind + rng.normal(size=60), kind + 3 * rng.normal(size=60)])
    accuracies = []
    for unit in units.T:
        above = unit[:, None] > np.sort(unit)[:-1]
        # Either class weighs 1/2; a half with the shares p and q of them is 2 p q / (p + q) impure.
        p, q = above[kind].mean(axis=0), above[~kind].mean(axis=0)
        best = np.argmin(p * q / (p + q) + (1 - p) * (1 - q) / (2 - p - q))
        accuracies.append(abs(p - q)[best])
    words = pandas.DataFrame({"kind": np.where(kind, "cat", "dog"), "other": units[:, 0]})
    found = disentanglement(units, words, random_state=0)
    of_other = 1 - np.corrcoef(units.T)[0, 1] ** 2
    wanted = (abs(accuracies[0] - accuracies[1]) + of_other) / 2
    assert found.attribute_predictability == pytest.approx(wanted, abs=1e-9)


def test_rows_of_a_grid_in_order_are_judged_on_all_values():
    # Every fourth row has the same value of the second factor.
    grid = np.array(list(itertools.product(["a", "b", "c"] * 20, ["u", "v", "w", "x"])))
    Z = np.column_stack([np.unique(column, return_inverse=True)[1] for column in grid.T]) + 0.0
    assert disentanglement(Z, grid, random_state=0).informativeness == pytest.approx(1)


def test_numbers_words_and_truth_values_are_told_apart_however_they_come():
    words = np.array(list("abcd"))[A.astype(int)]
    frame = pandas.DataFrame({"word": words, "number": B, "truth": A > 1})
    table = np.column_stack([words.astype(object), B.astype(object), (A > 1).astype(object)])
    one, other = (measured(A, B, A, factors=given) for given in (frame, table))
    assert repr(one) == repr(other)


@pytest.mark.parametrize(
    ("units", "factors", "message"),
    [
        ((A, B), GRID[:, :1], "1 factor"),
        ((A,), GRID, "two columns"),
        ((A, B), np.c_[A, NONE], "factor 1 must vary; got 0.0 for all rows"),
        ((A, B), np.c_[A, np.where(B > 3, np.nan, B)], "factor 1 .* missing value at row 4"),
        ((A, B), pandas.DataFrame({"a": A, "b": ["x", None, *["y"] * 498]}), "factor b .* row 1"),
        ((A, B), GRID[:-1], "as many rows as Z"),
        ((A, B), A, "two dimensions"),
    ],
)
def test_what_cannot_be_told_is_refused(units, factors, message):
    with pytest.raises(InvalidDataError, match=message):
        disentanglement(np.column_stack(units), factors, random_state=0)


def test_a_seed_decides():
    rng = np.random.default_rng(0)
    Z = GRID + rng.normal(size=GRID.shape)
    drawn = [disentanglement(Z, GRID, random_state=seed).informativeness for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
