"""The kind ``anomalies``: rows are judged, told, drawn and kept; the command line says it all."""

from __future__ import annotations

import csv
import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import roc_auc_score

import inscape
from inscape._errors import InvalidParameterError, RunExistsError
from inscape.cli import main
from inscape.runs import AnomaliesConfig, FitConfig, Run, find_anomalies, fit
from inscape.uses import AnomalyDetector

CANCER = load_breast_cancer(as_frame=True)
FAST = ("denoising(n_components=8, hidden=[16], epochs=3)",)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    frame = CANCER.data.copy()
    frame["kind"] = np.where(CANCER.target == 1, "benign", "malignant")
    path = tmp_path_factory.mktemp("data") / "cancer.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def made(table, tmp_path_factory, drawing_small):
    config = AnomaliesConfig(data=str(table), target="kind", normal="benign", method=FAST)
    with drawing_small():
        return find_anomalies(config, tmp_path_factory.mktemp("runs") / "found")


def read_scores(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def test_a_run_opens_and_proves_itself(made):
    run = Run(made.path)
    assert run.kind == "anomalies"
    assert run.finished
    run.verify()
    assert [path.name for path in run.figures] == ["scores.png", "worst.png"]
    assert isinstance(run.load(), AnomalyDetector)
    assert (run.path / "report.html").stat().st_size > 10_000
    page = (run.path / "report.html").read_text(encoding="utf-8")
    captions = re.findall("<figcaption>(.*?)</figcaption>", page)
    assert len(captions) == 2
    assert all("ad sign" in caption for caption in captions)


def test_every_row_has_its_line_in_order(made):
    lines = read_scores(made.path / "scores.csv")
    assert [int(line["row"]) for line in lines] == list(range(569))
    scores = np.array([float(line["score"]) for line in lines])
    detector = made.load()
    X = CANCER.data.to_numpy(np.float32)
    judged = detector.score_samples(X)
    # Those learned from are judged by one who has not seen them.
    apart = ~np.isclose(scores, judged, rtol=1e-5)
    assert apart.sum() == made.metrics["rows"]["learned_from"]["count"] == 179
    assert (CANCER.target[apart] == 1).all()
    told = np.array([line["anomaly"] == "1" for line in lines])
    np.testing.assert_array_equal(told, scores < made.metrics["threshold"])


def test_the_figures_beside_the_classics_are_those_of_the_file(made):
    lines = read_scores(made.path / "scores.csv")
    scores = np.array([float(line["score"]) for line in lines])
    judged = made.load().score_samples(CANCER.data.to_numpy(np.float32))
    rest = np.isclose(scores, judged, rtol=1e-5)
    expected = roc_auc_score(CANCER.target[rest] == 0, -scores[rest])
    found = made.metrics["area_under_curve"]
    assert found["Inscape"] == pytest.approx(expected)
    assert set(found) == {"Inscape", "5th neighbour", "local outlier factor", "isolation forest"}
    known = made.metrics["known"]
    assert known["normal"]["count"] + known["not_normal"]["count"] == 390
    assert made.metrics["worst"][0]["score"] == scores.min()


@pytest.mark.proof
def test_a_fitted_run_encodes_the_rows(table, tmp_path):
    config = FitConfig(data=str(table), target="kind", hidden=(8,), epochs=2, scaler="standard")
    model = fit(config, tmp_path / "model")
    asked = AnomaliesConfig(data=str(table), target="kind", model=str(model.path))
    found = find_anomalies(asked, tmp_path / "found")
    assert found.metrics["method"] == "mahalanobis"
    assert found.metrics["known"] is None
    assert [path.name for path in found.figures] == ["scores.png"]
    np.testing.assert_array_equal(
        found.load().score_.representation.transform(CANCER.data.to_numpy()),
        inscape.load(model.path).transform(CANCER.data.to_numpy()),
    )


def test_a_config_repeats_the_run(made, tmp_path):
    again = find_anomalies(Run(made.path).config, tmp_path / "again")
    assert (again.path / "scores.csv").read_bytes() == (made.path / "scores.csv").read_bytes()
    assert again.metrics == made.metrics


def test_pictures_have_one_spread_and_are_drawn(tmp_path, drawing_small):
    config = AnomaliesConfig(data="digits", normal="3", method=FAST)
    with drawing_small():
        run = find_anomalies(config, tmp_path / "found")
    assert run.load().scaler is None
    assert len(run.figures) == 2
    assert run.metrics["known"]["not_normal"]["count"] > 100


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"normal": "bening"}, "Did you mean 'benign'?"),
        ({"normal": "benign", "target": None}, "must hold numbers in every feature"),
        ({"contamination": 0.1, "false_alarm_rate": 0.1}, "must not both be given"),
        ({"method": ("denoise",)}, "Did you mean 'denoising'?"),
    ],
)
def test_what_cannot_hold_leaves_nothing_behind(options, told, table, tmp_path):
    chosen = {"data": str(table), "target": "kind", "method": FAST, **options}
    with pytest.raises(inscape.InscapeError, match=told.replace("?", r"\?")):
        find_anomalies(AnomaliesConfig(**chosen), tmp_path / "found")
    assert not (tmp_path / "found").exists()


# --------------------------------------------------------------------------- how data are read


def messy(path, *, order=None, rows=None):
    """A table as Excel writes it: marks, decimal commas, words, dates, an id, a gap, a label."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "id": [f"{i:03d}" for i in range(90)],
            "weight": random.normal(1000, 3, 90).round(3),
            "kind": random.choice(["u", "v"], 90),
            "day": pd.date_range("2020-01-01", periods=90).strftime("%Y-%m-%d"),
            "label": np.where(np.arange(90) % 9, "1000000", "1000001"),
        }
    )
    frame.loc[7, "weight"] = np.nan
    frame = frame.iloc[rows or slice(None)]
    frame[order or list(frame)].to_csv(
        path, index=False, sep=";", decimal=",", encoding="utf-8-sig"
    )
    return frame


READING = {
    "target": "label",
    "keep": ("id",),
    "categories": "one_hot",
    "dates": "days",
    "decimal": ",",
    "missing": "mean",
}
FAST_ONE = ("neighbors(n_neighbors=3)",)


def test_a_messy_table_is_read_by_the_options_of_reading(tmp_path):
    path = tmp_path / "messy.csv"
    frame = messy(path)
    config = AnomaliesConfig(data=str(path), method=FAST_ONE, normal="1000000", **READING)
    run = find_anomalies(config, tmp_path / "found")
    lines = read_scores(run.path / "scores.csv")
    assert [line["id"] for line in lines] == frame["id"].tolist()
    # The same by hand: words and days as numbers, the mean of those learned from for the gap.
    days = pd.to_datetime(frame["day"]) - pd.Timestamp("1970-01-01")
    X = np.column_stack(
        [frame["weight"], frame["kind"] == "u", frame["kind"] == "v", days.dt.days]
    ).astype(float)
    normal = np.flatnonzero(frame["label"] == "1000000")
    learned = np.sort(np.random.default_rng(0).permutation(normal)[:40])
    X[7, 0] = np.nanmean(X[learned, 0])
    X = X.astype(np.float32)
    detector = AnomalyDetector(method=FAST_ONE[0], random_state=0).fit(X[learned])
    expected = detector.score_samples(X)
    expected[learned] = detector.unseen_scores_
    np.testing.assert_allclose([float(line["score"]) for line in lines], expected, rtol=1e-6)
    assert run.metrics["known"]["not_normal"]["count"] == 10
    worst = run.metrics["worst"][0]
    assert worst["kept"] == {"id": f"{int(np.argmin(expected)):03d}"}
    # The detector that is kept finds columns by their names, and knows the mean.
    kept = run.load()
    turned = frame[["day", "weight", "kind"]].assign(day=pd.to_datetime(frame["day"]))
    np.testing.assert_allclose(kept.score_samples(turned), detector.score_samples(X), rtol=1e-4)
    assert run.config == config


@pytest.mark.proof
def test_a_model_finds_the_columns_of_another_table_by_their_names(tmp_path):
    first, later = tmp_path / "first.csv", tmp_path / "later.csv"
    messy(first)
    frame = messy(later, order=["label", "day", "kind", "id", "weight"], rows=range(60))
    model = fit(FitConfig(data=str(first), hidden=(4,), epochs=1, **READING), tmp_path / "model")
    asked = AnomaliesConfig(
        data=str(later),
        model=str(model.path),
        method=("reconstruction",),
        keep=("id",),
        target="label",
        normal="1000000",
        decimal=",",
    )
    run = find_anomalies(asked, tmp_path / "found")
    lines = read_scores(run.path / "scores.csv")
    assert [line["id"] for line in lines] == frame["id"].tolist()
    # What the commands of a model say of the rows in the order of the first table.
    messy(tmp_path / "same.csv", rows=range(60))
    again = find_anomalies(
        dataclasses.replace(asked, data=str(tmp_path / "same.csv")), tmp_path / "again"
    )
    assert (again.path / "scores.csv").read_bytes() == (run.path / "scores.csv").read_bytes()
    frame["weight2"] = frame.pop("weight")
    frame.to_csv(later, index=False, sep=";", decimal=",")
    with pytest.raises(inscape.InscapeError, match="no 'weight'; 'weight2', which the model"):
        find_anomalies(asked, tmp_path / "never")
    with pytest.raises(inscape.InscapeError, match="got 'kind' among those to drop"):
        find_anomalies(dataclasses.replace(again.config, drop=("kind",)), tmp_path / "never")


def test_what_does_not_encode_is_one_sentence(made, tmp_path, capsys):
    rows = tmp_path / "rows.csv"
    CANCER.data.head(20).to_csv(rows, index=False)
    for command in ("encode", "score", "decode", "anomalies"):
        with pytest.raises(SystemExit) as ended:
            main([command, str(made.path), str(rows), "--output", str(tmp_path / "new.csv")])
        assert ended.value.code == 2
        told = capsys.readouterr().err
        assert "must hold a model that encodes rows; it holds AnomalyDetector" in told, command
    with pytest.raises(InvalidParameterError, match="an estimator with `fit` and `transform`"):
        AnomalyDetector(made.load()).fit(CANCER.data)


def test_pictures_of_another_size_are_told(tmp_path):
    model = fit(FitConfig(data="digits", hidden=(4,), epochs=1), tmp_path / "model")
    pictures = np.zeros((20, 5, 4), dtype=np.uint8)
    np.save(tmp_path / "pictures.npy", pictures)
    asked = AnomaliesConfig(data=str(tmp_path / "pictures.npy"), model=str(model.path))
    with pytest.raises(inscape.InscapeError, match="X must be pictures of 8 x 8"):
        find_anomalies(asked, tmp_path / "found")


def test_rows_that_are_dropped_leave_the_places_of_others(tmp_path):
    path = tmp_path / "rows.csv"
    rows = np.random.default_rng(0).normal(size=(30, 2))
    rows[4, 0] = np.nan
    rows[20] = 50.0
    for suffix in (".csv", ".npy"):
        path = tmp_path / f"rows{suffix}"
        if suffix == ".csv":
            pd.DataFrame(rows, columns=["a", "b"]).to_csv(path, index=False)
        else:
            np.save(path, rows)
        config = AnomaliesConfig(data=str(path), method=FAST_ONE, missing="drop")
        run = find_anomalies(config, tmp_path / suffix)
        lines = read_scores(run.path / "scores.csv")
        assert [int(line["row"]) for line in lines] == [i for i in range(30) if i != 4]
        assert run.metrics["worst"][0]["row"] == 20


def test_all_that_is_wrong_is_told_at_once_and_leaves_nothing(tmp_path):
    path = tmp_path / "messy.csv"
    messy(path)
    with pytest.raises(inscape.InscapeError) as refused:
        find_anomalies(AnomaliesConfig(data=str(path)), tmp_path / "found")
    for what in ("text in 'kind'", "dates in 'day'", "'weight' (1, first in row 7", "decimal=','"):
        assert what in str(refused.value)
    assert not (tmp_path / "found").exists()


def test_labels_have_to_be_there(tmp_path):
    path = tmp_path / "rows.csv"
    pd.DataFrame(np.random.default_rng(0).normal(size=(30, 2)), columns=["a", "b"]).to_csv(
        path, index=False
    )
    with pytest.raises(InvalidParameterError, match="data, which have none"):
        find_anomalies(AnomaliesConfig(data=str(path), normal="1"), tmp_path / "found")


def test_a_run_is_not_overwritten_unasked(made):
    with pytest.raises(RunExistsError):
        find_anomalies(made.config, made.path)


def test_the_command_line(table, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = ["anomalies", str(table), "--target", "kind", "--method", "neighbors", "--method"]
    with pytest.raises(SystemExit) as ended:
        main([*asked, "local", "--output", "scores.csv"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "of the 569 rows learned from are told off" in said
    assert "The worst rows" in said
    assert "Read as: the first line (mean radius, mean texture, mean perimeter, ...) is" in said
    assert len(read_scores(tmp_path / "scores.csv")) == 569
    assert Run(tmp_path / "runs" / "cancer-anomalies").config.method == ("neighbors", "local")
    with pytest.raises(SystemExit) as ended:
        main(["anomalies", str(table), "--output", "scores.csv"])
    assert ended.value.code == 2
    assert "must be a new file" in capsys.readouterr().err
