"""How a training went, judged by rows that were not learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inscape._representations import Representation
from inscape._typing import FloatArray
from inscape.data.scaling import Scaler
from inscape.measures import reconstruct
from inscape.runs.fitting.conditions import told
from inscape.training import Recorder

# Test rows, evenly spread, by which a training is followed: more would tell no more.
_FOLLOWED = 2000
# A rise of the error is told where it is this large, and this many standard errors from none.
_RISE, _STANDARD_ERRORS = 1.05, 3.0


@dataclass(frozen=True)
class HeldOut:
    """The error on test rows at one moment of a training.

    Parameters
    ----------
    epoch : float
        Passes over the training rows so far.
    squared_error : float
        Mean over samples and features, behind the scaler, as the loss is.
    """

    epoch: float
    squared_error: float


def follow_held_out(
    estimator: Any, recorder: Recorder, X: FloatArray, y: Any = None
) -> tuple[list[HeldOut], str | None]:
    """Return the error on test rows over a training, and a sentence where the model overfits.

    Parameters
    ----------
    estimator : NetworkEstimator
        Fitted.
    recorder : Recorder
        Of its training.
    X : ndarray, shape (n_samples, n_features)
        Test rows.
    y : ndarray, shape (n_samples,), or None
        What a conditional model is told of them.
    """
    step = max(1, -(-len(X) // _FOLLOWED))
    some, labels = X[::step], None if y is None else y[::step]
    errors = [
        _errors(told(estimator.at(kept), labels), some, estimator.scaler_)
        for kept in recorder.snapshots
    ]
    epochs = [kept.epoch for kept in recorder.snapshots]
    curve = [
        HeldOut(epoch, float(error.mean())) for epoch, error in zip(epochs, errors, strict=True)
    ]
    return curve, _tell_overfitting(epochs, errors)


def floors(
    baselines: dict[str, Representation], X: FloatArray, scaler: Scaler | None
) -> dict[str, float]:
    """Return the error of each baseline on test rows, behind the scaler, as the loss is.

    Parameters
    ----------
    baselines : dict of str to Representation
        Fitted.
    X : ndarray, shape (n_samples, n_features)
        Test rows.
    scaler : Scaler or None
        Of the model that they stand beside.
    """
    return {name: float(_errors(fitted, X, scaler).mean()) for name, fitted in baselines.items()}


def _errors(representation: Representation, X: FloatArray, scaler: Scaler | None) -> FloatArray:
    """Return the squared error of each row behind the scaler, the mean over features."""
    back = reconstruct(representation, X)
    rows = X
    if scaler is not None:
        rows, back = scaler.transform(rows), scaler.transform(back)
    return np.square(np.subtract(back, rows, dtype=np.float64)).mean(axis=1)


def _tell_overfitting(epochs: Sequence[float], errors: Sequence[FloatArray]) -> str | None:
    best = int(np.argmin([error.mean() for error in errors]))
    lowest, last = errors[best].mean(), errors[-1].mean()
    rise = errors[-1] - errors[best]
    doubt = rise.std(ddof=1) / np.sqrt(len(rise)) if len(rise) > 1 else np.inf
    if last <= _RISE * lowest or rise.mean() <= _STANDARD_ERRORS * doubt:
        return None
    return (
        f"It overfits: test rows came back best after {epochs[best]:.3g} epochs (squared error "
        f"{lowest:.3g}), and worse since ({last:.3g}), while training rows were learned on: give "
        f"epochs={max(1, round(epochs[best]))}, or leave epochs out."
    )
