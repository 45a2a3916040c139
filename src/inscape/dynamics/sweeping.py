"""Hundreds of trainings at once: a grid of learning rates, initial scales, seeds and depths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.signal import find_peaks

from inscape._checks import (
    check_inputs_and_targets,
    check_integer,
    check_positive_rising,
    look_up,
    too_large,
)
from inscape._typing import FloatArray, IntArray
from inscape.dynamics.descent import descend
from inscape.dynamics.divergence import (
    Divergence,
    first_beyond,
    loss_limit,
    stable_learning_rate,
)
from inscape.dynamics.initialization import INITIALIZATIONS
from inscape.dynamics.modes import Modes, find_modes
from inscape.dynamics.reduction import Reduction, draw
from inscape.dynamics.simulation import mean_squared_error, recorded_epochs

_MOST_BYTES = 2**30
_LEARNED = 0.95
# A fall of the loss counts where it stands out by this share of the steepest one.
_PROMINENCE = 0.1
_MOVED = 1e-6


@dataclass(frozen=True, eq=False)
class Sweep:
    """A grid of trainings; the first axes of every array are rate, gamma, seed, depth.

    Parameters
    ----------
    learning_rates, gammas : ndarray
        Of the grid.
    seeds, depths : tuple of int
        Of the grid; a depth is a number of hidden layers.
    loss : ndarray of shape (..., epochs + 1)
        NaN from where a training has diverged.
    modes : ndarray of shape (..., epochs + 1, n_modes)
        As in `Trajectory`; NaN from where a training has diverged.
    time_to_learn : ndarray of int
        The first epoch at which the loss has fallen by 95% of what can be learned, from that of
        answering 0; -1 where it has not.
    n_plateaus : ndarray of int
        How many falls of the loss a plateau precedes.
    divergences : dict
        Place in the grid to why that training ended early.
    """

    learning_rates: FloatArray
    gammas: FloatArray
    seeds: tuple[int, ...]
    depths: tuple[int, ...]
    loss: FloatArray
    modes: FloatArray
    time_to_learn: IntArray
    n_plateaus: IntArray
    divergences: dict[tuple[int, ...], Divergence] = field(repr=False)

    @property
    def diverged_at(self) -> IntArray:
        """The epoch at which a training diverged, or -1."""
        epochs = np.full(self.time_to_learn.shape, -1)
        for place, divergence in self.divergences.items():
            epochs[place] = divergence.epoch
        return epochs


def sweep(
    inputs: Any,
    targets: Any,
    *,
    learning_rates: Any,
    gammas: Any,
    seeds: Sequence[int] = (0,),
    depths: Sequence[int] = (1,),
    width: int = 30,
    initialization: str = "scaled_normal",
    epochs: int = 250,
) -> Sweep:
    """Train a deep linear network for every combination of settings, as one batch a depth.

    Each training is the one that `simulate` gives with the same settings.

    Parameters
    ----------
    inputs : array-like of shape (n_samples, n_inputs)
        One sample a row.
    targets : array-like of shape (n_samples, n_outputs)
        One target a row.
    learning_rates, gammas : array-like
        Learning rates and initial scales, each rising and above 0.
    seeds : sequence of int, default (0,)
        Seeds of the initial weights.
    depths : sequence of int, default (1,)
        Numbers of hidden layers.
    width : int, default 30
        Units of each hidden layer.
    initialization : {"scaled_normal", "orthogonal", "balanced"}, default "scaled_normal"
        See `initial_weights`.
    epochs : int, default 250
        Steps of gradient descent.

    Returns
    -------
    Sweep

    Raises
    ------
    InvalidParameterError
        If an option cannot hold.
    InvalidDataError
        If the data cannot be learned from, or rates or scales are not rising and above 0.

    Examples
    --------
    >>> import numpy as np
    >>> grid = sweep(np.eye(4), np.diag([4.0, 3, 2, 1]), learning_rates=[0.5, 1, 100],
    ...              gammas=[1e-3, 1e-1], width=6)
    >>> grid.time_to_learn[:, :, 0, 0] > 0
    array([[ True,  True],
           [ True,  True],
           [False, False]])
    >>> print(grid.divergences[2, 0, 0, 0].epoch)
    4
    """
    X, Y = check_inputs_and_targets(inputs, targets)
    rates = check_positive_rising(learning_rates, name="learning_rates")
    scales = check_positive_rising(gammas, name="gammas")
    kind = look_up("initialization", initialization, INITIALIZATIONS)
    hidden = tuple(check_integer("depths", depth, minimum=0) for depth in depths)
    chosen = tuple(check_integer("seeds", seed, minimum=0) for seed in seeds)
    units = check_integer("width", width, minimum=1)
    recorded = recorded_epochs(epochs, 1)
    n_modes = min(*X.shape, Y.shape[1])
    shape = (len(rates), len(scales), len(chosen), len(hidden))
    too_large((*shape, len(recorded), n_modes), what="a sweep", most=_MOST_BYTES)
    parts = []
    divergences: dict[tuple[int, ...], Divergence] = {}
    for k, seed in enumerate(chosen):
        for layer, depth in enumerate(hidden):
            widths = (X.shape[1], *(units,) * depth, Y.shape[1])
            problem = draw(X, Y, widths, kind, np.random.default_rng(seed))
            found = find_modes(problem.inputs, problem.targets, rank=min(widths))
            loss, modes = _train(problem, found, rates, scales, recorded)
            parts.append((loss, modes, _time_to_learn(problem, found, loss)))
            for i, j, divergence in _cut_off(problem, found, loss, modes, rates, depth + 1):
                divergences[i, j, k, layer] = divergence
    loss, modes, learned = (
        np.moveaxis(
            np.reshape(arrays, (len(chosen), len(hidden), *arrays[0].shape)), (0, 1), (2, 3)
        )
        for arrays in (list(column) for column in zip(*parts, strict=True))
    )
    return Sweep(
        learning_rates=rates,
        gammas=scales,
        seeds=chosen,
        depths=hidden,
        loss=loss,
        modes=modes,
        time_to_learn=learned,
        n_plateaus=np.apply_along_axis(count_plateaus, -1, loss),
        divergences=divergences,
    )


def count_plateaus(loss: Any) -> int:
    """Count the falls of a loss that a plateau precedes.

    A fall is a peak of the decrease from epoch to epoch of the least loss so far that stands out,
    from the quieter epochs before and after it, by a tenth of the steepest decrease. A loss that
    falls fastest in the beginning has no plateau; one that swings counts where it falls below
    what it had reached; one that falls by less than a millionth has not moved.

    Parameters
    ----------
    loss : array-like of shape (n_epochs,)
        One loss an epoch; NaN at its end is what diverged and is not looked at.

    Returns
    -------
    int

    Examples
    --------
    >>> count_plateaus([3.0, 3.0, 2.9, 2.0, 1.9, 1.9, 1.8, 0.5, 0.4, 0.4])
    2
    >>> count_plateaus([3.0, 1.5, 0.7, 0.3, 0.1, 0.05])
    0
    """
    course = np.asarray(loss, dtype=float)
    least = np.minimum.accumulate(course[np.isfinite(course)])
    if len(least) < 4 or least[0] - least[-1] <= _MOVED * least[0]:
        return 0
    decrease = -np.diff(least)
    return len(find_peaks(decrease, prominence=_PROMINENCE * decrease.max())[0])


def _train(
    problem: Reduction, found: Modes, rates: FloatArray, scales: FloatArray, epochs: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return loss (rates, scales, epochs) and modes (..., n_modes) of all of them at once."""
    n_rates, n_scales = len(rates), len(scales)
    each_scale = np.tile(scales, n_rates)[:, None, None]
    each_rate = np.repeat(2 * rates / problem.n_entries, n_scales)[:, None, None]
    loss = np.empty((len(epochs), n_rates * n_scales))
    modes = np.empty((len(epochs), n_rates * n_scales, len(found.singular_values)))
    start = [each_scale * weight for weight in problem.weights]
    course = descend(problem.samples, problem.targets, start, rate=each_rate, epochs=epochs)
    for block in course:
        with np.errstate(over="ignore", invalid="ignore"):
            whole = block.maps[-1]
            modes[block.places] = found.project(whole)
            answers = whole if problem.samples is None else whole @ problem.samples.T
            loss[block.places] = mean_squared_error(answers - problem.targets.T, problem)
    shape = (n_rates, n_scales, len(epochs))
    return loss.T.reshape(shape), modes.swapaxes(0, 1).reshape(*shape, -1)


def _cut_off(
    problem: Reduction,
    found: Modes,
    loss: FloatArray,
    modes: FloatArray,
    rates: FloatArray,
    n_layers: int,
) -> Iterator[tuple[int, int, Divergence]]:
    """Yield the place and reason of each divergence, and blank what came from there on."""
    limits = loss_limit(problem, loss[..., 0])
    ends = {place: first_beyond(loss[place], limits[place]) for place in np.ndindex(limits.shape)}
    ends = {place: end for place, end in ends.items() if end < loss.shape[-1]}
    if not ends:
        return
    stable = stable_learning_rate(problem, found, n_layers=n_layers)
    for (i, j), end in ends.items():
        loss[i, j, end:] = np.nan
        modes[i, j, end:] = np.nan
        yield i, j, Divergence(end, float(limits[i, j]), float(rates[i]), stable)


def _time_to_learn(problem: Reduction, found: Modes, loss: FloatArray) -> IntArray:
    """Return the first epoch of each course (..., epochs) that has learned enough, or -1."""
    error = found.best @ problem.inputs.T - problem.targets.T
    least = mean_squared_error(error, problem)
    silent = mean_squared_error(problem.targets, problem)
    there = loss <= least + (1 - _LEARNED) * (silent - least)
    return np.where(there.any(axis=-1), there.argmax(axis=-1), -1)
