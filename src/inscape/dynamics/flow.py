"""Gradient flow, integrated numerically where no closed form tells it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inscape._errors import InvalidDataError
from inscape._typing import FloatArray, IntArray

# The first step, in units of the fastest time of the solution; two courses of which one has steps
# half as long may differ by this share of the last map, and then the finer is 15 times better.
_FIRST_STEP = 0.25
_AGREEMENT = 1e-3
_MOST_HALVINGS = 8


def integrate_flow(
    inputs: FloatArray,
    targets: FloatArray,
    weights: Sequence[FloatArray],
    *,
    rate: float,
    epochs: IntArray,
    fastest: float,
) -> FloatArray:
    r"""Return the whole map of a network at `epochs` under gradient flow.

    .. math:: \dot W_l = \rho \, (W_L \cdots W_{l+1})^\top (Y^\top X - W_L \cdots W_1 X^\top X)
              (W_{l-1} \cdots W_1)^\top

    by the classical Runge-Kutta method of fourth order. Its steps are equal and not chosen by an
    error of each weight: what is still 1e-12 small keeps its digits beside what is large, as in
    gradient descent. They are halved until two courses agree.

    Parameters
    ----------
    inputs : ndarray of shape (n_samples, n_inputs)
        One sample a row.
    targets : ndarray of shape (n_samples, n_outputs)
        One target a row.
    weights : sequence of ndarray
        Where the flow starts, the first layer first, each (outputs, inputs).
    rate : float
        :math:`\rho`, twice the learning rate over all entries, so that time is in epochs.
    epochs : ndarray of int
        When, rising from 0.
    fastest : float
        The epochs in which the fastest direction of the solution falls to 1/e.

    Returns
    -------
    ndarray of shape (n_epochs, n_outputs, n_inputs)

    Raises
    ------
    InvalidDataError
        If the courses do not agree, for the start is too steep.
    """
    power, answer = inputs.T @ inputs, targets.T @ inputs
    longest, before = _FIRST_STEP * fastest, None
    for parts in 2 ** np.arange(_MOST_HALVINGS):
        with np.errstate(over="ignore", invalid="ignore"):
            course = _course(
                power, answer, weights, rate=rate, epochs=epochs, longest=longest, parts=int(parts)
            )
        if before is not None and np.isfinite(course).all():
            # Where the first course ran away there is no difference.
            apart = float(np.abs(course - before).max())
            if apart <= _AGREEMENT * float(np.abs(course[-1]).max()):
                return course
        before = course
    raise InvalidDataError(
        f"Gradient flow must be integrated in steps of at least {longest / parts:.3g} epochs; it "
        "is too steep for them where it starts: take a smaller gamma."
    )


def _course(
    power: FloatArray,
    answer: FloatArray,
    weights: Sequence[FloatArray],
    *,
    rate: float,
    epochs: IntArray,
    longest: float,
    parts: int,
) -> FloatArray:
    """Return the maps at `epochs` by equal parts of steps that are no longer than `longest`."""
    now = [weight.copy() for weight in weights]
    course = np.empty((len(epochs), *answer.shape))
    time = 0
    for place, goal in enumerate(epochs.tolist()):
        n_steps = parts * int(np.ceil((goal - time) / longest))
        for _ in range(n_steps):
            now = _step(power, answer, now, rate * (goal - time) / n_steps)
        time = goal
        course[place] = _maps(now)[-1]
    return course


def _step(
    power: FloatArray, answer: FloatArray, weights: list[FloatArray], length: float
) -> list[FloatArray]:
    first = _slopes(power, answer, weights)
    second = _slopes(power, answer, _moved(weights, first, length / 2))
    third = _slopes(power, answer, _moved(weights, second, length / 2))
    last = _slopes(power, answer, _moved(weights, third, length))
    return [
        w + length / 6 * (a + 2 * b + 2 * c + d)
        for w, a, b, c, d in zip(weights, first, second, third, last, strict=True)
    ]


def _moved(weights: list[FloatArray], slopes: list[FloatArray], length: float) -> list[FloatArray]:
    return [w + length * slope for w, slope in zip(weights, slopes, strict=True)]


def _slopes(power: FloatArray, answer: FloatArray, weights: list[FloatArray]) -> list[FloatArray]:
    """Return the flow of each layer at a rate of 1."""
    maps = _maps(weights)
    error = answer - maps[-1] @ power
    slopes = list(weights)
    for layer in range(len(weights) - 1, 0, -1):
        slopes[layer] = error @ maps[layer - 1].T
        error = weights[layer].T @ error
    slopes[0] = error
    return slopes


def _maps(weights: list[FloatArray]) -> list[FloatArray]:
    """Return the maps from the inputs up to and with each layer."""
    maps = [weights[0]]
    for weight in weights[1:]:
        maps.append(weight @ maps[-1])
    return maps
