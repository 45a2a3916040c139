"""The honest table, of whatever is a representation."""

from __future__ import annotations

import json

from sklearn.decomposition import NMF, PCA

from inscape import data, runs


def test_compare_takes_scikit_learn_as_it_is():
    digits = data.load("digits")
    fitted = {"PCA": PCA(3).fit(digits.train.X), "NMF": NMF(3, tol=1e-2).fit(digits.train.X)}
    table = runs.compare(fitted, digits.test.X)
    assert table["PCA"]["explained_variance"] > table["NMF"]["explained_variance"] > 0.2
    assert json.dumps(table)
