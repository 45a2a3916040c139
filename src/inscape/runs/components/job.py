"""The job of ``inscape components``: ask in several ways which size of code the rows speak for.

The directory appears whole. Where anything is refused, nothing is left behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from inscape import figures
from inscape._checks import check_number
from inscape._errors import InscapeError, InvalidParameterError
from inscape._files import claim_directory
from inscape._typing import FloatArray
from inscape.data import Dataset, Split, load_reading
from inscape.estimators import Autoencoder, VariationalAutoencoder
from inscape.estimators.inputs import choose_device
from inscape.measures import (
    HeldOutSpectrum,
    ParallelAnalysis,
    active_units,
    held_out_spectrum,
    intrinsic_dimension,
    parallel_analysis,
    smallest_as_good,
)
from inscape.runs.components.advice import (
    ASKS,
    CHANCE,
    CURVED,
    LEARNED,
    LIKELY,
    Count,
    advise,
    rounded_up,
)
from inscape.runs.components.summary import write_page
from inscape.runs.config import ComponentsConfig
from inscape.runs.deviations import NO_SCALER, Deviations, choose_scaler, deviations_of
from inscape.runs.environment import default_threads, describe_environment, torch_threads
from inscape.runs.run import Run
from inscape.runs.steps import take
from inscape.runs.writer import RunWriter

# Rows that are looked at: cells of which a spectrum takes a second, and not more than these.
_CELLS, _MOST_ROWS, _FEWEST_ROWS = 5_000_000, 10_000, 500
# Permuted tables, and from how many cells on fewer have to do.
_PERMUTATIONS, _FEW_PERMUTATIONS, _MANY_CELLS = 99, 19, 500_000
# Test rows whose likelihood is estimated, and the draws of each.
_JUDGED, _DRAWS = 1_000, 50
_LARGEST = 32
# How far curves of PCA go beyond the largest size that was tried.
_BEYOND = 2


@dataclass
class _Found:
    """What was asked for, and what came of it so far."""

    dataset: Dataset
    scaler: str
    sizes: tuple[int, ...]
    deviations: Deviations
    chance: ParallelAnalysis = field(init=False)
    spectrum: HeldOutSpectrum = field(init=False)
    dimension: float | None = None
    errors: list[FloatArray] = field(default_factory=list)
    likelihoods: list[FloatArray] = field(default_factory=list)
    active: list[int] = field(default_factory=list)


def find_size(
    config: ComponentsConfig,
    path: str | Path | None = None,
    *,
    data: Dataset | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> Run:
    """Ask in several ways which size of code rows speak for, and keep the answer in a run.

    Parameters
    ----------
    config : ComponentsConfig
        What is asked for.
    path : path-like or None
        A new directory; None takes the next free one below ``runs/``.
    data : Dataset or None
        The data, where they have been read already; None reads them.
    overwrite : bool
        Whether a run that is there may be replaced.
    progress : bool
        Whether to draw a progress bar on a terminal.

    Returns
    -------
    Run
        Finished, with ``metrics.json``, ``figures/`` and ``report.html``.

    Raises
    ------
    RunExistsError
        If something is at `path` already.
    InscapeError
        If an option, the data or the place cannot hold; nothing is left behind then.
    """
    given = None if path is None else Path(path)
    with claim_directory(given, first_path(config), overwrite=overwrite) as path:
        dataset = _some(load_data(config) if data is None else data)
        scaler = choose_scaler(config.scaler, dataset)
        sizes = _choose_sizes(config.sizes, dataset)
        if config.epochs is not None:
            check_number("epochs", config.epochs, above=0)
        found = _Found(dataset, scaler, sizes, deviations_of(dataset, scaler))
        n_threads = default_threads()
        environment = describe_environment(
            dataset, n_threads=n_threads, device=str(choose_device("auto"))
        )
        writer = RunWriter(path, config, environment)
        steps = _execute(writer, config, found, overwrite=overwrite)
        with torch_threads(n_threads):
            take(steps, total=2 * len(sizes) + 4, progress=progress)
    return Run(path)


def first_path(config: ComponentsConfig) -> Path:
    """Return the name below ``runs/`` of a run that is given none; the next free one is taken."""
    return Path("runs") / f"{Path(config.data).stem}-components"


def load_data(config: ComponentsConfig) -> Dataset:
    """Return the data that a config names, read as it says."""
    return load_reading(
        config.data,
        config.reading(),
        test_fraction=config.test_fraction,
        random_state=config.random_state,
    )


def _some(dataset: Dataset) -> Dataset:
    """Return the rows that are looked at, evenly spread."""
    most = min(_MOST_ROWS, max(_FEWEST_ROWS, _CELLS // dataset.n_features))

    def some(part: Split) -> Split:
        step = max(1, -(-part.n_samples // most))
        labels = None if part.y is None else part.y[::step]
        return Split(np.ascontiguousarray(part.X[::step]), labels)

    return Dataset(**vars(dataset) | {"train": some(dataset.train), "test": some(dataset.test)})


def _choose_sizes(asked: tuple[int, ...], dataset: Dataset) -> tuple[int, ...]:
    """Return the sizes to be tried, rising.

    Raises
    ------
    InvalidParameterError
        If one cannot be had of these rows.
    """
    most = min(dataset.train.n_samples, dataset.n_features)
    if not asked:
        return tuple(2**k for k in range(_LARGEST.bit_length()) if 2**k <= most)
    for size in asked:
        if not 1 <= size <= most:
            raise InvalidParameterError(
                f"`sizes` must lie from 1 to {most}, the smaller number of training rows and "
                f"columns; got {size}: leave it out."
            )
    return tuple(sorted(set(asked)))


def _execute(
    writer: RunWriter, config: ComponentsConfig, found: _Found, *, overwrite: bool
) -> Iterator[str]:
    """Ask, draw, and finish the run; tell each step before it is taken."""
    train, test = found.dataset.train, found.dataset.test
    rows, others = (found.deviations.apply(part.X) for part in (train, test))
    yield "permuting columns"
    found.chance = parallel_analysis(
        rows,
        n_permutations=_PERMUTATIONS if rows.size <= _MANY_CELLS else _FEW_PERMUTATIONS,
        random_state=config.random_state,
    )
    yield "asking other rows"
    found.spectrum = held_out_spectrum(rows, others)
    found.dimension = _dimension(rows)
    options: dict[str, Any] = {
        "scaler": None if found.scaler == NO_SCALER else found.scaler,
        "epochs": config.epochs,
        "random_state": config.random_state,
    }
    judged = test.X[:: max(1, -(-test.n_samples // _JUDGED))]
    for size in found.sizes:
        yield f"autoencoder, {size} components"
        plain = Autoencoder(size, **options).fit(train)
        found.errors.append(found.deviations.squared_errors(plain, test.X))
        yield f"variational autoencoder, {size} components"
        model = VariationalAutoencoder(size, **options).fit(train)
        found.active.append(len(active_units(np.asarray(model.transform(test.X)))))
        found.likelihoods.append(
            model.log_likelihood(judged, n_samples=_DRAWS, random_state=config.random_state)
        )
    metrics = _measure(found)
    yield "drawing the figure"
    with writer.staged(overwrite=overwrite) as staged:
        staged.add_metrics(metrics)
        _add_figure(staged, found, metrics)
        yield "writing the report"
        write_page(staged, metrics)


def _dimension(rows: FloatArray) -> float | None:
    """Return the intrinsic dimension; None where rows are too few, or on a grid."""
    try:
        return intrinsic_dimension(rows)
    except InscapeError:
        return None


def _measure(found: _Found) -> dict[str, Any]:
    train, test = found.dataset.train, found.dataset.test
    likely = -np.array(found.likelihoods)
    best = found.sizes[smallest_as_good(likely)]
    counts = [
        Count(CHANCE, found.chance.n_components, ASKS[CHANCE]),
        Count(LIKELY, found.spectrum.n_components, ASKS[LIKELY]),
        Count(LEARNED, best, ASKS[LEARNED], least=best == found.sizes[-1]),
    ]
    if found.dimension is not None:
        counts.insert(2, Count(CURVED, rounded_up(found.dimension), ASKS[CURVED]))
    n_features = int(found.deviations.counted.sum())
    advice = advise(counts, n_features=n_features, n_rows=train.n_samples)
    return {
        "advice": asdict(advice),
        "counts": [asdict(count) for count in counts],
        "scaler": found.scaler,
        "n_train": train.n_samples,
        "n_test": test.n_samples,
        "n_features": n_features,
        "dimension": found.dimension,
        "spectrum": {
            "variances": found.chance.variances.tolist(),
            "thresholds": found.chance.thresholds.tolist(),
            "errors": np.sqrt(found.spectrum.squared_errors.mean(axis=1)).tolist(),
            "log_likelihoods": found.spectrum.log_likelihoods.mean(axis=1).tolist(),
        },
        "sizes": [
            {
                "n_components": size,
                "error": float(np.sqrt(errors.mean())),
                "log_likelihood": float(nats.mean()),
                "active_units": active,
            }
            for size, errors, nats, active in zip(
                found.sizes, found.errors, found.likelihoods, found.active, strict=True
            )
        ],
    }


def _add_figure(writer: RunWriter, found: _Found, metrics: dict[str, Any]) -> None:
    spectrum, tried = metrics["spectrum"], metrics["sizes"]
    shown = min(len(spectrum["errors"]) - 1, _BEYOND * max(found.sizes))
    places = list(range(1, shown + 1))
    sizes = list(found.sizes)
    # In the units of a variational model's nats, which are those of the data.
    kept = found.deviations.counted
    nats = np.array(spectrum["log_likelihoods"]) - np.log(found.deviations.spread[kept]).sum()
    writer.add_figure(
        "components.png",
        figures.size_evidence(
            spectrum["variances"],
            spectrum["thresholds"],
            errors={
                "PCA": (places, spectrum["errors"][1 : shown + 1]),
                "autoencoder": (sizes, [one["error"] for one in tried]),
            },
            likelihoods={
                "PCA": (places, nats[1 : shown + 1]),
                "VAE": (sizes, [one["log_likelihood"] for one in tried]),
            },
            active=(sizes, [one["active_units"] for one in tried]),
            dimension=found.dimension,
        ),
        "What speaks for which size. Top left: variance along each principal component, and what "
        "it may reach by chance; beside it the error on rows that were not learned from, in "
        "standard deviations, which can only fall. Bottom left: how likely such rows are, which "
        "has a top (ring); beside it how many units of a variational model are in use. Bad signs: "
        "a top at the largest size, for larger ones were not tried; an autoencoder that is no "
        "better than PCA, for then nothing is curved that it could learn; no component above "
        "chance.",
    )
