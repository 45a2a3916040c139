"""What is told of a row hangs on that row alone, and is a number however far off it is."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.preprocessing import minmax_scale
from tests.foreign import Logistic

from inscape import Autoencoder, VariationalAutoencoder
from inscape._errors import InvalidParameterError
from inscape.objectives import DIVERGENCES, LIKELIHOODS, POSTERIORS

WINE = load_wine().data
OPTIONS = {"hidden": (8,), "epochs": 2, "random_state": 0}
# Posteriors with a density, each with a prior of its space.
PRIORS = {
    "von_mises_fisher": "uniform_on_sphere",
    "wrapped_normal": "wrapped_standard_normal",
}
DENSITIES = [word for word in POSTERIORS if word != "point_mass"]


def fitted(posterior="diagonal_gaussian", **options):
    prior = PRIORS.get(posterior, "standard_normal")
    chosen = {**OPTIONS, "posterior": posterior, "prior": prior, **options}
    return VariationalAutoencoder(3, **chosen).fit(WINE)


@pytest.mark.parametrize("posterior", DENSITIES)
def test_a_likelihood_hangs_on_the_row_alone(posterior):
    model = fitted(posterior)
    options = {"n_samples": 7, "random_state": 3}
    whole = model.log_likelihood(WINE, **options)
    alone = [model.log_likelihood(WINE[i : i + 1], **options)[0] for i in (0, 5, 177)]
    np.testing.assert_allclose(alone, whole[[0, 5, 177]], rtol=1e-5)
    turned = model.log_likelihood(WINE[::-1], **options)[::-1]
    np.testing.assert_allclose(turned, whole, rtol=1e-5)


def test_a_likelihood_hangs_on_the_row_alone_across_blocks():
    model = fitted()
    some = np.repeat(WINE[:2], 2000, axis=0)
    found = model.log_likelihood(some, n_samples=5, random_state=0)
    assert np.ptp(found[:2000]) < 1e-5 * abs(found[0])


@pytest.mark.parametrize("posterior", DENSITIES)
def test_losses_by_row_have_the_mean_of_the_losses(posterior):
    model = fitted(posterior)
    rows = model.losses(WINE, by_row=True, random_state=0)
    assert {name: value.shape for name, value in rows.items()} == dict.fromkeys(rows, (178,))
    np.testing.assert_allclose(rows["loss"], rows["reconstruction"] + rows["kullback_leibler"])
    means = [model.losses(WINE, random_state=seed) for seed in range(6)]
    alike = [model.losses(WINE, by_row=True, random_state=seed) for seed in range(6)]
    for name in ("reconstruction", "kullback_leibler", "loss_per_feature"):
        expected = [loss[name] for loss in means]
        got = [loss[name].mean() for loss in alike]
        error = 4 * np.std(got) / np.sqrt(6) + 4 * np.std(expected) / np.sqrt(6) + 1e-4
        assert np.mean(got) == pytest.approx(np.mean(expected), abs=error)
    alone = model.losses(WINE[9:10], by_row=True, random_state=0)
    np.testing.assert_allclose(alone["loss"], rows["loss"][9:10], rtol=1e-5)


def test_losses_by_row_are_those_of_the_bound_whatever_is_trained_for():
    model = fitted(divergence="maximum_mean_discrepancy")
    assert set(model.losses(WINE, by_row=True)) == {
        "loss",
        "loss_per_feature",
        "reconstruction",
        "kullback_leibler",
    }
    assert "maximum_mean_discrepancy" in DIVERGENCES


@pytest.mark.parametrize("word", [*LIKELIHOODS])
@pytest.mark.parametrize("scaler", [None, "minmax"])
def test_nats_by_feature_sum_to_those_of_the_row(word, scaler):
    likelihood = LIKELIHOODS[word]()
    X = minmax_scale(WINE)
    if likelihood.counts or word == "categorical":
        if scaler is not None:
            pytest.skip("whole numbers are not scaled")
        X = (X > 0.5).astype(float)
    model = Autoencoder(2, likelihood=word, scaler=scaler, **OPTIONS).fit(X)
    shares = model.score_samples(X, by_feature=True)
    assert shares.shape == X.shape
    np.testing.assert_allclose(shares.sum(axis=1), model.score_samples(X), rtol=1e-9)


@pytest.mark.parametrize("scale", [0.7, "learned", "learned_per_feature"])
def test_the_nats_of_a_feature_are_those_of_a_normal_density(scale):
    model = Autoencoder(
        2, likelihood=f"gaussian(scale={scale!r})".replace("'", '"'), scaler="standard", **OPTIONS
    ).fit(WINE)
    found = model.score_samples(WINE, by_feature=True)
    errors = (model.reconstruct(WINE) - WINE) / model.scaler_.scale
    if scale == 0.7:
        expected = -0.5 * (errors / 0.7) ** 2 - 0.5 * np.log(2 * np.pi * 0.7**2)
        np.testing.assert_allclose(found, expected - np.log(model.scaler_.scale), rtol=1e-6)
    else:
        # Of one column: a line in the squared error, whatever the scale is.
        for column in range(WINE.shape[1]):
            line = np.polyfit(errors[:, column] ** 2, found[:, column], 1)
            left = found[:, column] - np.polyval(line, errors[:, column] ** 2)
            assert abs(left).max() < 1e-6
            assert line[0] < 0


def test_a_likelihood_without_shares_of_features_is_refused():
    model = Autoencoder(2, likelihood=Logistic(), **OPTIONS).fit(WINE)
    with pytest.raises(InvalidParameterError, match="nats_per_feature"):
        model.score_samples(WINE, by_feature=True)
    assert np.isfinite(model.score_samples(WINE)).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1e6, 1e15, 1e37])
def test_a_row_far_off_gets_a_very_low_number(dtype, size):
    model = fitted()
    rows = np.concatenate([WINE[:2], size * np.ones((1, 13))]).astype(dtype)
    for found in (
        model.score_samples(rows),
        model.log_likelihood(rows, n_samples=5, random_state=0),
        -model.losses(rows, by_row=True, random_state=0)["loss"],
    ):
        assert np.isfinite(found).all()
        assert found[2] < found[:2].min() - 1e3
