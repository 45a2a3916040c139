"""``inscape components``: which size of code the rows speak for."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from inscape.cli.files import check_places
from inscape.cli.output import say, say_table
from inscape.runs.config import ComponentsConfig

_DEFAULT = ComponentsConfig()


def components(
    data: str | None = None,
    /,
    *,
    options: Annotated[ComponentsConfig, Parameter(name="*", negative_bool="no-")] = _DEFAULT,
    run: Path | None = None,
    config: Path | None = None,
    overwrite: bool = False,
) -> None:
    """Ask which size of code the rows of DATA speak for, and how doubtful that is.

    Parameters
    ----------
    data
        A named data set (see inscape datasets); a .npy, .npz, .csv, .tsv, .parquet, .feather,
        .arrow or .xlsx file; a folder of images; left out, mnist.
    options
        What to try, and how DATA is read.
    run
        The directory of this run; left out, the next free one below runs/.
    config
        A TOML file of options, such as a run's own config.toml; flags go over it.
    overwrite
        Replace the run that is there.
    """
    from inscape.runs.components import find_size
    from inscape.runs.components.job import load_data
    from inscape.runs.components.summary import COUNTS, SIZES, count_rows, remarks, size_rows

    asked = options if data is None else dataclasses.replace(options, data=data)
    check_places(run, None, overwrite=overwrite)
    dataset = load_data(asked)
    if dataset.told:
        say(f"Read as: {dataset.told}.")
    made = find_size(asked, run, data=dataset, overwrite=overwrite, progress=True)
    metrics = made.metrics
    for sentence in metrics["advice"]["told"]:
        say(sentence)
    say("")
    say_table(COUNTS, count_rows(metrics), title="Ways of counting")
    say("")
    say_table(SIZES, size_rows(metrics), title="Sizes that were tried")
    for sentence in remarks(metrics):
        say(sentence)
    say("")
    say(f"Run      {made.path}")
    say(f"Figure   {made.path / 'figures' / 'components.png'}")
    say(f"Report   {made.path / 'report.html'}")
