"""Seven autoencoders of one hidden layer: what dropout and noise do to what the units learn.

The story: a wide layer without dropout copies its input nearly exactly and its units look like
noise; with dropout the error is some hundred times as large, half of the ReLU units die, and
nearly all that live look like strokes. Much of that error is paleness: where an output y is left
out half of the time, and doubled else, y = x / 2 is the best answer to a pixel x.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from inscape import figures
from inscape._typing import FloatArray, ImageShape
from inscape.corruptions import ZeroMasking
from inscape.estimators import Autoencoder
from inscape.measures import SpatialStructure, spatial_structure, squared_error
from inscape.networks import Dense
from inscape.objectives import Gaussian
from inscape.recipes.reproduction import Reproduction, fit_quietly
from inscape.recipes.results import THEORY
from inscape.training import Report

DATA = "mnist"
TITLE = "Seven shallow autoencoders"
LEAD = (
    "One hidden layer between 784 pixels, squared error and no activation on the output: Adam at "
    "1e-3, 100 rows a step, 20 epochs, from PyTorch's initial weights. Dropout of 0.5 is on the "
    "hidden layer and on the output; noise sets 20% of the pixels to 0, drawn once. Beside it "
    "stands our default training of the same architecture."
)
SOURCE = "measured independently on full MNIST"

TEST, TRAINING = "test squared error", "squared error of the last epoch, as trained"
_SHARE = "share of {} with a pattern (of random ones: 0)"
ENCODER, DECODER = _SHARE.format("encoder tiles"), _SHARE.format("decoder tiles")

_DROPOUT, _NOISE = 0.5, ZeroMasking(share=0.2, fixed=True)
# With this scale nats per feature are the squared error itself, and a constant.
_SQUARED_LOSS, CONSTANT = Gaussian(scale=math.sqrt(0.5)), 0.5 * math.log(math.pi)
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


def run(found: Reproduction) -> Iterator[str]:
    """Train each case as the source does and with our defaults, and look at every unit."""
    varies = found.X_train.std(axis=0) > _LEAST_VARIATION
    curves: dict[str, tuple[list[int], list[float]]] = {}
    models: dict[Case, Autoencoder] = {}
    for case in CASES:
        model = models[case] = as_source(case, epochs=found.epochs(_EPOCHS, quick=_QUICK_EPOCHS))
        curves[f"case {case.number}"] = _fit_by_batch(model, found.X_train)
        default = ours(case, epochs=found.epochs(None, quick=_QUICK_EPOCHS))
        _compare(found, case, model, fit_quietly(default, found.X_train), varies=varies)
        yield case.name
    _draw_losses(found, curves)
    _draw_reconstructions(found, models)
    for case, model in models.items():
        _draw_weights(found, case, model, varies=varies)


# --------------------------------------------------------------------------- trainings


def as_source(case: Case, *, epochs: float) -> Autoencoder:
    """Return the source's training of a case, untrained."""
    return _model(
        case,
        bias="torch_default",
        optimizer="adam",
        learning_rate=1e-3,
        batch_size=100,
        epochs=epochs,
    )


def ours(case: Case, *, epochs: float | None) -> Autoencoder:
    """Return our default training of the same architecture, untrained."""
    return _model(case, bias="data_mean", epochs=epochs)


def _model(case: Case, *, bias: str, **options: Any) -> Autoencoder:
    dropout = _DROPOUT if case.dropout else 0.0
    return Autoencoder(
        case.width,
        network=Dense(hidden=(), bias=bias, dropout=dropout, output_dropout=dropout),
        bottleneck=case.activation,
        likelihood=_SQUARED_LOSS,
        corruption=_NOISE if case.noise else None,
        random_state=_SEED,
        **options,
    )


def _fit_by_batch(model: Autoencoder, X: FloatArray) -> tuple[list[int], list[float]]:
    reports: list[Report] = []
    fit_quietly(model, X, watch=lambda report, _: reports.append(report))
    return by_batch(reports, n_features=X.shape[1])


# --------------------------------------------------------------------------- measures


def _compare(
    found: Reproduction, case: Case, model: Autoencoder, default: Autoencoder, *, varies: FloatArray
) -> None:
    """Add both errors of a case, and the share of units with a pattern in both layers."""

    def test_error(model: Autoencoder) -> float:
        return squared_error(found.X_test, model.reconstruct(found.X_test))

    def share(model: Autoencoder, side: str) -> float:
        return structure(model, side, image_shape=found.image_shape, varies=varies).share

    for metric, reference, source, measured, beside in (
        (TEST, case.test, SOURCE, test_error(model), test_error(default)),
        (TRAINING, case.training, SOURCE, training_error(model), training_error(default)),
        (ENCODER, 0.0, THEORY, share(model, "encoder"), share(default, "encoder")),
        (DECODER, 0.0, THEORY, share(model, "decoder"), share(default, "decoder")),
    ):
        found.add(case.name, metric, reference, measured, source=source, ours=beside)


def training_error(model: Autoencoder) -> float:
    """Return the mean squared error of the last epoch as it was trained."""
    return float(model.history_[-1]["loss_per_feature"]) - CONSTANT


def structure(
    model: Autoencoder, side: str, *, image_shape: ImageShape, varies: FloatArray
) -> SpatialStructure:
    """Return which units have a pattern in the weights of a side.

    Parameters
    ----------
    model : Autoencoder
        Fitted.
    side : {"encoder", "decoder"}
        Weights into each unit, or out of it.
    image_shape : tuple of int
        (height, width) of a picture.
    varies : ndarray of bool, shape (n_pixels,)
        Where pictures have ink often enough for an encoder to learn.
    """
    tiles = _tiles(model, side)
    if side == "decoder":
        return spatial_structure(tiles, image_shape=image_shape)
    return spatial_structure(
        tiles, image_shape=image_shape, mask=varies, least_autocorrelation=_LEAST_OF_ENCODER
    )


def by_batch(reports: Sequence[Report], *, n_features: int) -> tuple[list[int], list[float]]:
    """Return steps, and the mean squared error over the batches between one and the next.

    Parameters
    ----------
    reports : sequence of Report
        Of a training on squared error, the first of them before any step.
    n_features : int
        Of a row.
    """
    steps, errors = [], []
    total, last, started = 0.0, 0, 0
    for report in reports[1:]:
        so_far = report.loss * (report.step - started)
        steps.append(report.step)
        errors.append((so_far - total) / (report.step - last) / n_features - CONSTANT)
        total, last = so_far, report.step
        if report.epoch_done:
            total, started = 0.0, report.step
    return steps, errors


def _tiles(model: Autoencoder, side: str) -> FloatArray:
    """Return one unit's weights a row: into it from the pixels, or out of it to them."""
    weights = model.network_.state_dict()[f"{side}.0.weight"].cpu().numpy()
    return weights if side == "encoder" else weights.T


# --------------------------------------------------------------------------- what is kept


def _draw_losses(found: Reproduction, curves: Mapping[str, tuple[list[int], list[float]]]) -> None:
    found.keep(
        "losses.png",
        figures.loss_comparison(
            curves,
            xlabel="batches of 100",
            ylabel="squared error as trained",
            title="Seven trainings",
        ),
        "Squared error as trained, with dropout where there is any: the mean over the batches "
        "since the last point. Bad signs: a curve that rises or stays level from the start.",
    )


def _draw_reconstructions(found: Reproduction, models: Mapping[Case, Autoencoder]) -> None:
    T = found.X_test
    noised = _NOISE(torch.from_numpy(T), generator=torch.Generator().manual_seed(_SEED)).numpy()
    back: dict[str, FloatArray] = {}
    scores: dict[str, str] = {}
    for case, model in models.items():
        if case.noise:
            back["noised"], scores["noised"] = noised[:_N_SHOWN], ""
        pictures = model.reconstruct(noised if case.noise else T)
        back[f"case {case.number}"] = pictures[:_N_SHOWN]
        scores[f"case {case.number}"] = f"MSE {squared_error(T, pictures):#.3g}"
    found.keep(
        "reconstructions.png",
        figures.reconstructions(T[:_N_SHOWN], back, image_shape=found.image_shape, scores=scores),
        "Ten test pictures and what each case makes of them, with dropout off; cases 6 and 7 "
        "are shown the noised ones. Dropout on the output makes pale pictures: half of a pixel "
        "is then the best answer. A bad sign: the same for all ten.",
    )


def _draw_weights(
    found: Reproduction, case: Case, model: Autoencoder, *, varies: FloatArray
) -> None:
    """Draw the weights into and out of every unit."""
    name = f"{case.name[0].upper()}{case.name[1:]}"
    shape = found.image_shape
    for side, way in (("encoder", "into"), ("decoder", "out of")):
        figure = figures.weight_tiles(
            _tiles(model, side),
            image_shape=shape,
            structured=structure(model, side, image_shape=shape, varies=varies).structured,
            title=f"{name}: weights {way} each unit",
        )
        caption = (
            f"{name}: the weights {way} every unit. A bad sign: noise, for it learned nothing."
        )
        found.keep(f"case_{case.number}_{side}.png", figure, caption)
