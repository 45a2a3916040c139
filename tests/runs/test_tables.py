"""Contracts of every kind of run of a use: how its rows are read, and what is told of each."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import inscape
from inscape.cli import main
from inscape.runs import (
    AnomaliesConfig,
    ClassificationConfig,
    ClustersConfig,
    FitConfig,
    classify,
    find_anomalies,
    find_clusters,
    fit,
)
from inscape.runs.anomalies import judging
from inscape.runs.classification import table as of_classes
from inscape.runs.clusters import reading as of_clusters

JOBS = {
    "anomalies": (AnomaliesConfig, find_anomalies, "scores.csv", {}),
    "cluster": (ClustersConfig, find_clusters, "clusters.csv", {"n_clusters": 2}),
    "classify": (ClassificationConfig, classify, "predictions.csv", {"method": "probe"}),
}
READING = {
    "target": "kind",
    "keep": ("id",),
    "decimal": ",",
    "categories": "one_hot",
    "missing": "drop",
}
KINDS = pytest.mark.parametrize("kind", JOBS)


def frame(seed):
    """Two groups of rows; ids that are no numbers, labels that :g would merge, a gap in row 7."""
    rng = np.random.default_rng(seed)
    group = np.arange(60) % 2
    found = pd.DataFrame(
        {
            "id": [f"{i:03d}" for i in range(60)],
            "width": (rng.normal(size=60) + 9 * group + 1e4).round(3),
            "height": (rng.normal(size=60) - 9 * group).round(3),
            "shape": rng.choice(["round", "flat"], 60),
            "kind": np.where(group, "1000001", "1000000"),
        }
    )
    found.loc[7, "width"] = np.nan
    return found


def write(table, path):
    table.to_csv(path, index=False, sep=";", decimal=",")
    return str(path)


def read_lines(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module", autouse=True)
def few_folds():
    """How well labels are told is not asked here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inscape.runs.classification.judging._FOLDS", 2)
        yield


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    table = write(frame(0), folder / "first.csv")
    config = FitConfig(
        data=table, n_components=2, hidden=(), epochs=2, scaler="standard", **READING
    )
    return fit(config, folder / "run").path


@pytest.fixture(scope="module")
def run_of(model, tmp_path_factory):
    """For each kind the run of the model alone: its own data, read as they were for it."""
    made = {}

    def find(kind):
        if kind not in made:
            config, job, _, options = JOBS[kind]
            folder = tmp_path_factory.mktemp(kind)
            made[kind] = job(config(model=str(model), **options), folder / "run")
        return made[kind]

    return find


@KINDS
def test_each_line_has_its_place_and_what_is_kept(kind, run_of):
    lines = read_lines(run_of(kind).path / JOBS[kind][2])
    assert list(lines[0])[:2] == ["row", "id"]
    assert [int(line["row"]) for line in lines] == [i for i in range(60) if i != 7]
    assert [line["id"] for line in lines] == [f"{i:03d}" for i in range(60) if i != 7]


@KINDS
def test_what_is_told_of_a_row_is_its_own(kind, run_of):
    """The rows that are named, and what the model that is kept says of a frame by its names."""
    run = run_of(kind)
    named = run.metrics.get("worst") or run.metrics.get("least_sure") or []
    # Of rows that were all learned from, none is told as least sure.
    assert named or kind != "anomalies"
    assert all(row["kept"] == {"id": f"{row['row']:03d}"} for row in named)
    assert "Read as: " in (run.path / "report.html").read_text()
    lines = read_lines(run.path / JOBS[kind][2])
    table = frame(0).drop(index=7)
    turned = table[["shape", "kind", "height", "id", "width"]]
    use = run.load()
    features = turned.drop(columns=["kind", "id"])
    if kind == "anomalies":
        # The scores in the file are those of one who has not seen the row.
        assert np.corrcoef(use.score_samples(features), use.unseen_scores_)[0, 1] > 0.9
        return
    told = use.predict(features).astype(str)
    assert [line[kind.replace("classify", "class")] for line in lines] == told.tolist()
    if kind == "classify":
        assert np.mean(told == table["kind"].to_numpy()) > 0.95


@KINDS
def test_columns_are_found_by_the_names_that_a_model_knows(kind, model, tmp_path):
    config, job, file, options = JOBS[kind]
    asked = config(model=str(model), **{**READING, "categories": "refuse"}, **options)
    table = frame(1)
    names = ["kind", "height", "shape", "id", "width"]
    found = []
    for number, columns in enumerate((list(table), names)):
        path = write(table[columns], tmp_path / f"{number}.csv")
        run = job(replace(asked, data=path), tmp_path / f"run-{number}")
        found.append((run.path / file).read_bytes())
    assert found[0] == found[1]
    path = write(table.drop(columns="height"), tmp_path / "lacking.csv")
    with pytest.raises(inscape.InscapeError, match="the model was fitted with; got no 'height'"):
        job(replace(asked, data=path), tmp_path / "never")
    assert not (tmp_path / "never").exists()


@KINDS
def test_labels_are_written_as_people_write_them(kind, tmp_path):
    for suffix in (".csv", ".npz"):
        labels = np.array([1000000, 1000001, 1234567])[np.arange(30) % 3]
        X = np.random.default_rng(0).normal(size=(30, 2))
        path = tmp_path / f"rows{suffix}"
        if suffix == ".csv":
            pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "kind": labels}).to_csv(path, index=False)
        else:
            np.savez(path, X=X, y=labels.astype(float))
        options = {"data": str(path), "target": "kind" if suffix == ".csv" else None}
        expected = sorted(set(labels.tolist()))
        if kind == "cluster":
            found = of_clusters.read_table(ClustersConfig(**options)).labels
            assert found.tolist() == labels.astype(str).tolist()
        elif kind == "classify":
            found = of_classes.read_table(ClassificationConfig(**options))
            assert found.labels.tolist() == labels.tolist()
            assert found.classes == expected
        else:
            found = judging.read_table(AnomaliesConfig(normal="1000001", **options))
            np.testing.assert_array_equal(found.odd, labels != 1000001)


@KINDS
def test_means_are_of_the_rows_that_are_learned_from(kind, tmp_path):
    X = np.random.default_rng(0).normal(size=(40, 2)) + 5
    X[3, 0] = X[35, 1] = np.nan
    # Those held out are of another mean.
    X[30:] += 100
    y = np.arange(40) % 2
    path = tmp_path / "rows.npz"
    np.savez(path, X_train=X[:30], y_train=y[:30], X_test=X[30:], y_test=y[30:])
    config = JOBS[kind][0](data=str(path), missing="mean")
    read = {"anomalies": judging, "cluster": of_clusters, "classify": of_classes}[kind].read_table
    found = read(config)
    learned = slice(None) if kind == "cluster" else slice(30)
    means = np.nanmean(X[learned], axis=0)
    assert found.X[3, 0] == pytest.approx(means[0], rel=1e-6)
    assert found.X[35, 1] == pytest.approx(means[1], rel=1e-6)
    assert found.description.means == pytest.approx(means, rel=1e-6)
    assert "2 missing values are the means of the rows learned from" in found.told
    np.testing.assert_array_equal(found.held_out, np.arange(40) >= 30)


@KINDS
def test_a_name_that_is_told_already_cannot_be_kept(kind, tmp_path):
    config, job, file, options = JOBS[kind]
    table = frame(0).rename(columns={"id": "row"}).drop(index=7)
    path = write(table, tmp_path / "rows.csv")
    asked = config(data=path, **{**READING, "keep": ("row",)}, **options)
    with pytest.raises(inscape.InscapeError, match=f"{file} must have different names; 'row' is"):
        job(asked, tmp_path / "never")
    assert not (tmp_path / "never").exists()


@KINDS
def test_the_command_says_how_the_rows_were_read(kind, model, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = frame(1)
    table.loc[11, "width"] = np.nan
    write(table, tmp_path / "later.csv")
    read = ["--decimal", ",", "--target", "kind", "--keep", "id", "--missing", "drop"]
    for asked in (["later.csv", *read], []):
        with pytest.raises(SystemExit) as ended:
            main([kind, str(model), *asked, "--output", "told.csv", "--overwrite"])
        assert ended.value.code == 0
        said = capsys.readouterr().out
        assert said.startswith("Read as: ")
        assert "kind" in said.split("\n")[0]
        gone = {7, 11} if asked else {7}
        assert f"{len(gone)} rows with missing values are dropped" in said
        lines = read_lines(tmp_path / "told.csv")
        assert [int(line["row"]) for line in lines] == [i for i in range(60) if i not in gone]
        assert "id" in lines[0]
    # What is kept does not hang on whether somebody looked on.
    made = list((tmp_path / "runs").iterdir())
    assert [inscape.load(path).verbose for path in made] == [0, 0]


@pytest.mark.parametrize("suffix", ["csv", "parquet", "xlsx"])
def test_whole_numbers_beside_an_empty_cell_are_whole(suffix, tmp_path):
    """pandas makes floats of them."""
    table = frame(0).drop(index=7)[["width", "height", "id"]]
    table["kind"] = np.where(np.arange(59) % 2, 1000001, 1000000.0)
    table.loc[[2, 3], "kind"] = np.nan
    path = tmp_path / f"rows.{suffix}"
    {"csv": table.to_csv, "parquet": table.to_parquet, "xlsx": table.to_excel}[suffix](path)
    found = of_classes.read_table(ClassificationConfig(data=str(path), target="kind", keep=("id",)))
    if suffix == "csv":
        # A text file has what is written: 1000000.0.
        assert found.classes == ["1000000.0", "1000001.0"]
        return
    assert found.classes == [1000000, 1000001]
    assert found.labels[:4].tolist() == [1000000, 1000001, None, None]


def test_a_row_without_a_label_stays_where_others_are_dropped(tmp_path):
    table = frame(0)
    table.loc[[2, 3, 50], "kind"] = ""
    path = write(table, tmp_path / "rows.csv")
    found = of_classes.read_table(ClassificationConfig(data=path, **READING))
    assert found.labels.tolist().count(None) == 3
    assert np.flatnonzero([label is None for label in found.labels]).tolist() == [2, 3, 49]
    assert found.places[49] == 50
    assert list(found.rows.kept) == ["id"]
    assert found.told[-1] == "the labels are 'kind' (2 classes, 56 of 59 rows)"
    assert "'id' kept beside the rows" in found.told
