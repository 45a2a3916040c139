"""Whoever takes a representation asks for `transform` or `inverse_transform` and nothing else."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import NMF, PCA, TruncatedSVD
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from inscape import Autoencoder, VariationalAutoencoder, uses, zoo
from inscape._representations import code_space, unwrap
from inscape.networks import Dense, Spherical

X, LABELS = load_digits(return_X_y=True)
X, LABELS = X[:200] / 16, LABELS[:200]
OPTIONS = {"epochs": 2, "random_state": 0}


class Decoder:
    """Has nothing but `inverse_transform`."""

    def inverse_transform(self, X):
        return np.repeat(np.asarray(X), 3, axis=1)


class Both(Decoder):
    def transform(self, X):
        return np.asarray(X)[:, :2]


def test_a_verb_asks_the_least():
    swept = uses.traverse(Decoder(), code=np.zeros(2), values=[-1, 1])
    assert swept.shape == (2, 2, 6)
    assert uses.traverse(Both(), X[0], values=[-1, 1]).shape == (2, 2, 6)
    assert uses.interpolate(Both(), X[:3], X[3:6], n_steps=4).shape == (3, 4, 6)


def test_no_verb_asks_for_labels():
    for name in uses.__all__:
        assert "y" not in inspect.signature(getattr(uses, name)).parameters, name


@pytest.fixture(scope="module")
def spherical():
    return Autoencoder(3, hidden=(16,), bottleneck="spherical", **OPTIONS).fit(X)


@pytest.fixture(scope="module")
def on_sphere():
    model = zoo.build("SVAE", 3, likelihood="bernoulli", hidden=(16,), **OPTIONS)
    return model.fit(X)


@pytest.mark.parametrize("which", ["spherical", "on_sphere"])
def test_a_pipeline_hides_no_code_space(which, request):
    model = request.getfixturevalue(which)
    wrapped = make_pipeline("passthrough", model)
    nested = make_pipeline("passthrough", wrapped, "passthrough")
    row, values = X[0], [-1.0, 0.5, 2.0]
    expected = uses.traverse(model, row, values=values)
    for one in (wrapped, nested):
        assert code_space(one) == code_space(model)
        assert code_space(one).kind == "sphere"
        np.testing.assert_array_equal(uses.traverse(one, row, values=values), expected)
        for path in ("linear", "geodesic"):
            ways = uses.interpolate(one, X[:2], X[2:4], path=path)
            np.testing.assert_array_equal(ways, uses.interpolate(model, X[:2], X[2:4], path=path))


def test_what_changes_the_codes_afterwards_hides_their_space(spherical):
    later = make_pipeline(spherical, StandardScaler())
    assert code_space(later) is None
    assert unwrap(make_pipeline(StandardScaler(), spherical)) is spherical


@pytest.mark.parametrize("theirs", [PCA(2), NMF(2), TruncatedSVD(2), make_pipeline(PCA(2))])
def test_what_says_nothing_is_euclidean(theirs):
    assert code_space(theirs) is None


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        (Autoencoder(2, hidden=(8,), **OPTIONS), "euclidean"),
        (
            Autoencoder(2, network=Dense((8,), dropout=0.1), bottleneck=Spherical(), **OPTIONS),
            "sphere",
        ),
        (Autoencoder(2, hidden=(8,), bottleneck="vector_quantized", **OPTIONS), "codebook"),
        (VariationalAutoencoder(2, hidden=(8,), **OPTIONS), "euclidean"),
        (zoo.build("Poincaré VAE", 2, hidden=(8,), **OPTIONS), "poincare_ball"),
    ],
)
def test_every_estimator_says_where_its_codes_live(model, kind):
    assert code_space(model) is None  # not fitted, not known
    assert code_space(model.fit(X)).kind == kind
