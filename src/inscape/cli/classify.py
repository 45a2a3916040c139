"""``inscape classify``: classes from few labels."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from inscape._errors import StorageError
from inscape.cli.output import say, say_table
from inscape.runs.config import ClassificationConfig

_DEFAULT = ClassificationConfig()
_SHOWN = 10


def classify(
    run_or_data: str | None = None,
    data: str | None = None,
    /,
    *,
    options: Annotated[ClassificationConfig, Parameter(name="*")] = _DEFAULT,
    run: Path | None = None,
    output: Path | None = None,
    config: Path | None = None,
    overwrite: bool = False,
) -> None:
    """Learn classes from the rows that have a label, and tell them of all: inscape classify RUN.

    Parameters
    ----------
    run_or_data
        A run of inscape fit whose model encodes the rows, or the data.
    data
        The data after a run; left out, its own.
    options
        What to learn from, and how.
    run
        The directory of this run; left out, the next free one below runs/.
    output
        A .csv file with the class of each row; it is in the run too.
    config
        A TOML file of options; flags go over it. A run's own config.toml repeats it.
    overwrite
        Replace the run and the file that are there.
    """
    from inscape._files import write_atomic
    from inscape.runs import Run
    from inscape.runs.classification import classify as run_classification
    from inscape.runs.classification.job import PREDICTIONS_FILE
    from inscape.runs.classification.summary import (
        COMPARED,
        UNSURE,
        compared_rows,
        tell,
        unsure_rows,
        unsure_title,
    )

    asked = options
    if run_or_data is not None:
        if data is not None or (Path(run_or_data) / "config.toml").is_file():
            asked = dataclasses.replace(asked, model=run_or_data, data=data or asked.data)
        else:
            asked = dataclasses.replace(asked, data=run_or_data)
    if output is not None and output.exists() and not overwrite:
        raise StorageError(
            f"{output} must be a new file; it already exists: choose another one, or add "
            "--overwrite."
        )
    made: Run = run_classification(asked, run, overwrite=overwrite, progress=True)
    metrics = made.metrics
    for sentence in tell(metrics):
        say(sentence)
    say("")
    compared = compared_rows(metrics)
    if compared:
        say_table(COMPARED, compared, bold_first=True)
        say("")
    say_table(UNSURE, unsure_rows(metrics, most=_SHOWN), title=unsure_title(metrics))
    say("")
    say(f"Run          {made.path}")
    say(f"Figures      {made.path / 'figures'}")
    say(f"Report       {made.path / 'report.html'}")
    predictions = made.path / PREDICTIONS_FILE
    if output is not None:
        write_atomic(output, predictions.read_bytes())
        predictions = output
    say(f"Predictions  {predictions}")
