"""The document: its numbers are those of the model, of the run, and of scikit-learn."""

from __future__ import annotations

import dataclasses
import json
import re
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA, TruncatedSVD

from inscape import data
from inscape._errors import InscapeError, InvalidDataError, InvalidParameterError
from inscape.data import Dataset, Split
from inscape.estimators import Autoencoder, VariationalAutoencoder
from inscape.lab import Document, describe, describe_run, newest_run
from inscape.lab.grid import GRID, with_grid
from inscape.runs import ClustersConfig, DynamicsConfig, Run, run_dynamics
from inscape.runs.dynamics.problem import read_problem


def dataset(train, test, *, labels=None, image_shape=None, class_names=None):
    train, test = np.asarray(train), np.asarray(test)
    n = len(train)
    parts = (None, None) if labels is None else (labels[:n], labels[n:])
    names = tuple(f"c{j}" for j in range(train.shape[1]))
    return Dataset(
        "own", Split(train, parts[0]), Split(test, parts[1]), image_shape, names, class_names, "0"
    )


def rows(n, columns=6, dtype=np.float64):
    return np.random.default_rng(0).normal(size=(n, columns)).astype(dtype)


def told_of(document):
    return json.loads(document.to_json(), parse_constant=pytest.fail)


@pytest.fixture(scope="module")
def of_digits(digits_run):
    return describe_run(digits_run)


@pytest.fixture(scope="module")
def of_table(table_run):
    return describe_run(table_run)


def test_codes_are_the_models_test_rows_first(digits_run, of_digits):
    digits, model = data.load("digits"), digits_run.load()
    n = digits.test.n_samples
    codes = of_digits.blobs["codes"]
    np.testing.assert_array_equal(codes[:n], model.transform(digits.test.X))
    np.testing.assert_array_equal(codes[n:], model.transform(digits.train.X))
    told = told_of(of_digits)["data"]
    assert (told["n_test"], told["n_train"]) == (n, digits.train.n_samples)


def test_errors_are_the_runs_own_and_those_of_pca(digits_run, of_digits):
    metrics, told = digits_run.metrics["test"], told_of(of_digits)["errors"]
    assert told["unit"] == "squared error per pixel"
    assert told["test"] == pytest.approx(metrics["Autoencoder"]["squared_error"], rel=1e-6)
    assert told["baseline"]["test"] == pytest.approx(metrics["PCA"]["squared_error"], rel=1e-6)
    digits = data.load("digits")
    mean = of_digits.blobs["errors"][: len(digits.test.X)].mean(dtype=float)
    assert mean == pytest.approx(metrics["Autoencoder"]["squared_error"], rel=1e-6)
    pca = PCA(2).fit(digits.train.X)
    away = digits.test.X - pca.inverse_transform(pca.transform(digits.test.X))
    found = of_digits.blobs["errors_pca"][: len(away)]
    np.testing.assert_allclose(found, (away**2).mean(axis=1), rtol=1e-4)


def test_of_a_table_errors_are_over_each_columns_variance(table_run, of_table):
    metrics, told = table_run.metrics["test"], told_of(of_table)["errors"]
    assert told["unit"] == "squared error over each column's variance"
    for name, found in (("Autoencoder", told["test"]), ("PCA", told["baseline"]["test"])):
        assert found == pytest.approx(metrics[name]["standardized_error"], rel=1e-6)
    assert metrics["Autoencoder"]["squared_error"] != pytest.approx(told["test"], rel=0.1)


def test_a_constant_column_weighs_nothing():
    X = rows(50)
    X[:, 2] = 1000.1
    X[:, 3] *= 1e-9
    test, train = X[:30], X[30:]
    # The mean of thirty equal floats is off by a rounding, and so their variance is not 0.
    assert test[:, 2].var() > 0
    pca = PCA(2).fit(train)
    document = describe(pca, dataset(train, test))
    varying = [0, 1, 3, 4, 5]
    away = (test - pca.inverse_transform(pca.transform(test)))[:, varying]
    wanted = (away**2 / test[:, varying].var(axis=0)).mean(axis=1)
    np.testing.assert_allclose(document.blobs["errors"][:30], wanted, rtol=1e-6)


def test_the_curve_is_where_the_test_rows_were(digits_run, of_digits):
    told = told_of(of_digits)
    steps = [int(p.stem[5:]) for p in sorted((digits_run.path / "recorder").iterdir())]
    assert [moment["step"] for moment in told["curve"]] == steps
    X = data.load("digits").test.X
    for moment, (epoch, then) in zip(told["curve"], digits_run.snapshots(), strict=True):
        codes = then.transform(X)
        np.testing.assert_array_equal(of_digits.blobs[moment["blob"]], codes)
        error = ((X - then.inverse_transform(codes)) ** 2).mean()
        assert moment["error"] == pytest.approx(error, rel=1e-5)
        assert moment["epoch"] == epoch
    assert told["curve"][-1]["error"] == pytest.approx(told["errors"]["test"], rel=1e-5)
    assert told["curve"][0]["error"] > 1.2 * told["errors"]["test"]


def test_a_stray_file_beside_the_snapshots_changes_nothing(digits_run, of_digits):
    stray = digits_run.path / "recorder" / ".DS_Store"
    stray.write_bytes(b"")
    try:
        assert describe_run(digits_run).to_json() == of_digits.to_json()
    finally:
        stray.unlink()


def test_more_components_come_with_the_axes_of_their_spread(table_run, of_table):
    codes = of_table.blobs["codes"].astype(float)
    n = told_of(of_table)["data"]["n_test"]
    axes = told_of(of_table)["axes"]
    centre, directions = (of_table.blobs[axes[name]] for name in ("centre", "directions"))
    pca = PCA(3).fit(codes)
    assert n + 96 == len(codes) == 120
    np.testing.assert_allclose(centre, pca.mean_, rtol=0, atol=1e-7)
    np.testing.assert_allclose(np.abs(directions @ pca.components_.T), np.eye(3), atol=1e-6)


def test_two_rows_have_three_axes_too():
    X = rows(30)
    document = describe(PCA(5).fit(X[2:]), dataset(X[2:], X[:2]), with_training_rows=False)
    directions = document.blobs["axes"]
    np.testing.assert_allclose(directions @ directions.T, np.eye(3), atol=1e-12)


def test_fewer_components_have_none(of_digits):
    assert told_of(of_digits)["axes"] is None


# --------------------------------------------------------------------------- rows and labels


def test_pictures_are_the_bytes_that_they_were_made_of(of_digits):
    digits = data.load("digits")
    told = told_of(of_digits)["data"]
    X = np.concatenate([digits.test.X, digits.train.X])
    kept = of_digits.blobs[told["rows"]["blob"]]
    # Sixteen tones of 8 x 8 digits are no bytes; they stay what they are.
    assert told["rows"]["high"] is None
    np.testing.assert_array_equal(kept, X)
    assert told["image_shape"] == [8, 8]
    assert told["feature_names"] is None


@pytest.mark.parametrize("high", [1.0, 255.0])
def test_bytes_come_back_exactly(high):
    whole = np.random.default_rng(0).integers(0, 256, size=(30, 9), dtype=np.uint8)
    whole[0, 0], whole[0, 1] = 0, 255
    X = whole / np.float32(255) if high == 1 else whole.astype(np.float32)
    document = describe(PCA(2).fit(X), dataset(X[10:], X[:10], image_shape=(3, 3)))
    assert told_of(document)["data"]["rows"] == {"blob": "rows", "high": high}
    np.testing.assert_array_equal(document.blobs["rows"], np.roll(whole, 0, axis=0))
    assert document.blobs["rows"].dtype == np.uint8
    assert list(document.blobs)[-1] == "rows"


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [(0, 1, [0, 1]), (0, 16, [0, 16]), (0.2, 0.4, [0, 1]), (-3, 5, [-3, 5])],
)
def test_ink_is_the_most_that_there_is_but_of_shares_it_is_one(low, high, shown):
    X = np.linspace(low, high, 90).reshape(10, 9)
    told = told_of(describe(PCA(2).fit(X), X, image_shape=(3, 3)))["data"]
    assert told["shown"] == shown
    assert told_of(describe(PCA(2).fit(X), X))["data"]["shown"] is None


def test_rows_alone_have_no_parts_and_no_rival():
    X, y = rows(40), np.array(["a", "b"] * 20)
    document = describe(TruncatedSVD(2).fit(X), X, y)
    told = told_of(document)
    assert told["data"] | {"parts": False, "n_test": 40, "n_train": 0} == told["data"]
    assert told["title"] == "Rows through 2 numbers"
    assert told["classes"]["names"] == ["a", "b"]
    np.testing.assert_array_equal(document.blobs["labels"], np.arange(40) % 2)
    np.testing.assert_allclose(document.blobs["rows"], X, rtol=1e-6)
    assert told["errors"]["baseline"] is None
    with_parts = told_of(describe(TruncatedSVD(2).fit(X), dataset(X[:30], X[30:])))
    assert with_parts["data"]["parts"] is True
    assert with_parts["errors"]["baseline"]["name"] == "PCA"


def test_columns_of_a_frame_and_the_shape_that_a_model_remembers():
    frame = pd.DataFrame(rows(30), columns=list("uvwxyz"))
    model = PCA(2).fit(frame)
    document = describe(model, frame[list("zyxwvu")])
    assert told_of(document)["data"]["feature_names"] == list("uvwxyz")
    np.testing.assert_allclose(document.blobs["codes"], model.transform(frame), atol=1e-6)
    digits = data.load("digits")
    model = Autoencoder(2, hidden=(), epochs=1, random_state=0).fit(digits)
    told = told_of(describe(model, digits.test.X, digits.test.y))
    assert told["data"]["image_shape"] == [8, 8]


def test_a_model_that_knows_names_says_what_it_needs_to_be_asked_by_them(monkeypatch):
    frame = pd.DataFrame(rows(30), columns=list("uvwxyz"))
    model = PCA(2).fit(frame)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(InscapeError, match=re.escape("pip install 'inscape[data]'")):
        describe(model, frame.to_numpy())


@pytest.mark.parametrize(
    ("X", "more", "sentence"),
    [
        (np.zeros((5, 3, 3)), {}, "must be of shape (n_samples, n_features)"),
        (rows(20), {"image_shape": (2, 2)}, "with a product of 6"),
        (np.full((20, 6), np.nan), {}, "NaN"),
        (dataset(rows(20), rows(9)), {"y": [1] * 9}, "must be None for a Dataset"),
    ],
)
def test_what_are_no_rows_is_refused(X, more, sentence):
    with pytest.raises(InscapeError, match=re.escape(sentence)):
        describe(PCA(2).fit(rows(20)), X, **more)


def test_a_tone_between_two_bytes_is_kept():
    X = np.full((30, 9), 0.5, np.float32) + rows(30, 9, np.float32) * 0.01
    document = describe(PCA(2).fit(X), dataset(X[10:], X[:10], image_shape=(3, 3)))
    np.testing.assert_array_equal(document.blobs["rows"], X)
    assert document.blobs["rows"].dtype == np.float32


def test_what_float32_would_merge_stays_float64():
    X = rows(40) + 1e9
    document = describe(PCA(2).fit(X), dataset(X[10:], X[:10]))
    np.testing.assert_array_equal(document.blobs["rows"], X)
    assert document.blobs["rows"].dtype == np.float64
    assert document.blobs["codes"].dtype == np.float32
    away = document.blobs["codes"] + 1e9
    assert describe(Shifted(), dataset(X[10:], X[:10])).blobs["codes"].dtype == np.float64
    assert away.dtype == np.float32


class Shifted:
    """Codes as far from 0 as the rows."""

    def transform(self, X):
        return X[:, :2]

    def inverse_transform(self, codes):
        return np.concatenate([codes, np.full((len(codes), 4), 1e9)], axis=1)


LABELS = np.repeat([10, 30, 20], 10)


@pytest.mark.parametrize(
    ("labels", "class_names", "names", "places"),
    [
        (LABELS, None, ["10", "20", "30"], [0, 1, 2]),
        (LABELS // 10, None, ["1", "2", "3"], [1, 2, 3]),
        (LABELS // 10, ("a", "b", "<i>", "d"), ["b", "<i>", "d"], [1, 2, 3]),
        (np.array([f"</script>{k}" for k in LABELS]), None, None, [0, 1, 2]),
    ],
)
def test_classes_have_one_place_whoever_comes_with_them(labels, class_names, names, places):
    X = rows(30)
    own = dataset(X[10:], X[:10], labels=np.roll(labels, 10), class_names=class_names)
    assert len(set(own.test.y)) == 1
    for with_training_rows in (True, False):
        document = describe(PCA(2).fit(X), own, with_training_rows=with_training_rows)
        told = told_of(document)["classes"]
        assert told["names"] == (names or [f"</script>{k}" for k in (10, 20, 30)])
        assert told["places"] == places
        index = document.blobs["labels"]
        assert index.dtype == np.int32
        assert len(index) == (30 if with_training_rows else 10)
        assert (index[:10] == 2).all()


def test_numbers_are_labels_as_they_are_and_none_is_none():
    X, y = rows(30), np.random.default_rng(1).normal(size=30) + 1e9
    # The test rows come first in a document, and last in this data set.
    document = describe(PCA(2).fit(X), dataset(X[10:], X[:10], labels=np.roll(y, -10)))
    assert told_of(document)["classes"] == {"names": None, "places": None, "blob": "labels"}
    np.testing.assert_array_equal(document.blobs["labels"], y)
    assert told_of(describe(PCA(2).fit(X), dataset(X[10:], X[:10])))["classes"] is None


# --------------------------------------------------------------------------- models


def test_what_is_told_of_a_network(of_digits, of_table, digits_run):
    model = told_of(of_digits)["model"]
    assert model["widths"] == [64, 16, 2, 16, 64]
    assert model["component_names"] == ["z1", "z2"]
    assert model["space"] == "flat"
    assert told_of(of_digits)["title"] == "8 × 8 digits through 2 numbers"
    assert told_of(of_table)["title"] == "table rows through 5 numbers"
    assert told_of(of_digits)["provenance"]["run"] == "run"
    assert told_of(of_digits)["decoder"]["type"] == "steps"


def test_the_posteriors_spread_is_that_of_its_draws():
    X = rows(60) + 5
    model = VariationalAutoencoder(2, hidden=(8,), epochs=5, random_state=0).fit(X[20:])
    document = describe(model, dataset(X[20:], X[:20]))
    told = told_of(document)
    assert told["posterior"] == {"blob": "posterior", "prior": "standard_normal"}
    spread = document.blobs["posterior"]
    assert spread.shape == (20, 2)
    draws = model.sample_latent(X[:20], n_draws=4000, random_state=1)
    # The standard deviation of 4,000 draws is off by 1.1% in the mean, by 5% at most here.
    np.testing.assert_allclose(spread, draws.std(axis=0), rtol=0.05)
    assert spread.std() > 0
    assert told["decoder"]["type"] == "steps"


def test_a_posterior_of_another_shape_has_no_spread():
    X = rows(60)
    model = VariationalAutoencoder(2, hidden=(8,), posterior="full_gaussian", epochs=1).fit(X)
    assert told_of(describe(model, dataset(X[20:], X[:20])))["posterior"] is None
    with pytest.raises(InvalidParameterError, match="must be a diagonal Gaussian"):
        model.latent_spread(X)


def test_plain_linear_methods_have_no_other_beside_them():
    X = rows(40)
    told = told_of(describe(PCA(2).fit(X), dataset(X[10:], X[:10])))
    assert told["errors"]["baseline"] is None
    assert told["model"]["name"] == "PCA"
    assert told["model"]["widths"] is None
    assert told["curve"] == []


# --------------------------------------------------------------------------- runs


def test_runs_that_cannot_be_opened_are_one_sentence(digits_run, table_run, tmp_path):
    for config, words in (
        (DynamicsConfig(), "or open one that inscape fit has made"),
        (ClustersConfig(data="digits", model="runs/mine"), "or open what it is of, .*runs/mine"),
    ):
        (tmp_path / "config.toml").write_text(config.to_toml())
        with pytest.raises(InscapeError, match=f"of kind 'fit' to be opened in the lab;.* {words}"):
            describe_run(Run(tmp_path))
    (digits_run.path / "MANIFEST").rename(tmp_path / "MANIFEST")
    try:
        with pytest.raises(InscapeError, match="go on with inscape fit --resume"):
            describe_run(digits_run)
    finally:
        (tmp_path / "MANIFEST").rename(digits_run.path / "MANIFEST")
    source = table_run.path.parent / "table.csv"
    before = source.read_text()
    source.write_text(before.replace("1000000.", "1000001.", 1))
    try:
        with pytest.raises(InvalidDataError, match="has another checksum: bring back the old data"):
            describe_run(table_run)
    finally:
        source.write_text(before)


def test_the_newest_run_is_that_of_the_last_fit(digits_run, tmp_path):
    import os
    import shutil

    with pytest.raises(InscapeError, match="There must be a finished run below"):
        newest_run(tmp_path)
    for age, name in enumerate(["new", "old", "older"]):
        shutil.copytree(digits_run.path, tmp_path / name)
        os.utime(tmp_path / name / "MANIFEST", (2e9 - age, 2e9 - age))
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "MANIFEST").write_text("not one")
    assert newest_run(tmp_path).path == tmp_path / "new"
    (tmp_path / "new" / "MANIFEST").unlink()
    assert newest_run(tmp_path).path == tmp_path / "old"


# --------------------------------------------------------------------------- the document itself


def test_a_blob_is_its_numbers_in_c_order():
    numbers = np.arange(6, dtype=">f4").reshape(2, 3)
    document = Document({}, {"a": numbers.astype(np.float32).T, "b": np.array([7], np.int32)})
    np.testing.assert_array_equal(np.frombuffer(document.blob("a"), "<f4"), [0, 3, 1, 4, 2, 5])
    told = told_of(document)
    assert told["format"] == 1
    assert told["blobs"]["a"] == {"type": "float32", "shape": [3, 2]}
    assert list(told["blobs"]) == ["a", "b"]
    with pytest.raises(InvalidParameterError, match="'a' is int64"):
        Document({}, {"a": np.arange(3)})


def test_a_description_without_a_number_is_refused():
    with pytest.raises(ValueError, match="JSON compliant"):
        Document({"error": float("nan")}, {}).to_json()


# --------------------------------------------------------------------------- grids


class Bent:
    """A decoder that no page knows."""

    def __init__(self, k):
        self.k = k

    def transform(self, X):
        return X[:, : self.k]

    def inverse_transform(self, codes):
        return np.concatenate([codes, np.sin(codes).sum(axis=1, keepdims=True)], axis=1)


def interpolate(told, rows, plane):
    """As the page does it."""
    away = (plane - told["centre"]) / told["unit"]
    r = np.linalg.norm(away, axis=1, keepdims=True)
    drawn = away * np.where(r > 0, np.arcsinh(r) / np.where(r > 0, r, 1), 1)
    at = (drawn - told["low"]) / np.subtract(told["high"], told["low"]) * (told["size"] - 1)
    at = at.clip(0, told["size"] - 1.000001)
    x, y = np.floor(at).astype(int).T
    fx, fy = (at % 1).T[..., None]
    near = rows[y, x] * (1 - fx) * (1 - fy) + rows[y, x + 1] * fx * (1 - fy)
    return near + rows[y + 1, x] * (1 - fx) * fy + rows[y + 1, x + 1] * fx * fy


@pytest.mark.parametrize("k", [1, 2, 4])
def test_a_grid_is_the_decoder_between_its_places(k):
    X = rows(400, k + 1)
    X[:, :k] = X[:, :k] * np.arange(1, k + 1)[::-1] + 3
    document = describe(Bent(k), dataset(X[300:], X[:300]), with_training_rows=False)
    assert told_of(document)["decoder"] == {"type": "server"}
    with_one = with_grid(document)
    told = told_of(with_one)["decoder"]
    grid = with_one.blobs["grid"]
    assert (told["type"], told["size"]) == ("grid", GRID)
    assert grid.shape == (GRID, GRID, k + 1)
    assert list(with_one.blobs)[-2:] == ["grid", "rows"]
    codes = X[:300, :k]
    if k > 2:
        centre, axes = document.blobs["axes_centre"], document.blobs["axes"][:2]
        plane = (codes - centre) @ axes.T
        codes = centre + plane @ axes
    else:
        plane = np.pad(codes, [(0, 0), (0, 2 - k)])
    wanted = Bent(k).inverse_transform(codes)
    found = interpolate(told, grid, plane)
    # A cell near the middle is a few hundredths wide, and what lies in it is a mean.
    near = np.linalg.norm(plane - told["centre"], axis=1) < 5 * told["unit"]
    assert near.mean() > 0.3
    assert np.abs(found - wanted)[near].max() < 0.1
    assert np.abs(found - wanted)[near].mean() < 0.02
    # At the places themselves it is the decoder, as far as float32 goes; no code is outside.
    sides = np.linspace(told["low"], told["high"], GRID).T
    drawn = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2)
    r = np.linalg.norm(drawn, axis=1, keepdims=True)
    places = told["centre"] + told["unit"] * drawn * np.sinh(r) / np.where(r > 0, r, 1)
    there = centre + places @ axes if k > 2 else places[:, :k]
    exact = Bent(k).inverse_transform(there).reshape(grid.shape)
    np.testing.assert_allclose(grid, exact, rtol=1e-5, atol=1e-5)
    outside = (plane < places.min(axis=0) - 1e-9) | (plane > places.max(axis=0) + 1e-9)
    assert not outside.any()


def test_a_grid_of_pictures_is_of_bytes():
    X = np.random.default_rng(0).integers(0, 256, size=(60, 9)).astype(np.float32) / 255
    own = dataset(X[20:], X[:20], image_shape=(3, 3))
    document = dataclasses.replace(describe(PCA(2).fit(X), own))
    told = {**document.description, "decoder": {"type": "server"}}
    found = with_grid(dataclasses.replace(document, description=told))
    assert found.blobs["grid"].dtype == np.uint8
    decoder = found.description["decoder"]
    codes = document.blobs["codes"][:20].astype(float)
    wanted = PCA(2).fit(X).inverse_transform(codes)
    away = np.abs(interpolate(decoder, found.blobs["grid"] / 255.0, codes) - wanted.clip(0, 1))
    assert away.max() < 0.02


class Still(Bent):
    """All rows have one code."""

    def transform(self, X):
        return np.ones((len(X), self.k))


def test_one_code_many_times_over_has_a_grid():
    X = rows(30, 3)
    grid = with_grid(describe(Still(2), dataset(X[10:], X[:10]))).blobs["grid"]
    middle = Still(2).inverse_transform(np.ones((1, 2)))[0]
    np.testing.assert_allclose(grid[GRID // 2, GRID // 2], middle, rtol=1e-6)
    assert np.isfinite(grid).all()


def test_a_run_of_dynamics_is_its_tree_and_its_network(tmp_path):
    run = run_dynamics(DynamicsConfig(n_features=300, epochs=60), tmp_path / "run")
    told = describe_run(run).description["dynamics"]
    problem = read_problem(run.config)
    kingdom = told["kingdom"]
    truth = np.array(kingdom["truth"])
    gram = np.reshape(kingdom["gram"], (8, 8)) + truth @ truth.T
    np.testing.assert_allclose(gram, problem.targets @ problem.targets.T)
    assert kingdom["unnamed"] + len(kingdom["features"]) == problem.targets.shape[1]
    assert (kingdom["items"][0], kingdom["features"]) == ("Shark", ["has bones"])
    assert kingdom["tree"] == [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]
    assert told["rate"] == pytest.approx(run.metrics["learning_rate"])
    deep = run_dynamics(DynamicsConfig(n_features=50, hidden=(9, 8), epochs=20), tmp_path / "deep")
    with pytest.raises(InscapeError, match="a network that the sliders reach"):
        describe_run(deep)
