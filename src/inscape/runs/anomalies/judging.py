"""Which rows are learned from, how all are judged, and what the classics say of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score

from inscape._checks import did_you_mean
from inscape._errors import InvalidParameterError
from inscape._typing import FloatArray
from inscape.data import Split
from inscape.runs import tables
from inscape.runs.config import AnomaliesConfig
from inscape.runs.tables import read_rows, written_labels
from inscape.uses import AnomalyDetector

# What the default is set beside where labels tell who is right.
_CLASSICS = {"5th neighbour": "neighbors", "local outlier factor": "local"}
OURS = "Inscape"


@dataclass(frozen=True, eq=False, kw_only=True)
class Table(tables.Table):
    """The rows of a search.

    Parameters
    ----------
    learned : ndarray of bool, shape (n_samples,)
        Which are learned from.
    odd : ndarray of bool, shape (n_samples,), or None
        Which are known not to be normal, where one label is.
    """

    learned: np.ndarray
    odd: np.ndarray | None


def read_table(config: AnomaliesConfig) -> Table:
    """Return the rows that a config names, and which of them are learned from.

    Raises
    ------
    InvalidParameterError
        If the label that is to be normal is none, or there are no labels.
    InscapeError
        If the data cannot be read.
    """
    found = read_rows(config.data, config.model, config.reading())
    learned, odd = ~found.held_out, None
    if config.normal is not None:
        normal = _find_normal(found.rows, config.normal)
        learned, odd = normal & ~found.held_out, ~normal
        if not found.held_out.any():
            # Half of them, so that others are left to be told from those that are not.
            some = np.flatnonzero(normal)
            random = np.random.default_rng(config.random_state)
            learned = np.zeros(len(normal), bool)
            learned[random.permutation(some)[: -(-len(some) // 2)]] = True
    return Table(**vars(found), learned=learned, odd=odd).filled(learned)


def _find_normal(rows: Split, normal: str) -> np.ndarray:
    """Return which rows have the label that is normal."""
    words = written_labels(rows)
    if words is None:
        raise InvalidParameterError(
            f"`normal` must be a label of the data, which have none; got {normal!r}: name the "
            "column of the labels with --target, or leave it out."
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
