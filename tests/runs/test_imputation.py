"""The kind ``imputation``: what is missing filled, what was hidden told, drawn and kept."""

from __future__ import annotations

import csv

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine

from inscape import data
from inscape._errors import InvalidDataError, InvalidParameterError, RunExistsError
from inscape.cli import main
from inscape.runs import ImputationConfig, Run, impute
from inscape.runs.imputation.judging import OURS, judge
from inscape.runs.imputation.reading import read_table
from inscape.runs.tables import Table
from inscape.uses import Imputer

WINE = load_wine(as_frame=True).data.iloc[:120]
READING = {"keep": ("id",), "target": "kind", "method": "gaussian"}


def write_wine(path, frame=WINE):
    """Write the table with a fifth of its cells empty, beside an id and a label."""
    gaps = np.random.default_rng(0).random(frame.shape) < 0.2
    table = frame.mask(gaps)
    table.insert(0, "id", [f"{i:03d}" for i in range(len(frame))])
    table["kind"] = "a"
    table.to_csv(path, index=False)
    return str(path)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return write_wine(tmp_path_factory.mktemp("data") / "wine.csv")


@pytest.fixture(scope="module")
def made(table, tmp_path_factory):
    config = ImputationConfig(data=table, n_imputations=2, **READING)
    return impute(config, tmp_path_factory.mktemp("runs") / "filled")


def read_frame(path):
    return pd.read_csv(path, dtype={"id": str})


def test_a_run_opens_and_proves_itself(made):
    run = Run(made.path)
    assert run.kind == "imputation"
    assert run.finished
    run.verify()
    assert [path.name for path in run.figures] == ["hidden.png"]
    assert isinstance(run.load(), Imputer)
    assert "Bad signs" in (run.path / "report.html").read_text()


def test_what_is_there_stays_and_what_is_missing_is_filled(made, table):
    given, filled = read_frame(table), read_frame(made.path / "filled.csv")
    assert list(filled) == ["row", "id", *WINE.columns]
    assert filled["id"].tolist() == [f"{i:03d}" for i in range(120)]
    rows, there = given[WINE.columns], given[WINE.columns].notna().to_numpy()
    np.testing.assert_allclose(filled[WINE.columns].to_numpy()[there], rows.to_numpy()[there])
    assert filled.notna().all(axis=None)
    spread = WINE.std().to_numpy()
    apart = ((filled[WINE.columns] - WINE) / spread).to_numpy()[~there]
    assert np.sqrt(np.mean(apart**2)) < 0.9
    deviations = read_frame(made.path / "standard_deviations.csv")[WINE.columns].to_numpy()
    assert ((deviations > 0) == ~there).all()
    draws = [read_frame(made.path / f"imputation-{k}.csv")[WINE.columns] for k in (1, 2)]
    differ = (draws[0] != draws[1]).to_numpy()
    assert (differ == ~there).all()
    # The model that is kept says the same of a frame in another order.
    again = made.load().transform(rows[rows.columns[::-1]])
    np.testing.assert_allclose(again, filled[WINE.columns], rtol=1e-5)


def test_the_metrics_tell_what_is_missing_and_what_was_hidden(made, table):
    metrics = made.metrics
    empty = read_frame(table)[WINE.columns].isna()
    assert metrics["missing"]["entries"] == int(empty.sum().sum())
    assert metrics["missing"]["rows"] == int(empty.any(axis=1).sum())
    counts = {column["name"]: column["missing"] for column in metrics["columns"]}
    assert counts == empty.sum().to_dict()
    assert list(metrics["error"]) == [
        OURS,
        "one Gaussian",
        "nearest neighbors (5)",
        "mean of the column",
    ]
    assert metrics["error"][OURS]["error"] < metrics["error"]["mean of the column"]["error"]
    assert 0.8 < metrics["hidden"]["within"] <= 1


def test_what_is_hidden_is_not_learned_from():
    """Of columns that have nothing to do with each other nothing can be told."""
    X = np.random.default_rng(0).normal(size=(150, 4)) * 100 + 1e5
    rows = data.Split(X, description=data.Description(tuple("abcd")))
    held_out, places = np.zeros(150, bool), np.arange(150)
    found = Table(name="made", rows=rows, held_out=held_out, places=places)
    judged = judge(found, Imputer(method="kernel", random_state=0), seed=0)
    assert 0.25 < judged.hidden.mean() < 0.35
    assert np.isnan(judged.rows[judged.hidden]).all()
    for error in judged.errors().values():
        assert 0.85 < error["error"] < 1.25


def test_what_cannot_hold_leaves_nothing_behind(made, table, tmp_path):
    with pytest.raises(InvalidParameterError, match="`missing` must be left out here"):
        ImputationConfig(data=table, missing="drop")
    for config, told in (
        (ImputationConfig(data=table, **{**READING, "method": "meen"}), "`method` must be"),
        (ImputationConfig(data=table, n_imputations=-1, **READING), "`n_imputations` must be"),
        (ImputationConfig(data=table, **{**READING, "method": "reconstruction"}), "representation"),
    ):
        with pytest.raises(InvalidParameterError, match=told):
            impute(config, tmp_path / "never")
        assert not (tmp_path / "never").exists()
    few = write_wine(tmp_path / "few.csv", WINE.iloc[:5])
    with pytest.raises(InvalidDataError, match="at least 8 rows to learn from; got 5"):
        read_table(ImputationConfig(data=few, **READING))
    with pytest.raises(RunExistsError):
        impute(ImputationConfig(data=table, **READING), made.path)


def test_the_command_writes_the_rows(table, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = ["impute", table, "--keep", "id", "--target", "kind", "--method", "gaussian"]
    with pytest.raises(SystemExit) as ended:
        main([*asked, "--output", "filled.csv"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith("Read as: ")
    assert "entries are missing (" in said
    assert "nearest neighbors (5)" in said
    with (tmp_path / "filled.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 120
    run = Run(tmp_path / "runs" / "wine-imputation")
    with pytest.raises(SystemExit) as ended:
        main(["impute", "--config", str(run.path / "config.toml"), "--run", "again"])
    assert ended.value.code == 0
    assert Run(tmp_path / "again").metrics == run.metrics
