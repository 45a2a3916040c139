"""How a training went: curves and floors in one unit, of test rows, and overfitting told."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.decomposition import PCA
from sklearn.metrics import r2_score
from sklearn.preprocessing import StandardScaler

from inscape import data, runs
from inscape.measures import unexplained_by_column
from inscape.runs import FitConfig
from inscape.runs.fitting.summary import remarks, table_rows

# Rows of one place each and a net that learns them by heart.
BY_HEART = FitConfig(
    data="wine", n_components=6, hidden=(128,), epochs=150, scaler="standard", validation_fraction=0
)


@pytest.fixture(scope="module")
def wine():
    sheet = load_wine(as_frame=True)
    return data.load(sheet.data, test_fraction=0.6)


@pytest.fixture(scope="module")
def learned(wine, tmp_path_factory):
    return runs.fit(BY_HEART, tmp_path_factory.mktemp("runs") / "wine", data=wine)


def test_what_a_column_leaves_is_one_less_its_coefficient_of_determination():
    X = load_breast_cancer().data
    back = PCA(3).fit(X).inverse_transform(PCA(3).fit_transform(X))
    expected = 1 - r2_score(X, back, multioutput="raw_values")
    np.testing.assert_allclose(unexplained_by_column(X, back), expected, rtol=1e-9)
    shifted = unexplained_by_column(np.float32(X + 1e4), np.float32(back + 1e4))
    np.testing.assert_allclose(shifted[3], expected[3], rtol=1e-3)


def test_a_constant_column_leaves_no_number():
    X = np.column_stack([np.arange(5.0), np.full(5, 0.1)])
    left = unexplained_by_column(X, X)
    assert left[0] == 0
    assert np.isnan(left[1])


def test_curve_and_floors_are_of_scaled_test_rows(wine, learned):
    scaling = StandardScaler().fit(wine.train.X)
    rows, test = scaling.transform(wine.train.X), scaling.transform(wine.test.X)
    pca = PCA(6).fit(rows)
    expected = np.square(test - pca.inverse_transform(pca.transform(test))).mean()
    found = learned.metrics["learning"]
    assert found["scaled"]
    assert found["floors"]["PCA"] == pytest.approx(expected, rel=1e-4)
    # Where training starts, and where it ended.
    assert found["held_out"][0]["squared_error"] == pytest.approx(expected, rel=1e-3)
    model = learned.load()
    last = np.square(test - scaling.transform(model.reconstruct(wine.test.X))).mean()
    assert found["held_out"][-1]["squared_error"] == pytest.approx(last, rel=1e-5)


def test_overfitting_is_told_with_when_to_stop(learned):
    found = learned.metrics["learning"]
    errors = [moment["squared_error"] for moment in found["held_out"]]
    best = found["held_out"][int(np.argmin(errors))]
    assert errors[-1] > 1.05 * min(errors)
    assert "overfits" in found["overfits"]
    assert f"give epochs={max(1, round(best['epoch']))}" in found["overfits"]
    assert found["overfits"] in remarks(learned.metrics)


@pytest.mark.proof
def test_a_length_that_is_found_does_not_overfit(wine, tmp_path):
    found = FitConfig(data="wine", n_components=6, scaler="standard")
    assert runs.fit(found, tmp_path / "wine", data=wine).metrics["learning"]["overfits"] is None


def test_the_table_tells_of_every_column_alike(wine, learned):
    header, rows = table_rows(learned.metrics)
    assert "Standardised error" in header
    left = unexplained_by_column(wine.test.X, learned.load().reconstruct(wine.test.X))
    column = header.index("Standardised error")
    assert float(rows[0][column]) == pytest.approx(left.mean(), abs=1e-4)
    worst = wine.feature_names[int(left.argmax())]
    assert learned.metrics["worst_columns"][0]["column"] == worst
    assert any(f"{worst} ({left.max():.0%})" in said for said in remarks(learned.metrics))
