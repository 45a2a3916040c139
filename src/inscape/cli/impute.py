"""``inscape impute``: what is missing, told from what is there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from inscape.cli.files import check_places
from inscape.cli.output import say, say_table
from inscape.runs.config import ImputationConfig

_DEFAULT = ImputationConfig()
_SHOWN = 10


def impute(
    data: str | None = None,
    /,
    *,
    options: Annotated[ImputationConfig, Parameter(name="*", negative_bool="no-")] = _DEFAULT,
    run: Path | None = None,
    output: Path | None = None,
    config: Path | None = None,
    overwrite: bool = False,
) -> None:
    """Fill what is missing in DATA, and say how well that can be done.

    Parameters
    ----------
    data
        A file of which cells may be empty, or a named data set.
    options
        How, and how DATA is read.
    run
        The directory of this run; left out, the next free one below runs/.
    output
        A .csv file with the rows, filled, after the columns that --keep names; it is in the run
        too.
    config
        A TOML file of options, such as a run's own config.toml; flags go over it.
    overwrite
        Replace the run and the file that are there.
    """
    from inscape._files import write_atomic
    from inscape.runs.imputation import impute as run_imputation
    from inscape.runs.imputation.job import FILLED_FILE
    from inscape.runs.imputation.reading import read_table
    from inscape.runs.imputation.summary import COLUMNS, COMPARED, column_rows, compared_rows, tell

    asked = options if data is None else replace(options, data=data)
    check_places(run, output, overwrite=overwrite)
    table = read_table(asked)
    if table.told:
        say(f"Read as: {'; '.join(table.told)}.")
    made = run_imputation(asked, run, table=table, overwrite=overwrite, progress=True)
    metrics = made.metrics
    for sentence in tell(metrics):
        say(sentence)
    say("")
    say_table(COMPARED, compared_rows(metrics), bold_first=True)
    say("")
    say_table(COLUMNS, column_rows(metrics, most=_SHOWN), title="Columns that lack most")
    say("")
    say(f"Run      {made.path}")
    say(f"Figures  {made.path / 'figures'}")
    say(f"Report   {made.path / 'report.html'}")
    filled = made.path / FILLED_FILE
    if output is not None:
        write_atomic(output, filled.read_bytes())
        filled = output
    say(f"Filled   {filled}")
