"""The job of ``inscape classify``: learn classes from few labels, and tell them of every row.

The directory appears whole. Where anything is refused, nothing is left behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from inscape._files import claim_directory
from inscape._typing import FloatArray, IntArray
from inscape.data.dataset import checksum
from inscape.data.tables import check_distinct
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
from inscape.runs.config import ClassificationConfig
from inscape.runs.environment import default_threads, describe_software, torch_threads
from inscape.runs.run import Run
from inscape.runs.steps import take
from inscape.runs.tables import with_run, write_lines
from inscape.runs.writer import RunWriter
from inscape.uses import PretrainedClassifier
from inscape.uses.classification.representation import default_autoencoder
from inscape.uses.representations import fit_representation
from inscape.uses.saving import save_use

# Rows that are named in the metrics, the least sure first.
_NAMED = 20
PREDICTIONS_FILE = "predictions.csv"
_HEADER = ("label", "class", "probability", "held_out_class")


def classify(
    config: ClassificationConfig,
    path: str | Path | None = None,
    *,
    table: Table | None = None,
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
    table : Table or None
        The rows, where `read_table` has read them already; None reads them.
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
    config = with_run(config)
    given = None if path is None else Path(path)
    with claim_directory(given, first_path(config), overwrite=overwrite) as path:
        table = read_table(config) if table is None else table
        check_distinct([*table.header, *_HEADER], PREDICTIONS_FILE)
        # What cannot hold is told before anything is trained.
        make_classifier(config, table).check_options()
        folds_of(table, seed=config.random_state)
        n_threads = default_threads()
        data = {"name": table.name, "checksum": checksum([table.X])}
        environment = describe_software() | {"n_threads": n_threads, "data": data}
        writer = RunWriter(path, config, environment)
        steps = _execute(writer, config, table, overwrite=overwrite, progress=progress)
        with torch_threads(n_threads):
            take(steps, total=5, progress=progress)
    return Run(path)


def first_path(config: ClassificationConfig) -> Path:
    """Return the name below ``runs/`` of a run that is given none; the next free one is taken."""
    return Path("runs") / f"{Path(with_run(config).data or '').stem}-classes"


def make_classifier(config: ClassificationConfig, table: Table) -> PretrainedClassifier:
    """Return the classifier that a config stands for, not fitted.

    Parameters
    ----------
    config : ClassificationConfig
        What is asked for.
    table : Table
        It has the model.
    """
    return PretrainedClassifier(
        table.model, method=config.method, unlabeled=float("nan"), random_state=config.random_state
    )


def _execute(
    writer: RunWriter,
    config: ClassificationConfig,
    table: Table,
    *,
    overwrite: bool,
    progress: bool,
) -> Iterator[str]:
    """Learn, judge, draw, and finish the run; tell each step before it is taken."""
    seen = ~table.held_out
    yield "learning the representation"
    # With what the columns are: the classifier that is kept finds them by their names.
    learned = table.part(seen)
    model = table.model
    if model is None:
        unfitted = default_autoencoder(learned.X, seed=config.random_state)
        model = fit_representation(unfitted, learned, verbose=progress)
    classifier = make_classifier(config, table).set_params(representation=model)
    yield "telling labels that were held out"
    judged = judge(table, classifier, seed=config.random_state)
    yield "learning the classes"
    labels = given_labels(table, np.flatnonzero(table.known & seen))
    classifier.set_params(verbose=int(progress)).fit(learned, labels[seen])
    # What is kept does not hang on whether somebody looked on.
    classifier.set_params(verbose=0)
    probabilities = classifier.predict_proba(table.X)
    metrics = _measure(classifier, table, judged, probabilities)
    with writer.staged(overwrite=overwrite) as staged:
        staged.add_metrics(metrics)
        save_use(classifier, staged.path / "model")
        _write_predictions(staged.path / PREDICTIONS_FILE, classifier, table, judged, probabilities)
        yield "drawing figures"
        add_figures(staged, table, metrics, shown=_doubtful(table, probabilities))
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


def _doubtful(table: Table, probabilities: FloatArray) -> IntArray:
    """Return the rows between whose first two classes least lies, of those not learned from.

    Of a row whose label was learned from it tells nothing how sure its class is.
    """
    asked = ~table.known if (~table.known).any() else table.held_out
    second, first = np.sort(probabilities, axis=1)[:, -2:].T
    places = np.flatnonzero(asked)
    return places[np.argsort((first - second)[places], kind="stable")][:_NAMED]


def _least_sure(
    classifier: PretrainedClassifier, table: Table, probabilities: FloatArray
) -> list[dict[str, Any]]:
    """Return what is told of the rows that are least sure."""
    names = [str(label) for label in classifier.classes_.tolist()]
    told = []
    for i in _doubtful(table, probabilities).tolist():
        first, second = np.argsort(-probabilities[i], kind="stable")[:2].tolist()
        told.append(
            {
                **table.named(i),
                "label": None if table.labels[i] is None else str(table.labels[i]),
                "first": names[first],
                "second": names[second],
                "probabilities": probabilities[i, [first, second]].tolist(),
            }
        )
    return told


def _write_predictions(
    path: Path,
    classifier: PretrainedClassifier,
    table: Table,
    judged: Judged,
    probabilities: FloatArray,
) -> None:
    """Write one line a row: its place, what is kept, its label, if any, and its class.

    Where a label was held out, ``held_out_class`` is what was said by one who had not seen it.
    """
    names = [str(label) for label in classifier.classes_.tolist()]
    unseen = dict(zip(judged.places.tolist(), judged.predicted.get(OURS, ()), strict=True))
    lines = []
    for i, beside in enumerate(table.beside()):
        told = int(probabilities[i].argmax())
        label = "" if table.labels[i] is None else table.labels[i]
        probability = float(probabilities[i, told])
        lines.append([*beside, label, names[told], probability, unseen.get(i, "")])
    write_lines(path, [*table.header, *_HEADER], lines)
