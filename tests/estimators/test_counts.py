"""Counts over powers of ten: learned from their logarithms, scored as the counts they are."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import poisson
from torch import nn

import inscape
from inscape import Autoencoder, VariationalAutoencoder
from inscape.corruptions import GaussianNoise
from inscape.networks import Dense, LogCounts, Modules

ESTIMATORS = (Autoencoder, VariationalAutoencoder)


@pytest.fixture(scope="module")
def counts():
    """Draws from known rates between 1 and 100,000, which four hidden numbers and a size tell."""
    rng = np.random.default_rng(0)
    hidden, size = rng.normal(size=(600, 4)), np.exp(0.4 * rng.normal(size=(600, 1)))
    rates = 30 * size * np.exp(0.5 * hidden @ rng.normal(size=(4, 60)) + rng.normal(size=60))
    return rng.poisson(rates).astype(np.float32), rates


@pytest.mark.parametrize("likelihood", ["poisson", "negative_binomial"])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_held_out_counts_are_nearly_as_probable_as_under_the_true_rates(
    counts, estimator, likelihood
):
    X, rates = counts
    model = estimator(6, hidden=(64,), likelihood=likelihood, epochs=14, random_state=0)
    found = model.fit(X[:500]).score(X[500:])
    truth = poisson.logpmf(X[500:], rates[500:]).sum(axis=1).mean()
    mean_row = poisson.logpmf(X[500:], X[:500].mean(axis=0)).sum(axis=1).mean()
    assert mean_row < 10 * truth
    assert mean_row + 0.98 * (truth - mean_row) < found < truth


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_an_encoder_of_counts_reads_their_logarithms_and_can_be_saved(counts, estimator, tmp_path):
    X, _ = counts
    model = estimator(2, hidden=(8,), likelihood="poisson", epochs=1, random_state=0).fit(X)
    first = model.network_.encoder[0]
    assert isinstance(first, LogCounts)
    torch.testing.assert_close(
        first(torch.tensor([0.0, 9.0, -3.0])).exp(), torch.tensor([1.0, 10, 1])
    )
    model.save(tmp_path / "model")
    np.testing.assert_array_equal(inscape.load(tmp_path / "model").transform(X), model.transform(X))
    gaussian = estimator(2, hidden=(8,), epochs=1, random_state=0).fit(np.log1p(X))
    assert not any(isinstance(module, LogCounts) for module in gaussian.network_.modules())


def test_the_mean_row_of_the_logarithms_is_the_middle_of_the_first_layer(counts):
    X, _ = counts
    model = Autoencoder(2, hidden=(), likelihood="poisson", epochs=0.001, random_state=0)
    _, state = next(model.iter_fit(X))
    with torch.no_grad():
        codes = state.network.encoder(torch.from_numpy(X))
    torch.testing.assert_close(codes.mean(dim=0), torch.zeros(2), atol=1e-4, rtol=0)


def test_modules_of_the_users_own_are_given_the_counts_themselves(counts):
    X, _ = counts
    network = Modules(nn.Sequential(nn.Linear(60, 2)), nn.Linear(2, 60))
    model = Autoencoder(network=network, likelihood="poisson", learning_rate=1e-4, epochs=1)
    assert isinstance(model.fit(X).network_.encoder[0], nn.Linear)


def test_the_first_of_a_pair_of_layers_reads_the_logarithms(counts):
    X, _ = counts
    model = Autoencoder(2, hidden=(8,), likelihood="poisson", layerwise_epochs=1, epochs=1)
    down = [pair[0] for pair in Dense.layer_pairs(model.fit(X).network_)]
    assert [type(layers[0]) for layers in down] == [LogCounts, nn.Linear]


def test_noise_that_makes_counts_negative_leaves_the_training_finite(counts):
    X, _ = counts
    noise = GaussianNoise(1.0)
    model = Autoencoder(2, likelihood="poisson", corruption=noise, epochs=2, random_state=0).fit(X)
    assert np.isfinite(model.score(X))
