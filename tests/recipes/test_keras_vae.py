"""The first variational autoencoder of most tutorials: its loss, its start, its figures."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from inscape.recipes import keras_vae
from inscape.recipes.keras_vae import glorot_pair, without_constant


@pytest.fixture(scope="module")
def found(reproduced):
    return reproduced("keras-vae")[0]


def test_two_numbers_a_digit_have_the_source_s_references(found):
    *losses, seconds = found.results
    assert [row.reference for row in losses] == [35.24, 30.05, 5.19]
    total, reconstruction, divergence = ([row.measured, row.ours] for row in losses)
    np.testing.assert_allclose(total, np.add(reconstruction, divergence), rtol=1e-6)
    assert seconds.metric.startswith("processor seconds")
    assert seconds.measured > 0


def test_the_constant_that_is_left_out_leaves_the_squared_error(mnist):
    X = mnist.train.X[:256]
    model = keras_vae.ours().set_params(epochs=1).fit(X)
    # With no noise in the codes the loss is that of the reconstruction from the means.
    with torch.no_grad():
        last = model.network_.encoder[-1]
        last.weight[2:] = 0
        last.bias[2:] = -60
    losses = without_constant(model.losses(X, random_state=0))
    error = np.square(model.reconstruct(X) - X, dtype=float).sum(axis=1).mean()
    assert losses["reconstruction"] == pytest.approx(error, rel=1e-4)
    assert losses["loss"] == pytest.approx(error + losses["kullback_leibler"], rel=1e-4)
    assert losses["loss_per_feature"] == pytest.approx(losses["loss"] / 784)


def test_the_source_s_training_is_adam_from_glorot_s_weights():
    model = keras_vae.as_source(784)
    assert (model.learning_rate, model.batch_size) == (1e-3, 256)
    assert model.optimizer.schedule == "constant"
    encoder, decoder = model.network
    linear = [layer for layer in (*encoder, *decoder) if isinstance(layer, nn.Linear)]
    shapes = [tuple(layer.weight.shape) for layer in linear]
    assert shapes == [(256, 784), (64, 256), (4, 64), (64, 2), (256, 64), (784, 256)]
    for layer in linear:
        assert not layer.bias.any()
        n_out, n_in = layer.weight.shape
        # Means and log-variances are two layers.
        limit = math.sqrt(6 / ((2 if n_out == 4 else n_out) + n_in))
        assert 0.9 * limit < layer.weight.abs().max() <= limit


def test_weights_come_from_their_seed_alone(assert_seeded):
    assert_seeded(lambda seed: glorot_pair((8, 4), 2, activation="tanh", seed=seed))


def test_two_numbers_a_digit_are_drawn_as_map_and_grid(found):
    kept = found.figures
    assert list(kept) == [
        "losses_reconstruction.png",
        "losses_kl.png",
        "reconstructions.png",
        "map_adam.png",
        "grid_adam.png",
        "map_inscape.png",
        "grid_inscape.png",
    ]
    scatter, bar = kept["map_adam.png"][0].axes
    assert bar.get_ylabel() == "digit"
    assert [tick.get_text() for tick in bar.get_yticklabels()] == [str(k) for k in range(10)]
    assert scatter.get_title(loc="left").startswith("Adam")
    grid = kept["grid_adam.png"][0].axes[0]
    assert (*grid.get_xlim(), *grid.get_ylim()) == (-4, 4, -4, 4)
    assert grid.images[0].get_array().shape == (30 * 28, 30 * 28)
