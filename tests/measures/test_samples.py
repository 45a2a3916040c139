"""What a model draws: against brute force, a second formula, and draws that are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits, load_wine

from inscape._errors import InvalidDataError, InvalidParameterError
from inscape.measures import (
    LabelFeatures,
    frechet_distance,
    nearest_rows,
    neighbors,
    sample_coverage,
)

RNG = np.random.default_rng(0)
X, Y = load_digits(return_X_y=True)


# --------------------------------------------------------------------------- coverage


def by_brute_force(X, samples, k):
    def share(points, about):
        radii = np.sort(cdist(about, about), axis=1)[:, k]
        return np.mean(
            [
                any(np.linalg.norm(p - a) <= r for a, r in zip(about, radii, strict=True))
                for p in points
            ]
        )

    return share(samples, X), share(X, samples)


@pytest.mark.parametrize("n_columns", [2, 30])
@pytest.mark.parametrize("k", [1, 3])
def test_coverage_is_its_definition(n_columns, k, monkeypatch):
    rows = 1e5 + 300 * RNG.normal(size=(60, n_columns))
    samples = 1e5 + 250 * RNG.normal(size=(45, n_columns))
    precision, recall = by_brute_force(rows, samples, k)
    found = sample_coverage(rows, samples, n_neighbors=k)
    assert (found.precision, found.recall) == (precision, recall)
    assert precision > 0
    monkeypatch.setattr(neighbors, "_AT_ONCE", 200)
    assert sample_coverage(rows, samples, n_neighbors=k) == found
    assert (found.n_rows, found.n_samples, found.n_neighbors) == (60, 45, k)


def test_copies_are_precise_and_complete():
    for rows in (X[:200], np.tile(X[:50], (4, 1))):
        found = sample_coverage(rows, rows)
        assert (found.precision, found.recall) == (1, 1)


def test_what_is_missed_lowers_recall_and_what_is_wrong_precision():
    rows, others = X[::2][:400], X[1::2][:400]
    real = sample_coverage(rows, others)
    few_classes = sample_coverage(rows, others[Y[1::2][:400] < 5])
    noisy = sample_coverage(rows, others + 8 * RNG.normal(size=others.shape))
    assert few_classes.precision > real.precision - 0.1
    assert few_classes.recall < real.recall - 0.3
    assert noisy.precision < real.precision - 0.5
    far = sample_coverage(rows, others + 1e3)
    assert (far.precision, far.recall) == (0, 0)


# --------------------------------------------------------------------------- nearest rows


@pytest.mark.parametrize("n_columns", [3, 64])
def test_nearest_rows_are_those_of_all_distances(n_columns):
    rows, samples = RNG.normal(size=(150, n_columns)), RNG.normal(size=(20, n_columns)) + 1e3
    rows = rows + 1e3
    D, among = cdist(samples, rows), cdist(rows, rows)
    np.fill_diagonal(among, np.inf)
    found = nearest_rows(rows, samples)
    np.testing.assert_array_equal(found.places, D.argmin(axis=1))
    np.testing.assert_allclose(found.distances, D.min(axis=1))
    np.testing.assert_allclose(found.usual, among.min(axis=1)[found.places])


def test_a_copy_is_seen():
    samples = np.concatenate([X[7:9], X[900:905]])
    found = nearest_rows(X[:800], samples)
    assert found.places[:2].tolist() == [7, 8]
    assert (found.distances[:2] == 0).all()
    assert (found.distances[2:] > 0).all()
    assert (found.usual > 0).all()


# --------------------------------------------------------------------------- Fréchet


def test_the_distance_is_scipys():
    A, B = RNG.normal(size=(200, 6)) @ RNG.normal(size=(6, 6)), RNG.normal(size=(90, 6)) + 2
    C, D = np.cov(A.T), np.cov(B.T)
    wanted = np.square(A.mean(0) - B.mean(0)).sum() + np.trace(C + D - 2 * sqrtm(C @ D).real)
    assert frechet_distance(A, B) == pytest.approx(wanted, rel=1e-9)
    assert frechet_distance(B, A) == pytest.approx(wanted, rel=1e-9)


def test_the_distance_of_lines_is_that_of_means_and_deviations():
    a, b = 5 + 2 * RNG.normal(size=300), 1e6 + 0.5 * RNG.normal(size=40)
    wanted = (a.mean() - b.mean()) ** 2 + (a.std(ddof=1) - b.std(ddof=1)) ** 2
    assert frechet_distance(a[:, None], b[:, None]) == pytest.approx(wanted)
    # Fewer rows than columns: covariances that have no inverse.
    few = RNG.normal(size=(5, 50))
    assert frechet_distance(few, few) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(few, few + 1) == pytest.approx(50)


# --------------------------------------------------------------------------- features


@pytest.fixture(scope="module")
def learned():
    return LabelFeatures().fit(X[:900], Y[:900])


def test_the_classifier_tells_labels_and_its_distance_orders_samples(learned):
    assert learned.accuracy_ > 0.99
    rows, real = X[900:1300], X[1300:1700]
    half = real[np.resize(np.flatnonzero(Y[1300:1700] < 5), 400)]
    noise = RNG.permuted(real, axis=1)
    near, missing, wrong = (learned.distance(rows, each) for each in (real, half, noise))
    assert 0 < 3 * near < missing < wrong
    assert learned.distance(rows, rows) == pytest.approx(0, abs=1e-9)


def test_the_same_rows_and_start_give_the_same_features(learned):
    again = LabelFeatures().fit(X[:900], Y[:900])
    other = LabelFeatures(random_state=1).fit(X[:900], Y[:900])
    np.testing.assert_array_equal(learned.transform(X[900:]), again.transform(X[900:]))
    assert abs(learned.transform(X[900:]) - other.transform(X[900:])).max() > 0.1
    assert learned.transform(X[900:]).shape == (897, 64)


def test_units_offsets_and_names_of_labels_change_nothing():
    wine, kinds = load_wine(return_X_y=True)
    names = np.array(["barolo", "grignolino", "barbera"])[kinds]
    order = np.argsort(np.unique(names, return_inverse=True)[1], kind="stable")
    plain = LabelFeatures(8).fit(wine[order], names[order])
    scaled = LabelFeatures(8).fit(1e4 + 1e3 * wine[order].astype(np.float32), names[order])
    assert plain.accuracy_ > 0.98
    found, wanted = scaled.transform(1e4 + 1e3 * wine), plain.transform(wine)
    assert abs(found - wanted).max() < 0.1 * wanted.max()
    # A pixel that is always black but in samples is no reason to be far away.
    constant = np.c_[wine, np.full(len(wine), 0.1)]
    features = LabelFeatures(8).fit(constant, names)
    moved = constant + np.r_[np.zeros(13), 5.0]
    assert features.distance(constant, moved) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: sample_coverage(X[:4], X[:9], n_neighbors=4), InvalidParameterError, "= 3; got 4"),
        (lambda: sample_coverage(X[:4], X[:9, :3]), InvalidDataError, "64 columns"),
        (lambda: nearest_rows(X[:1], X[:4]), InvalidDataError, "at least 2 rows"),
        (lambda: nearest_rows(X[:5], X[:4, :2]), InvalidDataError, "64 columns"),
        (lambda: frechet_distance(X[:1], X[:4]), InvalidDataError, "at least 2 rows"),
        (lambda: LabelFeatures().fit(X[:9], Y[:8]), InvalidDataError, "as many rows as X"),
        (lambda: LabelFeatures().fit(X[:9], np.ones(9)), InvalidDataError, "of 1 kind"),
        (lambda: LabelFeatures(0).fit(X[:9], Y[:9]), InvalidParameterError, "`n_features`"),
        (lambda: LabelFeatures().transform(X), InvalidParameterError, "call fit"),
    ],
)
def test_what_cannot_be_compared_is_told(call, error, message):
    with pytest.raises(error, match=message):
        call()
