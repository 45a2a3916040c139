"""Importance-weighted autoencoders: more draws make a tighter bound, and a better model.

The story: the bound of any one model rises with the draws it is made of, towards the
log-likelihood. A model that is trained on the tighter bound explains new digits better.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor

from inscape import figures
from inscape._typing import FloatArray
from inscape.estimators import VariationalAutoencoder
from inscape.objectives.bounds import ImportanceWeighted
from inscape.objectives.variational import Batch
from inscape.recipes.keras_vae import glorot_pair
from inscape.recipes.reproduction import Reproduction, curve, fit_quietly
from inscape.recipes.results import THEORY
from inscape.training import Adam

DATA = "mnist"
TITLE = "Importance-weighted autoencoders, 784-200-200-50"
LEAD = (
    "Two tanh layers of 200, fifty latents, pixels drawn anew as 0 or 1 at each use, 20 rows a "
    "step, Adam at 1e-3: the networks of Burda, Grosse and Salakhutdinov 2016, trained on the "
    "bounds of 1, 5 and 50 draws. They train for 3,280 epochs while the rate falls to a tenth, "
    "and measure with 5,000 draws on all test pictures; here it is 3 epochs, so that the numbers "
    "must lie well above theirs, and 500 draws on 2,000 test pictures. What holds at any length "
    "is asked: that the bound of each model rises with its draws. Whether three models so young "
    "stand in the published order is told beside it."
)
SOURCE = "Burda, Grosse and Salakhutdinov 2016, arXiv 1509.00519, Table 1"

# Draws in training to the published negative log-likelihood, dynamic binarisation, one layer.
PUBLISHED: Mapping[int, float] = {1: 86.76, 5: 85.54, 50: 84.78}
N_STEPS = 2 * len(PUBLISHED)
NLL, RISE = "test NLL, nats", "rise of the bound, nats: not below 0"
BETTER = "nats better, 500 draws"
_HIDDEN, _N_COMPONENTS = (200, 200), 50
_EPOCHS, _QUICK_EPOCHS, _BATCH_SIZE = 3, 2, 20
# The draws of each bound that is measured, and how many test rows it is measured on.
DRAWS = (1, 5, 50, 500)
_TEST_ROWS = 2000
QUICK_ROWS = 400, 40
_SHOWN = 10


@dataclass(frozen=True)
class DynamicallyBinarized(ImportanceWeighted):
    """The importance-weighted bound of pixels that are drawn anew as 0 or 1 at each use.

    A grey pixel is the probability of a 1, in what is encoded and in what has to come out.
    """

    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """Return the negative bound in terms, mean nats per sample."""
        pixels = binarized(batch.features, generator=batch.generator)
        return super().terms(replace(batch, inputs=pixels, features=pixels))


def binarized(X: Tensor, *, generator: torch.Generator) -> Tensor:
    """Return rows of 0 and 1, each drawn with the grey value as the probability of a 1.

    Examples
    --------
    >>> binarized(torch.tensor([[0.0, 1.0]]), generator=torch.Generator())
    tensor([[0., 1.]])
    """
    numbers = torch.rand(X.shape, generator=generator, dtype=X.dtype).to(X.device)
    return (numbers < X).to(X.dtype)


def run(found: Reproduction) -> Iterator[str]:
    """Train on the bounds of 1, 5 and 50 draws, and judge each model by bounds of 1 to 500."""
    X, epochs = found.X_train, found.epochs(_EPOCHS, quick=_QUICK_EPOCHS)
    # Every so many rows: the first half of the test pictures are the easier ones.
    T = found.X_test[:: max(1, len(found.X_test) // _TEST_ROWS)]
    T = binarized(torch.from_numpy(T), generator=torch.Generator().manual_seed(0)).numpy()
    models, losses = {}, {}
    for k in PUBLISHED:
        models[k] = fit_quietly(as_source(k, X).set_params(epochs=epochs), X)
        yield f"training, k = {k}"
        losses[k] = {draws: _negative_bound(models[k], T, draws) for draws in DRAWS}
        _add_bounds(found, k, losses[k], epochs=epochs)
        yield f"bounds, k = {k}"
    _add_order(found, losses, epochs=epochs)
    _draw(found, T, models, losses)


def as_source(k: int, X: FloatArray) -> VariationalAutoencoder:
    """Return the source's model for k draws, untrained."""
    n_features = X.shape[1]
    # The source's biases come from the training pixels, kept away from 0 and 1.
    bias = torch.logit(torch.from_numpy(X.mean(axis=0)).clamp(0.001, 0.999))
    network = glorot_pair(
        (n_features, *_HIDDEN), _N_COMPONENTS, activation="tanh", seed=0, output_bias=bias
    )
    return VariationalAutoencoder(
        _N_COMPONENTS,
        network=network,
        likelihood="bernoulli",
        bound=DynamicallyBinarized(n_draws=k),
        # The source adds 1e-4 to gradients that are sums over the rows of a step, in nats; ours
        # are means over rows and pixels.
        optimizer=Adam(epsilon=1e-4 / (_BATCH_SIZE * n_features)),
        learning_rate=1e-3,
        batch_size=_BATCH_SIZE,
        random_state=0,
    )


# --------------------------------------------------------------------------- what is kept


def _negative_bound(model: VariationalAutoencoder, T: FloatArray, draws: int) -> float:
    """Return how improbable the rows are by the bound of so many draws, in nats."""
    with warnings.catch_warnings():
        # The source's own measure, however few of its draws count.
        warnings.filterwarnings("ignore", message="On .* one of .* draws outweighs all others")
        return -float(model.log_likelihood(T, n_samples=draws, random_state=0).mean())


def _add_bounds(found: Reproduction, k: int, losses: Mapping[int, float], *, epochs: int) -> None:
    """Add a model's likelihood beside the published one, and how its bound rises with draws."""
    name = f"k = {k}, {epochs} epochs of 3,280"
    best = losses[DRAWS[-1]]
    found.add(name, NLL, PUBLISHED[k], best, source=SOURCE)
    for fewer, more in pairwise(DRAWS):
        rise = losses[fewer] - losses[more]
        found.add(f"{name}: from {fewer} to {more} draws", RISE, 0.0, rise, source=THEORY)


def _add_order(
    found: Reproduction, losses: Mapping[int, Mapping[int, float]], *, epochs: int
) -> None:
    """Add by how much a model trained with more draws is better, beside the published gap."""
    for fewer, more in pairwise(PUBLISHED):
        found.add(
            f"trained with k = {more} and not {fewer}, {epochs} epochs of 3,280",
            BETTER,
            PUBLISHED[fewer] - PUBLISHED[more],
            losses[fewer][DRAWS[-1]] - losses[more][DRAWS[-1]],
            source=SOURCE,
        )


def _draw(
    found: Reproduction,
    T: FloatArray,
    models: Mapping[int, VariationalAutoencoder],
    losses: Mapping[int, Mapping[int, float]],
) -> None:
    found.keep(
        "bounds.png",
        figures.loss_comparison(
            {f"trained with k = {k}:": (DRAWS, list(row.values())) for k, row in losses.items()},
            xlabel="draws that the bound is made of",
            ylabel="negative bound on test rows, nats",
            title="More draws, tighter bound",
        ),
        "The same models, judged by bounds of more and more draws: each line falls towards the "
        "model's true negative log-likelihood. The last point is what is compared with the "
        f"published {', '.join(f'{nats:g}' for nats in PUBLISHED.values())}. A bad sign: a line "
        "that rises.",
    )
    found.keep(
        "losses.png",
        figures.loss_comparison(
            {f"k = {k}:": curve(model, "loss") for k, model in models.items()},
            xlabel="epoch",
            ylabel="negative bound in training, nats",
            title="Each model's own bound over training",
        ),
        "The loss of each epoch. The three are different bounds: that of 50 draws lies lower for "
        "the same model too. A bad sign: a curve that rises.",
    )
    found.keep(
        "reconstructions.png",
        figures.reconstructions(
            T,
            {f"k = {k}": model.reconstruct(T) for k, model in models.items()},
            image_shape=found.image_shape,
            titles=("Test digits, 0 or 1", "Reconstruction"),
        ),
        "Test digits, their pixels drawn as 0 or 1, and what comes back of the means of their "
        "codes: the probability of a 1. A bad sign: the same for all.",
    )
    found.keep(
        "samples.png",
        figures.sample_rows(
            [model.sample(_SHOWN, random_state=0) for model in models.values()],
            image_shape=found.image_shape,
            names=[f"k = {k}" for k in models],
            title="Drawn from the prior",
        ),
        "New pictures, the probability of a 1: the same codes, drawn from the prior, go to all "
        "three decoders. Bad signs: all alike, or like no digit.",
    )
