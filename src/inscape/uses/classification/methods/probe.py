"""A linear classifier of codes."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score

from inscape._checks import check_number
from inscape._typing import FloatArray, IntArray
from inscape.uses.classification.methods.method import (
    ClassificationMethod,
    FittedMethod,
    LabelledRows,
)
from inscape.uses.classification.representation import units_differ
from inscape.uses.standard import Standard, fit_standard

# What is tried, evenly on a logarithmic scale; the middle is taken where there are few labels.
_STRENGTHS = (0.01, 0.1, 1.0, 10.0, 100.0)
_FOLDS = 5
_ENOUGH = 5000
_MOST_STEPS = 1000


@dataclass(frozen=True)
class Probe(ClassificationMethod):
    """Logistic regression on standardised codes.

    Codes are taken less the mean of all rows, with or without a label, and over one spread, their
    root mean square: in a representation a component of small spread tells less, and should not
    weigh as much as the others. Where their units differ (see `units_differ`) each component is
    taken over its own.

    Parameters
    ----------
    strength : float or None
        One over the weight of the penalty on the weights' squares (scikit-learn's C). None tries
        0.01, 0.1, 1, 10 and 100 by the likelihood of labels in five folds, and takes the least that
        is within a standard error of the best (Breiman, Friedman, Olshen and Stone 1984), where the
        rarest class has five labels at least; where it has fewer, 1. Of more than 5,000 labels as
        many are tried on, of each class its share and five at least.
    """

    strength: float | None = None

    def __post_init__(self) -> None:
        if self.strength is not None:
            check_number("strength", self.strength, above=0)

    def fit(self, rows: LabelledRows) -> ProbeFitted:
        """Learn from the codes of the rows that have a label."""
        standard = standardise(rows.codes)
        known = rows.known
        weights, intercepts = fit_logistic(
            standard.apply(rows.codes[known]),
            rows.places[known],
            strength=self.strength,
            seed=rows.seed,
        )
        return ProbeFitted(rows.representation, standard, weights, intercepts)


@dataclass(frozen=True, eq=False)
class ProbeFitted(FittedMethod):
    """The classifier.

    Parameters
    ----------
    representation : Any
        Fitted.
    standard : Standard
        Of codes.
    weights : ndarray, shape (n_classes, n_components)
        Of codes of one spread.
    intercepts : ndarray, shape (n_classes,)
        Added.
    """

    representation: Any
    standard: Standard
    weights: FloatArray
    intercepts: FloatArray

    def probabilities(self, X: Any) -> FloatArray:
        codes = np.asarray(self.representation.transform(X), dtype=np.float64)
        # Row by row: a product of matrices rounds by how many rows there are.
        logits = np.einsum("ij,kj->ik", self.standard.apply(codes), self.weights)
        return softmax(logits + self.intercepts, axis=1)


def standardise(codes: FloatArray) -> Standard:
    """Return the map to codes less their mean, over one spread, or each its own; see `Probe`."""
    return fit_standard(codes, alike=not units_differ(codes))


def fit_logistic(
    X: FloatArray, places: IntArray, *, strength: float | None, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Return weights (n_classes, n) and intercepts (n_classes,) of a logistic regression.

    Parameters
    ----------
    X : ndarray, shape (n_samples, n)
        With columns of one spread.
    places : ndarray of int, shape (n_samples,)
        Classes 0, 1, 2, ..., each of which is there.
    strength : float or None
        See `Probe`.
    seed : int
        Of the folds.
    """
    if strength is None:
        strength = choose_strength(X, places, seed=seed)
    found = _logistic(strength)
    with _unconverged():
        found.fit(X, places)
    weights, intercepts = found.coef_, found.intercept_
    if len(weights) == 1:
        # Of two classes scikit-learn tells the second one alone.
        weights = np.concatenate([-weights, weights]) / 2
        intercepts = np.concatenate([-intercepts, intercepts]) / 2
    return weights, intercepts


def choose_strength(X: FloatArray, places: IntArray, *, seed: int) -> float:
    """Return the least strength within a standard error of that which tells labels best.

    Parameters
    ----------
    X, places, seed
        As for `fit_logistic`.
    """
    if np.bincount(places).min() < _FOLDS:
        return _STRENGTHS[len(_STRENGTHS) // 2]
    some = _some_of_each(places, seed=seed)
    X, places = X[some], places[some]
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    with _unconverged():
        likelihoods = np.array(
            [
                cross_val_score(_logistic(strength), X, places, scoring="neg_log_loss", cv=folds)
                for strength in _STRENGTHS
            ]
        )
    means = likelihoods.mean(axis=1)
    best = int(means.argmax())
    error = likelihoods[best].std(ddof=1) / math.sqrt(_FOLDS)
    return _STRENGTHS[int(np.argmax(means >= means[best] - error))]


def _logistic(strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength, max_iter=_MOST_STEPS)


@contextlib.contextmanager
def _unconverged() -> Iterator[None]:
    """Take what a thousand steps have found: more of them change no class."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _some_of_each(places: IntArray, *, seed: int) -> IntArray:
    """Return where enough labels are, of each class its share and as many as there are folds."""
    if len(places) <= _ENOUGH:
        return np.arange(len(places))
    order = np.random.default_rng(seed).permutation(len(places))
    found = [order[places[order] == k] for k in range(places.max() + 1)]
    share = _ENOUGH / len(places)
    return np.concatenate([of[: max(_FOLDS, round(share * len(of)))] for of in found])
