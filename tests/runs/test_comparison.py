"""The honest table, of whatever is a representation."""

from __future__ import annotations

import json

import numpy as np
import pandas
import pytest
from sklearn.decomposition import NMF, PCA

from inscape import Autoencoder, data, runs
from inscape.data.scaling import fit_scaler


def test_compare_takes_scikit_learn_as_it_is():
    digits = data.load("digits")
    fitted = {"PCA": PCA(3).fit(digits.train.X), "NMF": NMF(3, tol=1e-2).fit(digits.train.X)}
    table = runs.compare(fitted, digits.test.X)
    assert table["PCA"]["explained_variance"] > table["NMF"]["explained_variance"] > 0.2
    assert json.dumps(table)


def test_columns_of_a_frame_are_compared_by_their_names():
    X = np.random.default_rng(0).normal(size=(40, 3)) * [1, 10, 100]
    frame = pandas.DataFrame(X, columns=list("abc"))
    fitted = {
        "PCA": PCA(2).fit(frame),
        "Autoencoder": Autoencoder(2, hidden=(), epochs=1, random_state=0).fit(frame),
    }
    by_hand = np.square(X - fitted["PCA"].inverse_transform(fitted["PCA"].transform(frame))).mean()
    assert runs.compare(fitted, frame)["PCA"]["squared_error"] == pytest.approx(by_hand)
    assert runs.compare(fitted, frame[["c", "a", "b"]]) == runs.compare(fitted, frame)


def test_equal_test_rows_have_an_error_and_no_variance():
    X = np.random.default_rng(0).normal(size=(40, 3))
    table = runs.compare({"PCA": PCA(2).fit(X)}, X[:1])
    assert set(table["PCA"]) == {"squared_error"}
    assert json.dumps(table, allow_nan=False)


@pytest.mark.parametrize("scaler", [None, "minmax"])
def test_nmf_is_left_out_where_test_rows_alone_are_negative(scaler):
    """Behind a scaler that is what lies below the least training row."""
    X = np.random.default_rng(0).random((40, 3)) + 1
    low = X[:5] - 2
    options = {"n_components": 2, "random_state": 0, "scaler": scaler and fit_scaler(scaler, X)}
    fitted, _, missing = runs.fit_baselines(X, X_test=low, **options)
    assert missing == {"NMF": "needs data without negative values"}
    assert set(runs.compare(fitted, low)) == {"PCA"}
    assert set(runs.fit_baselines(X, X_test=X[:5], **options)[0]) == {"PCA", "NMF"}
