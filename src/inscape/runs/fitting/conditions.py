"""What a conditional model of a run is told: the labels of its data, checked before training."""

from __future__ import annotations

from typing import Any

import numpy as np

from inscape._errors import InvalidDataError
from inscape.data import Dataset
from inscape.estimators.conditions import Labels
from inscape.runs.tables import written_labels


def check_told(dataset: Dataset, conditional: Any, model: str) -> None:
    """Ask for data that hold what a conditional model is told.

    Parameters
    ----------
    dataset : Dataset
        The data.
    conditional : bool or "continuous"
        The option of the estimator.
    model : str
        The name of the model.

    Raises
    ------
    InvalidDataError
        If rows have no labels, or test rows have labels that no training row has.
    """
    if not conditional:
        return
    if dataset.train.y is None or dataset.test.y is None:
        rows = "rows" if dataset.train.y is None else "test rows"
        what = "labels" if conditional is True else "numbers"
        raise InvalidDataError(
            f"The data must hold {what} for the model {model}, which is told them; got {rows} "
            "without any: name the column of a table with --target, or bring an array y."
        )
    seen = set(dataset.train.y.tolist())
    new = [i for i, label in enumerate(dataset.test.y.tolist()) if label not in seen]
    # Numbers that are no labels are refused in training, for what they are.
    if conditional is True and new and dataset.train.y.dtype.kind != "f":
        labels = written_labels(dataset.test) or []
        raise InvalidDataError(
            f"The test rows must have labels that the model {model} is told in training; got "
            f"{labels[new[0]]!r}, which no training row has: leave such rows out, or choose "
            "another random_state."
        )


def told(estimator: Any, y: Any) -> Any:
    """Return an estimator as a plain representation of rows whose labels are `y`."""
    return estimator if estimator.conditions_ is None else estimator.given(y)


def told_one(estimator: Any, dataset: Dataset) -> tuple[Any, str]:
    """Return an estimator that is told one thing of all codes, and in words what that is.

    Parameters
    ----------
    estimator : NetworkEstimator
        Fitted.
    dataset : Dataset
        What it was fitted on: it is told the label that most rows have, or the mean.

    Returns
    -------
    pair of (representation, str)
        The words are empty where the model is told nothing.
    """
    conditions = estimator.conditions_
    if conditions is None:
        return estimator, ""
    if not isinstance(conditions, Labels):
        mean = conditions.means
        return estimator.given(mean if len(mean) > 1 else mean[0]), f"told the mean, {mean[0]:.4g}"
    assert dataset.train.y is not None
    labels, counts = np.unique(dataset.train.y, return_counts=True)
    label = labels[counts.argmax()]
    names = dataset.class_names
    return estimator.given(label), f"told {label if names is None else names[int(label)]} for all"
