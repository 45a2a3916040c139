"""``inscape fit``: learn a representation and keep it as a run."""

from __future__ import annotations

import contextlib
import dataclasses
import shlex
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from inscape._errors import InvalidParameterError
from inscape._files import claim_directory
from inscape.cli.output import say, say_table, say_warning
from inscape.runs.config import FitConfig

if TYPE_CHECKING:
    from inscape.runs.run import Run

_DEFAULT = FitConfig()


def fit(
    data: str | None = None,
    /,
    *,
    options: Annotated[FitConfig, Parameter(name="*", negative_bool="no-")] = _DEFAULT,
    run: Path | None = None,
    resume: Path | None = None,
    config: Path | None = None,
    overwrite: bool = False,
) -> None:
    """Learn a representation of DATA, show it, and keep it as a run.

    Parameters
    ----------
    data
        A named data set (see inscape datasets); a .npy, .npz, .csv, .tsv, .parquet, .feather,
        .arrow or .xlsx file; a folder of images; left out, mnist.
    options
        What to learn, and how.
    run
        The run's directory; left out, the next free one below runs/.
    resume
        An interrupted run to go on with, in place of DATA.
    config
        A TOML file of options, such as a run's own config.toml; flags go over it.
    overwrite
        Replace the run that is there.
    """
    if resume is not None:
        if data is not None or options != _DEFAULT or run is not None:
            raise InvalidParameterError(
                "--resume must stand alone, for the run knows its data and options; got more: "
                "leave the rest out."
            )
        _carry_on(resume)
        return
    _start(options if data is None else dataclasses.replace(options, data=data), run, overwrite)


def _start(config: FitConfig, path: Path | None, overwrite: bool) -> None:
    from inscape.runs.fitting import first_path, load_data
    from inscape.runs.fitting import fit as fit_run

    with claim_directory(path, first_path(config), overwrite=overwrite) as held:
        dataset = load_data(config)
        if dataset.told:
            say(f"Read as: {dataset.told}.")
        with _resumable(held):
            run = fit_run(config, held, data=dataset, overwrite=overwrite, progress=True)
    _show(run)


def _carry_on(path: Path) -> None:
    from inscape.runs.fitting import resume as resume_run
    from inscape.runs.run import Run, check_fit

    check_fit(Run(path), "be resumed")
    if Run(path).finished:
        say(f"{path} is finished; there is nothing to resume.")
        return
    with _resumable(path):
        run = resume_run(path, progress=True)
    _show(run)


@contextlib.contextmanager
def _resumable(path: Path) -> Iterator[None]:
    """Tell how to go on where the user interrupts; a dead unit is told with the table."""
    from inscape.estimators import DeadUnitWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeadUnitWarning)
        try:
            yield
        except KeyboardInterrupt:
            if (path / "config.toml").is_file():
                say_warning(f"go on with: inscape fit --resume {shlex.quote(str(path))}")
            raise


def _show(run: Run) -> None:
    from inscape.runs.fitting.summary import remarks, table_rows

    metrics, data = run.metrics, run.environment["data"]
    header, rows = table_rows(metrics)
    components = metrics["n_components"]
    say("")
    say_table(
        header,
        rows,
        title=f"{data['name']}: {components} component{'s' * (components != 1)}, measured on "
        f"{data['n_test']:,} test rows",
        bold_first=True,
    )
    for sentence in remarks(metrics):
        say(sentence)
    if metrics["diagnosis"]:
        say_warning(metrics["diagnosis"])
    say("")
    say(f"Run      {run.path}")
    say(f"Figures  {run.path / 'figures'}")
    say(f"Report   {run.path / 'report.html'}")
