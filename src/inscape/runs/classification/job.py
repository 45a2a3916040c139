"""The job of ``inscape classify``: learn classes from few labels, and tell them of every row.

The directory appears whole. Where anything is refused, nothing is left behind.
"""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from inscape._files import next_free, prepare_directory, write_atomic
from inscape._parts import resolve_part
from inscape._typing import FloatArray
from inscape.data import Reading
from inscape.data.dataset import checksum
from inscape.estimators.base import NetworkEstimator
from inscape.runs.classification.judging import (
    OURS,
    Judged,
    accuracies,
    confusion,
    folds_of,
    given_labels,
    judge,
)
from inscape.runs.classification.pictures import add_figures
from inscape.runs.classification.summary import write_page
from inscape.runs.classification.table import Table, read_table
from inscape.runs.config import ClassificationConfig, FitConfig
from inscape.runs.environment import default_threads, describe_software, torch_threads
from inscape.runs.run import Run, check_fit
from inscape.runs.writer import RunWriter
from inscape.uses import PretrainedClassifier
from inscape.uses.classification.methods import CLASSIFICATION_METHODS
from inscape.uses.classification.representation import default_autoencoder
from inscape.uses.saving import save_use

# Rows that are named in the metrics, the least sure first.
_NAMED = 20
_DATA = "mnist"
PREDICTIONS_FILE = "predictions.csv"


def classify(
    config: ClassificationConfig,
    path: str | Path | None = None,
    *,
    overwrite: bool = False,
    progress: bool = False,
) -> Run:
    """Learn classes from the rows that have a label, tell them of all, and keep it as a run.

    Parameters
    ----------
    config : ClassificationConfig
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
        Finished, with ``predictions.csv``, ``metrics.json``, ``model/``, ``figures/`` and
        ``report.html``.

    Raises
    ------
    RunExistsError
        If something is at `path` already.
    InscapeError
        If an option, the data or the place cannot hold; nothing is left behind then.
    """
    config, reading, model = _resolve(config)
    path = next_path(config) if path is None else Path(path)
    prepare_directory(path, overwrite=overwrite)
    table = read_table(config, reading=reading, model=model)
    # What cannot hold is told before anything is trained.
    folds_of(table, seed=config.random_state)
    n_threads = default_threads()
    facts = {"n_threads": n_threads, "data": {"name": table.name, "checksum": checksum([table.X])}}
    writer = RunWriter(path, config, describe_software() | facts)
    steps = _execute(writer, config, table, model, overwrite=overwrite)
    with (
        torch_threads(n_threads),
        tqdm(steps, total=5, leave=False, disable=None if progress else True) as bar,
    ):
        for step in bar:
            bar.set_description(step)
    return Run(path)


def next_path(config: ClassificationConfig) -> Path:
    """Return the first free name below ``runs/``; a run is never overwritten unasked."""
    return next_free(Path("runs") / f"{Path(config.data or _DATA).stem}-classes")


def _resolve(config: ClassificationConfig) -> tuple[ClassificationConfig, Reading, Any]:
    """Return the config with its data, how these are read, and the model of a run.

    Raises
    ------
    InvalidParameterError
        If there is no such method, or it does not go with the model.
    """
    part = resolve_part("method", config.method, CLASSIFICATION_METHODS)
    if config.model is None:
        return dataclasses.replace(config, data=config.data or _DATA), Reading(), None
    run = Run(Path(config.model))
    check_fit(run, "encode rows")
    asked = run.config
    assert isinstance(asked, FitConfig)
    model = run.load()
    # Whatever is refused is refused here.
    PretrainedClassifier(model, method=part).check_options()
    same = config.data in (None, asked.data)
    reading = asked.reading() if same else Reading()
    config = dataclasses.replace(
        config,
        data=config.data or asked.data,
        target=config.target or (asked.target if same else None),
    )
    return config, reading, model


def _execute(
    writer: RunWriter,
    config: ClassificationConfig,
    table: Table,
    model: NetworkEstimator | None,
    *,
    overwrite: bool,
) -> Iterator[str]:
    """Learn, judge, draw, and finish the run; tell each step before it is taken."""
    seen = ~table.held_out
    yield "learning the representation"
    if model is None:
        X = table.X[seen]
        model = default_autoencoder(X, seed=config.random_state).fit(X)
    classifier = PretrainedClassifier(
        model, method=config.method, unlabeled=float("nan"), random_state=config.random_state
    )
    yield "telling labels that were held out"
    judged = judge(table, classifier, seed=config.random_state)
    yield "learning the classes"
    labels = given_labels(table, np.flatnonzero(table.known & seen))
    classifier.fit(table.X[seen], labels[seen])
    probabilities = classifier.predict_proba(table.X)
    metrics = _measure(classifier, table, judged, probabilities)
    with writer.staged(overwrite=overwrite) as staged:
        staged.add_metrics(metrics)
        save_use(classifier, staged.path / "model")
        write_atomic(
            staged.path / PREDICTIONS_FILE, _as_csv(classifier, table, judged, probabilities)
        )
        yield "drawing figures"
        add_figures(staged, table, metrics)
        yield "writing the report"
        write_page(staged, table, metrics)


def _measure(
    classifier: PretrainedClassifier, table: Table, judged: Judged, probabilities: FloatArray
) -> dict[str, Any]:
    names = [str(label) for label in table.classes]
    n_known = dict.fromkeys(names, 0)
    for label in table.labels[table.known & ~table.held_out]:
        n_known[str(label)] += 1
    return {
        "method": classifier.method,
        "rows": {"seen": int((~table.held_out).sum()), "test": int(table.held_out.sum())},
        "labels": n_known,
        "held_out": {
            "labels": len(judged.places),
            "folds": judged.n_folds,
            "rows_seen": judged.n_folds is not None,
        },
        "accuracy": accuracies(table, judged),
        "confusion": {"classes": names, "counts": confusion(table, judged).tolist()},
        "least_sure": _least_sure(classifier, table, probabilities),
    }


def _least_sure(
    classifier: PretrainedClassifier, table: Table, probabilities: FloatArray
) -> list[dict[str, Any]]:
    """Return the rows between whose first two classes least lies; those without a label first."""
    asked = ~table.known if (~table.known).any() else np.ones(len(table.labels), dtype=bool)
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :2]
    first, second = np.take_along_axis(probabilities, order, axis=1).T
    places = np.flatnonzero(asked)
    places = places[np.argsort((first - second)[places], kind="stable")][:_NAMED]
    names = [str(label) for label in classifier.classes_.tolist()]
    return [
        {
            "row": int(i),
            "label": None if table.labels[i] is None else str(table.labels[i]),
            "first": names[order[i, 0]],
            "second": names[order[i, 1]],
            "probabilities": [float(first[i]), float(second[i])],
        }
        for i in places
    ]


def _as_csv(
    classifier: PretrainedClassifier, table: Table, judged: Judged, probabilities: FloatArray
) -> str:
    """Return one line a row: its label, if any, and the class that it is told to be.

    Where a label was held out, ``held_out_class`` is what was said by one who had not seen it.
    """
    names = [str(label) for label in classifier.classes_.tolist()]
    told = probabilities.argmax(axis=1)
    unseen = dict(zip(judged.places.tolist(), judged.predicted.get(OURS, ()), strict=True))
    buffer = io.StringIO()
    lines = csv.writer(buffer, lineterminator="\n")
    lines.writerow(["row", "label", "class", "probability", "held_out_class"])
    for i, place in enumerate(told):
        label = "" if table.labels[i] is None else table.labels[i]
        lines.writerow(
            [i, label, names[place], repr(float(probabilities[i, place])), unseen.get(i, "")]
        )
    return buffer.getvalue()
