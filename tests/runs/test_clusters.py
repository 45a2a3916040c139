"""The kind ``clusters``: rows are grouped, told, drawn and kept; the command line says it all."""

from __future__ import annotations

import csv

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_wine
from sklearn.metrics import normalized_mutual_info_score
from sklearn.preprocessing import StandardScaler

import inscape
from inscape._errors import RunExistsError
from inscape.cli import main
from inscape.measures import clustering_accuracy
from inscape.runs import ClustersConfig, FitConfig, Run, find_clusters, fit
from inscape.uses import Clusterer

WINE = load_wine(as_frame=True)
NAMES = np.array(["Barolo", "Grignolino", "Barbera"])


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    frame = WINE.data.copy()
    frame["kind"] = NAMES[WINE.target]
    path = tmp_path_factory.mktemp("data") / "wine.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def fitted(table, tmp_path_factory):
    config = FitConfig(
        data=str(table), target="kind", n_components=4, hidden=(8,), epochs=2, scaler="standard"
    )
    return fit(config, tmp_path_factory.mktemp("runs") / "wine-ae").path


@pytest.fixture(scope="module")
def made(table, fitted, tmp_path_factory, drawing_small):
    config = ClustersConfig(data=str(table), model=str(fitted))
    with drawing_small():
        return find_clusters(config, tmp_path_factory.mktemp("runs") / "found")


def read_table(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def test_a_run_opens_and_proves_itself(made):
    run = Run(made.path)
    assert run.kind == "clusters"
    assert run.finished
    run.verify()
    assert [path.name for path in run.figures] == ["labels.png", "map.png", "prototypes.png"]
    assert isinstance(run.load(), Clusterer)
    assert (run.path / "report.html").stat().st_size > 10_000


def test_every_row_has_its_line_with_its_label(made):
    lines = read_table(made.path / "clusters.csv")
    clusterer = made.load()
    assert [int(line["row"]) for line in lines] == list(range(178))
    assert [int(line["cluster"]) for line in lines] == clusterer.labels_.tolist()
    # The run was fitted with the labels' column, and so the rows are read without it.
    assert [line["label"] for line in lines] == NAMES[WINE.target].tolist()
    np.testing.assert_array_equal(clusterer.predict(WINE.data.to_numpy()), clusterer.labels_)


def test_prototypes_have_the_names_and_units_of_the_columns(made):
    lines = read_table(made.path / "prototypes.csv")
    assert list(lines[0]) == ["cluster", *WINE.data.columns]
    labels = made.load().labels_
    for k, line in enumerate(lines):
        mean = WINE.data[labels == k].mean()
        assert float(line["proline"]) == pytest.approx(mean["proline"], rel=0.2)
        assert float(line["alcohol"]) == pytest.approx(mean["alcohol"], rel=0.2)


def test_the_figures_beside_k_means_are_those_of_the_file(made):
    labels, clusters = NAMES[WINE.target], made.load().labels_
    found = made.metrics["agreement"]
    assert next(iter(found)) == "Inscape"
    assert found["Inscape"]["accuracy"] == clustering_accuracy(labels, clusters)
    rows = StandardScaler().fit_transform(WINE.data.to_numpy(np.float32))
    n_clusters = made.metrics["n_clusters"]
    theirs = KMeans(n_clusters, n_init=10, random_state=0).fit_predict(rows)
    told = found["k-means of the rows"]["mutual_information"]
    assert told == pytest.approx(normalized_mutual_info_score(labels, theirs), abs=0.03)
    sizes = [one["size"] for one in made.metrics["clusters"]]
    assert sum(sizes) + made.metrics["noise"] == 178
    for k, one in enumerate(made.metrics["clusters"]):
        own = labels[clusters == k]
        assert one["purity"] == pytest.approx((own == one["label"]).mean())
        assert 0 <= one["doubt"] < 1


def test_a_config_repeats_the_run(made, tmp_path):
    again = find_clusters(Run(made.path).config, tmp_path / "again")
    assert (again.path / "clusters.csv").read_bytes() == (made.path / "clusters.csv").read_bytes()
    assert again.metrics == made.metrics


def test_pictures_and_rows_without_labels(fitted, tmp_path, drawing_small):
    config = ClustersConfig(data="digits", n_clusters=10, method="kmeans")
    with drawing_small():
        run = find_clusters(config, tmp_path / "digits")
    assert run.load().scaler is None
    assert run.metrics["agreement"]["Inscape"]["accuracy"] > 0.6
    assert run.metrics["doubt"] == ""
    path = tmp_path / "rows.csv"
    WINE.data.to_csv(path, index=False)
    run = find_clusters(ClustersConfig(data=str(path), model=str(fitted)), tmp_path / "rows")
    assert run.metrics["agreement"] is None
    assert [path.name for path in run.figures] == ["map.png", "prototypes.png"]


def test_targets_that_are_no_kinds_are_no_labels(tmp_path):
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(40, 3)), columns=["a", "b", "c"])
    frame.to_csv(tmp_path / "rows.csv", index=False)
    config = ClustersConfig(data=str(tmp_path / "rows.csv"), target="c", n_clusters=2)
    assert find_clusters(config, tmp_path / "found").metrics["agreement"] is None


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"method": "spectrum"}, "Did you mean 'spectral'?"),
        ({"n_clusters": 500}, "the number of rows = 178"),
        ({"method": "dec"}, "`representation` must be None where the method learns"),
        ({"target": "kin"}, "Did you mean 'kind'?"),
    ],
)
def test_what_cannot_hold_leaves_nothing_behind(options, told, table, fitted, tmp_path):
    chosen = {"data": str(table), "target": "kind", "model": str(fitted), **options}
    with pytest.raises(inscape.InscapeError, match=told.replace("?", r"\?")):
        find_clusters(ClustersConfig(**chosen), tmp_path / "found")
    assert not (tmp_path / "found").exists()


def test_a_run_is_not_overwritten_unasked(made):
    with pytest.raises(RunExistsError):
        find_clusters(made.config, made.path)


@pytest.mark.proof
def test_the_command_line(table, fitted, made, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["cluster", str(fitted), "--output", "clusters.csv"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "clusters were found (eigengap" in said
    assert "k-means of the rows" in said
    assert "Grignolino" in said
    expected = (made.path / "clusters.csv").read_bytes()
    assert (tmp_path / "clusters.csv").read_bytes() == expected
    config = Run(tmp_path / "runs" / "wine-clusters").config
    assert (config.model, config.data) == (str(fitted), str(table))
    with pytest.raises(SystemExit) as ended:
        main(["cluster", str(table), "--output", "clusters.csv"])
    assert ended.value.code == 2
    assert "must be a new file" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["cluster", "runs/wine-clusters"])
    assert ended.value.code == 2
    assert "must hold a model that encodes rows; it holds Clusterer" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["cluster", "--config", "runs/wine-clusters/config.toml", "--run", "runs/again"])
    assert ended.value.code == 0
    again = tmp_path / "runs" / "again" / "clusters.csv"
    assert again.read_bytes() == expected
