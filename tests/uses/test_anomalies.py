"""Anomaly detection: scores, thresholds that hold, explanations, and what must never happen."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, expon
from sklearn.base import clone
from sklearn.covariance import ledoit_wolf, ledoit_wolf_shrinkage
from sklearn.datasets import load_breast_cancer, load_wine, make_blobs
from sklearn.decomposition import NMF, PCA, TruncatedSVD
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from tqdm.auto import tqdm

import inscape
from inscape import AnomalyDetector, Autoencoder, VariationalAutoencoder
from inscape._errors import DamagedFileError, InvalidDataError, InvalidParameterError
from inscape.uses.anomalies.rows import Rows
from inscape.uses.anomalies.scores import (
    SCORES,
    AnomalyScore,
    DeepSVDD,
    Denoising,
    FittedScore,
    Likelihood,
    Local,
    Neighbors,
)
from inscape.uses.anomalies.spread import fit_spread, left_out_distances
from inscape.uses.anomalies.thresholds import CALIBRATIONS
from inscape.uses.standard import fit_standard

WINE = load_wine().data
# Short trainings: what is asserted does not hang on their quality.
QUICK = {
    "denoising": Denoising(n_components=8, hidden=(8,), epochs=3),
    "deep_svdd": DeepSVDD(hidden=(8,), n_components=4, epochs=3),
    "likelihood": Likelihood(n_samples=10),
}
SMALL = Autoencoder(2, hidden=(8,), epochs=3, scaler="standard", random_state=0)
SMALL_VARIATIONAL = VariationalAutoencoder(
    2, hidden=(8,), epochs=3, scaler="standard", random_state=0
)


def detector(word, **options):
    """Return a detector that trains in a moment."""
    model = {
        "reconstruction": SMALL,
        "mahalanobis": SMALL,
        "likelihood": SMALL_VARIATIONAL,
    }.get(str(word))
    chosen = {"representation": model, "method": QUICK.get(str(word), word), "random_state": 0}
    return AnomalyDetector(**{**chosen, **options})


@parametrize_with_checks(
    [
        AnomalyDetector(method="neighbors"),
        AnomalyDetector(method=["neighbors", "local"], threshold="generalized_pareto"),
    ]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.proof
@parametrize_with_checks([AnomalyDetector(method=QUICK["denoising"])])
def test_scikit_learn_checks_of_what_is_trained(estimator, check):
    check(estimator)


# --------------------------------------------------------------------------- every score


@pytest.fixture(scope="module", params=[*SCORES])
def fitted(request):
    return detector(request.param).fit(WINE)


def test_a_far_row_is_far_off(fitted):
    scores = fitted.score_samples(np.concatenate([WINE, WINE[:1] * 50]))
    assert np.isfinite(scores).all()
    assert scores[-1] < scores[:-1].min()
    assert fitted.predict(WINE[:1] * 50) == [-1]


@pytest.mark.parametrize("size", [1e9, 1e30, 1e160, 1e300])
def test_a_row_far_beyond_the_floats_is_a_number(fitted, size):
    row = np.full((1, 13), size)
    score = fitted.score_samples(row)
    assert np.isfinite(score).all()
    assert score < fitted.score_samples(WINE).min()
    assert fitted.predict(row) == [-1]


def test_a_score_hangs_on_the_row_alone(fitted):
    whole = fitted.score_samples(WINE)
    np.testing.assert_array_equal(fitted.score_samples(WINE), whole)
    alone = [fitted.score_samples(row[None])[0] for row in WINE[:5]]
    np.testing.assert_allclose(alone, whole[:5], rtol=1e-5)
    np.testing.assert_allclose(fitted.score_samples(WINE[::-1])[::-1], whole, rtol=1e-5)


@pytest.mark.parametrize(
    ("unit", "offset"),
    [(10.0 ** np.arange(-6, 7), 0.0), (1 / 3, 0.0), (1.0, 1e6 * WINE.std(axis=0))],
    ids=["powers of ten", "a third", "a million spreads"],
)
def test_units_and_offsets_do_not_matter(fitted, unit, offset):
    other = AnomalyDetector(**fitted.get_params(deep=False)).fit(WINE * unit + offset)
    scores, others = fitted.score_samples(WINE), other.score_samples(WINE * unit + offset)
    if isinstance(fitted.method, Likelihood):
        # A density is one over the unit of each column.
        others += np.log(unit * np.ones(13)).sum()
    np.testing.assert_allclose(others, scores, rtol=1e-6)


def test_rows_to_train_on_are_the_same_a_million_spreads_off():
    X = WINE[:50]
    far = X / 3 + 1e6 * X.std(axis=0)
    found, other = (fit_standard(Y).apply(Y) for Y in (X, far))
    assert (found != other).any()
    steady, others = (Rows(X, rows, fit_standard(X)).steady for rows in (found, other))
    np.testing.assert_array_equal(steady, others)
    np.testing.assert_allclose(steady, found, atol=2**-17)


@pytest.mark.proof
def test_fifty_rows_a_million_spreads_off_begin_the_same_training():
    X = WINE[:50]
    far = X + 1e6 * X.std(axis=0)
    found, other = (detector("denoising", method=Denoising(epochs=300)).fit(Y) for Y in (X, far))
    np.testing.assert_allclose(other.score_samples(far), found.score_samples(X), rtol=1e-6)


def test_it_is_saved_and_loaded_without_code(fitted, tmp_path):
    fitted.save(tmp_path / "detector")
    loaded = inscape.load(tmp_path / "detector")
    np.testing.assert_array_equal(loaded.score_samples(WINE), fitted.score_samples(WINE))
    np.testing.assert_array_equal(loaded.predict(WINE), fitted.predict(WINE))
    np.testing.assert_array_equal(loaded.p_values(WINE), fitted.p_values(WINE))
    assert repr(loaded.get_params()["method"]) == repr(fitted.get_params()["method"])
    names = sorted(path.name for path in (tmp_path / "detector" / "model").iterdir())
    assert names == ["config.json", "model.safetensors"]
    inscape.load(tmp_path / "detector" / "model")


@pytest.mark.parametrize("word", [*SCORES])
@pytest.mark.parametrize(
    "X",
    [
        np.random.default_rng(0).normal(size=(3, 2)),
        np.random.default_rng(0).normal(size=(40, 1)),
        np.repeat(np.random.default_rng(0).normal(size=(5, 3)), 8, axis=0),
        np.random.default_rng(0).normal(size=(30, 3)) * [1e-9, 1.0, 1e9] + 1e6,
        np.random.default_rng(0).normal(size=(30, 3)) * [1.0, 0.0, 1.0],
        np.random.default_rng(0).normal(size=(30, 200)).astype(np.float32),
    ],
    ids=["few", "one column", "copies", "mixed scales", "constant column", "wide"],
)
def test_awkward_tables(word, X):
    if word == "reconstruction" and X.shape[1] == 1:
        pytest.skip("one component gives back one column whole")
    model = {"representation": PCA(1)} if word in ("reconstruction", "mahalanobis") else {}
    if word == "likelihood":
        model = {"representation": VariationalAutoencoder(1, hidden=(4,), epochs=1)}
    found = detector(word, **model).fit(X)
    scores = found.score_samples(X)
    assert scores.shape == (len(X),)
    assert np.isfinite(scores).all()
    assert np.isfinite(found.offset_)
    far = X[:1] + 1e3 * X.std()
    assert found.score_samples(far) < np.median(scores)


# --------------------------------------------------------------------------- right values


def test_neighbors_are_those_of_brute_force():
    found = AnomalyDetector(method="neighbors").fit(WINE[:100])
    first = (WINE[:100] - WINE[:100].mean(axis=0)) / WINE[:100].std(axis=0)
    rest = (WINE[100:] - WINE[:100].mean(axis=0)) / WINE[:100].std(axis=0)
    gaps = np.linalg.norm(rest[:, None] - first[None], axis=2)
    np.testing.assert_allclose(-found.score_samples(WINE[100:]), np.sort(gaps)[:, 4])


def test_local_is_scikit_learns():
    X = StandardScaler().fit_transform(WINE)
    theirs = LocalOutlierFactor(20, novelty=True).fit(X).score_samples(X[:9])
    found = AnomalyDetector(method="local").fit(WINE)
    np.testing.assert_allclose(found.score_samples(WINE[:9]), theirs)


@pytest.mark.parametrize("kind", [Neighbors, Local])
def test_rows_are_compared_though_a_representation_is_given(kind):
    pca = PCA(2).fit(WINE)
    of_rows = AnomalyDetector(pca, method=kind(space="rows"), random_state=0).fit(WINE)
    alone = AnomalyDetector(method=kind(), random_state=0).fit(WINE)
    np.testing.assert_array_equal(of_rows.score_samples(WINE), alone.score_samples(WINE))
    of_codes = AnomalyDetector(pca, method=kind(space="codes"), random_state=0).fit(WINE)
    either = AnomalyDetector(pca, method=kind(), random_state=0).fit(WINE)
    np.testing.assert_array_equal(of_codes.score_samples(WINE), either.score_samples(WINE))
    assert np.corrcoef(of_codes.score_samples(WINE), of_rows.score_samples(WINE))[0, 1] < 0.9


def test_codes_without_a_representation_are_those_of_the_default():
    X = WINE[::6]
    found = AnomalyDetector(method="neighbors(space='codes')", n_folds=2, random_state=0).fit(X)
    assert found.score_.representation.n_components == 6
    codes = found.score_.representation.transform(X)
    gaps = np.sort(np.linalg.norm(codes[:, None] - codes[None], axis=2), axis=1)[:, 4]
    np.testing.assert_allclose(-found.score_samples(X), gaps, rtol=1e-4)


def test_reconstruction_is_the_squared_error_in_spreads():
    pca = PCA(3).fit(WINE)
    found = AnomalyDetector(pca, method="reconstruction").fit(WINE)
    left = (WINE - pca.inverse_transform(pca.transform(WINE))) / WINE.std(axis=0)
    np.testing.assert_allclose(-found.score_samples(WINE), np.square(left).sum(axis=1))
    np.testing.assert_allclose(found.explain(WINE), np.square(left))


def test_likelihood_is_that_of_the_model():
    model = SMALL_VARIATIONAL.fit(WINE)
    found = AnomalyDetector(model, method=Likelihood(n_samples=10), random_state=0).fit(WINE)
    seed = found.score_.seed
    expected = model.log_likelihood(WINE, n_samples=10, random_state=seed)
    np.testing.assert_array_equal(found.score_samples(WINE), expected)


def test_a_whitened_vector_is_that_of_the_full_matrix():
    rng = np.random.default_rng(0)
    for n, d in [(200, 6), (20, 50)]:
        vectors = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + 5
        spread = fit_spread(vectors)
        covariance, _ = ledoit_wolf(vectors)
        values, columns = np.linalg.eigh(covariance)
        root = columns @ np.diag(values**-0.5) @ columns.T
        expected = (vectors - vectors.mean(axis=0)) @ root
        np.testing.assert_allclose(spread.whiten(vectors), expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("n", "d"), [(3, 5), (12, 4), (60, 4), (9, 30)])
def test_a_vector_left_out_is_judged_by_the_others_alone(n, d):
    rng = np.random.default_rng(n)
    vectors = 7 + rng.normal(size=(n, d)) * np.arange(1, d + 1)
    centred = vectors - vectors.mean(axis=0)
    share = ledoit_wolf_shrinkage(centred, assume_centered=True)
    size = np.square(centred).mean()
    expected = []
    for i in range(n):
        others = np.delete(vectors, i, axis=0)
        own = np.cov(others.T, bias=True)
        covariance = (1 - share) * own + share * size * np.eye(d)
        gap = vectors[i] - others.mean(axis=0)
        expected.append(gap @ np.linalg.solve(covariance, gap))
    np.testing.assert_allclose(left_out_distances(vectors), expected, rtol=1e-8)


def test_thirty_normal_rows_do_not_tell_off_a_quarter_of_the_next():
    rates = []
    for seed in range(20):
        X = np.random.default_rng(seed).normal(size=(530, 13))
        found = detector("denoising", false_alarm_rate=0.2, random_state=seed).fit(X[:30])
        rates.append((found.predict(X[30:]) == -1).mean())
    # Of 31 ranks six are alarms: 0.194.
    assert 0.15 < np.mean(rates) < 0.23


def test_mahalanobis_of_normal_rows_is_chi_squared():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5000, 4)) @ rng.normal(size=(4, 4))
    found = AnomalyDetector(PCA(2), method="mahalanobis", random_state=0).fit(X)
    distances = np.sort(-found.score_samples(X))
    # Two numbers of the code, and two that are left of four.
    expected = chi2(4).ppf((np.arange(5000) + 0.5) / 5000)
    np.testing.assert_allclose(distances[500:4500], expected[500:4500], rtol=0.1)


def test_contributions_sum_to_the_score_and_name_the_feature():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 1)) * np.ones(5) + 0.1 * rng.normal(size=(600, 5))
    found = detector("denoising", method=Denoising(epochs=20)).fit(X)
    odd = X[:3].copy()
    odd[0, 1] += 2
    odd[1, 4] -= 2
    shares = found.explain(odd)
    assert (shares >= 0).all()
    np.testing.assert_allclose(shares.sum(axis=1), -found.score_samples(odd), rtol=1e-9)
    assert shares[0].argmax() == 1
    assert shares[1].argmax() == 4
    assert (found.predict(odd) == [-1, -1, 1]).all()


@pytest.mark.parametrize("word", ["mahalanobis", "neighbors", "local", "likelihood", "deep_svdd"])
def test_what_is_no_sum_over_features_is_not_explained(word):
    with pytest.raises(InvalidParameterError, match="must be a sum over features"):
        detector(word).fit(WINE).explain(WINE)


def test_several_scores_are_combined_by_their_p_values():
    found = AnomalyDetector(method=["neighbors", "local"], random_state=0).fit(WINE)
    singles = [AnomalyDetector(method=w, random_state=0).fit(WINE) for w in ("neighbors", "local")]
    ranks = [
        (1 + (one.unseen_scores_[None] <= one.score_samples(WINE)[:, None]).sum(axis=1)) / 179
        for one in singles
    ]
    # Within the bulk p-values are ranks; beyond it the tail's shape tells more.
    bulk = (np.array(ranks) > 0.12).all(axis=0)
    expected = np.log(ranks).mean(axis=0)
    np.testing.assert_allclose(found.score_samples(WINE)[bulk], expected[bulk])
    assert bulk.sum() > 100


# --------------------------------------------------------------------------- thresholds


@given(n=st.integers(2, 300), rate=st.floats(0.01, 0.9), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_conformal_alarms_are_those_of_p_values(n, rate, seed):
    rng = np.random.default_rng(seed)
    calibration = CALIBRATIONS["conformal"](np.sort(rng.integers(0, 40, n).astype(float)))
    new = rng.integers(-3, 45, 100).astype(float)
    brute = np.array([(1 + (calibration.anomalies >= a).sum()) / (n + 1) for a in new])
    np.testing.assert_allclose(calibration.p_values(new), brute)
    if rate * (n + 1) >= 1:
        alarms = new > calibration.threshold(rate)
        np.testing.assert_array_equal(alarms, brute <= rate * (1 + 1e-12))


def test_the_tail_is_that_of_the_distribution():
    rng = np.random.default_rng(0)
    calibration = CALIBRATIONS["generalized_pareto"](np.sort(rng.exponential(size=5000)))
    for rate in (1e-2, 1e-3, 1e-4):
        threshold = calibration.threshold(rate)
        assert threshold == pytest.approx(expon.isf(rate), rel=0.15)
        assert calibration.p_values(np.array([threshold])) == pytest.approx(rate)
    assert calibration.threshold(0.3) == pytest.approx(expon.isf(0.3), rel=0.05)


def test_in_sample_thresholds_cry_wolf_and_those_of_unseen_rows_do_not():
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(30, 30))
    X, new = (rng.normal(size=(n, 30)) @ mixing for n in (100, 4000))
    model = PCA(8)
    options = {"method": "mahalanobis", "random_state": 0}
    in_sample = AnomalyDetector(model, contamination=0.05, **options).fit(X)
    unseen = AnomalyDetector(model, false_alarm_rate=0.05, **options).fit(X)
    assert (in_sample.predict(X) == -1).mean() == pytest.approx(0.05, abs=0.01)
    assert (in_sample.predict(new) == -1).mean() > 0.14
    assert (unseen.predict(new) == -1).mean() < 0.08


@pytest.mark.parametrize("threshold", [*CALIBRATIONS])
def test_the_rate_of_false_alarms_is_what_it_says(threshold):
    rates = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        X, new = rng.normal(size=(400, 3)), rng.normal(size=(2000, 3))
        found = AnomalyDetector(
            method="neighbors", threshold=threshold, false_alarm_rate=0.05, random_state=seed
        ).fit(X)
        rates.append((found.predict(new) == -1).mean())
    assert 0.04 < np.mean(rates) < 0.06
    assert max(rates) < 0.1


def test_contamination_is_the_share_of_the_rows_in_fit():
    found = AnomalyDetector(method="neighbors", contamination=0.1).fit(WINE)
    assert (found.fit_predict(WINE) == -1).sum() == 18
    assert found.offset_ == np.percentile(found.score_samples(WINE), 10)


def test_with_few_rows_whatever_is_farther_off_than_all_is_told():
    X = np.arange(5.0)[:, None]
    found = AnomalyDetector(method="neighbors", false_alarm_rate=0.01).fit(X)
    assert found.predict([[100.0], [2.0]]).tolist() == [-1, 1]


@pytest.mark.parametrize("method", ["denoising", ["neighbors", "local"]])
def test_a_bar_tells_of_the_folds_where_it_is_asked_for(method, monkeypatch, capsys):
    drawn = []
    bar = functools.partial(tqdm, mininterval=0)
    monkeypatch.setattr(
        "inscape.uses.anomalies.detector.tqdm",
        lambda folds, *, disable, **options: drawn.append(disable) or bar(folds, **options),
    )
    found = [detector(method, verbose=verbose) for verbose in (0, 1)]
    scores = [one.fit(WINE[:40]).score_samples(WINE) for one in found]
    assert drawn == [True, None]
    assert "AnomalyDetector: 100%" in capsys.readouterr().err
    np.testing.assert_array_equal(*scores)


# --------------------------------------------------------------------------- representations


@pytest.mark.parametrize("model", [PCA(2), TruncatedSVD(2), NMF(2, max_iter=2000, init="nndsvda")])
@pytest.mark.parametrize("method", ["reconstruction", "mahalanobis", "neighbors", "local"])
def test_any_representation_will_do(model, method, tmp_path):
    unfitted = AnomalyDetector(model, method=method, random_state=0).fit(WINE)
    assert not hasattr(model, "components_")
    learned = clone(model).fit(WINE)
    found = AnomalyDetector(learned, method=method, random_state=0).fit(WINE)
    np.testing.assert_allclose(found.score_samples(WINE), unfitted.score_samples(WINE), rtol=1e-4)
    found.save(tmp_path / "kept")
    scores = inscape.load(tmp_path / "kept").score_samples(WINE)
    np.testing.assert_array_equal(scores, found.score_samples(WINE))


def test_a_fitted_representation_is_used_as_it_is():
    model = SMALL.fit(WINE)
    before = model.transform(WINE)
    found = AnomalyDetector(model, method="neighbors").fit(WINE)
    np.testing.assert_array_equal(model.transform(WINE), before)
    assert found.score_.representation is model
    assert AnomalyDetector(model, method="neighbors").fit(WINE).get_params()["representation"]


def test_frames_keep_the_names_of_their_columns(tmp_path):
    frame = load_wine(as_frame=True).data
    pipeline = make_pipeline(StandardScaler(), PCA(2)).fit(frame)
    found = AnomalyDetector(pipeline, method="mahalanobis").fit(frame)
    scores = found.score_samples(frame)
    np.testing.assert_array_equal(found.score_samples(frame[frame.columns[::-1]]), scores)
    with pytest.raises(inscape.InscapeError, match="no 'ash'"):
        found.score_samples(frame.drop(columns="ash"))
    found.save(tmp_path / "kept")
    loaded = inscape.load(tmp_path / "kept")
    np.testing.assert_array_equal(loaded.score_samples(frame), scores)
    assert loaded.feature_names_in_.tolist() == frame.columns.tolist()


def test_columns_in_another_order_are_the_same_rows():
    """What is left of a row is taken column by column: both sides in the order of the fit."""
    frame = load_wine(as_frame=True).data
    model = Autoencoder(2, hidden=(), epochs=1, scaler="standard", random_state=0).fit(frame)
    for representation in (model, PCA(2).fit(frame)):
        found = AnomalyDetector(representation, method="reconstruction").fit(frame)
        turned = frame[frame.columns[::-1]]
        np.testing.assert_array_equal(found.score_samples(turned), found.score_samples(frame))


def test_what_cannot_be_kept_without_code_is_told(tmp_path):
    class Half(PCA):
        pass

    found = AnomalyDetector(Half(2), method="neighbors").fit(WINE)
    with pytest.raises(InvalidParameterError, match="got Half: it can be used, and not kept"):
        found.save(tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize("inner", [False, True])
def test_what_a_later_version_saved_is_refused(tmp_path, inner, monkeypatch):
    model = inscape.Autoencoder(hidden=(), epochs=1).fit(WINE) if inner else None
    place = "inscape.uses.saving" if inner else "inscape.estimators.persistence"
    monkeypatch.setattr(f"{place}.FORMAT", 99)
    AnomalyDetector(model, method="neighbors").fit(WINE).save(tmp_path / "kept")
    monkeypatch.undo()
    with pytest.raises(InvalidParameterError, match=r"of format 3 or before|up to 3; got 99"):
        inscape.load(tmp_path / "kept")


def test_nothing_that_a_file_names_is_imported(tmp_path):
    AnomalyDetector(method="neighbors").fit(WINE).save(tmp_path / "kept")
    path = tmp_path / "kept" / "model" / "config.json"
    text = path.read_text().replace("inscape.uses.standard:Standard", "pathlib:Path")
    # As one writes it who means harm, and knows that format 2 had no checksums.
    told = json.loads(text)
    del told["sha256"]
    path.write_text(json.dumps(told | {"format": 2}))
    (tmp_path / "kept" / "MANIFEST").unlink()
    with pytest.raises(DamagedFileError):
        inscape.load(tmp_path / "kept")


@dataclass(frozen=True)
class Distance(AnomalyScore):
    """Somebody's own score: the distance from the mean."""

    power: float = 1.0

    def fit(self, rows, source):
        return DistanceFitted(self.power)


@dataclass(frozen=True, eq=False)
class DistanceFitted(FittedScore):
    power: float

    def anomaly(self, rows):
        return np.linalg.norm(rows.standard, axis=1) ** self.power


def test_a_score_of_ones_own():
    found = AnomalyDetector(method=[Distance(power=2.0), "neighbors"]).fit(WINE)
    assert found.score_samples(WINE).shape == (178,)
    alone = AnomalyDetector(method=Distance()).fit(WINE)
    X = StandardScaler().fit_transform(WINE)
    np.testing.assert_allclose(-alone.score_samples(WINE), np.linalg.norm(X, axis=1))


# --------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"method": "denoise"}, "Did you mean 'denoising'?"),
        ({"method": []}, "`method` must be a score, or a list of some"),
        ({"method": "denoising", "representation": PCA(2)}, "`representation` must be None where"),
        ({"method": "deep_svdd", "representation": PCA(2)}, "`representation` must be None where"),
        ({"method": "likelihood", "representation": PCA(2)}, "must be a variational model"),
        ({"representation": PCA}, "`representation` must be None, or an estimator"),
        ({"representation": 3}, "`representation` must be None, or an estimator"),
        ({"contamination": 0.1, "false_alarm_rate": 0.1}, "must not both be given"),
        ({"contamination": 0.6}, "`contamination` must be a number > 0 and <= 0.5; got 0.6"),
        ({"false_alarm_rate": 0}, "`false_alarm_rate` must be a number > 0 and < 1; got 0"),
        ({"threshold": "quantile"}, "`threshold` must be one of 'conformal'"),
        ({"n_folds": 1}, "`n_folds` must be an integer >= 2; got 1"),
    ],
)
def test_options_that_cannot_hold(options, told):
    with pytest.raises(InvalidParameterError, match="(?s)" + told.replace("?", r"\?")):
        AnomalyDetector(**options).fit(WINE)


def test_rows_that_cannot_be_judged():
    found = AnomalyDetector(method="neighbors").fit(WINE)
    bad = WINE.copy()
    bad[3, 2] = np.nan
    with pytest.raises(InvalidDataError, match="NaN at row 3, column 2"):
        found.score_samples(bad)
    with pytest.raises(InvalidDataError, match="at least 2 rows"):
        AnomalyDetector(method="neighbors").fit(WINE[:1])


# --------------------------------------------------------------------------- worth it


@pytest.mark.proof
def test_the_default_finds_what_an_isolation_forest_finds():
    cancer = load_breast_cancer()
    normal, odd = cancer.data[cancer.target == 1], cancer.data[cancer.target == 0]
    train, rest = normal[:178], np.concatenate([normal[178:], odd])
    truth = np.r_[np.zeros(len(normal) - 178), np.ones(len(odd))]
    found = AnomalyDetector(random_state=0).fit(train)
    forest = IsolationForest(random_state=0).fit(train)
    ours = roc_auc_score(truth, -found.score_samples(rest))
    theirs = roc_auc_score(truth, -forest.score_samples(rest))
    assert ours > max(0.93, theirs - 0.03)


def test_torch_and_lists_and_frames_are_rows():
    X, _ = make_blobs(60, 3, random_state=0)
    found = AnomalyDetector(method="neighbors").fit(X)
    expected = found.score_samples(X)
    np.testing.assert_array_equal(found.score_samples(torch.from_numpy(X)), expected)
    np.testing.assert_array_equal(found.score_samples(X.tolist()), expected)
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    named = AnomalyDetector(method=Neighbors()).fit(frame)
    np.testing.assert_allclose(named.score_samples(frame), expected)
