"""A deep autoencoder of seven layers with 32 and with 2 units: Adadelta, Adam and our default.

The story: with Adadelta fifty epochs stop far from what the same net can do; Adam comes much
further, and our default training gets there in a tenth of the epochs.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from inscape import figures
from inscape._typing import FloatArray
from inscape.data import Dataset
from inscape.estimators import Autoencoder, DeadUnitWarning
from inscape.measures import binary_cross_entropy
from inscape.networks import Dense
from inscape.recipes.reproduction import Reproduction
from inscape.recipes.results import THEORY, Result

DATA = "mnist"
TITLE = "A deep autoencoder, 784-256-64-d-64-256-784"
LEAD = (
    "Cross-entropy, ReLU after every layer, the code too, and a sigmoid output: 256 rows a step, "
    "50 epochs of Adadelta (learning rate 1.0) or of Adam (1e-3), from torch's initial weights. "
    "Beside it stands our default training of the same widths for 5 epochs; with 2 units its code "
    "is linear, for ReLU units die, and a code of two has none to spare."
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


def run(found: Reproduction, dataset: Dataset) -> Iterator[str]:
    """Add results and figures to `found`, and yield the name of each training when it is done.

    Parameters
    ----------
    found : Reproduction
        Gets the results and the figures.
    dataset : Dataset
        MNIST, or part of it.
    """
    lab = _Lab(found, dataset)
    for width in WIDTHS:
        yield from lab.try_out(width)
    lab.let_units_die(WIDTHS[-1])
    yield "dead units"


class _Lab:
    """The data, and what has been found so far."""

    def __init__(self, found: Reproduction, dataset: Dataset) -> None:
        self.found = found
        self.dataset = dataset
        self.X, self.T = dataset.train.X, dataset.test.X
        assert dataset.image_shape is not None
        self.shape = dataset.image_shape

    # ----------------------------------------------------------------------- experiments

    def try_out(self, width: Width) -> Iterator[str]:
        """Train with both optimisers and with our defaults, and compare."""
        models = {_OURS: self._default(width)}
        ours = self._error(models[_OURS])
        yield f"{_OURS}, {width.units} units"
        for optimizer, reference in width.references.items():
            model = self._protocol(width, optimizer)
            models[_NAMES[optimizer]] = model
            name = f"{width.units} units, {_NAMES[optimizer]}, 50 epochs ({_dead(model)})"
            self.found.results.append(
                Result(name, METRIC, SOURCE, reference, self._error(model), ours)
            )
            yield name
        self._draw_losses(width, models)
        if width.units == 2:
            self._draw_maps(models)
        else:
            self._draw_reconstructions(width, models)

    def let_units_die(self, width: Width) -> None:
        """Train from a seed that loses its code: all it can say is the mean picture."""
        model = self._protocol(replace(width, seed=_DEADLY_SEED), "adam", epochs=_DEATH_EPOCHS)
        mean = np.broadcast_to(self.X.mean(axis=0), self.T.shape)
        name = f"{width.units} units, Adam, {_DEATH_EPOCHS} epochs ({_dead(model)})"
        reference = binary_cross_entropy(self.T, mean)
        self.found.results.append(
            Result(name, MEAN_METRIC, THEORY, reference, self._error(model), None)
        )

    # ----------------------------------------------------------------------- trainings

    def _protocol(self, width: Width, optimizer: str, *, epochs: int = _EPOCHS) -> Autoencoder:
        """Train with the source's protocol."""
        network = Dense(hidden=_HIDDEN, bias="torch_default")
        model = Autoencoder(
            width.units,
            network=network,
            bottleneck="relu",
            likelihood="bernoulli",
            optimizer=optimizer,
            learning_rate=_LEARNING_RATES[optimizer],
            batch_size=256,
            epochs=min(epochs, _QUICK_EPOCHS) if self.found.quick else epochs,
            random_state=width.seed,
        )
        return _fit_quietly(model, self.X)

    def _default(self, width: Width) -> Autoencoder:
        """Train the same widths with our defaults, at a tenth of the epochs."""
        model = Autoencoder(
            width.units,
            hidden=_HIDDEN,
            bottleneck=width.ours,
            likelihood="bernoulli",
            epochs=_OUR_EPOCHS,
            random_state=width.seed,
        )
        return _fit_quietly(model, self.X)

    def _error(self, model: Autoencoder) -> float:
        return binary_cross_entropy(self.T, model.reconstruct(self.T))

    # ----------------------------------------------------------------------- what is kept

    def _draw_losses(self, width: Width, models: Mapping[str, Autoencoder]) -> None:
        curves = {
            name: (
                [entry["epoch"] for entry in model.history_],
                [entry["loss_per_feature"] for entry in model.history_],
            )
            for name, model in models.items()
        }
        self._keep(
            f"losses_{width.units}.png",
            f"{width.units} units: cross-entropy of each epoch while training.",
            figures.loss_comparison(
                curves,
                xlabel="epoch",
                ylabel="training cross-entropy per pixel",
                title=f"{width.units} units: loss over epochs",
            ),
        )

    def _draw_reconstructions(self, width: Width, models: Mapping[str, Autoencoder]) -> None:
        self._keep(
            f"reconstructions_{width.units}.png",
            f"{width.units} numbers a picture, and what each training makes of them.",
            figures.reconstructions(
                self.T,
                {name: model.reconstruct(self.T) for name, model in models.items()},
                image_shape=self.shape,
            ),
        )

    def _draw_maps(self, models: Mapping[str, Autoencoder]) -> None:
        for name, model in models.items():
            figure = figures.map_and_grid(
                model,
                model.transform(self.T),
                self.dataset.test.y,
                image_shape=self.shape,
                n=_GRID,
                values=(0.0, 1.0),
                class_names=self.dataset.class_names,
                titles=(f"{name}: encoder map", "Decoder grid"),
            )
            caption = f"{name}: where 2 units put the test pictures, and what each place decodes to"
            diagnosis = model.diagnosis()
            self._keep(f"map_{name.lower()}.png", f"{caption}. {diagnosis}".strip(), figure)

    def _keep(self, file: str, caption: str, figure: Any) -> None:
        self.found.figures[file] = (figure, caption)


def _dead(model: Autoencoder) -> str:
    return f"seed {model.random_state}: {len(model.dead_units_)} of {model.n_components} units dead"


def _fit_quietly(model: Autoencoder, X: FloatArray) -> Autoencoder:
    """Fit without a warning: dead units are counted in the results."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeadUnitWarning)
        return model.fit(X)
