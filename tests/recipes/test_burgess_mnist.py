"""A convolutional beta-VAE of MNIST: its references, its network, its traversals."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from inscape.objectives import KullbackLeibler, LinearWarmUp
from inscape.recipes.burgess_mnist import as_source, convolutional_pair, resized


@pytest.fixture(scope="module")
def found(reproduced):
    return reproduced("burgess-mnist")[0]


def test_ten_latents_have_the_references_of_the_log(found):
    rows = {(r.experiment, r.metric): r.reference for r in found.results}
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


def test_the_divergence_is_told_without_its_weight(found):
    X = resized(found.X_train, found.image_shape)
    model = as_source(4.0).set_params(epochs=2).fit(X)
    terms = model.history_[2]["terms"]
    assert terms["weighting"] < 0  # at steps 2 and 3 of 10,000 the divergence costs nothing yet
    assert model.history_[2]["loss"] == pytest.approx(sum(terms.values()), rel=1e-6)
    assert model.divergence == KullbackLeibler(4.0, schedule=LinearWarmUp(10_000))
    row = next(r for r in found.results if r.experiment == "VAE, epoch 1")
    assert row.measured > 100


def test_weights_come_from_their_seed_alone(assert_seeded):
    assert_seeded(lambda seed: convolutional_pair(seed=seed))


def test_digits_are_resized_as_pillow_does(mnist):
    X = mnist.test.X[:20]
    ours = resized(X, mnist.image_shape).reshape(-1, 32, 32)
    for row, picture in zip(X, ours, strict=True):
        image = Image.fromarray(np.rint(255 * row).astype(np.uint8).reshape(28, 28))
        theirs = np.asarray(image.resize((32, 32), Image.Resampling.BILINEAR)) / 255
        # Pillow rounds after each of the two directions.
        np.testing.assert_allclose(picture, theirs, atol=1.01 / 255)


def test_the_convolutional_network_is_the_source_s():
    encoder, decoder = convolutional_pair(seed=0)
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
    kept = found.figures
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
