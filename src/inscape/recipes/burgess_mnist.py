"""A convolutional beta-VAE of MNIST at 32 x 32 pixels: ten latents, of which few are used.

The story: the weight of the divergence decides how much the code tells. At 4 the codes cost half
the nats of those at 1, whole latents fall silent, and those that are left each change one thing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import interpolate
from torch.nn.utils import skip_init

from inscape import figures
from inscape._typing import FloatArray, ImageShape
from inscape.estimators import VariationalAutoencoder
from inscape.networks import KaimingUniform, initialize
from inscape.objectives import KullbackLeibler, LinearWarmUp
from inscape.recipes.reproduction import Reproduction, curve, fit_quietly
from inscape.training import Adam
from inscape.uses import traverse

DATA = "mnist"
TITLE = "A convolutional beta-VAE of MNIST, ten latents"
LEAD = (
    "The network of Burgess and others 2018: three convolutions of 32 maps, 4 x 4 with stride 2, "
    "two dense layers of 256, ten latents, and the mirror of it; digits resized to 32 x 32 "
    "pixels, cross-entropy of grey pixels, 64 a step, Adam at 5e-4. The weight of the divergence "
    "grows over 10,000 steps, so that ten epochs end at 0.94 of it. Numbers are nats a picture "
    "while training, the mean over an epoch, epochs counted from 0; the source's are the mean of "
    "every 50th step of one training. The divergence is told without its weight."
)
SOURCE = "disentangling-vae, training log on MNIST"

SIDE = 32
N_COMPONENTS = 10
TERMS = ("reconstruction", "kullback_leibler")
_METRICS = ("training reconstruction, nats", "training KL, nats")
_CHANNELS, _WIDTH = 32, 256
_EPOCHS, _WARM_UP = 10, 10_000
QUICK_ROWS = 128, 64
_SHOWN, _STEPS, _FARTHEST = 10, 9, 3.0


@dataclass(frozen=True)
class Weight:
    """A weight of the divergence, and what is expected of it.

    Parameters
    ----------
    name : str
        For tables and figures.
    weight : float
        In the end.
    references : mapping of int to (float, float)
        Epoch, counted from 0, to reconstruction and divergence, in nats.
    """

    name: str
    weight: float
    references: Mapping[int, tuple[float, float]]


WEIGHTS = (
    Weight("VAE", 1.0, {1: (137.89, 31.11), 4: (129.05, 24.43), 9: (128.21, 20.01)}),
    Weight("beta = 4", 4.0, {9: (145.97, 11.30)}),
)
N_STEPS = 1 + len(WEIGHTS)


def run(found: Reproduction) -> Iterator[str]:
    """Train with each weight of the divergence as the source does; draw what the latents say."""
    X = resized(found.X_train, found.image_shape)
    T = resized(found.X_test, found.image_shape)
    yield "data"
    models = {}
    for weight in WEIGHTS:
        model = models[weight.name] = fit_quietly(as_source(weight.weight), X)
        for epoch, references in weight.references.items():
            # The source counts from 0; the history begins before the first epoch.
            terms = model.history_[1 + epoch]["terms"]
            for metric, term, reference in zip(_METRICS, TERMS, references, strict=True):
                name = f"{weight.name}, epoch {epoch}"
                found.add(name, metric, reference, terms[term], source=SOURCE)
        yield weight.name
    _draw(found, T, models)


# --------------------------------------------------------------------------- trainings


def resized(X: FloatArray, image_shape: ImageShape) -> FloatArray:
    """Return pictures at 32 x 32 pixels, by bilinear interpolation, in steps of 1/255.

    Parameters
    ----------
    X : ndarray, shape (n_samples, n_pixels)
        Grey pixels in [0, 1].
    image_shape : tuple of int
        (height, width) of a picture.
    """
    images = torch.from_numpy(np.ascontiguousarray(X, dtype=np.float32))
    images = images.view(-1, 1, *image_shape[:2])
    larger = interpolate(images, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    # The source resizes pictures of whole numbers.
    return (larger.mul(255).round() / 255).flatten(1).numpy()


def as_source(weight: float) -> VariationalAutoencoder:
    """Return the source's model, untrained."""
    return VariationalAutoencoder(
        N_COMPONENTS,
        network=convolutional_pair(seed=0),
        likelihood="bernoulli",
        divergence=KullbackLeibler(weight=weight, schedule=LinearWarmUp(_WARM_UP)),
        # Epsilon is for a loss in nats a picture; here it is in nats a pixel.
        optimizer=Adam(epsilon=1e-8 / SIDE**2),
        learning_rate=5e-4,
        batch_size=64,
        epochs=_EPOCHS,
        random_state=0,
    )


def convolutional_pair(*, seed: int) -> tuple[nn.Sequential, nn.Sequential]:
    """Return the source's encoder and decoder, from He's uniform weights.

    Parameters
    ----------
    seed : int
        Of the weights.
    """
    side = SIDE // 8
    flat = _CHANNELS * side**2
    shape = (_CHANNELS, side, side)
    encoder = nn.Sequential(
        nn.Unflatten(1, (1, SIDE, SIDE)),
        *(_convolution(1, _CHANNELS), nn.ReLU(), _convolution(_CHANNELS, _CHANNELS), nn.ReLU()),
        *(_convolution(_CHANNELS, _CHANNELS), nn.ReLU(), nn.Flatten()),
        *(_linear(flat, _WIDTH), nn.ReLU(), _linear(_WIDTH, _WIDTH), nn.ReLU()),
        _linear(_WIDTH, 2 * N_COMPONENTS),
    )
    decoder = nn.Sequential(
        *(_linear(N_COMPONENTS, _WIDTH), nn.ReLU(), _linear(_WIDTH, _WIDTH), nn.ReLU()),
        *(_linear(_WIDTH, flat), nn.ReLU(), nn.Unflatten(1, shape)),
        *(_transposed(_CHANNELS, _CHANNELS), nn.ReLU(), _transposed(_CHANNELS, _CHANNELS)),
        *(nn.ReLU(), _transposed(_CHANNELS, 1), nn.Flatten()),
    )
    generator = torch.Generator().manual_seed(seed)
    for module in (encoder, decoder):
        initialize(module, KaimingUniform(), generator=generator)
    return encoder, decoder


# skip_init leaves the global generator alone: the weights are drawn afterwards.


def _linear(n_in: int, n_out: int) -> nn.Module:
    return skip_init(nn.Linear, n_in, n_out)


def _convolution(n_in: int, n_out: int) -> nn.Module:
    return skip_init(nn.Conv2d, n_in, n_out, 4, stride=2, padding=1)


def _transposed(n_in: int, n_out: int) -> nn.Module:
    return skip_init(nn.ConvTranspose2d, n_in, n_out, 4, stride=2, padding=1)


# --------------------------------------------------------------------------- what is kept


def _draw(found: Reproduction, T: FloatArray, models: Mapping[str, VariationalAutoencoder]) -> None:
    found.keep(
        "losses.png",
        _curves(models),
        "Reconstruction and divergence of each epoch while training. A larger weight buys cheaper "
        "codes with worse pictures. Bad signs: a divergence of zero, or a curve that rises.",
    )
    found.keep(
        "reconstructions.png",
        figures.reconstructions(
            T,
            {name: model.reconstruct(T) for name, model in models.items()},
            image_shape=(SIDE, SIDE),
        ),
        "Test digits, and what comes back of the means of their codes. A bad sign: the same for "
        "all.",
    )
    found.keep(
        "samples.png",
        figures.sample_rows(
            [model.sample(_SHOWN, random_state=0) for model in models.values()],
            image_shape=(SIDE, SIDE),
            names=list(models),
            title="Drawn from the prior",
        ),
        "New pictures: the same codes, drawn from the prior, go to both decoders. Bad signs: all "
        "alike, or like no digit.",
    )
    for name, model in models.items():
        found.keep(
            f"traversal_{name.replace(' = ', '_').lower()}.png",
            _traversal(name, model),
            f"{name}: one latent at a time goes from -3 to 3, all others are 0. The latents are in "
            "the order of what they cost. A bad sign: rows in which nothing changes. "
            f"{model.latent_report_}",
        )


def _curves(models: Mapping[str, VariationalAutoencoder]) -> Any:
    curves = {}
    for term, what in zip(TERMS, ("reconstruction", "KL"), strict=True):
        for name, model in models.items():
            epochs, values = curve(model, term)
            curves[f"{name}, {what}"] = epochs - 1, values
    return figures.loss_comparison(
        curves,
        xlabel="epoch, counted from 0",
        ylabel="nats a picture",
        title="Reconstruction and divergence over training",
    )


def _traversal(name: str, model: VariationalAutoencoder) -> Any:
    """Return a sheet with a row a latent, the one that costs most first."""
    shares = model.latent_report_.kullback_leibler_by_component
    assert shares is not None
    order = np.argsort(shares)[::-1]
    values = np.linspace(-_FARTHEST, _FARTHEST, _STEPS)
    return figures.traversal_grid(
        traverse(model, code=np.zeros(len(order)), components=order.tolist(), values=values),
        image_shape=(SIDE, SIDE),
        values=values,
        component_names=[f"component {k + 1}" for k in order],
        # A silent latent's share may lie a little below 0.
        notes=[f"{max(shares[k], 0):.2f} nats" for k in order],
        title=f"{name}: what each latent changes",
    )
