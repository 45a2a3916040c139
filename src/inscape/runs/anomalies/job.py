"""The job of ``inscape anomalies``: learn what is normal, judge every row, and show the worst.

The directory appears whole. Where anything is refused, nothing is left behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from inscape._files import claim_directory
from inscape._typing import FloatArray
from inscape.data.dataset import checksum
from inscape.data.tables import check_distinct
from inscape.runs.anomalies.judging import Table, compare_with_classics, judge, read_table
from inscape.runs.anomalies.pictures import add_figures
from inscape.runs.anomalies.summary import write_page
from inscape.runs.config import AnomaliesConfig
from inscape.runs.environment import default_threads, describe_software, torch_threads
from inscape.runs.run import Run
from inscape.runs.steps import take
from inscape.runs.tables import with_run, write_lines
from inscape.runs.writer import RunWriter
from inscape.uses import AnomalyDetector
from inscape.uses.saving import save_use

# Rows that are named in the metrics, the worst first.
_NAMED = 20
SCORES_FILE = "scores.csv"
_HEADER = ("score", "p_value", "anomaly")


def find_anomalies(
    config: AnomaliesConfig,
    path: str | Path | None = None,
    *,
    table: Table | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> Run:
    """Learn what is normal, judge every row, and keep what there is to see in a run directory.

    Parameters
    ----------
    config : AnomaliesConfig
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
        Finished, with ``scores.csv``, ``metrics.json``, ``model/``, ``figures/`` and
        ``report.html``.

    Raises
    ------
    RunExistsError
        If something is at `path` already.
    InscapeError
        If an option, the data or the place cannot hold; nothing is left behind then.
    """
    config = with_run(config)
    given = None if path is None else Path(path)
    with claim_directory(given, first_path(config), overwrite=overwrite) as path:
        table = read_table(config) if table is None else table
        check_distinct([*table.header, *_HEADER], SCORES_FILE)
        detector = make_detector(config, table)
        n_threads = default_threads()
        data = {"name": table.name, "checksum": checksum([table.X])}
        environment = describe_software() | {"n_threads": n_threads, "data": data}
        writer = RunWriter(path, config, environment)
        steps = _execute(writer, detector, table, overwrite=overwrite, progress=progress)
        with torch_threads(n_threads):
            take(steps, total=5, progress=progress)
    return Run(path)


def first_path(config: AnomaliesConfig) -> Path:
    """Return the name below ``runs/`` of a run that is given none; the next free one is taken."""
    return Path("runs") / f"{Path(with_run(config).data or '').stem}-anomalies"


def make_detector(config: AnomaliesConfig, table: Table) -> AnomalyDetector:
    """Return the detector that a config stands for, not fitted.

    Parameters
    ----------
    config : AnomaliesConfig
        What is asked for.
    table : Table
        Pictures have one unit, the columns of a table each their own; and it has the model.
    """
    scaler = config.scaler or ("standard" if table.image_shape is None else "none")
    methods = config.method or (("denoising",) if config.model is None else ("mahalanobis",))
    return AnomalyDetector(
        table.model,
        method=methods[0] if len(methods) == 1 else list(methods),
        scaler=None if scaler == "none" else scaler,
        contamination=config.contamination,
        false_alarm_rate=config.false_alarm_rate,
        threshold=config.threshold,
        random_state=config.random_state,
    )


def _execute(
    writer: RunWriter,
    detector: AnomalyDetector,
    table: Table,
    *,
    overwrite: bool,
    progress: bool,
) -> Iterator[str]:
    """Learn, judge, draw, and finish the run; tell each step before it is taken."""
    yield "learning what is normal"
    # With what the columns are: the detector that is kept finds them by their names.
    detector.set_params(verbose=int(progress)).fit(table.part(table.learned))
    # What is kept does not hang on whether somebody looked on.
    detector.set_params(verbose=0)
    yield "judging every row"
    scores, p_values = judge(detector, table)
    yield "asking the classics"
    metrics = _measure(detector, table, scores, p_values)
    with writer.staged(overwrite=overwrite) as staged:
        staged.add_metrics(metrics)
        save_use(detector, staged.path / "model")
        told = scores < detector.offset_
        write_scores(staged.path / SCORES_FILE, table, scores, p_values, told)
        yield "drawing figures"
        add_figures(staged, detector, table, scores)
        yield "writing the report"
        write_page(staged, table, metrics)


def _measure(
    detector: AnomalyDetector, table: Table, scores: FloatArray, p_values: FloatArray
) -> dict[str, Any]:
    told = scores < detector.offset_
    worst = np.argsort(scores, kind="stable")[:_NAMED]
    return {
        "method": detector.method,
        "threshold": detector.offset_,
        "contamination": detector.contamination,
        "false_alarm_rate": detector.false_alarm_rate,
        "rows": {
            "learned_from": _count(told[table.learned]),
            "others": _count(told[~table.learned]),
        },
        "known": None
        if table.odd is None
        else {
            "normal": _count(told[~table.learned & ~table.odd]),
            "not_normal": _count(told[~table.learned & table.odd]),
        },
        "area_under_curve": compare_with_classics(detector, table, scores),
        "worst": [
            {**table.named(i), "score": float(scores[i]), "p_value": float(p_values[i])}
            for i in worst
        ],
    }


def _count(told: np.ndarray) -> dict[str, int]:
    return {"count": len(told), "told_off": int(told.sum())}


def write_scores(
    path: Path, table: Table, scores: FloatArray, p_values: FloatArray, told: np.ndarray
) -> None:
    """Write one line a row: its place, what is kept, score, p-value, and whether it is told off."""
    judged = zip(scores.tolist(), p_values.tolist(), told.astype(int).tolist(), strict=True)
    lines = ([*beside, *found] for beside, found in zip(table.beside(), judged, strict=True))
    write_lines(path, [*table.header, *_HEADER], lines)
