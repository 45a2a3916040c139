"""Which rows are learned from, how all are judged, and what the classics say of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score

from inscape._checks import did_you_mean
from inscape._errors import InvalidParameterError
from inscape._typing import FloatArray
from inscape.data import Description, Split, load
from inscape.data.arrays import Contents
from inscape.data.files import read, read_for
from inscape.data.floats import column_means, fill_missing
from inscape.data.named import NAMED
from inscape.estimators.opening import open_rows
from inscape.runs.config import AnomaliesConfig
from inscape.uses import AnomalyDetector
from inscape.uses.loading import load_representation

# What the default is set beside where labels tell who is right.
_CLASSICS = {"5th neighbour": "neighbors", "local outlier factor": "local"}
OURS = "Inscape"


@dataclass(frozen=True, eq=False)
class Table:
    """The rows of a search, in their order.

    Parameters
    ----------
    name : str
        Of the data.
    rows : Split
        All rows, with what is kept beside them and what their columns are.
    learned : ndarray of bool, shape (n_samples,)
        Which are learned from.
    odd : ndarray of bool, shape (n_samples,), or None
        Which are known not to be normal, where one label is.
    places : ndarray of int, shape (n_samples,)
        Where each row stands in the source, some of whose rows may have been dropped.
    told : tuple of str
        What was chosen in reading them.
    model : Any
        What encodes them: the model of a run, or None.
    """

    name: str
    rows: Split
    learned: np.ndarray
    odd: np.ndarray | None
    places: np.ndarray
    told: tuple[str, ...] = ()
    model: Any = None

    @property
    def X(self) -> FloatArray:
        """All rows, (n_samples, n_features)."""
        return self.rows.X

    @property
    def description(self) -> Description:
        """What their columns are."""
        assert self.rows.description is not None
        return self.rows.description


def read_table(config: AnomaliesConfig) -> Table:
    """Return the rows that a config names, and which of them are learned from.

    With the model of a run, columns are found by the names that it knows.

    Raises
    ------
    InvalidParameterError
        If the label that is to be normal is none, or there are no labels.
    InscapeError
        If the data cannot be read.
    """
    model = None if config.model is None else load_representation(config.model)
    contents, places = _read(config, model)
    rows = contents.whole()
    if model is not None:
        # Pictures of its size, and columns in its order.
        rows = replace(rows, X=open_rows(rows, model.description_, reset=False).values)
    of_train = np.arange(rows.n_samples) < contents.all_or_train.n_samples
    learned, odd = of_train, None
    if config.normal is not None:
        normal = _find_normal(rows, config.normal)
        learned, odd = normal & of_train, ~normal
        if contents.test is None:
            # Half of them, so that others are left to be told from those that are not.
            some = np.flatnonzero(normal)
            random = np.random.default_rng(config.random_state)
            learned = np.zeros(rows.n_samples, bool)
            learned[random.permutation(some)[: -(-len(some) // 2)]] = True
    if contents.fill:
        rows = _filled(rows, learned)
    name = config.data.rstrip("/").rpartition("/")[2]
    return Table(name, rows, learned, odd, places, contents.told, model)


def _read(config: AnomaliesConfig, model: Any) -> tuple[Contents, np.ndarray]:
    """Return what the data hold, and where each row stands in them."""
    reading = config.reading()
    if config.data in NAMED:
        reading.refuse("a named set is read already")
        dataset = load(config.data)
        contents = Contents(dataset.train, dataset.test, dataset.description, dataset.checksum)
    elif model is None:
        contents = read(config.data, reading=reading)
    else:
        contents = read_for(config.data, model.description_, reading)
    n_rows = sum(part.n_samples for part in (contents.all_or_train, contents.test) if part)
    return contents, np.arange(n_rows) if contents.places is None else contents.places


def _filled(rows: Split, learned: np.ndarray) -> Split:
    """Return rows in which the means of those learned from stand for what is missing."""
    assert rows.description is not None
    means = column_means(rows.X[learned], rows.description.feature_names)
    described = replace(rows.description, means=tuple(means.tolist()))
    return replace(rows, X=fill_missing(rows.X, means), description=described)


def _find_normal(rows: Split, normal: str) -> np.ndarray:
    """Return which rows have the label that is normal."""
    if rows.y is None:
        raise InvalidParameterError(
            f"`normal` must be a label of the data, which have none; got {normal!r}: name the "
            "column of the labels with --target, or leave it out."
        )
    names = None if rows.description is None else rows.description.class_names
    # As people write them: 3, and not 3.0.
    words = (
        [str(value).removesuffix(".0") for value in rows.y.tolist()]
        if names is None
        else [names[int(i)] for i in rows.y]
    )
    known = sorted(set(words))
    if normal not in known:
        raise InvalidParameterError(
            f"`normal` must be a label of the data ({', '.join(known[:10])}); got {normal!r}."
            + did_you_mean(normal, known)
        )
    return np.array(words) == normal


def judge(detector: AnomalyDetector, table: Table) -> tuple[FloatArray, FloatArray]:
    """Return the scores and the p-values of all rows; of those learned from, by one who has not.

    Parameters
    ----------
    detector : AnomalyDetector
        Fitted on the rows that are learned from.
    table : Table
        All rows.
    """
    scores = np.empty(len(table.X))
    scores[table.learned] = detector.unseen_scores_
    rest = ~table.learned
    if rest.any():
        scores[rest] = detector.score_samples(table.X[rest])
    return scores, detector.calibration_.p_values(-scores)


def compare_with_classics(
    detector: AnomalyDetector, table: Table, scores: FloatArray
) -> dict[str, float] | None:
    """Return by name how well rows that were not learned from are told apart, where that is known.

    Parameters
    ----------
    detector : AnomalyDetector
        Ours.
    table : Table
        All rows.
    scores : ndarray, shape (n_samples,)
        By ours.

    Returns
    -------
    dict of str to float, or None
        The area under the receiver's curve, in (0, 1): how often a row that is not normal has a
        lower score than one that is.
    """
    if table.odd is None:
        return None
    rest = ~table.learned
    truth = table.odd[rest]
    if truth.all() or not truth.any():
        return None
    learned, judged = table.X[table.learned], table.X[rest]
    found = {OURS: roc_auc_score(truth, -scores[rest])}
    for name, method in _CLASSICS.items():
        classic = AnomalyDetector(method=method, scaler=detector.scaler).fit(learned)
        found[name] = roc_auc_score(truth, -classic.score_samples(judged))
    forest = IsolationForest(random_state=detector.random_state).fit(learned)
    found["isolation forest"] = roc_auc_score(truth, -forest.score_samples(judged))
    return {name: float(value) for name, value in found.items()}
