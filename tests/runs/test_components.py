"""The kind ``components``: which size of code rows speak for, with its doubt."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA

import inscape
from inscape import data
from inscape.cli import main
from inscape.measures import intrinsic_dimension
from inscape.runs import ComponentsConfig, Run, find_size
from inscape.runs.components.advice import CHANCE, CURVED, LEARNED, LIKELY, Count, advise
from inscape.runs.deviations import deviations_of


def factors(n=200, n_factors=3, n_columns=8, *, noise=0.3):
    """Rows of some factors of one strength, in columns of unlike units that are far off 0."""
    generator = np.random.default_rng(0)
    directions = np.linalg.qr(generator.normal(size=(n_columns, n_factors)))[0]
    rows = 2 * generator.normal(size=(n, n_factors)) @ directions.T
    rows += noise * generator.normal(size=rows.shape)
    return rows * 10.0 ** np.arange(n_columns) + 1e6


@pytest.fixture(scope="module", autouse=True)
def undrawn():
    """Most of a run's seconds go into its pictures, which have tests of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inscape.figures, "png", lambda figure: b"")
        yield


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "factors.csv"
    names = [f"c{k}" for k in range(8)]
    pd.DataFrame(factors(), columns=names).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def made(table, tmp_path_factory):
    config = ComponentsConfig(data=str(table), sizes=(4, 1), epochs=2)
    return find_size(config, tmp_path_factory.mktemp("runs") / "found")


def test_a_run_opens_and_proves_itself(made):
    run = Run(made.path)
    assert run.kind == "components"
    assert run.finished
    run.verify()
    assert [path.name for path in run.figures] == ["components.png"]
    page = (run.path / "report.html").read_text(encoding="utf-8")
    assert "Bad signs" in page
    assert run.metrics["advice"]["told"][0] in page
    with pytest.raises(inscape.InscapeError, match="of kind 'fit' to hold a model"):
        run.load()


def test_its_numbers_are_those_of_scikit_learn_in_standard_deviations(made, table):
    metrics, dataset = made.metrics, data.load(str(table))
    train, test = dataset.train.X.astype(float), dataset.test.X.astype(float)
    mean, spread = train.mean(axis=0), train.std(axis=0)
    rows, others = (train - mean) / spread, (test - mean) / spread
    assert (metrics["n_train"], metrics["n_test"], metrics["n_features"]) == (160, 40, 8)
    for k in (1, 3, 5):
        pca = PCA(k, svd_solver="full").fit(rows)
        error = np.sqrt(np.square(others - pca.inverse_transform(pca.transform(others))).mean())
        assert metrics["spectrum"]["errors"][k] == pytest.approx(error, rel=1e-5)
        likely = metrics["spectrum"]["log_likelihoods"][k]
        assert likely == pytest.approx(pca.score(others), rel=1e-5)
    assert metrics["dimension"] == pytest.approx(intrinsic_dimension(rows), rel=1e-4)
    assert [one["n_components"] for one in metrics["sizes"]] == [1, 4]
    # The autoencoder starts at PCA, and its error is in the same unit.
    assert metrics["sizes"][1]["error"] == pytest.approx(metrics["spectrum"]["errors"][4], rel=0.05)
    # A variational model starts at probabilistic PCA; its nats are of rows in their own units.
    nats = metrics["spectrum"]["log_likelihoods"][4] - np.log(spread).sum()
    assert metrics["sizes"][1]["log_likelihood"] == pytest.approx(nats, abs=0.5)


def test_the_factors_are_found(made):
    counts = {count["name"]: count["size"] for count in made.metrics["counts"]}
    assert (counts[CHANCE], counts[LEARNED]) == (3, 4)
    # In standard deviations the noise of these columns is unlike, which probabilistic PCA takes
    # for components.
    assert counts[LIKELY] > 3
    assert made.metrics["advice"]["size"] in (3, 4)


def test_columns_that_know_nothing_of_each_other_have_no_size(tmp_path):
    X = np.random.default_rng(1).normal(size=(50, 6))
    run = find_size(ComponentsConfig(sizes=(2,), epochs=1), tmp_path / "noise", data=data.load(X))
    assert run.metrics["advice"]["size"] is None
    assert "No size is recommended" in run.metrics["advice"]["told"][0]


def test_advice_is_the_median_and_says_how_far_apart_the_counts_are():
    def count(name, size, **more):
        return Count(name, size, name, **more)

    close = advise(
        [count(CHANCE, 4), count(LIKELY, 5), count(CURVED, 5), count(LEARNED, 8)],
        n_features=20,
        n_rows=100,
    )
    assert (close.size, close.low, close.high) == (5, 4, 8)
    assert "agree within a factor of two (4 to 8)" in close.told[1]
    wide = advise(
        [count(CHANCE, 9), count(LIKELY, 54), count(CURVED, 5), count(LEARNED, 32, least=True)],
        n_features=64,
        n_rows=1000,
    )
    assert wide.size == 9
    told = " ".join(wide.told)
    for words in ("go from 5 to 54", "The rows are curved", "many weak", "still rises at 32"):
        assert words in told
    # Where a larger size was not tried, nothing agrees yet.
    doubtful = [count(CHANCE, 4), count(LEARNED, 4, least=True)]
    assert "doubtful" in advise(doubtful, n_features=8, n_rows=50).told[1]


def test_columns_without_a_spread_have_no_unit():
    X = np.column_stack([np.arange(10.0), np.full(10, 1000.1), 1e6 + np.arange(10.0) ** 2])
    dataset = data.load(X)
    found = deviations_of(dataset, "standard")
    assert found.counted.tolist() == [True, False, True]
    np.testing.assert_allclose(found.apply(dataset.train.X).std(axis=0), 1.0)
    mean_row = PCA(1).fit(dataset.train.X)
    mean_row.components_ *= 0
    assert found.squared_errors(mean_row, dataset.train.X).mean() == pytest.approx(1.0)
    alike = deviations_of(dataset, "none")
    assert alike.squared_errors(mean_row, dataset.train.X).mean() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"sizes": (2, 9)}, r"`sizes` must lie from 1 to 8, .*; got 9"),
        ({"sizes": (0,)}, "got 0"),
        ({"epochs": -1.0}, "`epochs` must be"),
        ({"target": "c9"}, "got 'c9'"),
    ],
)
def test_what_cannot_hold_leaves_nothing_behind(options, told, table, tmp_path):
    with pytest.raises(inscape.InscapeError, match=told):
        find_size(ComponentsConfig(data=str(table), **options), tmp_path / "found")
    assert not (tmp_path / "found").exists()


def test_the_command_says_the_size_and_its_doubt(table, made, tmp_path, capsys):
    asked = ["components", str(table), "--sizes", "4,1", "--epochs", "2"]
    with pytest.raises(SystemExit) as ended:
        main([*asked, "--run", str(tmp_path / "run")])
    told = capsys.readouterr()
    assert ended.value.code == 0
    assert told.err == ""
    assert Run(tmp_path / "run").metrics == made.metrics
    for sentence in made.metrics["advice"]["told"]:
        assert sentence in told.out
    for words in ("Read as:", "Ways of counting", "components.png"):
        assert words in told.out
    assert re.search(r"^ +4 +0\.\d{3} ", told.out, re.M)
