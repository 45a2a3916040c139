"""The job of ``inscape impute``: fill what is missing, and say how well that can be done.

The directory appears whole. Where anything is refused, nothing is left behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from inscape._checks import check_integer
from inscape._files import claim_directory
from inscape._typing import FloatArray
from inscape.data.dataset import checksum
from inscape.data.tables import check_distinct
from inscape.runs.config import ImputationConfig
from inscape.runs.environment import default_threads, describe_software, torch_threads
from inscape.runs.imputation.judging import Judged, judge
from inscape.runs.imputation.pictures import add_figures
from inscape.runs.imputation.reading import read_table
from inscape.runs.imputation.summary import write_page
from inscape.runs.run import Run
from inscape.runs.steps import take
from inscape.runs.tables import Table, write_lines
from inscape.runs.writer import RunWriter
from inscape.uses import Imputer
from inscape.uses.saving import save_use

FILLED_FILE = "filled.csv"
DEVIATIONS_FILE = "standard_deviations.csv"
# Nine of ten of a Gaussian lie within so many standard deviations.
_NINE_OF_TEN = 1.6448536


def impute(
    config: ImputationConfig,
    path: str | Path | None = None,
    *,
    table: Table | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> Run:
    """Fill what is missing, measure that on entries that are hidden, and keep it as a run.

    Parameters
    ----------
    config : ImputationConfig
        What is asked for.
    path : path-like or None
        A new directory; None takes the next free one below ``runs/``.
    table : Table or None
        The rows, where `read_table` has read them already; None reads them.
    overwrite : bool
        Whether a run that is there may be replaced.
    progress : bool
        Whether to draw a progress bar on a terminal.

    Returns
    -------
    Run
        Finished, with ``filled.csv``, ``standard_deviations.csv``, ``imputation-1.csv``, ... for
        each draw, ``metrics.json``, ``model/``, ``figures/`` and ``report.html``.

    Raises
    ------
    RunExistsError
        If something is at `path` already.
    InscapeError
        If an option, the data or the place cannot hold; nothing is left behind then.
    """
    given = None if path is None else Path(path)
    with claim_directory(given, first_path(config), overwrite=overwrite) as path:
        check_integer("n_imputations", config.n_imputations, minimum=0)
        table = read_table(config) if table is None else table
        check_distinct([*table.header, *table.description.feature_names], FILLED_FILE)
        make_imputer(config).check_options()
        n_threads = default_threads()
        data = {"name": table.name, "checksum": checksum([table.X])}
        environment = describe_software() | {"n_threads": n_threads, "data": data}
        writer = RunWriter(path, config, environment)
        steps = _execute(writer, config, table, overwrite=overwrite)
        with torch_threads(n_threads):
            take(steps, total=4, progress=progress)
    return Run(path)


def first_path(config: ImputationConfig) -> Path:
    """Return the name below ``runs/`` of a run that is given none; the next free one is taken."""
    return Path("runs") / f"{Path(config.data).stem}-imputation"


def make_imputer(config: ImputationConfig) -> Imputer:
    """Return the imputer that a config stands for, not fitted."""
    return Imputer(method=config.method, random_state=config.random_state)


def _execute(
    writer: RunWriter, config: ImputationConfig, table: Table, *, overwrite: bool
) -> Iterator[str]:
    """Judge, learn, draw, and finish the run; tell each step before it is taken."""
    yield "telling entries that were hidden"
    judged = judge(table, make_imputer(config), seed=config.random_state)
    yield "learning from all that is there"
    # With what the columns are: the imputer that is kept finds them by their names.
    imputer = make_imputer(config).fit(table.part(~table.held_out))
    metrics = _measure(config, table, judged)
    with writer.staged(overwrite=overwrite) as staged:
        staged.add_metrics(metrics)
        save_use(imputer, staged.path / "model")
        _write(staged.path / FILLED_FILE, table, imputer.transform(table.X))
        _write(staged.path / DEVIATIONS_FILE, table, imputer.standard_deviations(table.X))
        if config.n_imputations:
            seed = config.random_state
            drawn = imputer.sample(table.X, config.n_imputations, random_state=seed)
            for number, rows in enumerate(drawn, start=1):
                _write(staged.path / f"imputation-{number}.csv", table, rows)
        yield "drawing figures"
        add_figures(staged, table, judged)
        yield "writing the report"
        write_page(staged, table, metrics)


def _measure(config: ImputationConfig, table: Table, judged: Judged) -> dict[str, Any]:
    missing, hidden = np.isnan(table.X), judged.hidden
    apart = np.abs(judged.filled - judged.truth)
    near = apart[hidden] <= _NINE_OF_TEN * judged.deviations[hidden]
    return {
        "method": config.method,
        "missing": {
            "entries": int(missing.sum()),
            "of": missing.size,
            "rows": int(missing.any(axis=1).sum()),
        },
        "hidden": {
            "entries": int(hidden.sum()),
            "rows": len(judged.rows),
            "within": float(near.mean()),
        },
        "error": judged.errors(),
        "columns": [
            {
                "name": name,
                "missing": int(missing[:, j].sum()),
                "error": _of_column(judged.filled, judged, j),
                "error_of_mean": _of_column(judged.others["mean of the column"], judged, j),
            }
            for j, name in enumerate(table.description.feature_names)
        ],
    }


def _of_column(filled: FloatArray, judged: Judged, j: int) -> float | None:
    apart = ((filled - judged.truth)[:, j] / judged.spread[j])[judged.hidden[:, j]]
    return float(np.sqrt(np.square(apart).mean())) if len(apart) else None


def _write(path: Path, table: Table, rows: FloatArray) -> None:
    """Write one line a row: its place, what is kept, and its columns."""
    header = [*table.header, *table.description.feature_names]
    lines = ([*beside, *row] for beside, row in zip(table.beside(), rows.tolist(), strict=True))
    write_lines(path, header, lines)
