"""How well labels that were held out are told, by ours and by the classics."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from inscape._errors import InvalidDataError
from inscape._typing import FloatArray
from inscape.runs.classification.table import Table, as_objects
from inscape.uses import PretrainedClassifier
from inscape.uses.classification.representation import units_differ

OURS = "Inscape"
_FOLDS = 5
_N_NEIGHBORS = 5


@dataclass(frozen=True, eq=False)
class Judged:
    """Rows whose label was held out, and what was said of them.

    Parameters
    ----------
    places : ndarray of int, shape (n_judged,)
        Of the rows; empty where no label can be held out.
    predicted : mapping of str to ndarray of object, shape (n_judged,)
        Labels by ours and by the classics.
    n_folds : int or None
        Parts into which the labels were split; None where the data have a test part.
    """

    places: np.ndarray
    predicted: Mapping[str, np.ndarray]
    n_folds: int | None


def folds_of(table: Table, *, seed: int) -> tuple[list[tuple[np.ndarray, np.ndarray]], int | None]:
    """Return from which labels is learned and which are held out, as places of rows, and how many.

    That is the test part of the data, where it has labels; else labels are held out in five parts,
    or as many as the rarest class has labels. A class with one label alone is learned from and
    never held out.

    Parameters
    ----------
    table : Table
        All rows.
    seed : int
        Of the parts.

    Raises
    ------
    InvalidDataError
        If there are fewer than two classes to learn from.
    """
    learned = np.flatnonzero(table.known & ~table.held_out)
    labels = np.array([str(label) for label in table.labels[learned]])
    classes, places, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if len(classes) < 2:
        raise InvalidDataError(
            f"The data must hold labels of two classes or more; got {len(classes)}: label rows of "
            "another class too."
        )
    tested = np.flatnonzero(table.known & table.held_out)
    if len(tested):
        return [(learned, tested)], None
    single = counts[places] == 1
    several = np.flatnonzero(~single)
    if not len(several):
        return [], None
    n_folds = min(_FOLDS, int(counts[counts > 1].min()))
    split = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    found = []
    for first, second in split.split(several, places[several]):
        kept = np.concatenate([several[first], np.flatnonzero(single)])
        found.append((learned[np.sort(kept)], learned[several[second]]))
    return found, n_folds


def judge(table: Table, classifier: PretrainedClassifier, *, seed: int) -> Judged:
    """Hold labels out, and tell them by ours and by the classics.

    Parameters
    ----------
    table : Table
        All rows.
    classifier : PretrainedClassifier
        Ours, with a fitted representation.
    seed : int
        Of the parts.
    """
    folds, n_folds = folds_of(table, seed=seed)
    seen = np.flatnonzero(~table.held_out)
    predicted: dict[str, list[np.ndarray]] = {}
    for learned, judged in folds:
        for name, found in _predict(table, classifier, seen, learned, judged).items():
            predicted.setdefault(name, []).append(found)
    places = np.concatenate([judged for _, judged in folds]) if folds else np.empty(0, int)
    order = np.argsort(places)
    joined = {name: np.concatenate(found)[order] for name, found in predicted.items()}
    return Judged(places[order], joined, n_folds)


def _predict(
    table: Table,
    classifier: PretrainedClassifier,
    seen: np.ndarray,
    learned: np.ndarray,
    judged: np.ndarray,
) -> dict[str, np.ndarray]:
    """Return labels of rows whose own were held out; the rows themselves may have been seen."""
    X, T = table.X[seen], table.X[judged]
    y = given_labels(table, learned)[seen]
    one_unit = StandardScaler(with_std=units_differ(X))
    rows = one_unit.fit(X)
    linear = make_pipeline(one_unit, PCA(_n_components(classifier, X), random_state=0)).fit(X)
    options = {"unlabeled": float("nan"), "random_state": classifier.random_state}
    ours = PretrainedClassifier(classifier.representation, method=classifier.method, **options).fit(
        X, y
    )
    found = {OURS: ours.predict(T)}
    for name, representation in (
        ("logistic regression, rows", rows),
        (f"logistic regression, PCA of {linear[-1].n_components_}", linear),
    ):
        probe = PretrainedClassifier(representation, method="probe", **options).fit(X, y)
        found[name] = probe.predict(T)
    n_neighbors = min(_N_NEIGHBORS, min(np.unique(_texts(table, learned), return_counts=True)[1]))
    nearest = KNeighborsClassifier(n_neighbors).fit(
        rows.transform(table.X[learned]), _texts(table, learned)
    )
    told = nearest.predict(rows.transform(T))
    by_text = {str(label): label for label in table.classes}
    found[f"nearest neighbors ({n_neighbors}), rows"] = as_objects([by_text[t] for t in told])
    return {name: as_objects(values.tolist()) for name, values in found.items()}


def _n_components(classifier: PretrainedClassifier, X: FloatArray) -> int:
    """Return as many components as our codes have, where there are so many."""
    width = np.shape(classifier.representation.transform(X[:1]))[1]
    return min(width, *X.shape)


def _texts(table: Table, places: np.ndarray) -> np.ndarray:
    return np.array([str(label) for label in table.labels[places]])


def given_labels(table: Table, places: np.ndarray) -> np.ndarray:
    """Return the labels of some rows, and None for all others."""
    labels = np.full(len(table.labels), None, dtype=object)
    labels[places] = table.labels[places]
    return labels


def accuracies(table: Table, judged: Judged) -> dict[str, dict[str, float]]:
    """Return by name the share of the labels that are right, and its standard error.

    Parameters
    ----------
    table : Table
        All rows.
    judged : Judged
        Labels that were held out.
    """
    n = len(judged.places)
    if not n:
        return {}
    truth = table.labels[judged.places]
    learned = table.labels[table.known & ~table.held_out]
    most = max(table.classes, key=lambda label: int((learned == label).sum()))
    guesses = {**judged.predicted, "most frequent class": np.full(n, most, dtype=object)}
    found = {}
    for name, predicted in guesses.items():
        right = float(np.mean(predicted == truth))
        found[name] = {"accuracy": right, "standard_error": math.sqrt(right * (1 - right) / n)}
    return found


def confusion(table: Table, judged: Judged) -> np.ndarray:
    """Return how often labels of each class (rows) are told as each class (columns), by ours."""
    rank = {label: i for i, label in enumerate(table.classes)}
    counts = np.zeros((len(rank), len(rank)), dtype=int)
    pairs = zip(table.labels[judged.places], judged.predicted.get(OURS, ()), strict=True)
    for truth, told in pairs:
        counts[rank[truth], rank[told]] += 1
    return counts
