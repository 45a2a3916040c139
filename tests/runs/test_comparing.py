"""The kind ``comparison``: models side by side on one split, with intervals over seeds."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_1samp
from sklearn.datasets import load_wine
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.manifold import trustworthiness
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import inscape
from inscape import data
from inscape.cli import main
from inscape.runs import ComparisonConfig, FitConfig, Run, compare_models, fit
from inscape.runs.comparing import entries
from inscape.runs.comparing.summary import best_cells, header, table_rows
from inscape.runs.comparing.verdicts import Row, best_places, clearly_best
from inscape.runs.page import table as page_table

WINE = load_wine(as_frame=True)
NAMES = np.array(["Barolo", "Grignolino", "Barbera"])


@pytest.fixture(scope="module", autouse=True)
def undrawn():
    """Most of a run's seconds go into its pictures, which have tests of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inscape.figures, "png", lambda figure: b"")
        yield


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Wine in its own units, one column of it a million off."""
    frame = WINE.data.copy()
    frame["ash"] += 1e6
    frame["kind"] = NAMES[WINE.target]
    path = tmp_path_factory.mktemp("data") / "wine.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def config(table):
    return ComparisonConfig(
        data=str(table),
        target="kind",
        models=("pca,svd,nmf", "Autoencoder"),
        components=(3, 2),
        seeds=2,
        epochs=1,
    )


@pytest.fixture(scope="module")
def made(config, tmp_path_factory):
    return compare_models(config, tmp_path_factory.mktemp("runs") / "compared")


def row_of(run, model, size):
    return next(
        row for row in run.metrics["rows"] if row["model"] == model and row["n_components"] == size
    )


def test_a_run_opens_and_proves_itself(made):
    run = Run(made.path)
    assert run.kind == "comparison"
    assert run.finished
    run.verify()
    assert [path.name for path in run.figures] == ["comparison.png"]
    page = (run.path / "report.html").read_text(encoding="utf-8")
    assert "Bad signs" in page
    assert "1 degree of freedom" in page
    with pytest.raises(inscape.InscapeError, match="of kind 'fit' to hold a model"):
        run.load()


def test_linear_methods_are_fitted_once_and_ours_from_each_seed(made):
    rows = made.metrics["rows"]
    # NMF is left out, and told; widths rise, models in their order.
    assert [(row["model"], row["n_components"]) for row in rows] == [
        (model, size) for size in (2, 3) for model in ("PCA", "SVD", "autoencoder")
    ]
    assert made.metrics["missing"] == {
        "NMF": "needs data without negative values behind the scaler standard"
    }
    for row in rows:
        n = 2 if row["model"] == "autoencoder" else 1
        assert row["seeds"] == ([0, 1] if n == 2 else None)
        assert {len(values) for values in row["values"].values()} == {n}
        for name, half in row["half"].items():
            values = row["values"][name]
            assert row["mean"][name] == pytest.approx(np.mean(values))
            if n == 1:
                assert half is None
            elif values[0] != values[1]:
                interval = ttest_1samp(values, 0).confidence_interval(0.95)
                assert half == pytest.approx(interval.high - np.mean(values))


def test_numbers_are_those_of_scikit_learn_in_standard_deviations(made, table):
    dataset = data.load(str(table), target="kind")
    train, test = dataset.train.X, dataset.test.X
    scaled = StandardScaler().fit(train.astype(float))
    for model, method in (("PCA", PCA(2)), ("SVD", TruncatedSVD(2, random_state=0))):
        pipe = make_pipeline(StandardScaler(), method).fit(train.astype(float))
        left = (pipe.inverse_transform(pipe.transform(test.astype(float))) - test) / scaled.scale_
        found = row_of(made, model, 2)["mean"]
        assert found["error"] == pytest.approx(np.sqrt(np.square(left).mean()), rel=1e-4)
        codes = pipe.transform(test.astype(float))
        theirs = trustworthiness(scaled.transform(test.astype(float)), codes, n_neighbors=5)
        assert found["trustworthiness"] == pytest.approx(theirs, abs=1e-6)
        assert found["parameters"] == 2 * 13 + (13 if model == "PCA" else 0)
        assert 0.5 < found["probe"] <= 1
        assert 0 < found["clusters"] <= 1
    # It starts at PCA and is measured in the same unit.
    ours = row_of(made, "autoencoder", 2)["mean"]
    assert ours["error"] <= 1.02 * row_of(made, "PCA", 2)["mean"]["error"]
    model = inscape.Autoencoder(2, scaler="standard", epochs=1, random_state=1).fit(dataset.train)
    left = (model.reconstruct(test).astype(float) - test) / scaled.scale_
    second = row_of(made, "autoencoder", 2)["values"]["error"][1]
    assert second == pytest.approx(np.sqrt(np.square(left).mean()), rel=1e-6)
    assert ours["parameters"] == sum(p.numel() for p in model.network_.parameters())


def test_a_config_repeats_the_run(made, tmp_path):
    again = compare_models(Run(made.path).config, tmp_path / "again")
    for row, other in zip(again.metrics["rows"], made.metrics["rows"], strict=True):
        for name in set(row["values"]) - {"seconds"}:
            assert row["values"][name] == other["values"][name]


# --------------------------------------------------------------------------- who is the best


def rows_of(**values):
    """Rows of one width with errors; one number alone hangs on no seed."""
    return [
        Row(name, 2, None if len(found) == 1 else tuple(range(len(found))), {"error": found})
        for name, found in values.items()
    ]


def test_only_whose_interval_lies_apart_is_the_best():
    steady, wide = [0.30, 0.31, 0.30], [0.20, 0.40, 0.30]
    assert clearly_best(rows_of(pca=[0.5], ours=steady), "error") == 1
    assert clearly_best(rows_of(pca=[0.31], ours=steady), "error") is None
    assert clearly_best(rows_of(pca=[0.5], ours=wide), "error") is None
    assert clearly_best(rows_of(pca=[0.2], ours=steady), "error") == 0
    # What reads alike is alike, and from one seed nobody is the best.
    assert clearly_best(rows_of(pca=[0.2], svd=[0.2000001], ours=steady), "error") is None
    assert clearly_best(rows_of(pca=[0.5], nmf=[0.4]), "error") is None
    # More is better where it is; nothing is the best in seconds.
    more = [Row("a", 2, (0, 1), {"probe": [0.9, 0.9], "seconds": [1.0, 1.0]})]
    more.append(Row("b", 2, (0, 1), {"probe": [0.8, 0.81], "seconds": [2.0, 2.1]}))
    assert best_places(more) == {(0, "probe")}


def test_a_single_training_is_never_the_best_but_has_to_be_beaten():
    run = Row("runs/mine", 2, (4,), {"error": [0.1]})
    ours = rows_of(pca=[0.5], ours=[0.30, 0.31, 0.30])
    assert clearly_best([*ours, run], "error") is None
    worse = replace(run, values={"error": [0.9]})
    assert clearly_best([*ours, worse], "error") == 1
    # Of another width it does not matter.
    assert best_places([*ours, replace(run, n_components=3)]) == {(1, "error")}


def test_who_is_the_best_is_in_bold_on_the_page_and_in_its_column(made):
    metrics = made.metrics
    metrics["rows"][2]["best"] = ["continuity"]
    assert best_cells(metrics) == {(2, header(metrics).index("Continuity"))}
    page = page_table(header(metrics), table_rows(metrics), bold=best_cells(metrics))
    assert page.count("<b>") == 1
    mean, half = (metrics["rows"][2][key]["continuity"] for key in ("mean", "half"))
    assert f"<td><b>{mean:.3f}±{half:.3f}</b></td>" in page


# --------------------------------------------------------------------------- runs that join


@pytest.fixture(scope="module")
def fitted(table, tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")
    asked = FitConfig(
        data=str(table), target="kind", n_components=2, hidden=(), epochs=1, scaler="standard"
    )
    changed = {
        "same": {},
        "split": {"random_state": 1},
        "scaled": {"scaler": "minmax"},
        "columns": {"drop": ("ash",)},
        "others": {"data": "digits", "target": None, "scaler": None},
    }
    return {
        name: str(fit(replace(asked, **more), place / name).path) for name, more in changed.items()
    }


def test_a_run_of_the_same_rows_joins(config, fitted, table, tmp_path):
    asked = replace(config, models=("pca",), components=(2,), runs=(fitted["same"],))
    run = compare_models(asked, tmp_path / "joined")
    joined = row_of(run, fitted["same"], 2)
    model, test = inscape.load(fitted["same"]), data.load(str(table), target="kind").test.X
    spread = data.load(str(table), target="kind").train.X.astype(float).std(axis=0)
    left = (model.reconstruct(test).astype(float) - test) / spread
    assert joined["mean"]["error"] == pytest.approx(np.sqrt(np.square(left).mean()), rel=1e-6)
    assert joined["half"]["error"] is None
    assert joined["best"] == []
    seconds = Run(fitted["same"]).metrics["test"]["Autoencoder"]["fit_seconds"]
    assert joined["mean"]["seconds"] == seconds
    assert "is one training" in (run.path / "report.html").read_text(encoding="utf-8")
    # Its path is kept relative to the file, and found again.
    assert Run(run.path).config.runs == asked.runs or (
        inscape.load(Run(run.path).config.runs[0]).n_components_ == 2
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("others", "of the data wine, as they are now; .*others is of other data .digits"),
        ("split", "of the same columns, training and test rows; .*split was split or read"),
        ("columns", ".*columns is of other data .wine; or of other columns"),
        ("scaled", "stand behind the scaler standard; .*scaled was fitted behind minmax"),
    ],
)
def test_other_runs_are_refused_by_name(name, told, config, fitted, tmp_path, monkeypatch):
    monkeypatch.setattr(entries.Entry, "fit", _never)
    asked = replace(config, scaler="standard", runs=(fitted["same"], fitted[name]))
    with pytest.raises(inscape.InscapeError, match=told):
        compare_models(asked, tmp_path / "refused")
    assert not (tmp_path / "refused").exists()


def test_the_scaler_is_that_of_the_runs(config, fitted, tmp_path):
    asked = replace(config, models=("pca",), components=(2,), runs=(fitted["scaled"],))
    assert compare_models(asked, tmp_path / "joined").metrics["scaler"] == "minmax"
    with pytest.raises(inscape.InscapeError, match=r"one scaler; .* has minmax, .* has standard"):
        compare_models(replace(asked, runs=(fitted["scaled"], fitted["same"])), tmp_path / "no")


def _never(*_, **__):
    raise AssertionError("something was trained")


# --------------------------------------------------------------------------- what cannot hold


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"models": ("pca", "betta-VAE")}, "Did you mean 'beta-VAE'"),
        ({"models": ()}, "name a model at least"),
        ({"components": (2, 14)}, r"from 1 to 13, .* \(142\) and columns \(13\); got 14"),
        ({"components": ()}, "a width at least"),
        ({"seeds": 0}, "`seeds` must be an integer >= 1"),
        ({"epochs": -1.0}, "`epochs` must be"),
        ({"models": ("nmf",)}, "NMF needs data without negative values"),
        ({"models": ("pca", "VQ-VAE")}, "VQ-VAE cannot be fitted"),
        ({"models": ("CVAE",), "target": None, "drop": ("kind",)}, "must hold labels"),
    ],
)
def test_it_is_refused_before_anything_is_trained(options, told, config, tmp_path, monkeypatch):
    monkeypatch.setattr(entries.Entry, "fit", _never)
    with pytest.raises(inscape.InscapeError, match=told):
        compare_models(replace(config, **options), tmp_path / "refused")
    assert not (tmp_path / "refused").exists()


def test_rows_without_labels_and_models_that_are_told_them(tmp_path):
    X = np.random.default_rng(0).random((50, 4))
    asked = ComparisonConfig(models=("nmf", "pca"), components=(2,), scaler="none", seeds=1)
    plain = compare_models(asked, tmp_path / "plain", data=data.load(X))
    assert [row["model"] for row in plain.metrics["rows"]] == ["NMF", "PCA"]
    assert {"probe", "clusters"}.isdisjoint(plain.metrics["rows"][0]["values"])
    assert "nothing is set in bold" in (plain.path / "report.html").read_text(encoding="utf-8")
    labelled = data.load(X, y=["u", "v"] * 25)
    asked = replace(asked, models=("CVAE", "pca"), epochs=1.0)
    told = compare_models(asked, tmp_path / "told", data=labelled).metrics
    assert told["conditional"] == ["CVAE"]
    assert "probe" not in row_of(Run(tmp_path / "told"), "CVAE", 2)["values"]
    assert "probe" in row_of(Run(tmp_path / "told"), "PCA", 2)["values"]


# --------------------------------------------------------------------------- the command


def test_the_command_says_the_table_and_where_it_lies(table, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(
            [
                *("compare", str(table), "--target", "kind", "--models", "pca,autoencoder"),
                *("--components", "2", "--seeds", "2", "--epochs", "1"),
                *("--run", str(tmp_path / "run")),
            ]
        )
    told = capsys.readouterr()
    assert ended.value.code == 0
    assert told.err == ""
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text(encoding="utf-8"))
    for row in metrics["rows"]:
        line = next(line for line in told.out.splitlines() if f" {row['model']} " in line)
        mean, half = row["mean"]["error"], row["half"]["error"]
        assert f"{mean:.3f}" + ("" if half is None else f"±{half:.3f}") in line
        assert f"{row['mean']['parameters']:,.0f}" in line
    assert "1 degree of freedom" in told.out


@pytest.mark.parametrize("command", ["compare", "components"])
def test_a_place_that_is_taken_is_told_before_the_data_are_read(command, made, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "nowhere.csv", "--run", str(made.path)])
    assert ended.value.code == 2
    assert "already" in capsys.readouterr().err


def test_an_unknown_model_is_told_before_the_data_are_read(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["compare", "nowhere.csv", "--models", "pca,vea"])
    told = capsys.readouterr()
    assert ended.value.code == 2
    assert told.out == ""
    assert "Did you mean 'VAE'?" in told.err


def test_a_data_frame_of_an_offset_changes_no_number(tmp_path):
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 4)) @ np.diag([1, 2, 3, 4]))
    asked = ComparisonConfig(models=("pca", "autoencoder"), seeds=1, epochs=1)
    runs = [
        compare_models(asked, tmp_path / str(offset), data=data.load(frame.to_numpy() + offset))
        for offset in (0.0, 1e6)
    ]
    for row, other in zip(runs[0].metrics["rows"], runs[1].metrics["rows"], strict=True):
        for name in ("error", "trustworthiness", "continuity", "neighbors"):
            assert other["mean"][name] == pytest.approx(row["mean"][name], rel=1e-3)
