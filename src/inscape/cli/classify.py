"""``inscape classify``: classes from few labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from inscape.cli.files import asked_about, check_places
from inscape.cli.output import say, say_table
from inscape.runs.config import ClassificationConfig

_DEFAULT = ClassificationConfig()
_SHOWN = 10


def classify(
    run_or_data: str | None = None,
    data: str | None = None,
    /,
    *,
    options: Annotated[ClassificationConfig, Parameter(name="*", negative_bool="no-")] = _DEFAULT,
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
        The data that the model of RUN encodes; left out, those that it was fitted on. The
        columns of a table are found by the names that it knows.
    options
        What to learn from, how, and how DATA is read.
    run
        The directory of this run; left out, the next free one below runs/.
    output
        A .csv file with the class of each row, after the columns that --keep names; it is in the
        run too.
    config
        A TOML file of options, such as a run's own config.toml; flags go over it.
    overwrite
        Replace the run and the file that are there.
    """
    from inscape._files import write_atomic
    from inscape.runs.classification import classify as run_classification
    from inscape.runs.classification.job import PREDICTIONS_FILE
    from inscape.runs.classification.summary import (
        COMPARED,
        compared_rows,
        tell,
        unsure_rows,
        unsure_title,
    )
    from inscape.runs.classification.table import read_table

    asked = asked_about(options, run_or_data, data)
    check_places(run, output, overwrite=overwrite)
    table = read_table(asked)
    if table.told:
        say(f"Read as: {'; '.join(table.told)}.")
    made = run_classification(asked, run, table=table, overwrite=overwrite, progress=True)
    metrics = made.metrics
    for sentence in tell(metrics):
        say(sentence)
    say("")
    compared = compared_rows(metrics)
    if compared:
        say_table(COMPARED, compared, bold_first=True)
        say("")
    if metrics["least_sure"]:
        say_table(*unsure_rows(metrics, most=_SHOWN), title=unsure_title(metrics))
        say("")
    say(f"Run          {made.path}")
    say(f"Figures      {made.path / 'figures'}")
    say(f"Report       {made.path / 'report.html'}")
    predictions = made.path / PREDICTIONS_FILE
    if output is not None:
        write_atomic(output, predictions.read_bytes())
        predictions = output
    say(f"Predictions  {predictions}")
