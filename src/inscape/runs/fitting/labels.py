"""What codes tell of labels that nobody learned them from: by a linear probe, and by neighbours."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from inscape._representations import Encodes
from inscape._typing import FloatArray
from inscape.data import Dataset
from inscape.data.scaling import Scaler
from inscape.figures._drawing.classes import Classes, read_labels

# Rows, evenly spread, that are learned from and judged by: all of MNIST would take a minute.
_MOST_LEARNED, _MOST_JUDGED = 2000, 10_000
# Cells of the columns themselves that are cheap to learn from.
_MOST_CELLS = 200_000
_NEIGHBORS: Final = 5
# Labels of more kinds are names of rows.
_MOST_CLASSES = 100


def tell_labels(
    representations: Mapping[str, Encodes], dataset: Dataset, scaler: Scaler | None
) -> tuple[dict[str, dict[str, float]], dict[str, Any] | None]:
    """Return how often labels of test rows are told from codes, and of what that was learned.

    scikit-learn's `LogisticRegression`, of codes over their standard deviations, and
    `KNeighborsClassifier`, of the five nearest codes as they are, learn from training rows.

    Parameters
    ----------
    representations : mapping of str to Encodes
        By name.
    dataset : Dataset
        With labels, or without.
    scaler : Scaler or None
        What the columns themselves are looked at behind.

    Returns
    -------
    tuple of dict
        Name to accuracies; and rows, classes, the share of the commonest class, and the accuracies
        of the columns themselves, where they are few. Empty and None where labels are missing,
        continuous or all the same.
    """
    train, test = dataset.train, dataset.test
    if train.y is None or test.y is None:
        return {}, None
    learned, judged = _spread(len(train.X), _MOST_LEARNED), _spread(len(test.X), _MOST_JUDGED)
    both = np.concatenate([train.y[learned], test.y[judged]])
    classes = read_labels(both, len(both), dataset.class_names)
    if not isinstance(classes, Classes) or not 2 <= len(classes.names) <= _MOST_CLASSES:
        return {}, None
    n = len(train.y[learned])
    y, answers = classes.index[:n], classes.index[n:]
    if (y == y[0]).all():
        return {}, None
    rows, others = train.X[learned], test.X[judged]
    found = {
        name: _accuracies(r.transform(rows), r.transform(others), y, answers)
        for name, r in representations.items()
    }
    columns = None
    if rows.size <= _MOST_CELLS:
        if scaler is not None:
            rows, others = scaler.transform(rows), scaler.transform(others)
        columns = _accuracies(rows, others, y, answers)
    return found, {
        "n_learned": n,
        "n_judged": len(answers),
        "n_classes": len(classes.names),
        "commonest": float(np.bincount(answers).max() / len(answers)),
        "columns": columns,
    }


def _spread(n: int, most: int) -> slice:
    return slice(None, None, max(1, -(-n // most)))


def _accuracies(
    learned: FloatArray, judged: FloatArray, y: np.ndarray, answers: np.ndarray
) -> dict[str, float]:
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    neighbors = KNeighborsClassifier(min(_NEIGHBORS, len(learned)))
    with warnings.catch_warnings():
        # Classes that a line parts have no best line; where it stopped it is a good one.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return {
            "linear_probe": float(probe.fit(learned, y).score(judged, answers)),
            "nearest_neighbors": float(neighbors.fit(learned, y).score(judged, answers)),
        }
