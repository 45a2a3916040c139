"""Runs: a directory that holds one fit, goes on after a kill with the same bits, and proves it."""

from __future__ import annotations

import errno
import os
import re
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.stats import ttest_1samp
from sklearn.datasets import load_wine
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import inscape
from inscape import data, recipes, runs
from inscape._errors import (
    DamagedFileError,
    InscapeError,
    InvalidDataError,
    InvalidParameterError,
    RunExistsError,
    RunNotFoundError,
    StorageError,
)
from inscape._files import hold_directory, prepare_directory, sha256
from inscape._manifests import unlisted
from inscape.figures import animate_map, turning_map
from inscape.runs import FitConfig, Run
from inscape.runs.environment import default_threads
from inscape.runs.fitting import job
from inscape.runs.fitting.checkpoint import load_snapshots
from inscape.runs.fitting.labels import tell_labels

SMALL = FitConfig(data="digits", hidden=(32,), epochs=3)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, drawing_small):
    with drawing_small():
        return runs.fit(SMALL, tmp_path_factory.mktemp("runs") / "digits-ae2")


def test_a_finished_run_holds_everything_the_design_names(finished):
    files = {p.relative_to(finished.path).as_posix() for p in finished.path.rglob("*")}
    assert files >= {
        "config.toml",
        "environment.json",
        "model/config.json",
        "model/model.safetensors",
        "checkpoint/state.safetensors",
        "history.jsonl",
        "metrics.json",
        "recorder/step-00000000.safetensors",
        "figures/map_and_grid.png",
        "figures/reconstructions.png",
        "figures/loss.png",
        "figures/weights.png",
        "report.html",
        "MANIFEST",
    }
    assert not [name for name in files if name.endswith(".tmp")]
    finished.verify()


def test_what_is_told_of_columns_calls_them_by_their_names(tmp_path):
    load_wine(as_frame=True).frame.to_csv(tmp_path / "wine.csv", index=False)
    config = FitConfig(data=str(tmp_path / "wine.csv"), target="target", epochs=1)
    run = runs.fit(config, tmp_path / "run")
    assert "(proline, magnesium) hold" in run.metrics["diagnosis"]
    assert inscape.load(run.path).diagnosis() == run.metrics["diagnosis"]
    assert "proline" in (run.path / "report.html").read_text()
    assert run.metrics["length"].replace("'", "&#x27;") in (run.path / "report.html").read_text()


@pytest.mark.parametrize("model", ["autoencoder", "VAE"])
def test_five_rows_end_with_a_run(tmp_path, model):
    """One row is left to test on, which has no variance."""
    np.savetxt(tmp_path / "five.csv", np.random.default_rng(0).normal(size=(5, 3)), delimiter=",")
    config = FitConfig(data=str(tmp_path / "five.csv"), model=model, epochs=2)
    run = runs.fit(config, tmp_path / "run")
    assert run.metrics["test"]["PCA"]["squared_error"] > 0
    assert "Squared error" in (run.path / "report.html").read_text()


def test_linear_methods_are_given_the_rows_that_the_model_is_given(tmp_path):
    load_wine(as_frame=True).frame.to_csv(tmp_path / "wine.csv", index=False)
    config = FitConfig(data=str(tmp_path / "wine.csv"), target="target", scaler="standard")
    run = runs.fit(replace(config, epochs=1), tmp_path / "run")
    dataset = data.load(tmp_path / "wine.csv", target="target")
    train, test = dataset.train.X.astype(float), dataset.test.X.astype(float)
    pca = make_pipeline(StandardScaler(), PCA(2)).fit(train)
    error = np.square(pca.inverse_transform(pca.transform(test)) - test).mean()
    assert run.metrics["test"]["PCA"]["squared_error"] == pytest.approx(error, rel=1e-4)
    assert run.metrics["test"]["Autoencoder"]["squared_error"] <= 1.02 * error
    assert run.metrics["missing"] == {"NMF": "needs data without negative values"}


def test_the_config_of_a_run_repeats_it_to_the_bit(finished, tmp_path):
    again = runs.fit(finished.config, tmp_path / "again")
    model = Path("model") / "model.safetensors"
    # The file tells every value that was left to a default; saying it again changes nothing.
    assert again.config == finished.config
    assert finished.config.optimizer.startswith("muon(momentum=0.9, ")
    for name in ("data", "hidden", "epochs", "bottleneck"):
        assert getattr(finished.config, name) == getattr(SMALL, name)
    assert None not in (finished.config.batch_size, finished.config.learning_rate)
    assert (again.path / model).read_bytes() == (finished.path / model).read_bytes()


def test_metrics_are_those_of_the_loaded_model_and_of_scikit_learn(finished):
    digits = data.load("digits")
    table = finished.metrics["test"]
    model = finished.load()
    ours = np.mean((model.reconstruct(digits.test.X) - digits.test.X) ** 2)
    pca = PCA(2, random_state=0).fit(digits.train.X)
    theirs = np.mean((pca.inverse_transform(pca.transform(digits.test.X)) - digits.test.X) ** 2)
    assert table["Autoencoder"]["squared_error"] == pytest.approx(ours, rel=1e-6)
    assert table["PCA"]["squared_error"] == pytest.approx(theirs, rel=1e-5)
    assert set(table) == {"Autoencoder", "PCA", "NMF"}
    score = finished.metrics["log_likelihood"]["nats_per_sample"]
    assert score == pytest.approx(model.score(digits.test.X))


def test_history_has_a_line_an_epoch_from_the_start_on_and_the_environment_what_a_repeat_needs(
    finished,
):
    assert [entry["epoch"] for entry in finished.history] == [0, 1, 2, 3]
    environment = finished.environment
    assert environment["data"]["checksum"] == data.load("digits").checksum
    assert environment["n_threads"] == default_threads()
    assert environment["packages"]["torch"]


def test_the_recorder_starts_before_training_and_ends_with_the_model(finished):
    snapshots = load_snapshots(sorted((finished.path / "recorder").iterdir()))
    assert snapshots[0].step == 0
    assert snapshots[-1].step == finished.metrics["steps"]
    weights = finished.load().network_.state_dict()
    for name, array in snapshots[-1].weights.items():
        np.testing.assert_array_equal(array, weights[name].numpy())
    assert any((snapshots[0].weights[n] != a).any() for n, a in snapshots[-1].weights.items())


def test_the_report_is_one_page_that_asks_nothing_of_a_network(finished):
    page = (finished.path / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == len(finished.figures)
    assert "http" not in page
    assert f"{finished.metrics['test']['PCA']['squared_error']:.4f}" in page


def test_every_run_shows_its_map_forming_and_one_of_three_components_turning(tmp_path):
    seen = {}
    with pytest.MonkeyPatch.context() as patch:
        for name, film in (("forming", animate_map), ("turning", turning_map)):

            def kept(codes, *rest, film=film, name=name, **options):
                seen[name] = np.asarray(codes)
                return film(codes, *rest, **options)

            patch.setattr(inscape.figures, film.__name__, kept)
        config = FitConfig(data="digits", hidden=(8,), n_components=3, epochs=1)
        run = runs.fit(config, tmp_path / "run")
    snapshots = load_snapshots(sorted((run.path / "recorder").iterdir()))
    for name, n_frames in (("forming", 3 * len(snapshots) - 2), ("turning", 36)):
        with Image.open(run.path / f"{name}.gif") as film:
            assert film.n_frames == n_frames
    model, X = run.load(), data.load("digits").test.X
    assert len(seen["forming"]) == len(snapshots) > 3
    np.testing.assert_allclose(seen["forming"][-1], model.transform(X[:1000]), atol=1e-5)
    np.testing.assert_allclose(seen["forming"][0], model.at(snapshots[0]).transform(X), atol=1e-5)
    page = (run.path / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/gif;base64,") == 2
    # All that it wrote is its own, so that it can be overwritten.
    assert unlisted(run.path) == []
    prepare_directory(run.path, overwrite=True)
    assert {path.name for path in run.figures} >= {"forming.png", "samples.png", "traversal.png"}


def test_every_figure_says_how_it_is_read_and_what_would_be_bad(finished):
    page = (finished.path / "report.html").read_text(encoding="utf-8")
    captions = re.findall("<figcaption>(.*?)</figcaption>", page)
    assert len(captions) == len(finished.figures) + 1
    assert all("ad sign" in caption for caption in captions)
    assert "spread scale" in captions[0]


@pytest.mark.parametrize("n_components", [1, 3])
def test_other_widths_of_the_code_are_drawn_too(tmp_path, n_components):
    run = runs.fit(
        FitConfig(data="digits", hidden=(), n_components=n_components, epochs=1), tmp_path / "run"
    )
    assert {p.name for p in run.figures} >= {"map.png", "components.png", "weights.png"}
    assert (run.path / "turning.gif").is_file() == (n_components == 3)


def test_tables_without_images_and_without_nmf_make_a_run(tmp_path):
    rng = np.random.default_rng(0)
    np.savetxt(
        tmp_path / "t.csv", rng.normal(size=(80, 4)), delimiter=",", header="a,b,c,d", comments=""
    )
    run = runs.fit(
        FitConfig(data=str(tmp_path / "t.csv"), scaler="standard", hidden=(8,)), tmp_path / "run"
    )
    assert "NMF" in run.metrics["missing"]
    assert "binary_cross_entropy" not in run.metrics["test"]["PCA"]
    assert run.load().transform(rng.normal(size=(2, 4))).shape == (2, 2)
    # No grid shows what its two components do, so a table does.
    assert "traversal.png" in {path.name for path in run.figures}


def test_a_dead_unit_is_told_in_words_with_the_remedy(tmp_path):
    # A learning rate far too large throws a ReLU unit below zero for every row, for ever.
    config = FitConfig(
        data="digits", hidden=(), bottleneck="relu", bias="torch_default", optimizer="adam",
        learning_rate=1.0, epochs=2,
    )  # fmt: skip
    with pytest.warns(inscape.DeadUnitWarning, match="dead"):
        run = runs.fit(config, tmp_path / "run")
    codes = run.load().transform(data.load("digits").train.X)
    assert run.metrics["dead_units"] == np.flatnonzero(np.ptp(codes, axis=0) == 0).tolist() != []
    assert "kaiming_normal" in run.metrics["diagnosis"]
    page = (run.path / "report.html").read_text(encoding="utf-8")
    assert "the code is the same for every training row" in page


def test_resuming_a_finished_run_changes_nothing(finished):
    before = {p: sha256(p) for p in finished.path.rglob("*") if p.is_file()}
    assert runs.resume(finished.path).path == finished.path
    assert {p: sha256(p) for p in finished.path.rglob("*") if p.is_file()} == before


def test_resuming_with_other_data_is_refused(tmp_path):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32))
    run = runs.fit(FitConfig(data=str(tmp_path / "x.npy"), hidden=(), epochs=1), tmp_path / "run")
    (run.path / "MANIFEST").unlink()
    np.save(tmp_path / "x.npy", np.random.default_rng(1).normal(size=(60, 4)).astype(np.float32))
    with pytest.raises(InvalidDataError, match="another checksum"):
        runs.resume(run.path)


# --------------------------------------------------------------------------- labels


def told(run, name):
    row = run.metrics["test"][name]
    return row["linear_probe"], row["nearest_neighbors"]


def by_scikit_learn(train, y, test, answers):
    """The same accuracies, by scikit-learn called directly."""
    scaling = StandardScaler().fit(train)
    probe = LogisticRegression(max_iter=1000).fit(scaling.transform(train), y)
    nearest = KNeighborsClassifier(5).fit(train, y)
    return (
        np.mean(probe.predict(scaling.transform(test)) == answers),
        np.mean(nearest.predict(test) == answers),
    )


def parted(X, y, T, answers):
    return replace(data.load(X), train=data.Split(X, y), test=data.Split(T, answers))


def test_what_codes_tell_of_labels_is_what_scikit_learn_says(finished):
    digits = data.load("digits")
    (X, y), (T, answers) = ((part.X, part.y) for part in (digits.train, digits.test))
    pca = PCA(2, random_state=0).fit(X)
    for name, model in (("Autoencoder", finished.load()), ("PCA", pca)):
        expected = by_scikit_learn(model.transform(X), y, model.transform(T), answers)
        assert told(finished, name) == pytest.approx(expected, abs=2 / len(T))
    labels = finished.metrics["labels"]
    assert (labels["n_learned"], labels["n_judged"]) == (len(X), len(T))
    assert labels["commonest"] == np.bincount(answers).max() / len(answers)
    columns = tuple(labels["columns"].values())
    assert columns == pytest.approx(by_scikit_learn(X, y, T, answers), abs=2 / len(T))
    page = (finished.path / "report.html").read_text()
    assert "Linear probe" in page
    assert f"{labels['columns']['linear_probe']:.1%}" in page


def test_many_rows_are_thinned_evenly_and_wide_columns_left_out():
    generator = np.random.default_rng(0)
    y = np.sort(np.arange(5001) % 3).astype(str)
    X = generator.normal(size=(5001, 300)) + 9 * (y == "1")[:, None]
    dataset = parted(X, y, X[::2], y[::2])
    first, labels = tell_labels({"few": PCA(2).fit(X)}, dataset, None)
    assert (labels["n_learned"], labels["n_judged"]) == (1667, 2501)
    assert labels["columns"] is None
    # The class in the middle is told in full, and the two others by chance.
    assert 0.5 < first["few"]["linear_probe"] < 0.8
    assert labels["commonest"] == pytest.approx(1 / 3, abs=0.01)


def test_columns_are_looked_at_behind_the_scaler_of_the_run(tmp_path):
    load_wine(as_frame=True).frame.to_csv(tmp_path / "wine.csv", index=False)
    config = FitConfig(data=str(tmp_path / "wine.csv"), target="target", scaler="standard")
    run = runs.fit(replace(config, epochs=1), tmp_path / "run")
    dataset = data.load(tmp_path / "wine.csv", target="target")
    scaling = StandardScaler().fit(dataset.train.X)
    X, T = (scaling.transform(part.X) for part in (dataset.train, dataset.test))
    expected = by_scikit_learn(X, dataset.train.y, T, dataset.test.y)
    columns = tuple(run.metrics["labels"]["columns"].values())
    assert columns == pytest.approx(expected, abs=1 / len(T))


@pytest.mark.parametrize(
    ("y", "answers"),
    [
        (None, None),
        (np.linspace(0, 1, 40), np.linspace(0, 1, 40)),
        (np.zeros(40), np.zeros(40)),
        (np.zeros(40), np.arange(40) % 2),
        (np.arange(40), np.arange(40)),
    ],
    ids=["none", "continuous", "one class", "one class to learn from", "numbers of rows"],
)
def test_what_are_no_classes_is_not_told(y, answers):
    X = np.random.default_rng(0).normal(size=(40, 3))
    dataset = parted(X, y, X, answers)
    assert tell_labels({"PCA": PCA(2).fit(X)}, dataset, None) == ({}, None)


# --------------------------------------------------------------------------- refusals


@pytest.fixture
def unfinished(finished, tmp_path):
    """A run whose writer has it still, in another thread's place, and is writing a file."""
    path = shutil.copytree(finished.path, tmp_path / "run")
    (path / "MANIFEST").unlink()
    (path / "checkpoint" / ".state.safetensors.0123abcd.tmp").write_text("half")
    return path


@pytest.mark.parametrize(
    "intrude",
    [
        lambda path: runs.fit(replace(SMALL, random_state=1), path, overwrite=True),
        lambda path: runs.resume(path),
        lambda path: inscape.load(path).save(path, overwrite=True),
        lambda path: runs.run_dynamics(runs.DynamicsConfig(), path, overwrite=True),
        lambda path: recipes.reproduce("zoo", path, quick=True, overwrite=True),
        lambda path: runs.find_anomalies(runs.AnomaliesConfig(data="digits"), path, overwrite=True),
    ],
)
def test_a_run_that_is_being_written_is_nobody_elses(unfinished, intrude):
    before = {p: sha256(p) for p in unfinished.rglob("*") if p.is_file()}
    told = []

    def work():
        try:
            intrude(unfinished)
        except StorageError as error:
            told.append(str(error))

    with hold_directory(unfinished):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert "must be written by one process at a time" in told[0]
    assert {p: sha256(p) for p in unfinished.rglob("*") if p.is_file()} == before


def test_a_run_is_never_overwritten_unasked_and_stays_where_the_new_one_cannot_start(
    finished, tmp_path
):
    run = Run(shutil.copytree(finished.path, tmp_path / "run"))
    digest = sha256(run.path / "MANIFEST")
    with pytest.raises(RunExistsError, match="--overwrite"):
        runs.fit(SMALL, run.path)
    with pytest.raises(InvalidParameterError, match="n_components"):
        runs.fit(FitConfig(data="digits", n_components=0), run.path, overwrite=True)
    assert sha256(run.path / "MANIFEST") == digest
    again = runs.fit(FitConfig(data="digits", hidden=(), epochs=1), run.path, overwrite=True)
    assert again.config.hidden == ()


def test_something_else_is_never_overwritten_even_when_asked(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("words")
    with pytest.raises(RunExistsError, match="something else"):
        runs.fit(SMALL, tmp_path / "thesis", overwrite=True)
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "words"


@pytest.mark.parametrize(
    "name", ["model/model.safetensors", "model/config.json", "metrics.json", "figures/map.png"]
)
@pytest.mark.parametrize("damage", ["flip", "cut", "gone"])
def test_a_damaged_file_is_named(finished, tmp_path, name, damage):
    run = Run(shutil.copytree(finished.path, tmp_path / "run"))
    path = run.path / name
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content if damage == "flip" else content[: len(content) // 2])
    with pytest.raises(DamagedFileError, match=path.name):
        run.verify()
    if name.startswith("model/"):
        with pytest.raises((DamagedFileError, RunNotFoundError), match=path.name):
            inscape.load(run.path)


def test_a_damaged_checkpoint_is_named(finished, tmp_path):
    run = Run(shutil.copytree(finished.path, tmp_path / "run"))
    (run.path / "MANIFEST").unlink()
    state = run.path / "checkpoint" / "state.safetensors"
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(DamagedFileError, match=r"state\.safetensors"):
        runs.resume(run.path)


@pytest.mark.parametrize(("code", "word"), [(errno.ENOSPC, "full"), (errno.EROFS, "read-only")])
def test_a_full_or_read_only_disk_is_told_and_the_last_good_state_stays(
    finished, tmp_path, monkeypatch, code, word
):
    real, calls = os.fsync, []

    def failing(handle):
        calls.append(handle)
        if len(calls) > 12:  # config, environment and a checkpoint go well
            raise OSError(code, os.strerror(code))
        real(handle)

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(StorageError, match=word):
        runs.fit(SMALL, tmp_path / "run")
    monkeypatch.undo()
    run = runs.resume(tmp_path / "run")
    model = Path("model") / "model.safetensors"
    assert sha256(run.path / model) == sha256(finished.path / model)


@pytest.mark.parametrize(
    "config",
    [
        FitConfig(data="digits", bottleneck="top_k(k=9)"),
        FitConfig(data="digits", epochs=0),
        FitConfig(data="digits", learning_rate=-1),
        FitConfig(data="digits", likelihood='bernoulli(link="sigmoid")'),
        FitConfig(data="nowhere.npy"),
        FitConfig(data="mnits"),
        FitConfig(data="digits", patience=3),
        FitConfig(data="digits", device="cuda:99"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(tmp_path, config):
    with pytest.raises(InscapeError):
        runs.fit(config, tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_threads_are_given_back(tmp_path):
    import torch

    before = torch.get_num_threads()
    runs.fit(FitConfig(data="digits", hidden=(), epochs=1), tmp_path / "run")
    assert torch.get_num_threads() == before


# --------------------------------------------------------------------------- several seeds


def test_several_seeds_are_told_by_their_mean_and_its_interval(tmp_path, monkeypatch):
    # Most of a run's seconds go into its pictures.
    monkeypatch.setattr(inscape.figures, "png", lambda figure: b"")
    config = replace(SMALL, n_components=3, epochs=2, seeds=3, random_state=5)
    run = runs.fit(config, tmp_path / "run")
    run.verify()
    # The run itself is the one that a fit of the first seed alone would have been.
    alone = runs.fit(replace(config, seeds=1), tmp_path / "alone")
    weights = "model/model.safetensors"
    assert (run.path / weights).read_bytes() == (alone.path / weights).read_bytes()
    assert alone.metrics["seeds"] is None
    told, test = run.metrics["seeds"], data.load("digits").test.X
    assert told["random_states"] == [5, 6, 7]
    errors = []
    for seed in told["random_states"]:
        model = inscape.Autoencoder(3, hidden=(32,), epochs=2, random_state=seed)
        model.fit(data.load("digits").train)
        errors.append(np.square(test - model.reconstruct(test)).mean())
    found = told["measures"]["squared_error"]
    np.testing.assert_allclose(found["values"], errors, rtol=1e-6)
    interval = ttest_1samp(errors, 0).confidence_interval(0.95)
    assert (found["low"], found["high"]) == pytest.approx(tuple(interval), rel=1e-6)
    assert "linear_probe" in told["measures"]
    page = (run.path / "report.html").read_text(encoding="utf-8")
    assert f"<td>{np.mean(errors):.4f}</td>" in page
    assert f"<td>± (3 seeds)</td><td>{interval.high - np.mean(errors):.4f}</td>" in page
    assert "2 degrees of freedom" in page
    assert (run.path / "figures" / "seeds.png").is_file()
    assert not (alone.path / "figures" / "seeds.png").exists()


def test_seeds_are_gone_on_with_and_refused_before_anything(tmp_path, monkeypatch):
    monkeypatch.setattr(inscape.figures, "png", lambda figure: b"")
    config = replace(SMALL, epochs=1, seeds=2)
    whole = runs.fit(config, tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(job, "compare", _fails)
        with pytest.raises(RuntimeError):
            runs.fit(config, tmp_path / "killed")
    assert (
        runs.resume(tmp_path / "killed").metrics["seeds"]["measures"]["squared_error"]
        == (whole.metrics["seeds"]["measures"]["squared_error"])
    )
    with pytest.raises(InvalidParameterError, match="`seeds` must be an integer >= 1; got 0"):
        runs.fit(replace(SMALL, seeds=0), tmp_path / "none")
    assert not (tmp_path / "none").exists()


def _fails(*_):
    raise RuntimeError
