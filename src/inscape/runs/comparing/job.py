"""The job of ``inscape compare``: models side by side on one split, behind one scaler.

The directory appears whole. Where anything is refused, nothing is left behind.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from inscape import figures
from inscape._files import claim_directory
from inscape.data import Dataset, load_reading
from inscape.data.scaling import Scaler
from inscape.estimators import DeadUnitWarning
from inscape.estimators.inputs import choose_device
from inscape.runs.comparing.entries import (
    Entry,
    Joined,
    check_asked,
    join_runs,
    make_entries,
    scaler_of_runs,
)
from inscape.runs.comparing.judging import Judge
from inscape.runs.comparing.summary import write_page
from inscape.runs.comparing.verdicts import CONFIDENCE, MEASURES, Row, best_places
from inscape.runs.config import ComparisonConfig
from inscape.runs.deviations import choose_scaler, deviations_of, scaler_of
from inscape.runs.environment import default_threads, describe_environment, torch_threads
from inscape.runs.fitting.conditions import told
from inscape.runs.run import Run
from inscape.runs.steps import take
from inscape.runs.writer import RunWriter


@dataclass
class _Plan:
    """What there is to do, all of it checked."""

    config: ComparisonConfig
    dataset: Dataset
    word: str
    scaler: Scaler | None
    judge: Judge
    entries: Sequence[Entry]
    joined: Sequence[Joined]
    missing: dict[str, str]
    rows: list[Row] = field(default_factory=list)
    conditional: list[str] = field(default_factory=list)

    def seeds_of(self, entry: Entry) -> range:
        """Return the seeds of an entry: what hangs on none is fitted once."""
        first = self.config.random_state
        return range(first, first + (1 if entry.config is None else self.config.seeds))

    @property
    def n_steps(self) -> int:
        """The number of fits, and what comes after them."""
        return sum(len(self.seeds_of(entry)) for entry in self.entries) + len(self.joined) + 2


def compare_models(
    config: ComparisonConfig,
    path: str | Path | None = None,
    *,
    data: Dataset | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> Run:
    """Set models side by side on one split, and keep the table in a run directory.

    Parameters
    ----------
    config : ComparisonConfig
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
        Finished, with ``metrics.json``, ``figures/`` and ``report.html``; it holds no model.

    Raises
    ------
    RunExistsError
        If something is at `path` already.
    InscapeError
        If an option, the data, a run that joins or the place cannot hold; nothing is left behind
        then.
    """
    given = None if path is None else Path(path)
    with claim_directory(given, first_path(config), overwrite=overwrite) as path:
        check_asked(config)
        plan = _plan(config, load_data(config) if data is None else data)
        n_threads = default_threads()
        environment = describe_environment(
            plan.dataset, n_threads=n_threads, device=str(choose_device("auto"))
        )
        writer = RunWriter(path, config, environment)
        with torch_threads(n_threads), warnings.catch_warnings():
            # The table is about what is measured; a dead unit is told by the fit that looks for it.
            warnings.simplefilter("ignore", DeadUnitWarning)
            steps = _execute(writer, plan, overwrite=overwrite)
            take(steps, total=plan.n_steps, progress=progress)
    return Run(path)


def first_path(config: ComparisonConfig) -> Path:
    """Return the name below ``runs/`` of a run that is given none; the next free one is taken."""
    return Path("runs") / f"{Path(config.data).stem}-comparison"


def load_data(config: ComparisonConfig) -> Dataset:
    """Return the data that a config names, read as it says."""
    return load_reading(
        config.data,
        config.reading(),
        test_fraction=config.test_fraction,
        random_state=config.random_state,
    )


def _plan(config: ComparisonConfig, dataset: Dataset) -> _Plan:
    word = choose_scaler(config.scaler or scaler_of_runs(config.runs), dataset)
    scaler = scaler_of(word, dataset)
    joined = list(join_runs(config.runs, dataset, word))
    entries, missing = make_entries(config, dataset, word, scaler)
    judge = Judge(dataset, deviations_of(dataset, word), scaler, seed=config.random_state)
    return _Plan(config, dataset, word, scaler, judge, entries, joined, missing)


def _execute(writer: RunWriter, plan: _Plan, *, overwrite: bool) -> Iterator[str]:
    """Fit, measure, draw, and finish the run; tell each step before it is taken."""
    for entry in plan.entries:
        measured = []
        for seed in plan.seeds_of(entry):
            once = entry.config is None
            yield f"{entry.model}, {entry.n_components}{'' if once else f', seed {seed}'}"
            measured.append(_measure(plan, entry, seed))
        plan.rows.append(
            Row(
                entry.model,
                entry.n_components,
                None if entry.config is None else tuple(plan.seeds_of(entry)),
                _together(measured),
            )
        )
    for joined in plan.joined:
        yield f"measuring {joined.name}"
        plan.rows.append(_measure_run(plan, joined))
    # A run stands among those of its width.
    plan.rows.sort(key=lambda row: row.n_components)
    metrics = _tell(plan)
    yield "drawing the figure"
    with writer.staged(overwrite=overwrite) as staged:
        staged.add_metrics(metrics)
        _add_figure(staged, plan.rows)
        yield "writing the report"
        write_page(staged, metrics)


def _measure(plan: _Plan, entry: Entry, seed: int) -> dict[str, float]:
    fitted, seconds = entry.fit(plan.dataset, plan.scaler, seed)
    return _judge(plan, fitted, entry.model) | {"seconds": seconds}


def _measure_run(plan: _Plan, joined: Joined) -> Row:
    config: Any = joined.run.config
    found = _judge(plan, joined.model, joined.name)
    found["seconds"] = joined.seconds
    return Row(joined.name, joined.n_components, (config.random_state,), _together([found]))


def _judge(plan: _Plan, fitted: Any, name: str) -> dict[str, float]:
    conditional = getattr(fitted, "conditions_", None) is not None
    if conditional and name not in plan.conditional:
        plan.conditional.append(name)
    plain = told(fitted, plan.dataset.test.y) if conditional else fitted
    return plan.judge.measure(plain, fitted, told=conditional)


def _together(measured: Sequence[dict[str, float]]) -> dict[str, list[float]]:
    """Return for each measure what all trainings gave, in the order of the table."""
    return {
        name: [one[name] for one in measured]
        for name in MEASURES
        if all(name in one for one in measured)
    }


def _tell(plan: _Plan) -> dict[str, Any]:
    best = best_places(plan.rows)
    return {
        "scaler": plan.word,
        "n_train": plan.dataset.train.n_samples,
        "n_test": plan.dataset.test.n_samples,
        "n_ranked": plan.judge.n_ranked,
        "seeds": plan.config.seeds,
        "confidence": CONFIDENCE,
        "labels": plan.judge.labels,
        "missing": plan.missing,
        "conditional": plan.conditional,
        "runs": [joined.name for joined in plan.joined],
        "measures": {
            name: {"name": one.name, "meaning": one.meaning, "better": one.better}
            for name, one in MEASURES.items()
        },
        "rows": [
            row.told() | {"best": [name for name in MEASURES if (i, name) in best]}
            for i, row in enumerate(plan.rows)
        ],
    }


def _add_figure(writer: RunWriter, rows: Sequence[Row]) -> None:
    sizes = sorted({row.n_components for row in rows})
    models = list(dict.fromkeys(row.model for row in rows))
    cells = {(row.model, row.n_components): row for row in rows}
    shown = [name for name in MEASURES if any(name in row.values for row in rows)]
    most = max(len(values) for row in rows for values in row.values.values())

    def draws(model: str, name: str) -> np.ndarray:
        found = np.full((len(sizes), most), np.nan)
        for i, size in enumerate(sizes):
            row = cells.get((model, size))
            values = [] if row is None else row.values.get(name, [])
            found[i, : len(values)] = values
        return found

    def halves(model: str, name: str) -> list[float]:
        found = [cells.get((model, size)) for size in sizes]
        return [
            np.nan if row is None or row.half(name) is None else float(row.half(name) or 0.0)
            for row in found
        ]

    drawn = figures.comparison_panels(
        {MEASURES[name].name: {model: draws(model, name) for model in models} for name in shown},
        sizes=sizes,
        halves={
            MEASURES[name].name: {model: halves(model, name) for model in models} for name in shown
        },
        better={
            MEASURES[name].name: f"{MEASURES[name].better} is better"
            for name in shown
            if MEASURES[name].better
        },
    )
    writer.add_figure(
        "comparison.png",
        drawn,
        "Each panel is a measure, each colour a model; small points are single trainings, bars the "
        "interval of their mean. Bad signs: bars that overlap, for then seeds decide who is ahead; "
        "an error that does not fall with more components; a model below PCA in every panel.",
    )
