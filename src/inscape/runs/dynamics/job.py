"""The job of ``inscape dynamics``: one exact training of a deep linear network, told and drawn.

The directory appears whole: config, environment, metrics, trajectory, figures, a page, and MANIFEST
last. Where anything is refused, nothing is left behind.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from inscape._checks import check_choice, check_recorded
from inscape._errors import InvalidParameterError
from inscape._files import claim_directory, write_tensors
from inscape.dynamics import sweep
from inscape.dynamics.simulation import recorded_epochs
from inscape.figures.similarities import MOST_CHOSEN
from inscape.runs.config import DynamicsConfig
from inscape.runs.dynamics.findings import Findings
from inscape.runs.dynamics.pictures import (
    add_divergence,
    add_figures,
    add_film,
    add_illusion,
    add_sweep,
)
from inscape.runs.dynamics.problem import read_problem
from inscape.runs.dynamics.summary import write_page
from inscape.runs.environment import describe_software
from inscape.runs.run import Run
from inscape.runs.steps import take
from inscape.runs.writer import RunWriter

_SWEEP_RATES = np.logspace(-1, 1, 20)
_SWEEP_GAMMAS = np.logspace(-12, 0, 17)


def run_dynamics(
    config: DynamicsConfig,
    path: str | Path | None = None,
    *,
    overwrite: bool = False,
    progress: bool = False,
) -> Run:
    """Train a deep linear network exactly, and keep what there is to see in a run directory.

    Parameters
    ----------
    config : DynamicsConfig
        What is asked for.
    path : path-like or None
        A new directory; None takes the next free one below ``runs/``.
    overwrite : bool
        Whether a run that is there may be replaced.
    progress : bool
        Whether to draw a progress bar on a terminal.

    Returns
    -------
    Run
        Finished, with ``metrics.json``, ``trajectory.safetensors``, ``figures/`` and
        ``report.html``.

    Raises
    ------
    RunExistsError
        If something is at `path` already.
    TrainingDivergedError
        If training diverged so early that there is nothing to draw.
    InscapeError
        If an option, the data or the place cannot hold; nothing is left behind then.
    """
    given = None if path is None else Path(path)
    with claim_directory(given, first_path(config), overwrite=overwrite) as path:
        problem = read_problem(config)
        check_options(config)
        environment = describe_software() | {"data": problem.describe()}
        steps = _execute(
            RunWriter(path, config, environment), Findings(config, problem), overwrite=overwrite
        )
        take(steps, total=4 + config.sweep, progress=progress)
    return Run(path)


def first_path(config: DynamicsConfig) -> Path:
    """Return the name below ``runs/`` of a run that is given none; the next free one is taken."""
    return Path("runs") / f"{Path(config.data).stem}-dynamics"


def check_options(config: DynamicsConfig) -> None:
    """Refuse before training what would be refused after it.

    Raises
    ------
    InvalidParameterError
        If options do not go together.
    """
    check_choice("animation", config.animation, ("gif", "mp4", "none"))
    planned = recorded_epochs(config.epochs, config.record_every).tolist()
    for epoch in config.similarity_at:
        check_recorded("similarity_at", epoch, planned)
    if len(set(config.similarity_at)) > MOST_CHOSEN:
        raise InvalidParameterError(
            f"`similarity_at` must hold at most {MOST_CHOSEN} epochs; got "
            f"{len(set(config.similarity_at))}: choose fewer."
        )
    if config.similarity_at and not config.hidden:
        raise InvalidParameterError(
            "`similarity_at` must be left out where there is no hidden layer; got "
            f"{config.similarity_at}."
        )
    if config.sweep and len(set(config.hidden)) > 1:
        raise InvalidParameterError(
            f"`hidden` must be of one width for a sweep; got {config.hidden}: make the layers "
            "equal, or leave the sweep out."
        )


def _execute(writer: RunWriter, findings: Findings, *, overwrite: bool) -> Iterator[str]:
    """Train, measure, draw, and finish the run; tell each step before it is taken."""
    yield "training"
    rate = findings.course.learning_rate
    writer.config = dataclasses.replace(findings.config, learning_rate=rate)
    if findings.diverged:
        yield "drawing its loss"
        with writer.staged(overwrite=overwrite) as run:
            _write(run, findings)
            add_divergence(run, findings)
            _finish(run, findings)
        return
    yield "measuring"
    _ = findings.illusions, findings.theories, findings.similarity
    with writer.staged(overwrite=overwrite) as run:
        _write(run, findings)
        # In the order in which the page shows them.
        yield "drawing figures"
        add_figures(run, findings)
        yield "animating"
        add_film(run, findings)
        add_illusion(run, findings)
        if findings.config.sweep:
            yield "sweeping"
            _sweep(run, findings)
        _finish(run, findings)


def _write(run: RunWriter, findings: Findings) -> None:
    write_tensors(run.path / "trajectory.safetensors", findings.tensors(), findings.metadata())


def _finish(run: RunWriter, findings: Findings) -> None:
    metrics = findings.metrics()
    run.add_metrics(metrics)
    write_page(run, findings, metrics)


def _sweep(run: RunWriter, findings: Findings) -> None:
    config, problem = findings.config, findings.problem
    grid = sweep(
        problem.inputs,
        problem.targets,
        learning_rates=findings.course.learning_rate * _SWEEP_RATES,
        gammas=_SWEEP_GAMMAS,
        seeds=(config.random_state,),
        depths=(len(config.hidden),),
        width=config.hidden[0] if config.hidden else 1,
        initialization=config.initialization,
        epochs=config.epochs,
    )
    names = ("learning_rates", "gammas", "time_to_learn", "n_plateaus", "diverged_at", "loss")
    write_tensors(
        run.path / "sweep.safetensors", {name: np.asarray(getattr(grid, name)) for name in names}
    )
    add_sweep(run, grid, n_modes=len(findings.course.mode_limits))
