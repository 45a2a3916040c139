"""Few labels: methods against oracles, labels of any type, and what must never happen."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.sparse import csr_matrix
from scipy.special import softmax
from sklearn.datasets import load_digits, load_iris, load_wine, make_blobs
from sklearn.decomposition import NMF, PCA, TruncatedSVD
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelPropagation
from sklearn.utils.estimator_checks import parametrize_with_checks

import inscape
from inscape import Autoencoder, PretrainedClassifier, VariationalAutoencoder, data, zoo
from inscape._errors import DamagedFileError, InvalidDataError, InvalidParameterError
from inscape.uses.classification.methods import (
    CLASSIFICATION_METHODS,
    ClassificationMethod,
    FineTune,
    FittedMethod,
    Graph,
    Probe,
)
from inscape.uses.classification.methods.fine_tune import EncoderClassifier
from inscape.uses.classification.methods.graph import first_labels, spread_labels
from inscape.uses.classification.methods.probe import choose_strength, standardise
from inscape.uses.classification.representation import default_autoencoder, units_differ
from inscape.uses.classification.targets import read_targets
from inscape.uses.graph import fuzzy_weights, neighbor_graph

WINE, KINDS = load_wine(return_X_y=True)
DIGITS, FIGURES = load_digits(return_X_y=True)
QUICK = FineTune(epochs=10)
SMALL = Autoencoder(3, hidden=(8,), epochs=3, scaler="standard", random_state=0)


def few(y, every, unlabeled=-1):
    """Return labels of which one in some is left."""
    left = np.full(len(y), unlabeled)
    left[::every] = y[::every]
    return left


@parametrize_with_checks([PretrainedClassifier(PCA(0.99))])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.proof
@parametrize_with_checks(
    [
        PretrainedClassifier(),
        PretrainedClassifier(PCA(0.99), method="probe"),
        PretrainedClassifier(
            Autoencoder(2, hidden=(4,), epochs=1, random_state=0), method=FineTune(epochs=3)
        ),
    ]
)
def test_scikit_learn_checks_of_the_default_and_of_what_takes_long(estimator, check):
    check(estimator)


# --------------------------------------------------------------------------- every method


@pytest.fixture(scope="module", params=[*CLASSIFICATION_METHODS])
def fitted(request):
    method = QUICK if request.param == "fine_tune" else request.param
    model = PretrainedClassifier(SMALL, method=method, unlabeled=-1, random_state=0)
    return model.fit(WINE, few(KINDS, 6))


def test_few_labels_tell_the_rest(fitted):
    assert fitted.n_labels_ == 30
    assert fitted.score(WINE, KINDS) > 0.85
    assert fitted.predict(WINE).dtype == KINDS.dtype
    probabilities = fitted.predict_proba(WINE)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert (probabilities >= 0).all()


def test_what_is_told_hangs_on_the_row_alone(fitted):
    new = WINE * 1.01
    whole = fitted.predict_proba(new)
    np.testing.assert_array_equal(fitted.predict_proba(new), whole)
    alone = np.concatenate([fitted.predict_proba(row[None]) for row in new[:9]])
    np.testing.assert_allclose(alone, whole[:9], rtol=1e-9, atol=1e-12)


def test_units_and_offsets_do_not_matter(fitted):
    unit = 10.0 ** np.arange(-6, 7)
    moved = (WINE + 1e6 * WINE.std(axis=0)) * unit
    options = fitted.get_params(deep=False) | {
        "representation": Autoencoder(3, hidden=(8,), epochs=3, scaler="standard", random_state=0)
    }
    ours, other = (PretrainedClassifier(**options).fit(X, few(KINDS, 6)) for X in (WINE, moved))
    same = ours.predict(WINE) == other.predict(moved)
    assert same.mean() > 0.98


def test_it_is_saved_and_loaded_without_code(fitted, tmp_path):
    fitted.save(tmp_path / "kept")
    loaded = inscape.load(tmp_path / "kept")
    np.testing.assert_array_equal(loaded.predict_proba(WINE), fitted.predict_proba(WINE))
    np.testing.assert_array_equal(loaded.predict(WINE), fitted.predict(WINE))
    assert loaded.classes_.dtype == fitted.classes_.dtype
    assert repr(loaded.get_params()["method"]) == repr(fitted.get_params()["method"])
    names = sorted(path.name for path in (tmp_path / "kept" / "model").iterdir())
    assert names == ["config.json", "model.safetensors"]


@pytest.mark.parametrize("word", [*CLASSIFICATION_METHODS])
@pytest.mark.parametrize(
    "X",
    [
        np.random.default_rng(0).normal(size=(4, 2)),
        np.random.default_rng(0).normal(size=(40, 1)),
        np.repeat(np.random.default_rng(0).normal(size=(5, 3)), 8, axis=0),
        np.random.default_rng(0).normal(size=(30, 3)) * [1e-9, 1.0, 1e9] + 1e6,
        np.random.default_rng(0).normal(size=(30, 3)) * [1.0, 0.0, 1.0],
        np.random.default_rng(0).normal(size=(30, 200)).astype(np.float32),
    ],
    ids=["few", "one column", "copies", "mixed scales", "constant column", "wide"],
)
def test_awkward_tables(word, X):
    y = np.where(X[:, 0] > np.median(X[:, 0]), "up", "down")
    method = QUICK if word == "fine_tune" else word
    model = Autoencoder(1, hidden=(4,), epochs=2, scaler="standard", random_state=0)
    found = PretrainedClassifier(model, method=method, random_state=0).fit(X, y)
    assert np.isfinite(found.predict_proba(X)).all()
    assert set(found.predict(X)) <= {"up", "down"}
    far = np.full((1, X.shape[1]), 1e30)
    assert np.isfinite(found.predict_proba(far)).all()


# --------------------------------------------------------------------------- right values


def dense(graph, labels, alpha):
    """The formula of the docstring, with an inverse."""
    W = graph.toarray()
    D, known = np.diag(W.sum(axis=1)), labels.any(axis=1)
    F = labels.astype(float)
    inverse = np.linalg.inv((D - alpha * W)[np.ix_(~known, ~known)])
    F[~known] = inverse @ (alpha * W)[np.ix_(~known, known)] @ labels[known]
    shares = (1 + labels.sum(axis=0)) * F / F.sum(axis=0)
    return F, shares / shares.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("alpha", [0.5, 0.99, 0.9999])
def test_labels_spread_as_the_inverse_says(alpha):
    graph = neighbor_graph(PCA(4).fit_transform(DIGITS[:300]))
    labels = np.eye(10)[FIGURES[:300]] * (np.arange(300) < 60)[:, None]
    F, shares = dense(graph, labels, alpha)
    np.testing.assert_allclose(first_labels(graph, labels, alpha=alpha), F, atol=1e-6)
    np.testing.assert_allclose(spread_labels(graph, labels, alpha=alpha), shares, atol=1e-5)


def test_what_spreads_is_what_walks_meet():
    rng = np.random.default_rng(0)
    W = np.triu(rng.random((6, 6)), 1)
    W += W.T
    labels = np.zeros((6, 2))
    labels[0, 0] = labels[5, 1] = 1
    n, met = 40_000, np.zeros(2)
    steps = np.cumsum(W / W.sum(axis=1, keepdims=True), axis=1)
    places = np.full(n, 2)
    while len(places):
        places = places[rng.random(len(places)) < 0.8]
        places = (rng.random(len(places))[:, None] > steps[places]).sum(axis=1)
        met += [(places == 0).sum(), (places == 5).sum()]
        places = places[(places != 0) & (places != 5)]
    expected = first_labels(csr_matrix(W), labels, alpha=0.8)[2]
    np.testing.assert_allclose(met / n, expected, atol=4 * np.sqrt(0.25 / n))


def test_what_spreads_is_scikit_learns():
    X = PCA(4).fit_transform(DIGITS[:300])
    y = np.where(np.arange(300) < 60, FIGURES[:300], -1)
    graph = neighbor_graph(X)
    theirs = LabelPropagation(kernel=lambda a, b: graph.toarray(), max_iter=20_000, tol=1e-12)
    theirs.fit(X, y)
    labels = np.eye(10)[FIGURES[:300]] * (np.arange(300) < 60)[:, None]
    found = first_labels(graph, labels, alpha=1 - 1e-9)
    np.testing.assert_allclose(found, theirs.label_distributions_, atol=1e-6)


def test_each_class_gets_its_mass():
    # One label lies in the middle of its rows and one at the edge: plain spreading takes too many.
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], 300)
    X = rng.normal(size=(600, 2)) + np.outer(truth, [3.2, 0])
    first, second = np.square(X[:300]).sum(axis=1).argmin(), 300 + X[300:, 0].argmax()
    labels = np.zeros((600, 2))
    labels[first, 0] = labels[second, 1] = 1
    graph = neighbor_graph(X)
    F, shares = dense(graph, labels, 0.999)
    plain, massed = F.argmax(axis=1), spread_labels(graph, labels, alpha=0.999).argmax(axis=1)
    assert (massed == truth).mean() > (plain == truth).mean() + 0.01
    np.testing.assert_array_equal(massed, shares.argmax(axis=1))


def test_a_row_keeps_its_label_and_with_all_of_them_neighbours_tell():
    found = PretrainedClassifier(PCA(3)).fit(WINE, KINDS)
    np.testing.assert_array_equal(found.predict(WINE), KINDS)
    noise = np.random.default_rng(0).integers(0, 3, 178)
    np.testing.assert_array_equal(
        PretrainedClassifier(PCA(3)).fit(WINE, noise).predict(WINE), noise
    )


def test_where_no_label_comes_to_classes_have_their_masses():
    X, _ = make_blobs([30, 30, 30], centers=[[0, 0], [50, 0], [0, 50]], shuffle=False)
    y = np.full(90, -1)
    y[:3], y[30] = 0, 1
    found = PretrainedClassifier(PCA(2), unlabeled=-1).fit(X, y)
    probabilities = found.predict_proba(X)
    np.testing.assert_allclose(probabilities[60:], [[4 / 6, 2 / 6]] * 30)
    assert (found.predict(X[:60]) == np.repeat([0, 1], 30)).all()


def test_a_new_row_is_what_the_rows_nearest_to_it_are():
    found = PretrainedClassifier(PCA(3), unlabeled=-1).fit(DIGITS[:500], few(FIGURES[:500], 5))
    codes = found.representation_.transform(DIGITS[500:510])
    known = found.method_.codes
    for code, told in zip(codes, found.predict_proba(DIGITS[500:510]), strict=True):
        gaps = np.linalg.norm(known - code, axis=1)
        nearest = np.argsort(gaps)[:15]
        weights = fuzzy_weights(gaps[None, nearest])[0]
        expected = weights @ found.method_.shares[nearest] / weights.sum()
        np.testing.assert_allclose(told, expected, rtol=1e-6)
    # A row that was in `fit` is what was found there.
    np.testing.assert_allclose(found.predict_proba(DIGITS[:500]), found.method_.shares, atol=1e-9)


@pytest.mark.parametrize("n_classes", [2, 10])
def test_the_probe_is_scikit_learns(n_classes):
    X, y = DIGITS[n_classes > FIGURES], FIGURES[n_classes > FIGURES]
    found = PretrainedClassifier(PCA(5), method=Probe(strength=0.3), random_state=0).fit(X, y)
    codes = PCA(5).fit_transform(X)
    codes = (codes - codes.mean(axis=0)) / np.sqrt(codes.var(axis=0).mean())
    theirs = LogisticRegression(C=0.3, max_iter=1000).fit(codes, y)
    np.testing.assert_allclose(found.predict_proba(X), theirs.predict_proba(codes), atol=2e-3)


def test_a_strength_is_chosen_where_there_are_labels_enough():
    rng = np.random.default_rng(0)
    noise, y = rng.normal(size=(60, 20)), np.repeat([0, 1], 30)
    assert choose_strength(noise, y, seed=0) == 0.01
    assert choose_strength(noise[27:33], y[27:33], seed=0) == 1
    # 400 rows whose odds are known: with so many the least penalty costs nothing.
    X = rng.normal(size=(4000, 2))
    told = rng.random(4000) < 1 / (1 + np.exp(-8 * X[:, 0]))
    assert choose_strength(X, told.astype(int), seed=0) >= 1


def test_the_least_strength_within_a_standard_error_of_the_best_is_taken(monkeypatch):
    # Means -0.60, -0.40, -0.31, -0.30 and -0.50; the standard error at the best is 0.02.
    spread = 0.02 * np.sqrt(5) * np.array([-1, 1, 0, -1, 1]) / np.std([-1, 1, 0, -1, 1], ddof=1)
    told = iter([np.full(5, m) + spread for m in (-0.6, -0.4, -0.31, -0.3, -0.5)])
    monkeypatch.setattr(
        "inscape.uses.classification.methods.probe.cross_val_score", lambda *_, **__: next(told)
    )
    assert choose_strength(WINE, KINDS, seed=0) == 1.0


def test_of_many_labels_some_of_each_class_choose_the_strength(monkeypatch):
    places = np.repeat([0, 1, 2], [20_000, 10_000, 6])
    X = np.random.default_rng(0).normal(size=(len(places), 1)) + places[:, None]
    tried = []

    def score(model, some, labels, **_):
        tried.append((some, labels))
        return np.zeros(5)

    monkeypatch.setattr("inscape.uses.classification.methods.probe.cross_val_score", score)
    choose_strength(X, places, seed=0)
    some, labels = tried[0]
    assert np.bincount(labels).tolist() == [3333, 1666, 5]
    means = [some[labels == k].mean() for k in range(2)]
    np.testing.assert_allclose(means, [0, 1], atol=0.1)
    assert len(np.unique(some)) == len(some)


def test_codes_of_other_units_are_taken_over_their_own_spread():
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(200, 3)) * [3.0, 2.0, 1.0]
    assert len(set(standardise(codes).spread)) == 1
    apart = codes * [1e-6, 1.0, 1e6]
    np.testing.assert_allclose(standardise(apart).spread, apart.std(axis=0))


def test_a_trained_classifier_is_that_of_a_plain_loop():
    X, y = torch.from_numpy(DIGITS[:64]), FIGURES[:64]
    model = Autoencoder(4, hidden=(16,), epochs=2, random_state=0).fit(DIGITS)
    method = FineTune(epochs=5, learning_rate=1e-2)
    found = PretrainedClassifier(model, method=method, random_state=0).fit(DIGITS[:64], y)

    standard = standardise(model.transform(DIGITS[:64]))
    start = PretrainedClassifier(model, method="probe", random_state=0).fit(DIGITS[:64], y).method_
    plain = EncoderClassifier(model.encoder_module(), standard, start.weights, start.intercepts)
    optimizer = torch.optim.Adam(plain.parameters(), lr=1e-2)
    for step in range(5):  # 64 rows are one batch
        optimizer.param_groups[0]["lr"] = 1e-2 * (1 - step / 5)
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(plain(X), torch.from_numpy(y)).backward()
        optimizer.step()
    expected = plain(X).double().softmax(dim=1).detach().numpy()
    np.testing.assert_allclose(found.predict_proba(DIGITS[:64]), expected, atol=1e-4)


def test_a_frozen_encoder_stays_and_another_moves():
    model = Autoencoder(4, hidden=(16,), epochs=2, random_state=0).fit(DIGITS)
    before = model.transform(DIGITS)
    y = few(FIGURES, 20)
    frozen, tuned = (
        PretrainedClassifier(
            model, method=FineTune(frozen=held, epochs=20), unlabeled=-1, random_state=0
        ).fit(DIGITS, y)
        for held in (True, False)
    )
    np.testing.assert_array_equal(frozen.method_.representation.transform(DIGITS), before)
    assert np.abs(tuned.method_.representation.transform(DIGITS) - before).max() > 0.1
    # What was given stays as it was, and is what is told.
    np.testing.assert_array_equal(model.transform(DIGITS), before)
    assert tuned.representation_ is model
    assert tuned.score(DIGITS[::20], FIGURES[::20]) >= frozen.score(DIGITS[::20], FIGURES[::20])


def test_dropout_and_batch_statistics_are_left_alone():
    torch.manual_seed(3)
    network = 'dense(hidden=[16], dropout=0.5, normalization="batch")'
    model = Autoencoder(4, network=network, epochs=2, random_state=0).fit(DIGITS)
    state = torch.get_rng_state()
    draws = [
        PretrainedClassifier(model, method=QUICK, random_state=0)
        .fit(DIGITS[:90], FIGURES[:90])
        .predict_proba(DIGITS)
        for _ in range(2)
    ]
    np.testing.assert_array_equal(*draws)
    assert (torch.get_rng_state() == state).all()
    one_each = PretrainedClassifier(model, method=FineTune(epochs=1), random_state=0)
    assert np.isfinite(one_each.fit(DIGITS[:10], FIGURES[:10]).predict_proba(DIGITS)).all()


# --------------------------------------------------------------------------- labels


def cells(*values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


@pytest.mark.parametrize(
    ("y", "unlabeled", "classes", "places"),
    [
        (["b", "a", "b"], None, np.array(["a", "b"]), [1, 0, 1]),
        (["b", "", "a"], "", np.array(["a", "b"]), [1, -1, 0]),
        (cells("b", "", "a"), "", cells("a", "b"), [1, -1, 0]),
        (np.array(["none", "a", "b"]), "none", np.array(["a", "b"], "<U4"), [-1, 0, 1]),
        ([3, -1, 1], -1, np.array([1, 3]), [1, -1, 0]),
        (np.array([3, 255, 1], np.uint8), 255, np.array([1, 3], np.uint8), [1, -1, 0]),
        (np.array([3, 2, 1], np.uint8), -1, np.array([1, 2, 3], np.uint8), [2, 1, 0]),
        ([2**62 + 1, 2**62, -1], -1, np.array([2**62, 2**62 + 1]), [1, 0, -1]),
        ([True, False, -1], -1, np.array([False, True]), [1, 0, -1]),
        (np.array([True, False]), None, np.array([False, True]), [1, 0]),
        ([1.0, float("nan"), 0.0], float("nan"), np.array([0.0, 1.0]), [1, -1, 0]),
        (["b", None, "a"], float("nan"), np.array(["a", "b"]), [1, -1, 0]),
        (pd.Series(["b", pd.NA, "a"], dtype="string"), np.nan, cells("a", "b"), [1, -1, 0]),
        (pd.Series([3, pd.NA, 1], dtype="Int64"), np.nan, np.array([1, 3]), [1, -1, 0]),
        (pd.Series([True, None, False]), np.nan, np.array([False, True]), [1, -1, 0]),
        (pd.Series(["u", "v", "u"], dtype="category"), "v", cells("u"), [0, -1, 0]),
        (["-1", "a", "b"], None, np.array(["-1", "a", "b"]), [0, 1, 2]),
        (["007", "7", "7.0"], None, np.array(["007", "7", "7.0"]), [0, 1, 2]),
        (torch.tensor([4, -1, 2]), -1, np.array([2, 4]), [1, -1, 0]),
    ],
)
def test_labels_stay_what_they_are(y, unlabeled, classes, places):
    found = read_targets(y, n_samples=len(y), unlabeled=unlabeled)
    assert found.classes.dtype == classes.dtype
    assert found.classes.tolist() == classes.tolist()
    assert [type(a) for a in found.classes.tolist()] == [type(a) for a in classes.tolist()]
    assert found.places.tolist() == places


@pytest.mark.parametrize(
    ("y", "unlabeled", "told"),
    [
        ([True, False, True], 0, "must be of the kind of the labels, a boolean; got 0, a number"),
        (np.array([True, False, True]), 0, "must be of the kind of the labels, a boolean; got 0"),
        (np.array([1, 0, 1]), True, "must be of the kind of the labels, a number; got True"),
        ([1, 0, 1], True, "must be of the kind of the labels, a number; got True, a boolean"),
        (["1", "0", "1"], -1, "must be of the kind of the labels, text; got -1, a number"),
        ([1, 0, 1], "-1", "must be of the kind of the labels, a number; got '-1', text"),
        ([1, 0, None], None, "y must have no missing label; row 2 has none"),
        ([1.0, np.nan, 0.0], None, "y must have no missing label; row 1 has none"),
        (np.array([1.0, np.nan, 0.0]), None, "y must have a finite label in each row; row 1"),
        ([1, "a", 0], None, "y must hold labels of one kind; got a number and text"),
        ([True, 2, 0], None, "y must hold labels of one kind; got a boolean and a number"),
        ([-1, -1, -1], -1, "y must hold a label in some rows; got 3 rows without one"),
        ([0.5, 1.25, 0.1], None, "y must hold classes; got Unknown label type: continuous"),
        ([1, 0], None, "y must hold one label a row, 3 in all; got 2"),
        (np.eye(3), None, "y must be a column of labels; got shape"),
        (np.ma.array([1, 0, 1], mask=[0, 1, 0]), None, "y must have no masked values"),
        (None, None, "requires y to be passed"),
    ],
)
def test_labels_that_cannot_hold(y, unlabeled, told):
    with pytest.raises((InvalidDataError, InvalidParameterError), match=told):
        read_targets(y, n_samples=3, unlabeled=unlabeled)


@pytest.mark.parametrize(
    ("names", "unlabeled"),
    [
        (np.array(["é ", "b", "ccc"]), ""),
        (cells("é ", "b", "ccc"), ""),
        (np.array([2**62, -5, 7]), -1),
        (np.array([2, 0, 7], np.uint8), 255),
        (np.array([-0.5, 1.5, 2.5]).round(), -9.0),
        (np.array([True, False, True]), None),
    ],
)
def test_labels_go_out_as_they_came(names, unlabeled, tmp_path):
    y = names[KINDS]
    if unlabeled is not None:
        y[1::2] = unlabeled
    found = PretrainedClassifier(PCA(3), unlabeled=unlabeled).fit(WINE, y)
    predicted = found.predict(WINE)
    assert predicted.dtype == names.dtype
    assert set(predicted.tolist()) <= set(names.tolist())
    found.save(tmp_path / "kept")
    again = inscape.load(tmp_path / "kept")
    assert again.predict(WINE).dtype == names.dtype
    assert again.predict(WINE).tolist() == predicted.tolist()
    assert again.unlabeled == unlabeled
    assert type(again.unlabeled) is type(unlabeled)


def test_nan_as_no_label_is_kept(tmp_path):
    y = np.where(np.arange(178) % 3 == 0, KINDS, np.nan)
    found = PretrainedClassifier(PCA(3), unlabeled=float("nan")).fit(WINE, y)
    found.save(tmp_path / "kept")
    again = inscape.load(tmp_path / "kept")
    assert np.isnan(again.unlabeled)
    assert again.score(WINE, y) == found.score(WINE, y)


def test_rows_without_a_label_do_not_count_in_a_score():
    found = PretrainedClassifier(PCA(3), unlabeled=-1).fit(WINE, few(KINDS, 6))
    right = found.predict(WINE) == KINDS
    assert found.score(WINE, few(KINDS, 2)) == right[::2].mean()
    weights = np.arange(178.0)
    expected = np.average(right[::2], weights=weights[::2])
    assert found.score(WINE, few(KINDS, 2), sample_weight=weights) == pytest.approx(expected)
    wrong = np.array(["x"])[np.zeros(178, int)]
    with pytest.raises(InvalidParameterError, match="of the kind of the labels"):
        found.score(WINE, wrong)


def test_rows_without_a_label_teach_the_representation():
    model = PCA(2)
    y = few(KINDS, 6)
    found = PretrainedClassifier(model, unlabeled=-1).fit(WINE, y)
    np.testing.assert_allclose(found.representation_.mean_, WINE.mean(axis=0))
    assert not hasattr(model, "mean_")


# --------------------------------------------------------------------------- the default


@pytest.mark.parametrize(
    ("X", "differ"),
    [
        (WINE, True),
        (StandardScaler().fit_transform(WINE), False),
        (load_iris().data, False),
        (DIGITS, False),
        (DIGITS + 1e6, False),
        (np.random.default_rng(0).normal(size=(50, 5000)), False),
        (np.random.default_rng(0).normal(size=(9, 10)) * ([1e3] * 6 + [1.0] * 4), True),
        (np.random.default_rng(0).poisson(1 / np.arange(1, 501), (300, 500)), False),
        (np.c_[np.eye(5)[np.arange(200) % 5], np.geomspace(1e3, 1e6, 200)], True),
        (np.ones((5, 3)), False),
        (np.random.default_rng(0).normal(size=(30, 3)) * [1e-300, 1.0, 1e160], True),
    ],
)
def test_units_that_differ_are_seen(X, differ):
    assert units_differ(X) is differ


def test_pixels_are_left_as_they_are():
    assert units_differ(data.load("mnist").train.X) is False


@pytest.mark.parametrize(
    ("shape", "n_components", "epochs"),
    [((70000, 3), 3, 20), ((20000, 12), 10, 31), ((50, 5000), 10, 100), ((2, 8), 1, 100)],
)
def test_the_default_is_as_wide_as_the_table_allows(shape, n_components, epochs):
    model = default_autoencoder(np.random.default_rng(0).normal(size=shape), seed=0)
    assert (model.n_components, model.epochs, model.scaler) == (n_components, epochs, None)


def test_the_default_on_fifty_rows_of_five_thousand_columns_in_raw_units():
    rng = np.random.default_rng(0)
    y = np.arange(50) % 2
    unit = 10.0 ** rng.uniform(-4, 4, 5000)
    shift = rng.normal(size=5000) * 0.6
    X = (rng.normal(size=(50, 5000)) + np.outer(y, shift) + 1e6) * unit
    found = PretrainedClassifier(unlabeled=-1, random_state=0).fit(X, few(y, 5))
    assert found.representation_.scaler == "standard"
    assert found.score(X, y) >= 0.96


# --------------------------------------------------------------------------- representations


@pytest.mark.parametrize("model", [PCA(2), TruncatedSVD(2), NMF(2, max_iter=2000, init="nndsvda")])
@pytest.mark.parametrize("method", ["graph", "probe"])
def test_any_representation_will_do(model, method, tmp_path):
    y = few(KINDS, 3)
    unfitted = PretrainedClassifier(model, method=method, unlabeled=-1, random_state=0)
    told = unfitted.fit(WINE, y).predict_proba(WINE)
    fitted = type(model)(**model.get_params()).fit(WINE)
    found = PretrainedClassifier(fitted, method=method, unlabeled=-1, random_state=0).fit(WINE, y)
    assert found.representation_ is fitted
    np.testing.assert_allclose(found.predict_proba(WINE), told, atol=1e-3)
    found.save(tmp_path / "kept")
    again = inscape.load(tmp_path / "kept").predict_proba(WINE)
    np.testing.assert_array_equal(again, found.predict_proba(WINE))


def test_a_variational_encoder_is_trained_on_too(tmp_path):
    model = VariationalAutoencoder(3, hidden=(8,), epochs=3, scaler="standard", random_state=0)
    found = PretrainedClassifier(model, method=QUICK, unlabeled=-1, random_state=0)
    found.fit(WINE, few(KINDS, 3))
    assert found.score(WINE, KINDS) > 0.85
    found.save(tmp_path / "kept")
    again = inscape.load(tmp_path / "kept").predict_proba(WINE)
    np.testing.assert_array_equal(again, found.predict_proba(WINE))


def test_an_encoder_that_was_trained_on_is_a_representation():
    model = SMALL.fit(WINE)
    module = model.encoder_module()
    with torch.no_grad():
        for weight in module.parameters():
            weight.mul_(0.5)
    other = model.with_encoder(module)
    expected = module(torch.from_numpy(WINE)).detach().numpy()
    np.testing.assert_allclose(other.transform(WINE), expected, atol=1e-4)
    assert np.abs(other.transform(WINE) - model.transform(WINE)).max() > 0.1


def test_columns_are_found_by_their_names():
    frame = load_wine(as_frame=True).data
    model = Autoencoder(3, hidden=(8,), epochs=3, scaler="standard", random_state=0).fit(frame)
    other = frame[frame.columns[::-1]]
    options = {"method": QUICK, "unlabeled": -1, "random_state": 0}
    y = few(KINDS, 3)
    told = PretrainedClassifier(model, **options).fit(frame, y).predict_proba(frame)
    found = PretrainedClassifier(model, **options).fit(other, y)
    np.testing.assert_allclose(found.predict_proba(other), told)
    np.testing.assert_allclose(found.predict_proba(frame), told)


def test_it_works_in_searches_and_pipelines():
    y = few(KINDS, 2)
    model = PretrainedClassifier(PCA(3), method="probe", unlabeled=-1)
    assert cross_val_score(make_pipeline(StandardScaler(), model), WINE, y, cv=3).mean() > 0.9
    grid = {"method": [Graph(5), Graph(15), "probe"]}
    assert GridSearchCV(model, grid, cv=2).fit(WINE, y).best_score_ > 0.5


@dataclass(frozen=True)
class Nearest(ClassificationMethod):
    """Somebody's own method: the nearest mean of a class."""

    sharpness: float = 1.0

    def fit(self, rows):
        means = [rows.codes[rows.places == k].mean(axis=0) for k in range(rows.n_classes)]
        return NearestFitted(rows.representation, np.array(means), self.sharpness)


@dataclass(frozen=True, eq=False)
class NearestFitted(FittedMethod):
    representation: object
    means: np.ndarray
    sharpness: float

    def probabilities(self, X):
        codes = self.representation.transform(X)
        gaps = np.linalg.norm(codes[:, None] - self.means[None], axis=2)
        return softmax(-self.sharpness * gaps, axis=1)


def test_a_method_of_ones_own():
    model = make_pipeline(StandardScaler(), PCA(3))
    found = PretrainedClassifier(model, method=Nearest(2.0), unlabeled=-1)
    assert found.fit(WINE, few(KINDS, 6)).score(WINE, KINDS) > 0.9


def test_nothing_that_a_file_names_is_imported(tmp_path):
    PretrainedClassifier(PCA(2), method="probe").fit(WINE, KINDS).save(tmp_path / "kept")
    path = tmp_path / "kept" / "model" / "config.json"
    text = path.read_text().replace("inscape.uses.standard:Standard", "pathlib:Path")
    assert json.loads(text)
    path.write_text(text)
    (tmp_path / "kept" / "MANIFEST").unlink()
    with pytest.raises(DamagedFileError):
        inscape.load(tmp_path / "kept")


# --------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"method": "grph"}, "Did you mean 'graph'?"),
        ({"method": "graph(alpha=1)"}, "`alpha` must be a number > 0 and < 1; got 1"),
        ({"method": "graph(n_neighbors=0)"}, "`n_neighbors` must be an integer >= 1; got 0"),
        ({"method": "probe(strength=0)"}, "`strength` must be a number > 0; got 0"),
        ({"method": "fine_tune(epochs=0)"}, "`epochs` must be a number > 0; got 0"),
        ({"method": "fine_tune(frozen=1)"}, "`frozen` must be True or False; got 1"),
        ({"method": "fine_tune", "representation": PCA(2)}, "must be one of inscape's where"),
        ({"representation": PCA}, "`representation` must be None, or an estimator"),
        ({"representation": zoo.build("CVAE", 2)}, "must encode rows by themselves"),
        ({"random_state": "seed"}, "`random_state` must be an integer"),
    ],
)
def test_options_that_cannot_hold(options, told):
    model = PretrainedClassifier(**{"representation": PCA(2), **options})
    with pytest.raises(InvalidParameterError, match=told.replace("?", r"\?")):
        model.fit(WINE, KINDS)


def test_one_class_is_none():
    with pytest.raises(InvalidDataError, match="two classes or more; got 1 class, 'a'"):
        PretrainedClassifier(unlabeled="").fit(WINE, np.where(KINDS == 1, "a", ""))


def test_a_refusal_comes_before_any_training(monkeypatch):
    monkeypatch.setattr(Autoencoder, "fit", lambda *_: pytest.fail("training has begun"))
    for y in (np.zeros(178), np.full(178, -1), KINDS[:-1], KINDS + 0.5):
        with pytest.raises(InvalidDataError):
            PretrainedClassifier(unlabeled=-1.0 if y.dtype.kind == "f" else -1).fit(WINE, y)
    with pytest.raises(InvalidParameterError):
        PretrainedClassifier(method="grph").fit(WINE, KINDS)
