"""What may be wrong with a fit, each in one sentence with its remedy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from inscape._typing import FloatArray
from inscape.estimators.frame import fit_frame
from inscape.estimators.linear_start import find_principal
from inscape.estimators.weighing import spread_by_weight

# Rows, evenly spread, that are looked at.
_SEEN = 1000
# A fifth of the columns with so much of the spread, one of them so much wider than the middle one,
# are units that differ, and not a few large columns.
_LEADING, _MOST_OF_IT, _WIDER = 5, 0.99, 30.0
# The share by which an error falls in a last epoch that came too early.
_STILL_FALLS = 0.05
# How far above PCA's an error is told of: below, it is the rows that were looked at.
_ABOVE = 1.05
# The same for means of posteriors, which the prior shrinks; no fault where it costs but little.
_FAR_ABOVE = 1.5
_TINY = float(np.finfo(np.float64).tiny)
_MOST_NAMED = 3


def find_faults(
    estimator: Any, X: FloatArray, back: FloatArray, *, names: Sequence[str] | None
) -> tuple[str, ...]:
    """Return what may be wrong with a fitted estimator, as sentences with their remedies.

    Parameters
    ----------
    estimator : NetworkEstimator
        Fitted.
    X : ndarray, shape (n_samples, n_features)
        Some of its training rows, in their own units.
    back : ndarray, shape (n_samples, n_features)
        What it gives back of them.
    names : sequence of str, or None
        What the columns are called.
    """
    units = estimator.units_
    scaled, given_back = units.scale(X).astype(np.float64), units.scale(back).astype(np.float64)
    sentences = []
    if units.frame is not None and units.scaler is None:
        sentences.append(_raw_units(scaled, names))
    if not estimator.length_:
        sentences.append(_still_falling(estimator.history_))
    if not units.likelihood.counts:
        sentences.append(_above_pca(scaled, given_back, estimator))
    return tuple(sentence for sentence in sentences if sentence)


def some_rows(X: FloatArray, weights: FloatArray | None = None) -> FloatArray:
    """Return the rows that are looked at, evenly spread; by their weights, if they have any."""
    if weights is not None:
        return X[spread_by_weight(weights, _SEEN)]
    return X[:: max(1, -(-len(X) // _SEEN))]


def _raw_units(X: FloatArray, names: Sequence[str] | None) -> str:
    """Tell of columns whose units drown all others."""
    variances = X.var(axis=0)
    varying = np.flatnonzero(variances > 0)
    n_leading = max(1, len(varying) // _LEADING)
    order = varying[np.argsort(-variances[varying], kind="stable")]
    share = variances[order[:n_leading]].sum() / variances.sum()
    middle = np.sqrt(np.median(variances[varying]))
    if len(varying) < 3 or share < _MOST_OF_IT or np.sqrt(variances[order[0]]) < _WIDER * middle:
        return ""
    leading = order[:n_leading][:_MOST_NAMED]
    named = ", ".join(str(names[i]) if names is not None else f"X[:, {i}]" for i in leading)
    named += ", ..." if n_leading > _MOST_NAMED else ""
    return (
        f"{n_leading} of {X.shape[1]} columns ({named}) hold {share:.1%} of all spread, so that "
        "the others are hardly told: take scaler='standard', or give all columns in like units."
    )


def _still_falling(history: list[dict[str, Any]]) -> str:
    """Tell of a training that ended before it was over."""
    passes = [entry for entry in history if entry["epoch"]]
    if len(passes) < 2:
        return ""
    last, before = passes[-1]["squared_error"], passes[-2]["squared_error"]
    if last >= (1 - _STILL_FALLS) * before:
        return ""
    epochs = passes[-1]["epoch"]
    return (
        f"The squared error still fell by {1 - last / before:.0%} in the last of {epochs:g} "
        f"epochs: train longer, with epochs={4 * epochs:g}."
    )


def _above_pca(scaled: FloatArray, back: FloatArray, estimator: Any) -> str:
    """Tell of an error above that of linear components, which are the least to be expected.

    Those are found on every other row, and both are judged on the rest: what is told of is no luck.
    """
    n_components = estimator.n_components_
    if n_components > min(len(scaled) // 2, scaled.shape[1]):
        return ""
    frame = fit_frame(scaled)
    rows, answers = frame.apply(scaled), frame.apply(back)[1::2]
    found = find_principal(rows[::2], n_components)
    codes = rows[1::2] @ found.directions.T
    error = float(np.square(answers - rows[1::2]).mean())
    # As the means of probabilistic PCA's posteriors are shrunk.
    kept = 1 - found.rest / found.variances.clip(min=found.rest + _TINY)
    floor, shrunk = (
        float(np.square(shown @ found.directions - rows[1::2]).mean())
        for shown in (codes, codes * kept)
    )
    unit = frame.scale**2
    told = (
        f"The squared error of training rows, {unit * error:.4g}, is above that of PCA with as "
        f"many components, {unit * floor:.4g}: "
    )
    if error > _ABOVE * max(floor, shrunk if estimator.draws_codes else 0):
        return told + (
            "train longer, or take the default network, likelihood and bottleneck, which start "
            "there."
        )
    if estimator.draws_codes and error > _FAR_ABOVE * floor:
        return told + (
            "the prior holds the codes near its middle, as in probabilistic PCA, where noise and "
            "spread are alike. Take an Autoencoder, or more n_components."
        )
    return ""
