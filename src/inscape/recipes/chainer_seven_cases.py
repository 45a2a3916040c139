"""Seven autoencoders of one hidden layer: what dropout and noise do to what the units learn.

The story: a wide layer without dropout copies its input nearly exactly and its units look like
noise; with dropout the error is some hundred times as large, half of the ReLU units die, and
nearly all that live look like strokes. Much of that error is paleness: where an output y is left
out half of the time, and doubled else, y = x / 2 is the best answer to a pixel x.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from inscape import figures
from inscape._typing import FloatArray
from inscape.corruptions import ZeroMasking
from inscape.data import Dataset
from inscape.estimators import Autoencoder, DeadUnitWarning
from inscape.measures import SpatialStructure, spatial_structure, squared_error
from inscape.networks import Dense
from inscape.objectives import Gaussian
from inscape.recipes.reproduction import Reproduction
from inscape.recipes.results import THEORY, Result
from inscape.training import Report

DATA = "mnist"
TITLE = "Seven shallow autoencoders"
LEAD = (
    "One hidden layer between 784 pixels, squared error and no activation on the output: Adam at "
    "1e-3, 100 rows a step, 20 epochs. Dropout of 0.5 is on the hidden layer and on the output; "
    "noise sets 20% of the pixels to 0, drawn once. Beside it stands our default training of the "
    "same architecture."
)
SOURCE = "measured independently on full MNIST"

TEST, TRAINING = "test squared error", "squared error of the last epoch, as trained"
_SHARE = "share of {} with a pattern (of random ones: 0)"
ENCODER, DECODER = _SHARE.format("encoder tiles"), _SHARE.format("decoder tiles")

_DROPOUT, _NOISE = 0.5, ZeroMasking(share=0.2, fixed=True)
# With this scale nats per feature are the squared error itself, and a constant.
_SQUARED_LOSS, _CONSTANT = Gaussian(scale=math.sqrt(0.5)), 0.5 * math.log(math.pi)
_EPOCHS, _QUICK_EPOCHS = 20, 0.5
# Where pictures seldom have ink an encoder keeps or even gathers noise. Elsewhere its strokes lie
# under what it started from: the bar is half that of decoders, for strokes that are half the
# variance.
_LEAST_VARIATION, _LEAST_OF_ENCODER = 0.1, 0.3
_N_SHOWN = 10
_SEED = 0


@dataclass(frozen=True)
class Case:
    """One of the seven, and what is expected of it.

    Parameters
    ----------
    number : int
        The source's.
    activation : str
        Of the hidden layer.
    width : int
        Units of the hidden layer.
    dropout, noise : bool
        Whether it is trained with them.
    test, training : float
        Squared error on test rows with dropout off, and in the last epoch as it was trained; the
        mean over pixels.
    """

    number: int
    activation: str
    width: int
    dropout: bool
    noise: bool
    test: float
    training: float

    @property
    def name(self) -> str:
        """What was trained, in words."""
        word = {"relu": "ReLU", "sigmoid": "sigmoid"}[self.activation]
        extras = [", dropout"] * self.dropout + [", noise"] * self.noise
        return f"case {self.number}: {word} {self.width}{''.join(extras)}"


CASES = (
    Case(1, "relu", 1000, dropout=True, noise=False, test=0.0404, training=0.0655),
    Case(2, "relu", 1000, dropout=False, noise=False, test=0.00015, training=0.00019),
    Case(3, "relu", 400, dropout=True, noise=False, test=0.0447, training=0.0689),
    Case(4, "relu", 400, dropout=False, noise=False, test=0.00097, training=0.0010),
    Case(5, "sigmoid", 1000, dropout=True, noise=False, test=0.0381, training=0.0638),
    Case(6, "sigmoid", 1000, dropout=True, noise=True, test=0.0342, training=0.0651),
    Case(7, "sigmoid", 100, dropout=False, noise=True, test=0.0106, training=0.0115),
)
N_STEPS = len(CASES)


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
    for case in CASES:
        lab.try_out(case)
        yield case.name
    lab.draw()


class _Lab:
    """The data, and of each case what its pictures need."""

    def __init__(self, found: Reproduction, dataset: Dataset) -> None:
        self.found = found
        self.X, self.T = dataset.train.X, dataset.test.X
        assert dataset.image_shape is not None
        self.shape = dataset.image_shape
        self.varies = self.X.std(axis=0) > _LEAST_VARIATION
        generator = torch.Generator().manual_seed(_SEED)
        self.noised = _NOISE(torch.from_numpy(self.T), generator=generator).numpy()
        self.curves: dict[str, tuple[list[int], list[float]]] = {}
        self.back: dict[str, FloatArray] = {}
        self.scores: dict[str, str] = {}
        self.sheets: dict[str, tuple[Any, str]] = {}

    # ----------------------------------------------------------------------- experiments

    def try_out(self, case: Case) -> None:
        """Train a case with its protocol and with our defaults, and compare."""
        model, reports = self._protocol(case)
        ours = self._default(case)
        self.curves[f"case {case.number}"] = _by_batch(reports, n_features=self.X.shape[1])
        self._add(case, TEST, SOURCE, case.test, self._test_error, model, ours)
        self._add(case, TRAINING, SOURCE, case.training, _training_error, model, ours)
        self._add(case, ENCODER, THEORY, 0.0, self._encoder_share, model, ours)
        self._add(case, DECODER, THEORY, 0.0, self._decoder_share, model, ours)
        self._show(case, model)

    def draw(self) -> None:
        """Draw what all cases share, and after it the sheets of weights."""
        self._keep(
            "losses.png",
            "Squared error as trained, with dropout where there is any: the mean over the batches "
            "since the last point.",
            figures.loss_comparison(
                self.curves,
                xlabel="batches of 100",
                ylabel="squared error as trained",
                title="Seven trainings",
            ),
        )
        self._keep(
            "reconstructions.png",
            "Ten test pictures and what each case makes of them, with dropout off; cases 6 and 7 "
            "are shown the noised ones. Dropout on the output makes pale pictures: half of a pixel "
            "is then the best answer.",
            figures.reconstructions(
                self.T[:_N_SHOWN], self.back, image_shape=self.shape, scores=self.scores
            ),
        )
        self.found.figures.update(self.sheets)

    # ----------------------------------------------------------------------- trainings

    def _protocol(self, case: Case) -> tuple[Autoencoder, list[Report]]:
        """Train with the source's protocol."""
        model = self._model(
            case,
            bias="torch_default",
            likelihood=_SQUARED_LOSS,
            optimizer="adam",
            learning_rate=1e-3,
            batch_size=100,
            epochs=_QUICK_EPOCHS if self.found.quick else _EPOCHS,
        )
        return model, _fit_quietly(model, self.X)

    def _default(self, case: Case) -> Autoencoder:
        """Train the same architecture with our defaults."""
        epochs = _QUICK_EPOCHS if self.found.quick else None
        model = self._model(case, bias="data_mean", likelihood=_SQUARED_LOSS, epochs=epochs)
        _fit_quietly(model, self.X)
        return model

    def _model(self, case: Case, *, bias: str, **options: Any) -> Autoencoder:
        dropout = _DROPOUT if case.dropout else 0.0
        network = Dense(hidden=(), bias=bias, dropout=dropout, output_dropout=dropout)
        return Autoencoder(
            case.width,
            network=network,
            bottleneck=case.activation,
            corruption=_NOISE if case.noise else None,
            random_state=_SEED,
            **options,
        )

    # ----------------------------------------------------------------------- measures

    def _test_error(self, model: Autoencoder) -> float:
        return squared_error(self.T, model.reconstruct(self.T))

    def _encoder_share(self, model: Autoencoder) -> float:
        return self._structure(model, "encoder").share

    def _decoder_share(self, model: Autoencoder) -> float:
        return self._structure(model, "decoder").share

    def _structure(self, model: Autoencoder, side: str) -> SpatialStructure:
        tiles = _tiles(model, side)
        if side == "decoder":
            return spatial_structure(tiles, image_shape=self.shape)
        return spatial_structure(
            tiles,
            image_shape=self.shape,
            mask=self.varies,
            least_autocorrelation=_LEAST_OF_ENCODER,
        )

    # ----------------------------------------------------------------------- what is kept

    def _show(self, case: Case, model: Autoencoder) -> None:
        """Keep ten reconstructions, and draw the weights into and out of every unit."""
        shown = self.noised if case.noise else self.T
        if case.noise:
            self.back["noised"], self.scores["noised"] = shown[:_N_SHOWN], ""
        name = f"case {case.number}"
        back = model.reconstruct(shown)
        self.back[name] = back[:_N_SHOWN]
        self.scores[name] = f"MSE {squared_error(self.T, back):#.3g}"
        for side, way in (("encoder", "into"), ("decoder", "out of")):
            figure = figures.weight_tiles(
                _tiles(model, side),
                image_shape=self.shape,
                structured=self._structure(model, side).structured,
                title=f"{case.name[0].upper()}{case.name[1:]}: weights {way} each unit",
            )
            caption = f"{case.name[0].upper()}{case.name[1:]}: the weights {way} every unit."
            self.sheets[f"case_{case.number}_{side}.png"] = (figure, caption)

    def _add(
        self,
        case: Case,
        metric: str,
        source: str,
        reference: float,
        measure: Callable[[Autoencoder], float],
        model: Autoencoder,
        ours: Autoencoder,
    ) -> None:
        self.found.results.append(
            Result(case.name, metric, source, reference, measure(model), measure(ours))
        )

    def _keep(self, file: str, caption: str, figure: Any) -> None:
        self.found.figures[file] = (figure, caption)


def _fit_quietly(model: Autoencoder, X: FloatArray) -> list[Report]:
    """Fit without a warning: of a thousand ReLU units some may die."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeadUnitWarning)
        return [report for report, _ in model.iter_fit(X)]


def _training_error(model: Autoencoder) -> float:
    """Return the mean squared error of the last epoch as it was trained."""
    return float(model.history_[-1]["loss_per_feature"]) - _CONSTANT


def _by_batch(reports: list[Report], *, n_features: int) -> tuple[list[int], list[float]]:
    """Return steps, and the mean squared error over the batches between one and the next."""
    steps, errors = [], []
    total, last, started = 0.0, 0, 0
    for report in reports[1:]:
        so_far = report.loss * (report.step - started)
        steps.append(report.step)
        errors.append((so_far - total) / (report.step - last) / n_features - _CONSTANT)
        total, last = so_far, report.step
        if report.epoch_done:
            total, started = 0.0, report.step
    return steps, errors


def _tiles(model: Autoencoder, side: str) -> FloatArray:
    """Return one unit's weights a row: into it from the pixels, or out of it to them."""
    weights = model.network_.state_dict()[f"{side}.0.weight"].cpu().numpy()
    return weights if side == "encoder" else weights.T
