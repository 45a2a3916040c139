"""Hinton and Salakhutdinov 2006: thirty numbers a digit, without their pretraining.

The story: PCA with 30 components loses 13.87 of a picture's squared error, the deep autoencoder
of 2006 lost 3.00 after a pretraining of every layer and 200 epochs of fine-tuning. The same
network, trained from random weights, is there in minutes on one core.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sklearn.decomposition import PCA

from inscape import figures
from inscape.data import Dataset
from inscape.estimators import Autoencoder
from inscape.measures import reconstruct, squared_error
from inscape.recipes.reproduction import Reproduction
from inscape.recipes.results import Result
from inscape.training import Adam

DATA = "mnist"
TITLE = "Reducing the dimensionality of data with neural networks"
LEAD = (
    "The deep autoencoder 784-1000-500-250-30 of Hinton and Salakhutdinov 2006 on the whole of "
    "MNIST: squared error summed over the 784 pixels, mean over the 10,000 test pictures. Theirs "
    "was pretrained layer by layer as Boltzmann machines; here every training starts from random "
    "weights. Seconds are those of the processor, evaluation left out."
)
SOURCE = "Hinton and Salakhutdinov 2006, Science 313"
N_STEPS = 4

METRIC = "squared error summed over pixels, test"
LOGISTIC_PCA, DEEP, PCA_30 = 8.01, 3.00, 13.87
_HIDDEN = (1000, 500, 250)
# Of ours, of Adam in as many seconds, and of ours for twice as long.
_EPOCHS = 6, 9, 12


def run(found: Reproduction, dataset: Dataset) -> Iterator[str]:
    """Add results and figures to `found`, and yield the name of each experiment when it is done.

    Parameters
    ----------
    found : Reproduction
        Gets the results and the figures.
    dataset : Dataset
        MNIST, or part of it.
    """
    T, shape = dataset.test.X, dataset.image_shape
    assert shape is not None
    pca = PCA(30, random_state=0).fit(dataset.train.X)
    _add(found, "PCA, 30 components", PCA_30, _error(pca, T))
    yield "PCA"
    short, adam, longer = (1, 1, 2) if found.quick else _EPOCHS
    races = {
        "Inscape": _Race(_ours(epochs=short)),
        "Adam": _Race(_ours(epochs=adam, optimizer=Adam(schedule="linear", warmup=0.1))),
        "Inscape, longer": _Race(_ours(epochs=longer)),
    }
    for name, race in races.items():
        race.run(dataset)
        epochs = f"{race.model.epochs} epochs"
        _add(found, f"784-1000-500-250-30, {name}, {epochs}", DEEP, race.errors[-1])
        found.results.append(
            Result(
                f"784-1000-500-250-30, {name}, {epochs}",
                "processor seconds (six minutes are asked for)",
                "Inscape",
                360.0,
                race.seconds[-1],
                None,
            )
        )
        yield name
    found.figures["race.png"] = (
        figures.loss_race(
            {name: (race.seconds, race.errors) for name, race in races.items()},
            references={
                "PCA": PCA_30,
                "logistic PCA": LOGISTIC_PCA,
                "Hinton and Salakhutdinov 2006": DEEP,
            },
            unit="squared error a picture",
            title="Thirty numbers a digit: test error over seconds on one core",
        ),
        "The same network from random weights, with Adam and with our default optimiser; the "
        "lines are the figures published in 2006.",
    )
    found.figures["reconstructions.png"] = (
        figures.reconstructions(
            T,
            {
                "PCA, 30": reconstruct(pca, T),
                **{name: reconstruct(race.model, T) for name, race in races.items()},
            },
            image_shape=shape,
        ),
        "Test digits out of thirty numbers each.",
    )


def _ours(*, epochs: int, **options: Any) -> Autoencoder:
    """Return the network of 2006; logistic units gave way to SiLU, which needs no pretraining."""
    return Autoencoder(
        30,
        hidden=_HIDDEN,
        activation="silu",
        likelihood="bernoulli",
        batch_size=256,
        epochs=epochs,
        random_state=0,
        **options,
    )


@dataclass
class _Race:
    """One training, and the test error after each of its epochs."""

    model: Autoencoder
    seconds: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)

    def run(self, dataset: Dataset) -> None:
        """Train; the clock stands still while the test error is measured."""
        elapsed, started = 0.0, time.process_time()
        for report, _ in self.model.iter_fit(dataset.train.X):
            if report.epoch_done:
                elapsed += time.process_time() - started
                self.seconds.append(elapsed)
                self.errors.append(_error(self.model, dataset.test.X))
                started = time.process_time()


def _error(model: Any, T: Any) -> float:
    """Return the squared error summed over features, mean over rows."""
    return T.shape[1] * squared_error(T, reconstruct(model, T))


def _add(found: Reproduction, experiment: str, reference: float, measured: float) -> None:
    found.results.append(Result(experiment, METRIC, SOURCE, reference, measured, None))
