"""A deep autoencoder of seven layers with 32 and with 2 units: Adadelta, Adam and our default.

The story: with Adadelta fifty epochs stop far from what the same net can do; Adam comes much
further, and our default training gets there in a tenth of the epochs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from inscape import figures
from inscape.estimators import Autoencoder
from inscape.measures import binary_cross_entropy
from inscape.networks import Dense
from inscape.recipes.reproduction import Reproduction, curve, dead_units, fit_quietly
from inscape.recipes.results import THEORY

DATA = "mnist"
TITLE = "A deep autoencoder, 784-256-64-d-64-256-784"
LEAD = (
    "Cross-entropy, ReLU after every layer, the code too, and a sigmoid output: 256 rows a step, "
    "50 epochs of PyTorch's Adadelta (learning rate 1.0) or Adam (1e-3), from PyTorch's initial "
    "weights. Beside it stands our default training of the same widths for 5 epochs; with 2 units "
    "its code is linear, for ReLU units die, and a code of two has none to spare."
)
SOURCE = "measured independently on full MNIST"
METRIC = "test cross-entropy"
MEAN_METRIC = "test cross-entropy, beside that of the mean picture"

_HIDDEN = (256, 64)
_EPOCHS, _QUICK_EPOCHS, _OUR_EPOCHS = 50, 4, 5
_DEATH_EPOCHS = 5
# With Adam both ReLU units of a code of two die in the first two epochs from seed 3, and none from
# seeds 0 to 2.
_DEADLY_SEED = 3
_LEARNING_RATES = {"adadelta": 1.0, "adam": 1e-3}
_NAMES = {"adadelta": "Adadelta", "adam": "Adam"}
_OURS = "Inscape"
_GRID = 30


@dataclass(frozen=True)
class Width:
    """A width of the code, and what is expected of it.

    Parameters
    ----------
    units : int
        Of the code.
    seed : int
        Of all trainings of this width.
    ours : str
        The bottleneck in our default training.
    references : mapping of str to float
        Optimiser to cross-entropy in nats on test rows, the mean over pixels.
    """

    units: int
    seed: int
    ours: str
    references: Mapping[str, float]


WIDTHS = (
    Width(32, seed=0, ours="relu", references={"adadelta": 0.136, "adam": 0.0907}),
    Width(2, seed=0, ours="identity", references={"adadelta": 0.226, "adam": 0.176}),
)
N_STEPS = 3 * len(WIDTHS) + 1


def run(found: Reproduction) -> Iterator[str]:
    """Train each width with our defaults and with both optimisers, then let a code die."""
    for width in WIDTHS:
        yield from _try_out(found, width)
    _let_units_die(found, WIDTHS[-1])
    yield "dead units"


# --------------------------------------------------------------------------- experiments


def _try_out(found: Reproduction, width: Width) -> Iterator[str]:
    """Train with both optimisers and with our defaults, and compare."""
    models = {_OURS: fit_quietly(ours(width), found.X_train)}
    error = _error(found, models[_OURS])
    yield f"{_OURS}, {width.units} units"
    for optimizer, reference in width.references.items():
        epochs = found.epochs(_EPOCHS, quick=_QUICK_EPOCHS)
        model = fit_quietly(as_source(width, optimizer, epochs=epochs), found.X_train)
        models[_NAMES[optimizer]] = model
        name = f"{width.units} units, {_NAMES[optimizer]}, 50 epochs ({dead_units(model)})"
        found.add(name, METRIC, reference, _error(found, model), source=SOURCE, ours=error)
        yield name
    _draw(found, width, models)


def _let_units_die(found: Reproduction, width: Width) -> None:
    """Train from a seed that loses its code: all it can say is the mean picture."""
    epochs = found.epochs(_DEATH_EPOCHS, quick=_QUICK_EPOCHS)
    model = as_source(replace(width, seed=_DEADLY_SEED), "adam", epochs=epochs)
    error = _error(found, fit_quietly(model, found.X_train))
    mean = np.broadcast_to(found.X_train.mean(axis=0), found.X_test.shape)
    name = f"{width.units} units, Adam, {_DEATH_EPOCHS} epochs ({dead_units(model)})"
    found.add(name, MEAN_METRIC, binary_cross_entropy(found.X_test, mean), error, source=THEORY)


def _draw(found: Reproduction, width: Width, models: Mapping[str, Autoencoder]) -> None:
    found.keep(
        f"losses_{width.units}.png",
        figures.loss_comparison(
            {name: curve(model, "loss_per_feature") for name, model in models.items()},
            xlabel="epoch",
            ylabel="training cross-entropy per pixel",
            title=f"{width.units} units: loss over epochs",
        ),
        f"{width.units} units: cross-entropy of each epoch while training. A bad sign: a curve "
        "that rises.",
    )
    if width.units != 2:
        caption = f"{width.units} numbers a picture, and what each training makes of them."
        found.keep_reconstructions(f"reconstructions_{width.units}.png", models, caption)
        return
    for name, model in models.items():
        caption = f"{name}: where 2 units put the test pictures, and what each place decodes to"
        found.keep_map(
            f"map_{name.lower()}.png",
            model,
            f"{caption}. {model.diagnosis()}".strip(),
            n=_GRID,
            titles=(f"{name}: encoder map", "Decoder grid"),
        )


# --------------------------------------------------------------------------- trainings


def as_source(width: Width, optimizer: str, *, epochs: int) -> Autoencoder:
    """Return the source's training, untrained."""
    return Autoencoder(
        width.units,
        network=Dense(hidden=_HIDDEN, bias="torch_default"),
        bottleneck="relu",
        likelihood="bernoulli",
        optimizer=optimizer,
        learning_rate=_LEARNING_RATES[optimizer],
        batch_size=256,
        epochs=epochs,
        random_state=width.seed,
    )


def ours(width: Width) -> Autoencoder:
    """Return our default training of the same widths, at a tenth of the epochs, untrained."""
    return Autoencoder(
        width.units,
        hidden=_HIDDEN,
        bottleneck=width.ours,
        likelihood="bernoulli",
        epochs=_OUR_EPOCHS,
        random_state=width.seed,
    )


def _error(found: Reproduction, model: Autoencoder) -> float:
    return binary_cross_entropy(found.X_test, model.reconstruct(found.X_test))
