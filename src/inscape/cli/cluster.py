"""``inscape cluster``: groups of rows that are alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from inscape.cli.files import asked_about, check_places
from inscape.cli.output import say, say_table
from inscape.runs.config import ClustersConfig

_DEFAULT = ClustersConfig()


def cluster(
    run_or_data: str | None = None,
    data: str | None = None,
    /,
    *,
    options: Annotated[ClustersConfig, Parameter(name="*", negative_bool="no-")] = _DEFAULT,
    run: Path | None = None,
    output: Path | None = None,
    config: Path | None = None,
    overwrite: bool = False,
) -> None:
    """Find groups of rows that are alike: inscape cluster RUN, or inscape cluster DATA.

    Parameters
    ----------
    run_or_data
        A run of inscape fit whose model encodes the rows, or the data.
    data
        The data that the model of RUN encodes; left out, those that it was fitted on. The
        columns of a table are found by the names that it knows.
    options
        What to look for, how, and how DATA is read.
    run
        The directory of this run; left out, the next free one below runs/.
    output
        A .csv file with the cluster of each row, after the columns that --keep names; it is in the
        run too.
    config
        A TOML file of options, such as a run's own config.toml; flags go over it.
    overwrite
        Replace the run and the file that are there.
    """
    from inscape._files import write_atomic
    from inscape.runs.clusters import find_clusters
    from inscape.runs.clusters.job import CLUSTERS_FILE
    from inscape.runs.clusters.reading import read_table
    from inscape.runs.clusters.summary import (
        AGREEMENT,
        agreement_rows,
        cluster_header,
        cluster_rows,
        tell,
    )

    asked = asked_about(options, run_or_data, data)
    check_places(run, output, overwrite=overwrite)
    table = read_table(asked)
    if table.told:
        say(f"Read as: {'; '.join(table.told)}.")
    made = find_clusters(asked, run, table=table, overwrite=overwrite, progress=True)
    metrics = made.metrics
    for sentence in tell(metrics):
        say(sentence)
    say("")
    compared = agreement_rows(metrics)
    if compared:
        say_table(AGREEMENT, compared, bold_first=True)
        say("")
    say_table(cluster_header(metrics), cluster_rows(metrics), title="The clusters")
    say("")
    say(f"Run       {made.path}")
    say(f"Figures   {made.path / 'figures'}")
    say(f"Report    {made.path / 'report.html'}")
    clusters = made.path / CLUSTERS_FILE
    if output is not None:
        write_atomic(output, clusters.read_bytes())
        clusters = output
    say(f"Clusters  {clusters}")
