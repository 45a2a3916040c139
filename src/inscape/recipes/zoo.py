"""Every model of the zoo on the same rows: one table, and samples of each as a picture.

The story: what a model is good at shows side by side. The plain variational autoencoder is the
reference of every number; what differs is one line of parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from inscape import figures
from inscape._typing import FloatArray, IntArray
from inscape.measures import active_units
from inscape.recipes.reproduction import Reproduction, fit_quietly
from inscape.zoo import MODELS, build

DATA = "mnist"
TITLE = "The zoo: every published model on the same rows"
LEAD = (
    "784-256-64-8 and its mirror, Bernoulli likelihood (but for the σ-VAE's Gaussian), our default "
    "training for 15 epochs on the first 10,000 digits, measured on 2,000 others. Every model is "
    "compared with the plain VAE of this run: the numbers tell what a line of parts changes at a "
    "small training, not what its authors reached. All have this one network: the VQ-VAE has one "
    "symbol a row, and no grid. Models without a density have no divergence and no likelihood; "
    "they are sampled from a mixture fitted to their codes, the others from their priors."
)
SOURCE = "the plain VAE of this run"
N_STEPS = len(MODELS)

_N_TRAIN, _N_TEST = 10_000, 2_000
_EPOCHS, _QUICK_EPOCHS = 15, 2
_N_COMPONENTS, _N_NEIGHBORS = 8, 5
_HIDDEN = (256, 64)
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


def run(found: Reproduction) -> Iterator[str]:
    """Train each model of the zoo on the same rows, measure it and draw from it."""
    X, y = found.X_train[:_N_TRAIN], found.y_train[:_N_TRAIN]
    T, t = found.X_test[:_N_TEST], found.y_test[:_N_TEST]
    specimens: dict[str, Specimen] = {}
    samples: list[FloatArray] = []
    for name in MODELS:
        model = _untrained(name, epochs=found.epochs(_EPOCHS, quick=_QUICK_EPOCHS))
        fit_quietly(model, X, y)
        specimens[name] = _measure(model, X, y, T, t)
        samples.append(_sample(model, X, y))
        yield name
    _report(found, specimens)
    found.keep(
        "samples.png",
        figures.sample_rows(
            np.stack(samples),
            image_shape=found.image_shape,
            names=list(MODELS),
            notes=[_note(specimen) for specimen in specimens.values()],
            title="What each model draws",
        ),
        "Codes drawn from each model's prior (or from a mixture fitted to the codes, for those "
        "without one), decoded. Below each name: log-likelihood, or squared error without one. Bad "
        "signs: a row of one picture, or of no digits.",
    )


def _untrained(name: str, *, epochs: int) -> Any:
    options: dict[str, Any] = (
        {} if "likelihood" in MODELS[name].parts else {"likelihood": "bernoulli"}
    )
    return build(name, _N_COMPONENTS, hidden=_HIDDEN, epochs=epochs, random_state=0, **options)


def _measure(model: Any, X: FloatArray, y: IntArray, T: FloatArray, t: IntArray) -> Specimen:
    # Labels are told to the models that read them; the others do without.
    codes = np.asarray(model.transform(X, y))
    test_codes = np.asarray(model.transform(T, t))
    report = getattr(model, "latent_report_", None)
    divergence = None if report is None else report.kullback_leibler
    neighbours = KNeighborsClassifier(_N_NEIGHBORS).fit(codes, y)
    return Specimen(
        squared_error=float(((model.reconstruct(T, t) - T) ** 2).mean()),
        kullback_leibler=divergence,
        # Codes without a density have neither.
        log_likelihood=None if divergence is None else _log_likelihood(model, T, t),
        n_active=len(active_units(test_codes)),
        accuracy=float(neighbours.score(test_codes, t)),
        seconds=sum(entry["seconds"] for entry in model.history_),
    )


def _log_likelihood(model: Any, *rows: Any) -> float:
    few = (array[:_ROWS_WEIGHED] for array in rows)
    return float(model.log_likelihood(*few, n_samples=_DRAWS, random_state=0).mean())


def _sample(model: Any, X: FloatArray, y: IntArray) -> FloatArray:
    """Return drawn rows (n, n_features), one of each class where the model is told classes."""
    if not hasattr(model.network_, "prior"):
        model.fit_sampler(X, kind="mixture", y=y, random_state=0)
    return model.sample(_N_SAMPLES, y=np.arange(_N_SAMPLES) % 10, random_state=0)


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
                found.add(name, metric, reference, value, source=SOURCE)
    found.overview = (
        ["Model", *(metric.capitalize() for metric in _METRICS.values())],
        [
            [name, *(_as_text(getattr(specimen, field)) for field in _METRICS)]
            for name, specimen in specimens.items()
        ],
    )


def _as_text(value: float | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.4g}"
