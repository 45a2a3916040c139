"""Every model of the zoo on the same rows: one table, and samples of each as a picture.

The story: what a model is good at shows side by side. The plain variational autoencoder is the
reference of every number; what differs is one line of parts.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from inscape import figures
from inscape._typing import FloatArray
from inscape.data import Dataset
from inscape.estimators import DeadUnitWarning
from inscape.measures import active_units
from inscape.recipes.reproduction import Reproduction
from inscape.recipes.results import Result
from inscape.zoo import MODELS, build

DATA = "mnist"
TITLE = "The zoo: every published model on the same rows"
LEAD = (
    "784-256-64-8 and its mirror, Bernoulli likelihood (but for the σ-VAE's Gaussian), our default "
    "training for 15 epochs on the first 10,000 digits, measured on 2,000 others. Every model is "
    "compared with the plain VAE of this run: the numbers tell what a line of parts changes at a "
    "small training, not what its authors reached. Models without a density have no divergence and "
    "no likelihood; they are sampled from a mixture fitted to their codes, the others from their "
    "priors."
)
SOURCE = "the plain VAE of this run"
N_STEPS = len(MODELS)

_N_TRAIN, _N_TEST = 10_000, 2_000
_EPOCHS, _QUICK_EPOCHS = 15, 2
_N_COMPONENTS, _N_NEIGHBORS = 8, 5
_DRAWS, _ROWS_WEIGHED = 100, 500
_N_SAMPLES = 12
_PLAIN = "VAE"
_METRICS = {
    "squared_error": "squared error",
    "kullback_leibler": "divergence, nats",
    "log_likelihood": f"log-likelihood, {_DRAWS} draws, nats",
    "n_active": "active units",
    "accuracy": f"{_N_NEIGHBORS} nearest neighbours",
    "seconds": "seconds",
}


@dataclass(frozen=True)
class Specimen:
    """What was measured of one model; None where it has no such number.

    Parameters
    ----------
    squared_error : float
        Of the reconstruction of test rows, mean over samples and features.
    kullback_leibler : float or None
        Mean nats per sample.
    log_likelihood : float or None
        Importance-weighted, mean nats per sample.
    n_active : int
        Units whose posterior mean varies.
    accuracy : float
        Of nearest neighbours among the training codes, on test rows.
    seconds : float
        Of the fit.
    """

    squared_error: float
    kullback_leibler: float | None
    log_likelihood: float | None
    n_active: int
    accuracy: float
    seconds: float


def run(found: Reproduction, dataset: Dataset) -> Iterator[str]:
    """Add results and figures to `found`, and yield the name of each model when it is done.

    Parameters
    ----------
    found : Reproduction
        Gets the results and the figures.
    dataset : Dataset
        MNIST, or part of it.
    """
    specimens: dict[str, Specimen] = {}
    samples: list[FloatArray] = []
    for name in MODELS:
        model, labels = _fit(name, dataset, quick=found.quick)
        specimens[name] = _measure(model, dataset, labels)
        samples.append(_sample(model, dataset, labels))
        yield name
    _report(found, specimens)
    assert dataset.image_shape is not None
    found.figures["samples.png"] = (
        figures.sample_rows(
            np.stack(samples),
            image_shape=dataset.image_shape,
            names=list(MODELS),
            notes=[_note(specimen) for specimen in specimens.values()],
            title="What each model draws",
        ),
        "Codes drawn from each model's prior (or from a mixture fitted to the codes, for those "
        "without one), decoded. Below each name: log-likelihood, or squared error without one.",
    )


def _fit(name: str, dataset: Dataset, *, quick: bool) -> tuple[Any, bool]:
    """Return a fitted model, and whether it is told the labels."""
    options: dict[str, Any] = (
        {} if "likelihood" in MODELS[name].parts else {"likelihood": "bernoulli"}
    )
    model = build(
        name,
        _N_COMPONENTS,
        epochs=_QUICK_EPOCHS if quick else _EPOCHS,
        random_state=0,
        **options,
    )
    labels = bool(getattr(model, "conditional", False))
    X, y = dataset.train.X[:_N_TRAIN], dataset.train.y
    assert y is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeadUnitWarning)
        return model.fit(X, *((y[:_N_TRAIN],) if labels else ())), labels


def _measure(model: Any, dataset: Dataset, labels: bool) -> Specimen:
    train, test = dataset.train, dataset.test
    assert train.y is not None
    assert test.y is not None
    y, t = train.y[:_N_TRAIN], test.y[:_N_TEST]
    told = ((y,), (t,)) if labels else ((), ())
    codes, test_codes = (
        np.asarray(model.transform(X, *y))
        for X, y in zip((train.X[:_N_TRAIN], test.X[:_N_TEST]), told, strict=True)
    )
    X = test.X[:_N_TEST]
    report = getattr(model, "latent_report_", None)
    neighbours = KNeighborsClassifier(_N_NEIGHBORS).fit(codes, y)
    return Specimen(
        squared_error=float(((model.reconstruct(X, *told[1]) - X) ** 2).mean()),
        kullback_leibler=None if report is None else report.kullback_leibler,
        log_likelihood=_log_likelihood(model, X, t if labels else None),
        n_active=len(active_units(test_codes)),
        accuracy=float(neighbours.score(test_codes, t)),
        seconds=sum(entry["seconds"] for entry in model.history_),
    )


def _log_likelihood(model: Any, X: FloatArray, y: Any) -> float | None:
    report = getattr(model, "latent_report_", None)
    if report is None or report.kullback_leibler is None:  # codes without a density
        return None
    told = () if y is None else (y[:_ROWS_WEIGHED],)
    values = model.log_likelihood(X[:_ROWS_WEIGHED], *told, n_samples=_DRAWS, random_state=0)
    return float(values.mean())


def _sample(model: Any, dataset: Dataset, labels: bool) -> FloatArray:
    """Return drawn rows (n, n_features), one of each class where the model is told classes."""
    told = {"y": np.arange(_N_SAMPLES) % 10} if labels else {}
    if hasattr(model, "prior"):
        return model.sample(_N_SAMPLES, random_state=0, **told)
    model.fit_sampler(dataset.train.X[:_N_TRAIN], kind="mixture", random_state=0)
    return model.sample(_N_SAMPLES, from_="mixture", random_state=0)


def _note(specimen: Specimen) -> str:
    if specimen.log_likelihood is not None:
        return f"{specimen.log_likelihood:.1f} nats"
    return f"squared error {specimen.squared_error:.4f}"


def _report(found: Reproduction, specimens: dict[str, Specimen]) -> None:
    plain = specimens[_PLAIN]
    for name, specimen in specimens.items():
        for field, metric in _METRICS.items():
            value, reference = getattr(specimen, field), getattr(plain, field)
            if value is not None:
                found.results.append(
                    Result(name, metric, SOURCE, float(reference), float(value), None)
                )
    found.overview = (
        ["Model", *(metric.capitalize() for metric in _METRICS.values())],
        [
            [name, *(_shown(getattr(specimen, field)) for field in _METRICS)]
            for name, specimen in specimens.items()
        ],
    )


def _shown(value: float | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.4g}"
