"""The kind ``classification``: labels that were held out, told, drawn and kept."""

from __future__ import annotations

import csv

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine
from sklearn.decomposition import PCA

import inscape
from inscape import data
from inscape._errors import InvalidDataError, InvalidParameterError, RunExistsError
from inscape.cli import main
from inscape.runs import ClassificationConfig, FitConfig, Run, classify, fit
from inscape.runs.classification.judging import OURS, folds_of, judge
from inscape.runs.classification.table import Table, read_table
from inscape.uses import PretrainedClassifier

WINE = load_wine(as_frame=True)
NAMES = np.array(["Barbera 7", "Barolo, 10", "Grignolino 007"], dtype=object)


def write_wine(path, *, labels=None, every=1, empty=""):
    """Write the table with a label in one of some rows."""
    kind = NAMES[WINE.target] if labels is None else np.array(labels, object)[WINE.target]
    frame = WINE.data.copy()
    frame["kind"] = np.where(np.arange(178) % every == 0, kind, empty)
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return write_wine(tmp_path_factory.mktemp("data") / "wine.csv", every=4)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = write_wine(tmp_path_factory.mktemp("data") / "whole.csv")
    config = FitConfig(data=str(path), target="kind", hidden=(8,), epochs=3, scaler="standard")
    return fit(config, tmp_path_factory.mktemp("runs") / "model")


@pytest.fixture(scope="module")
def made(table, model, tmp_path_factory, drawing_small):
    config = ClassificationConfig(data=str(table), model=str(model.path), target="kind")
    with drawing_small():
        return classify(config, tmp_path_factory.mktemp("runs") / "told")


def make_table(X, labels):
    """Rows of which none are held out."""
    n = len(X)
    rows = data.Split(X, description=data.Description(("a",) * X.shape[1]))
    return Table(
        name="made", rows=rows, held_out=np.zeros(n, bool), places=np.arange(n), labels=labels
    )


def read_predictions(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_opens_and_proves_itself(made):
    run = Run(made.path)
    assert run.kind == "classification"
    assert run.finished
    run.verify()
    assert [path.name for path in run.figures] == ["confusion.png"]
    assert isinstance(run.load(), PretrainedClassifier)
    assert (run.path / "report.html").stat().st_size > 10_000


def test_every_row_has_its_line_with_the_name_of_its_class(made):
    lines = read_predictions(made.path / "predictions.csv")
    assert [int(line["row"]) for line in lines] == list(range(178))
    labelled = np.array([line["label"] != "" for line in lines])
    assert (labelled == (np.arange(178) % 4 == 0)).all()
    assert {line["class"] for line in lines} == set(NAMES)
    assert all(
        (line["held_out_class"] != "") == known for line, known in zip(lines, labelled, strict=True)
    )
    X = WINE.data.to_numpy(np.float32)
    loaded = made.load()
    assert loaded.predict(X).tolist() == [line["class"] for line in lines]
    told = [float(line["probability"]) for line in lines]
    np.testing.assert_allclose(loaded.predict_proba(X).max(axis=1), told)
    right = [line["class"] == NAMES[k] for line, k in zip(lines, WINE.target, strict=True)]
    assert np.mean(right) > 0.85


def test_the_accuracy_is_of_labels_that_were_held_out(made):
    lines = read_predictions(made.path / "predictions.csv")
    held = [line for line in lines if line["held_out_class"]]
    right = np.mean([line["held_out_class"] == line["label"] for line in held])
    metrics = made.metrics
    assert metrics["held_out"] == {"labels": 45, "folds": 5, "rows_seen": True}
    assert metrics["accuracy"][OURS]["accuracy"] == pytest.approx(right)
    error = np.sqrt(right * (1 - right) / 45)
    assert metrics["accuracy"][OURS]["standard_error"] == pytest.approx(error)
    counts = np.array(metrics["confusion"]["counts"])
    assert counts.sum() == 45
    assert np.trace(counts) / 45 == pytest.approx(right)
    assert metrics["confusion"]["classes"] == list(NAMES)
    assert list(metrics["accuracy"]) == [
        OURS,
        "logistic regression, rows",
        "logistic regression, PCA of 2",
        "nearest neighbors (5), rows",
        "most frequent class",
    ]
    frequent = np.bincount(WINE.target[::4]).max() / 45
    assert metrics["accuracy"]["most frequent class"]["accuracy"] == pytest.approx(frequent)


def test_the_rows_that_are_least_sure_have_no_label(made):
    found = made.metrics["least_sure"]
    assert len(found) == 20
    assert all(row["row"] % 4 and row["label"] is None for row in found)
    margins = [np.subtract(*row["probabilities"]) for row in found]
    assert margins == sorted(margins)
    assert all(row["first"] != row["second"] for row in found)
    two = np.sort(made.load().predict_proba(WINE.data.to_numpy(np.float32)), axis=1)[:, -2:]
    gaps = np.diff(two, axis=1)[np.arange(178) % 4 != 0]
    assert margins[0] == pytest.approx(gaps.min())


def test_of_rows_that_were_all_learned_from_none_is_least_sure(model, tmp_path):
    whole = write_wine(tmp_path / "whole.csv")
    config = ClassificationConfig(data=str(whole), model=str(model.path), target="kind")
    told = classify(config, tmp_path / "told")
    assert told.metrics["least_sure"] == []
    assert "Least sure" not in (told.path / "report.html").read_text()


def test_a_row_is_told_by_one_who_has_not_seen_its_label():
    # Labels at random: who has seen them is right, who has not is not.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    labels = np.array(rng.integers(0, 2, 300).tolist(), dtype=object)
    rows = make_table(X, labels)
    classifier = PretrainedClassifier(PCA(2).fit(X), method="graph(alpha=0.1)", random_state=0)
    judged = judge(rows, classifier, seed=0)
    assert judged.places.tolist() == list(range(300))
    assert (classifier.fit(X, labels.astype(int)).predict(X) == labels).mean() > 0.8
    for name, told in judged.predicted.items():
        assert 0.38 < (told == labels).mean() < 0.62, name


def test_labels_are_held_out_in_as_many_parts_as_the_rarest_class_has():
    labels = np.array(["a"] * 9 + ["b"] * 3 + ["c"] + [None] * 4, dtype=object)
    rows = make_table(np.zeros((17, 1)), labels)
    folds, n_folds = folds_of(rows, seed=0)
    assert n_folds == 3
    assert sorted(np.concatenate([judged for _, judged in folds])) == list(range(12))
    for learned, judged in folds:
        assert not set(learned) & set(judged)
        assert 12 in learned
        assert {labels[i] for i in learned} == {"a", "b", "c"}
    alone = make_table(np.zeros((3, 1)), labels[[0, 9, 12]])
    assert folds_of(alone, seed=0) == ([], None)
    with pytest.raises(InvalidDataError, match="two classes or more; got 1"):
        folds_of(make_table(np.zeros((9, 1)), labels[:9]), seed=0)


@pytest.mark.parametrize(
    ("labels", "empty", "unlabeled", "classes"),
    [
        (["b", "a10", "a2"], "", None, ["a2", "a10", "b"]),
        (["1", "10", "2"], "-1", "-1", [1, 2, 10]),
        (["1", "10", "2"], "", None, [1, 2, 10]),
        (["007", "7", "1e3"], "", None, ["1e3", "7", "007"]),
        (["007", "7", "10"], "", None, ["007", "7", "10"]),
        (["1.5", "2", "3"], "none at all", "none at all", ["1.5", "2", "3"]),
        (["1000000", "1000001", "2"], "", None, [2, 1000000, 1000001]),
    ],
)
def test_labels_of_a_table_are_what_is_written(labels, empty, unlabeled, classes, tmp_path):
    path = write_wine(tmp_path / "wine.csv", labels=labels, every=3, empty=empty)
    config = ClassificationConfig(data=str(path), target="kind", unlabeled=unlabeled)
    found = read_table(config)
    assert sorted(map(str, found.classes)) == sorted(map(str, classes))
    assert {type(c) for c in found.classes} == {type(c) for c in classes}
    assert found.known.tolist() == (np.arange(178) % 3 == 0).tolist()
    assert found.X.shape == (178, 13)


@pytest.mark.proof
def test_a_test_part_is_not_seen(tmp_path):
    whole = data.load("digits")
    np.savez(
        tmp_path / "digits.npz",
        X_train=whole.train.X[:300],
        y_train=np.where(np.arange(300) % 3 == 0, whole.train.y[:300], -1),
        X_test=whole.test.X[:80],
        y_test=whole.test.y[:80],
    )
    config = FitConfig(data="digits", n_components=4, hidden=(16,), epochs=3)
    model = fit(config, tmp_path / "model")
    asked = ClassificationConfig(
        data=str(tmp_path / "digits.npz"), model=str(model.path), unlabeled="-1"
    )
    made = classify(asked, tmp_path / "told")
    metrics = made.metrics
    assert metrics["held_out"] == {"labels": 80, "folds": None, "rows_seen": False}
    assert metrics["rows"] == {"seen": 300, "test": 80}
    assert len(made.load().method_.codes) == 300
    told = made.load().predict(whole.test.X[:80])
    right = (told == whole.test.y[:80]).mean()
    assert metrics["accuracy"][OURS]["accuracy"] == pytest.approx(right)
    assert told.dtype == np.int64
    lines = read_predictions(made.path / "predictions.csv")
    assert [line["held_out_class"] for line in lines[300:]] == list(map(str, told))


def test_a_run_alone_brings_its_data_and_pictures_are_drawn(tmp_path, drawing_small):
    config = FitConfig(data="digits", n_components=4, hidden=(16,), epochs=3)
    model = fit(config, tmp_path / "model")
    with drawing_small():
        asked = ClassificationConfig(model=str(model.path), method="probe")
        made = classify(asked, tmp_path / "told")
    assert made.config.data == "digits"
    assert [path.name for path in made.figures] == ["confusion.png", "least_sure.png"]
    assert made.metrics["accuracy"][OURS]["accuracy"] > 0.5
    np.testing.assert_array_equal(
        made.load().representation_.transform(data.load("digits").test.X),
        inscape.load(model.path).transform(data.load("digits").test.X),
    )


def test_a_config_repeats_the_run(made, tmp_path):
    again = classify(Run(made.path).config, tmp_path / "again")
    for name in ("predictions.csv", "metrics.json"):
        assert (again.path / name).read_bytes() == (made.path / name).read_bytes()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"target": "kid"}, "Did you mean 'kind'?"),
        ({"target": None, "model": None}, "add --target NAME"),
        ({"target": "alcohol"}, "`target` must be no feature of the model; got 'alcohol'"),
        ({"unlabeled": "Barbera"}, "Did you mean 'Barbera 7'?"),
        ({"method": "grph"}, "Did you mean 'graph'?"),
        ({"model": "nowhere"}, "nowhere must be a run"),
    ],
)
def test_what_cannot_hold_leaves_nothing_behind(options, told, table, model, tmp_path):
    chosen = {"data": str(table), "target": "kind", "model": str(model.path), **options}
    with pytest.raises(inscape.InscapeError, match=told.replace("?", r"\?")):
        classify(ClassificationConfig(**chosen), tmp_path / "told")
    assert not (tmp_path / "told").exists()


def test_labels_have_to_be_there(tmp_path):
    np.save(tmp_path / "rows.npy", np.random.default_rng(0).normal(size=(30, 2)))
    with pytest.raises(InvalidParameterError, match="The data must hold labels"):
        classify(ClassificationConfig(data=str(tmp_path / "rows.npy")), tmp_path / "told")


def test_a_run_is_not_overwritten_unasked(made):
    with pytest.raises(RunExistsError):
        classify(made.config, made.path)


def test_the_command_line(table, model, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = ["classify", str(model.path), str(table), "--target", "kind", "--method", "probe"]
    with pytest.raises(SystemExit) as ended:
        main([*asked, "--output", "told.csv"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "45 of 178 rows learned from have a label: 3 classes of 12 to 18." in said
    assert "their rows were seen, without a label" in said
    assert "nearest neighbors (5), rows" in said
    assert "Least sure, without a label" in said
    assert len(read_predictions(tmp_path / "told.csv")) == 178
    run = Run(tmp_path / "runs" / "wine-classes")
    assert run.config.method == "probe"
    with pytest.raises(SystemExit) as ended:
        main(["classify", "--config", str(run.path / "config.toml"), "--output", "told.csv"])
    assert ended.value.code == 2
    assert "must be a new file" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["classify", "--config", str(run.path / "config.toml"), "--run", "again"])
    assert ended.value.code == 0
    assert Run(tmp_path / "again").metrics == run.metrics


def test_a_frame_of_pandas_with_labels_missing_is_a_file_too(model, tmp_path):
    frame = WINE.data.copy()
    frame["kind"] = pd.Series(np.where(np.arange(178) % 4 == 0, NAMES[WINE.target], None))
    frame[frame.columns[::-1]].to_parquet(tmp_path / "wine.parquet")
    config = ClassificationConfig(
        data=str(tmp_path / "wine.parquet"), model=str(model.path), target="kind"
    )
    made = classify(config, tmp_path / "told")
    assert sum(made.metrics["labels"].values()) == 45
    assert made.metrics["accuracy"][OURS]["accuracy"] > 0.7
