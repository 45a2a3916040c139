"""Encoders and decoders as steps: a few lines that take them must give what the model gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import erf, expit
from sklearn.decomposition import NMF, PCA, TruncatedSVD
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from inscape.estimators import Autoencoder, VariationalAutoencoder
from inscape.lab.steps import decoder_steps, encoder_steps
from inscape.networks import ACTIVATIONS, Convolutional, Dense, LinearPath, Modules
from inscape.objectives import Gaussian

FUNCTIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "gelu": lambda x: x * (1 + erf(x / np.sqrt(2))) / 2,
    "silu": lambda x: x * expit(x),
    "softplus": lambda x: np.logaddexp(0, x),
    "sigmoid": expit,
    "tanh": np.tanh,
    # The mean of the density proportional to e^(o x) over [0, 1].
    "continuous_bernoulli": lambda x: 1 / -np.expm1(-x) - 1 / x,
}


def take(steps, blobs, values):
    for step in steps:
        kind = step["type"]
        if kind == "linear":
            assert blobs[step["weight"]].shape == (step["n_out"], step["n_in"])
            values = values @ blobs[step["weight"]].astype(float).T
            values = values if step["bias"] is None else values + blobs[step["bias"]]
        elif kind == "linear_path":
            answer = take([step["linear"]], blobs, values)
            if step["beside"] is not None:
                limit = np.inf if step["limit"] is None else step["limit"]
                spread = (values**2).mean(axis=1, keepdims=True) / limit**2
                answer = answer + take(step["beside"], blobs, values / np.sqrt(1 + spread))
            values = answer
        elif kind == "affine":
            values = values * blobs[step["scale"]] + blobs[step["shift"]]
        elif kind == "affine_forward":
            values = (values - blobs[step["shift"]]) / blobs[step["scale"]]
        elif kind == "take":
            values = values[:, : step["n"]]
        elif kind == "leaky_relu":
            values = np.where(values > 0, values, step["slope"] * values)
        else:
            values = FUNCTIONS[kind](values)
    return values


# A million spreads away from 0, and columns of unlike spread.
def table(n=60, columns=5):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, columns)) * [1, 2, 5, 0.5, 1][:columns] + 1e6


def unit(n=60, columns=5):
    return np.random.default_rng(0).uniform(0.05, 0.95, size=(n, columns))


PLAIN = Dense(hidden=(8, 6), linear_path=False)
SHORT = {"epochs": 3, "batch_size": 20, "learning_rate": 0.05, "random_state": 0}


def auto(**options):
    return Autoencoder(2, **{"network": PLAIN, "validation_fraction": 0, **SHORT, **options})


def variational(**options):
    return VariationalAutoencoder(2, **{"network": PLAIN, **SHORT, **options})


CASES = {
    **{
        f"activation {word}": (auto(network=Dense(hidden=(8, 6), activation=word)), table)
        for word in ACTIVATIONS
    },
    "no path": (auto(), table),
    "no hidden layer": (auto(network=Dense(hidden=())), table),
    "shallow": (auto(network=Dense(hidden=(), linear_path=False)), table),
    "standard": (auto(scaler="standard"), table),
    "minmax": (auto(scaler="minmax"), table),
    "float64": (auto(precision="float64"), table),
    "tied": (auto(network=Dense(hidden=(8,), tied=True, linear_path=False)), table),
    "dropout": (auto(network=Dense(hidden=(8,), dropout=0.3, linear_path=False)), table),
    "bernoulli": (auto(likelihood="bernoulli"), unit),
    "bernoulli behind minmax": (auto(likelihood="bernoulli", scaler="minmax"), table),
    "continuous": (auto(likelihood="continuous_bernoulli"), unit),
    "sigmoid": (auto(likelihood=Gaussian(link="sigmoid")), unit),
    "laplace": (auto(likelihood="laplace"), table),
    "top-k": (auto(bottleneck="top_k(k=1)"), table),
    "variational": (variational(), table),
    "variational with a path": (variational(network=Dense(hidden=(8,))), table),
    "one scale a column": (variational(likelihood=Gaussian(scale="learned_per_feature")), table),
    "optimal scale": (variational(likelihood=Gaussian(scale="optimal")), table),
    "variational bernoulli": (variational(likelihood="bernoulli"), unit),
    "correlated posterior": (variational(posterior="full_gaussian"), table),
    "PCA": (PCA(2), table),
    "whitened": (PCA(2, whiten=True), table),
    "PCA of float32": (PCA(2), lambda: unit().astype(np.float32)),
    "piped": (make_pipeline("passthrough", PCA(2)), table),
    "SVD": (TruncatedSVD(2, random_state=0), table),
    "NMF": (NMF(2, init="nndsvda", tol=1e-2), unit),
}


@pytest.mark.parametrize("name", CASES)
def test_steps_give_what_the_model_gives(name):
    model, data = CASES[name]
    X = data()
    model.fit(X)
    codes = model.transform(X).astype(np.float64)
    # What lies between the rows too, and some way beyond them.
    codes = np.concatenate([codes, 3 * codes - 2 * codes.mean(axis=0)])
    codes = codes.clip(0) if isinstance(model, NMF) else codes
    steps, blobs = decoder_steps(model)
    wanted = model.inverse_transform(codes)
    away = np.abs(take(steps, blobs, codes) - wanted) / wanted.std(axis=0)
    # An offset of a million leaves float64 ten digits of a spread.
    assert away.max() < 1e-6
    assert np.abs(wanted - wanted[0]).max() > 1e-3
    assert set(blobs) == {f"decoder_{i}" for i in range(len(blobs))}


@pytest.mark.parametrize("name", CASES)
def test_steps_of_an_encoder_give_what_the_model_gives(name):
    model, data = CASES[name]
    X = data()
    model.fit(X)
    # What lies between the rows too, and some way beyond them.
    rows = np.concatenate([X, 2 * X - X.mean(axis=0, dtype=float).astype(X.dtype)])
    rows = rows.clip(0, 1) if data is unit else rows
    found = encoder_steps(model)
    if isinstance(model, NMF) or name == "top-k":
        assert found is None
        return
    steps, blobs = found
    wanted = model.transform(rows)
    away = np.abs(take(steps, blobs, rows.astype(np.float64)) - wanted) / wanted.std(axis=0)
    # scikit-learn's PCA of float32 rows takes its products in float32; all others are exact.
    assert away.max() < (1e-4 if X.dtype == np.float32 else 1e-6)
    assert np.abs(wanted - wanted[0]).max() > 1e-3
    assert set(blobs) == {f"encoder_{i}" for i in range(len(blobs))}
    assert not (set(blobs) & set(decoder_steps(model)[1]))


@pytest.mark.parametrize("word", ["relu", "sigmoid", "tanh", "softplus"])
def test_the_activation_of_a_code_is_a_step(word):
    X = table()
    model = auto(bottleneck=word).fit(X)
    steps, blobs = encoder_steps(model)
    np.testing.assert_allclose(take(steps, blobs, X), model.transform(X), rtol=0, atol=1e-6)
    assert steps[-1] == {"type": word}


@pytest.mark.parametrize(
    "model",
    [
        auto(network=Convolutional(channels=(2,), dense=(4,), image_shape=(4, 4))),
        auto(network=Dense(hidden=(8,), normalization="batch", linear_path=False)),
        auto(bottleneck="spherical"),
        auto(bottleneck="vector_quantized"),
        auto(likelihood="poisson"),
        variational(posterior="von_mises_fisher", prior="uniform_on_sphere"),
        make_pipeline(StandardScaler(), PCA(2)),
        NMF(2, init="nndsvda", tol=1e-2),
    ],
    ids=str,
)
def test_what_a_page_cannot_encode_is_left_to_the_server(model):
    X = np.random.default_rng(0).integers(0, 9, size=(40, 16)).astype(np.float64)
    assert encoder_steps(model.fit(X)) is None


def test_a_path_that_holds_back_what_it_reads():
    X = table()
    model = auto(network=Dense(hidden=(8,))).fit(X)
    assert isinstance(model.network_.decoder, LinearPath)
    model.network_.decoder.limit = 0.7
    codes = 4 * model.transform(X).astype(np.float64)
    steps, blobs = decoder_steps(model)
    wanted = model.inverse_transform(codes)
    np.testing.assert_allclose(take(steps, blobs, codes), wanted, rtol=0, atol=1e-6)
    [path] = [step for step in steps if step["type"] == "linear_path"]
    assert path["limit"] == 0.7
    path["limit"] = None
    assert np.abs(take(steps, blobs, codes) - wanted).max() > 1e-3


class Doubled(nn.Linear):
    """More than it extends."""

    def forward(self, values):
        return 2 * super().forward(values)


class Centred(PCA):
    """The same of scikit-learn's."""

    def inverse_transform(self, X):
        return super().inverse_transform(X) - self.mean_


def own(last):
    return Modules(nn.Linear(16, 2), nn.Sequential(nn.Linear(2, 16), last))


@pytest.mark.parametrize(
    "model",
    [
        auto(network=Convolutional(channels=(2,), dense=(4,), image_shape=(4, 4))),
        auto(network=Dense(hidden=(8,), normalization="batch", linear_path=False)),
        auto(network=own(Doubled(16, 16))),
        auto(network=own(nn.GELU(approximate="tanh"))),
        auto(network=own(nn.Softplus(beta=3))),
        auto(network=own(nn.PReLU(16))),
        auto(likelihood="poisson"),
        Centred(2),
        make_pipeline(StandardScaler(), PCA(2)),
    ],
    ids=str,
)
def test_what_a_page_cannot_do_is_left_to_the_server(model):
    X = np.random.default_rng(0).integers(0, 9, size=(40, 16)).astype(np.float64)
    assert decoder_steps(model.fit(X)) is None


def test_modules_of_ones_own_are_steps_where_they_are_known():
    X = unit(columns=5)
    network = Modules(
        nn.Linear(5, 2), nn.Sequential(nn.Linear(2, 5, bias=False), nn.LeakyReLU(0.3))
    )
    model = auto(network=network).fit(X)
    codes = torch.randn(30, 2, dtype=torch.float64).numpy()
    steps, blobs = decoder_steps(model)
    np.testing.assert_allclose(
        take(steps, blobs, codes), model.inverse_transform(codes), rtol=0, atol=1e-6
    )
