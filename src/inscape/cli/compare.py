"""``inscape compare``: models side by side, on one split behind one scaler."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from inscape.cli.files import check_places
from inscape.cli.output import say, say_table
from inscape.runs.config import ComparisonConfig

_DEFAULT = ComparisonConfig()


def compare(
    data: str | None = None,
    /,
    *,
    options: Annotated[ComparisonConfig, Parameter(name="*", negative_bool="no-")] = _DEFAULT,
    run: Path | None = None,
    config: Path | None = None,
    overwrite: bool = False,
) -> None:
    """Set models side by side on the rows of DATA: one table, with intervals over seeds.

    Parameters
    ----------
    data
        A named data set (see inscape datasets); a .npy, .npz, .csv, .tsv, .parquet, .feather,
        .arrow or .xlsx file; a folder of images; left out, mnist.
    options
        What to compare, and how DATA is read.
    run
        The directory of this run; left out, the next free one below runs/.
    config
        A TOML file of options, such as a run's own config.toml; flags go over it.
    overwrite
        Replace the run that is there.
    """
    from inscape.runs.comparing import compare_models
    from inscape.runs.comparing.entries import check_asked
    from inscape.runs.comparing.job import load_data
    from inscape.runs.comparing.summary import KEYS, best_cells, header, remarks, table_rows

    asked = options if data is None else dataclasses.replace(options, data=data)
    check_asked(asked)
    check_places(run, None, overwrite=overwrite)
    dataset = load_data(asked)
    if dataset.told:
        say(f"Read as: {dataset.told}.")
    made = compare_models(asked, run, data=dataset, overwrite=overwrite, progress=True)
    metrics = made.metrics
    say("")
    say_table(
        header(metrics),
        table_rows(metrics),
        title=f"{dataset.name}: measured on {metrics['n_test']:,} test rows",
        bold=best_cells(metrics),
        n_keys=len(KEYS),
    )
    for sentence in remarks(metrics):
        say(sentence)
    say("")
    say(f"Run      {made.path}")
    say(f"Figure   {made.path / 'figures' / 'comparison.png'}")
    say(f"Report   {made.path / 'report.html'}")
    say(f"JSON     {made.path / 'metrics.json'}")
