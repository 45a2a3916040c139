"""The recipes of variational autoencoders: their references, their parts, their figures."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from inscape.data import Dataset, Split, load
from inscape.estimators import VariationalAutoencoder
from inscape.objectives import Bernoulli, KullbackLeibler, LinearWarmUp
from inscape.objectives.bounds import ImportanceWeighted
from inscape.objectives.variational import Batch
from inscape.recipes import RECIPES, burgess_mnist, iwae, keras_vae
from inscape.recipes.iwae import DynamicallyBinarized, binarized
from inscape.recipes.keras_vae import glorot_pair, without_constant
from inscape.recipes.results import THEORY

MODULES = {"keras-vae": keras_vae, "burgess-mnist": burgess_mnist, "iwae": iwae}


@pytest.fixture(scope="module")
def few():
    """A little of MNIST: the numbers mean nothing."""
    mnist = load("mnist")
    return Dataset(
        name="mnist",
        train=Split(mnist.train.X[:256], mnist.train.y[:256]),
        test=Split(mnist.test.X[:100], mnist.test.y[:100]),
        image_shape=mnist.image_shape,
        feature_names=mnist.feature_names,
        class_names=mnist.class_names,
        checksum=mnist.checksum,
    )


@pytest.fixture(scope="module")
def found(reproduced):
    """What each recipe finds in its quick form."""
    return {name: reproduced(name)[0] for name in MODULES}


@pytest.mark.parametrize("name", MODULES)
def test_all_are_recipes_of_mnist(found, name):
    assert RECIPES[name] == MODULES[name].__name__
    assert MODULES[name].DATA == "mnist"
    assert all(math.isfinite(row.measured) for row in found[name].results)


# --------------------------------------------------------------------------- keras-vae


def test_two_numbers_a_digit_have_the_source_s_references(found):
    *losses, seconds = found["keras-vae"].results
    assert [row.reference for row in losses] == [35.24, 30.05, 5.19]
    total, reconstruction, divergence = ([row.measured, row.ours] for row in losses)
    np.testing.assert_allclose(total, np.add(reconstruction, divergence), rtol=1e-6)
    assert seconds.metric.startswith("processor seconds")
    assert seconds.measured > 0


def test_the_constant_that_is_left_out_leaves_the_squared_error(few):
    X = few.train.X
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


def test_weights_come_from_their_seed_alone():
    torch.manual_seed(0)
    state = torch.random.get_rng_state()
    pairs = [glorot_pair((8, 4), 2, activation="tanh", seed=seed) for seed in (0, 0, 1)]
    pairs += [burgess_mnist.convolutional_pair(seed=seed) for seed in (0, 0, 1)]
    assert torch.equal(torch.random.get_rng_state(), state)
    for same, again, other in (pairs[:3], pairs[3:]):
        for modules in zip(same, again, other, strict=True):
            first, second, third = (
                nn.utils.parameters_to_vector(module.parameters()) for module in modules
            )
            assert torch.equal(first, second)
            assert not torch.equal(first, third)


def test_two_numbers_a_digit_are_drawn_as_map_and_grid(found):
    kept = found["keras-vae"].figures
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


# --------------------------------------------------------------------------- burgess-mnist


def test_ten_latents_have_the_references_of_the_log(found):
    rows = {(r.experiment, r.metric): r.reference for r in found["burgess-mnist"].results}
    metrics = ("training reconstruction, nats", "training KL, nats")
    log = {
        "VAE, epoch 1": (137.89, 31.11),
        "VAE, epoch 4": (129.05, 24.43),
        "VAE, epoch 9": (128.21, 20.01),
        "beta = 4, epoch 9": (145.97, 11.30),
    }
    assert rows == {
        (name, metric): value
        for name, values in log.items()
        for metric, value in zip(metrics, values, strict=True)
    }


def test_the_divergence_is_told_without_its_weight(found, few):
    X = burgess_mnist.resized(few.train.X[:128], few.image_shape)
    model = burgess_mnist.as_source(4.0).set_params(epochs=2).fit(X)
    terms = model.history_[1]["terms"]
    assert terms["weighting"] < 0  # at steps 2 and 3 of 10,000 the divergence costs nothing yet
    assert model.history_[1]["loss"] == pytest.approx(sum(terms.values()), rel=1e-6)
    assert model.divergence == KullbackLeibler(4.0, schedule=LinearWarmUp(10_000))
    row = next(r for r in found["burgess-mnist"].results if r.experiment == "VAE, epoch 1")
    assert row.measured > 100


def test_digits_are_resized_as_pillow_does(few):
    X = few.test.X[:20]
    ours = burgess_mnist.resized(X, few.image_shape).reshape(-1, 32, 32)
    for row, picture in zip(X, ours, strict=True):
        image = Image.fromarray(np.rint(255 * row).astype(np.uint8).reshape(28, 28))
        theirs = np.asarray(image.resize((32, 32), Image.Resampling.BILINEAR)) / 255
        # Pillow rounds after each of the two directions.
        np.testing.assert_allclose(picture, theirs, atol=1.01 / 255)


def test_the_convolutional_network_is_the_source_s():
    encoder, decoder = burgess_mnist.convolutional_pair(seed=0)
    # As torch prints the source's: 32 x (1, 32, 32) maps of 4 x 4, dense 512-256-256-20.
    weights = [tuple(p.shape) for m in (encoder, decoder) for p in m.parameters() if p.ndim > 1]
    maps = (32, 32, 4, 4)
    assert weights == [
        *((32, 1, 4, 4), maps, maps, (256, 512), (256, 256), (20, 256)),
        *((256, 10), (256, 256), (512, 256), maps, maps, (32, 1, 4, 4)),
    ]
    assert decoder(torch.zeros(2, 10)).shape == (2, 1024)
    assert encoder(torch.zeros(2, 1024)).shape == (2, 20)


def test_ten_latents_are_drawn_in_the_order_of_what_they_cost(found):
    kept = found["burgess-mnist"].figures
    assert list(kept) == [
        "losses.png",
        "reconstructions.png",
        "samples.png",
        "traversal_vae.png",
        "traversal_beta_4.png",
    ]
    for name in ("traversal_vae.png", "traversal_beta_4.png"):
        texts = [text.get_text() for text in kept[name][0].axes[0].texts]
        assert sorted(t for t in texts if t.startswith("component")) == sorted(
            f"component {k}" for k in range(1, 11)
        )
        costs = [float(text.split()[0]) for text in texts if text.endswith(" nats")]
        assert costs == sorted(costs, reverse=True)
        assert len(costs) == 10


# --------------------------------------------------------------------------- iwae


@pytest.fixture
def batch():
    """A batch of grey pixels, some of them 0 or 1, for a network that was trained a little."""
    X = np.random.default_rng(0).random((40, 6), dtype=np.float32)
    X[:, 0], X[:, 1] = 0, 1
    model = VariationalAutoencoder(
        2,
        hidden=(8,),
        likelihood="bernoulli",
        bound=DynamicallyBinarized(),
        epochs=1,
        random_state=0,
    ).fit(X)
    rows = torch.from_numpy(X)
    return Batch(
        network=model.network_,
        inputs=rows,
        features=rows,
        conditions=None,
        likelihood=Bernoulli(),
        divergence=KullbackLeibler(),
        n_samples=40,
        generator=torch.Generator().manual_seed(0),
        step=0,
    )


def test_pixels_are_drawn_anew_at_every_call_and_stay_grey_in_the_data(batch, monkeypatch):
    seen, before = [], batch.features.clone()

    def terms(self, given):
        seen.append(given)
        return {}

    monkeypatch.setattr(ImportanceWeighted, "terms", terms)
    for _ in range(500):
        DynamicallyBinarized(n_draws=5).terms(batch)
    draws = torch.stack([given.features for given in seen])
    assert all(given.inputs is given.features for given in seen)
    assert set(draws.unique().tolist()) == {0.0, 1.0}
    assert not torch.equal(draws[0], draws[1])
    assert torch.equal(batch.features, before)
    assert torch.equal(batch.inputs, before)
    # Five standard errors.
    error = (before * (1 - before) / len(draws)).sqrt()
    assert ((draws.mean(dim=0) - before).abs() <= 5 * error).all()


def test_of_pixels_that_are_0_or_1_the_bound_is_the_usual_one(batch):
    pixels = batch.features.round()
    batch = replace(batch, inputs=pixels, features=pixels)
    usual = ImportanceWeighted(n_draws=5)
    ours = DynamicallyBinarized(n_draws=5)
    sums = []
    for bound in (usual, ours):
        terms = [sum(bound.terms(batch).values()) for _ in range(200)]
        sums.append(torch.stack(terms).detach())
    # Draws differ, so it is the means that agree.
    error = math.hypot(*(float(values.std()) / math.sqrt(200) for values in sums))
    assert float(sums[0].mean()) == pytest.approx(float(sums[1].mean()), abs=5 * error)


def test_a_binary_draw_keeps_the_type():
    X = torch.full((3, 4), 0.5, dtype=torch.float64)
    assert binarized(X, generator=torch.Generator()).dtype == torch.float64


def test_the_models_are_trained_on_pixels_that_are_drawn(few):
    model = iwae.as_source(5, few.train.X)
    assert model.bound == DynamicallyBinarized(n_draws=5)
    assert (model.learning_rate, model.batch_size, model.n_components) == (1e-3, 20, 50)
    last = model.network[1][-1]
    p = few.train.X.mean(axis=0, dtype=float).clip(0.001, 0.999)
    np.testing.assert_allclose(last.bias.detach(), np.log(p / (1 - p)), rtol=1e-4)


def test_each_bound_rises_with_its_draws_and_stands_beside_the_published_number(found):
    rows = found["iwae"].results
    published = [r for r in rows if r.metric == iwae.NLL]
    assert [r.reference for r in published] == [86.76, 85.54, 84.78]
    assert all("epochs of 3,280" in r.experiment for r in published)
    rises = [r for r in rows if r.metric == iwae.RISE]
    assert len(rises) == 9
    assert all(r.source == THEORY for r in rises)
    # By the theorem, but for the noise of few rows: the bounds are estimates.
    assert all(r.measured > -0.5 for r in rises)
    order = [r for r in rows if r.metric == iwae.BETTER]
    assert [r.reference for r in order] == pytest.approx([1.22, 0.76])
    gaps = -np.diff([r.measured for r in published])
    assert [r.measured for r in order] == pytest.approx(list(gaps))


def test_importance_weighted_models_are_drawn(found):
    kept = found["iwae"].figures
    assert list(kept) == ["bounds.png", "losses.png", "reconstructions.png", "samples.png"]
    lines = kept["bounds.png"][0].axes[0].lines
    assert [line.get_xdata().tolist() for line in lines] == [[1, 5, 50, 500]] * 3
