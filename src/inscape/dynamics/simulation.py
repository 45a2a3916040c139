"""One exact training of a deep linear network, and everything that can be read from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np

from inscape._checks import (
    abridged,
    check_choice,
    check_generator,
    check_inputs_and_targets,
    check_integer,
    check_number,
    check_recorded,
    check_weights,
    check_widths,
    look_up,
    too_large,
)
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape._typing import FloatArray, IntArray
from inscape.dynamics.descent import descend
from inscape.dynamics.divergence import (
    Divergence,
    first_beyond,
    loss_limit,
    stable_learning_rate,
)
from inscape.dynamics.flow import integrate_flow
from inscape.dynamics.initialization import INITIALIZATIONS
from inscape.dynamics.modes import Modes, find_modes, half_rise
from inscape.dynamics.reduction import Reduction, draw, reduce
from inscape.dynamics.theory import (
    balancedness,
    mode_strength,
    mode_strength_by_step,
)

_MOST_BYTES = 2**30
# Above this share of the largest limit there is room for a mode.
_OPEN = 1e-9
# Up to here a start counts as balanced and aligned, as a share of its size, and as small, as a
# share of the weakest mode that there is room for.
_UNEVEN, _SMALL = 1e-6, 1e-2
# Of the stable learning rate, where none is given: the source's tree is learned in 200 epochs so.
_SHARE_OF_STABLE: Final = 0.4
THEORIES: Final = ("discrete_map", "gradient_flow")


@dataclass(frozen=True, eq=False)
class Trajectory:
    r"""The course of one training, epoch by epoch.

    Entry t of every array over epochs is the state after `epochs[t]` steps, the first before
    any: loss, modes, similarity and predictions are all of the same weights.

    Parameters
    ----------
    epochs : ndarray of int, shape (n_records,)
        What was recorded; it ends early where training diverged.
    loss : ndarray of shape (n_records,)
        Mean squared error over samples and outputs.
    modes : ndarray of shape (n_records, n_modes)
        :math:`u_a^\top W_L \cdots W_1 v_a` for each pair of the data's own singular vectors, the
        strongest first. A mode keeps its identity for ever.
    singular_values : ndarray of shape (n_modes,)
        :math:`s_a`, of :math:`Y^\top X = \sum_a s_a u_a v_a^\top`.
    mode_limits : ndarray of shape (n_modes,)
        The modes of the best linear map that the narrowest layer lets through; with inputs of
        identity these are the first singular values.
    pairs : tuple of (int, int)
        Which (sample, output) the predictions are for.
    learning_rate : float
        Of gradient descent on `loss`.
    divergence : Divergence or None
        When and why training ended early.

    Examples
    --------
    >>> from inscape import data
    >>> tree = data.tree(random_state=0)
    >>> course = simulate(tree.inputs, tree.targets, learning_rate=100.0, random_state=0)
    >>> course.half_rise.tolist()
    [95, 115, 135, 137, 183, 185, 187, 187]
    >>> bool(course.loss[-1] < 1e-15)
    True
    """

    epochs: IntArray
    loss: FloatArray
    modes: FloatArray
    singular_values: FloatArray
    mode_limits: FloatArray
    pairs: tuple[tuple[int, int], ...]
    learning_rate: float
    divergence: Divergence | None
    _problem: Reduction = field(repr=False)
    _found: Modes = field(repr=False)
    _maps: FloatArray = field(repr=False)
    _hidden: FloatArray = field(repr=False)
    _snapshots: dict[int, list[FloatArray]] = field(repr=False)

    def __repr__(self) -> str:
        ended = "" if self.divergence is None else ", diverged"
        return (
            f"Trajectory({self.n_layers} layer{'s' * (self.n_layers > 1)}, {len(self.epochs)} "
            f"records to epoch {self.epochs[-1]}, loss {self.loss[0]:.3g} -> "
            f"{self.loss[-1]:.3g}{ended})"
        )

    # ----------------------------------------------------------------------- what was recorded

    @property
    def n_layers(self) -> int:
        """Weight matrices: one more than hidden layers."""
        return self._hidden.shape[1] + 1

    @property
    def time_constant(self) -> float:
        r""":math:`\tau` of gradient flow, in epochs."""
        return self._problem.n_entries / (2 * self.learning_rate)

    @cached_property
    def stable_learning_rate(self) -> float:
        """The learning rate up to which the balanced best solution attracts gradient descent.

        With whitened inputs no other solution is stable at a larger one; with others, some that
        are less balanced may be.
        """
        return stable_learning_rate(self._problem, self._found, n_layers=self.n_layers)

    @cached_property
    def sorted_modes(self) -> FloatArray:
        """Singular values of the end-to-end map, (n_records, n), the largest first at each epoch.

        The map is that of the span of the inputs; what no sample reaches is left out.
        Where two of them cross they swap places: for a mode that keeps its identity see `modes`.
        """
        return np.linalg.svd(self._maps, compute_uv=False)

    @cached_property
    def similarity(self) -> FloatArray:
        r"""Similarity of the samples in each hidden layer, (n_records, n_hidden_layers, P, P).

        The dot products :math:`H_l H_l^\top` of the hidden activity, samples in rows.
        """
        n_samples = len(self._problem.sample_basis)
        shape = (len(self.epochs), self.n_layers - 1, n_samples, n_samples)
        too_large(shape, what="similarity", most=_MOST_BYTES)
        return self._problem.whole_samples(
            self._problem.whole_samples(self._hidden).swapaxes(-1, -2)
        )

    @property
    def weight_epochs(self) -> tuple[int, ...]:
        """The epochs at which weights were kept: the first, 1, 2, 4, 8, ... and the last."""
        return tuple(self._snapshots)

    def weights_at(self, epoch: int) -> list[FloatArray]:
        """Return all weights at one of `weight_epochs`, each (outputs, inputs).

        Raises
        ------
        InvalidParameterError
            If no weights were kept at that epoch.
        """
        return self._problem.whole_weights(
            self._snapshots[check_recorded("epoch", epoch, self.weight_epochs)]
        )

    @cached_property
    def predictions(self) -> FloatArray:
        """What the network answers for `pairs`, (n_records, n_pairs)."""
        if not self.pairs:
            return np.empty((len(self.epochs), 0))
        samples, outputs = np.array(self.pairs).T
        inside = self._problem.sample_basis[samples] @ self._problem.inputs
        return np.einsum("pk,trk,pr->tp", inside, self._maps, self._problem.output_rows(outputs))

    # ----------------------------------------------------------------------- what follows

    @property
    def half_rise(self) -> IntArray:
        """The first recorded epoch at which each mode is at half its limit; -1 if none is."""
        return half_rise(self.epochs, self.modes, self.mode_limits)

    def predict(self, samples: Any, outputs: Any) -> FloatArray:
        """Return the network's answers over epochs, (n_records, n_samples, n_outputs).

        Parameters
        ----------
        samples, outputs : slice or array-like of int
            Which of them.
        """
        inside = self._problem.sample_basis[_index(samples)] @ self._problem.inputs
        rows = self._problem.output_rows(_index(outputs))
        return (inside @ self._maps.swapaxes(-1, -2)) @ rows.T

    def limits(self, samples: Any, outputs: Any) -> FloatArray:
        """Return the answers (n_samples, n_outputs) of the best map that training can tend to."""
        inside = self._problem.sample_basis[_index(samples)] @ self._problem.inputs
        return inside @ self._found.best.T @ self._problem.output_rows(_index(outputs)).T

    def theoretical_modes(self, kind: str = "discrete_map") -> FloatArray:
        r"""Return what theory says of the modes, from the initial weights alone.

        Gradient flow has a closed form where `no_closed_form` is empty, and is integrated elsewhere
        (`inscape.dynamics.flow`). In the closed forms the start of a mode in two layers is
        :math:`u_0 = \lVert (W_1 v + W_2^\top u) / 2 \rVert^2`, its part that grows; of other
        depths it is :math:`u^\top W_L \cdots W_1 v`, for which a network of three layers or more
        must start balanced and aligned. Modes tend to `mode_limits`: those that the narrowest
        layer has no room for tend to 0, and what small ones among them do meanwhile, as long as
        the others leave them room, is not told.

        Parameters
        ----------
        kind : {"discrete_map", "gradient_flow"}, default "discrete_map"
            The exact map of gradient descent, or continuous time, which runs early where the
            learning rate is large.

        Returns
        -------
        ndarray of shape (n_records, n_modes)

        Raises
        ------
        InvalidDataError
            If the discrete map is asked for where there is no closed form, a network of three
            layers or more does not start with every mode above 0, or gradient flow is too steep
            where it starts.

        References
        ----------
        A. M. Saxe, J. L. McClelland, S. Ganguli (2014), arXiv:1312.6120.
        """
        check_choice("kind", kind, THEORIES)
        if self.no_closed_form and kind == "gradient_flow":
            return self._found.project(self._flow())
        power = self._found.input_power
        if self.no_closed_form or power is None:
            raise InvalidDataError(
                f"{self.no_closed_form}, of which the discrete map tells nothing: ask for "
                "kind='gradient_flow', or look at the measured modes alone."
            )
        # With X'X = c the mode obeys the same equation for c u, c tau and s. Where the network is
        # too narrow, its limit is 0 up to rounding.
        limits = np.where(self.mode_limits > _OPEN * self.mode_limits.max(), self.mode_limits, 0.0)
        initial = self._growing_part()
        tau = self.time_constant / power
        if kind == "discrete_map":
            course = mode_strength_by_step(
                int(self.epochs[-1]),
                singular_value=limits,
                initial=initial,
                rate=1 / tau,
                n_layers=self.n_layers,
            )
            return course[self.epochs]
        return np.stack(
            [
                mode_strength(
                    self.epochs,
                    singular_value=limit,
                    initial=start,
                    time_constant=tau,
                    n_layers=self.n_layers,
                )
                for limit, start in zip(limits.tolist(), initial.tolist(), strict=True)
            ],
            axis=1,
        )

    def theoretical_predictions(self, modes: FloatArray, samples: Any, outputs: Any) -> FloatArray:
        r"""Return the answers that given modes make: :math:`\sum_a u_a(t) (x_i^\top v_a) u_{ma}`.

        Parameters
        ----------
        modes : ndarray of shape (n_records, n_modes)
            As `theoretical_modes` returns them.
        samples, outputs : slice or array-like of int
            Which of them.

        Returns
        -------
        ndarray of shape (n_records, n_samples, n_outputs)
        """
        inside = self._problem.sample_basis[_index(samples)] @ self._problem.inputs
        left = self._problem.output_rows(_index(outputs)) @ self._found.output_vectors
        return np.einsum("ta,ia,ma->tim", modes, inside @ self._found.input_vectors, left)

    @cached_property
    def no_closed_form(self) -> str:
        r"""Why no closed form tells of the modes, in words; empty where one does.

        Closed forms hold for whitened inputs, :math:`X^\top X = c I`, and a start that is balanced
        and aligned with the modes of the data; of one layer for any start, and of two for a small
        one.
        """
        if self._found.input_power is None:
            return (
                "inputs must be whitened, inputs.T @ inputs = c * identity, for the closed forms; "
                "got correlated ones"
            )
        start = self._snapshots[0]
        if len(start) == 1:
            return ""
        size = max(float(np.square(weight).sum()) for weight in start)
        apart = max(abs(gap).max() for gap in balancedness(start))
        turned = self._maps[0] - (self._found.output_vectors * self.modes[0]) @ (
            self._found.input_vectors.T
        )
        uneven = apart > _UNEVEN * size
        even = not uneven and abs(turned).max() <= _UNEVEN * abs(self._maps[0]).max()
        limits = self.mode_limits
        weakest = float(limits[limits > _OPEN * limits.max()].min())
        if even or (len(start) == 2 and size <= _SMALL * weakest):
            return ""
        return (
            f"weights of {len(start)} layers must start {'small, or ' * (len(start) == 2)}balanced "
            "and aligned with the modes of the data for the closed forms; got "
            f"{'unbalanced' if uneven else 'balanced but turned'} ones"
        )

    def _flow(self) -> FloatArray:
        """Return the small map at each recorded epoch under gradient flow."""
        problem = self._problem
        return integrate_flow(
            problem.inputs,
            problem.targets,
            self._snapshots[0],
            rate=2 * self.learning_rate / problem.n_entries,
            epochs=self.epochs,
            fastest=self.stable_learning_rate / (2 * self.learning_rate),
        )

    def _growing_part(self) -> FloatArray:
        start = self._snapshots[0]
        if len(start) == 2:
            ahead = start[0] @ self._found.input_vectors
            back = start[1].T @ self._found.output_vectors
            return (((ahead + back) / 2) ** 2).sum(axis=0)
        return self.modes[0]


def simulate(
    inputs: Any,
    targets: Any,
    *,
    hidden: Sequence[int] = (30,),
    gamma: float = 1e-12,
    initialization: str = "scaled_normal",
    weights: Sequence[Any] | None = None,
    learning_rate: float | None = None,
    epochs: int = 250,
    record_every: int = 1,
    pairs: Sequence[tuple[int, int]] = (),
    random_state: Any = None,
) -> Trajectory:
    r"""Train a deep linear network without biases by full-batch gradient descent, exactly.

    .. math:: \ell = \frac{1}{PN} \lVert X W_1^\top \cdots W_L^\top - Y \rVert^2, \qquad
              W_l \leftarrow W_l - \eta \, \partial \ell / \partial W_l

    in float64. Training is computed in the few dimensions that it never leaves
    (`inscape.dynamics.reduction`), which changes nothing but the time that it takes.

    Parameters
    ----------
    inputs : array-like of shape (n_samples, n_inputs)
        One sample a row.
    targets : array-like of shape (n_samples, n_outputs)
        One target a row.
    hidden : sequence of int, default (30,)
        Units of each hidden layer; () is a network of one matrix.
    gamma : float, default 1e-12
        Scale of the initial weights, see `initial_weights`.
    initialization : {"scaled_normal", "orthogonal", "balanced"}, default "scaled_normal"
        Kind of the initial weights, see `initial_weights`.
    weights : sequence of array-like or None, default None
        The initial weights themselves, the first layer first, each (outputs, inputs); `hidden`,
        `gamma`, `initialization` and `random_state` are then not used.
    learning_rate : float or None, default None
        :math:`\eta`; None takes four tenths of `Trajectory.stable_learning_rate`. It may be large,
        because the loss is a mean over all entries.
    epochs : int, default 250
        Steps of gradient descent, at least 1.
    record_every : int, default 1
        Record epochs 0, n, 2n, ... and the last.
    pairs : sequence of (int, int), default ()
        Record the prediction for these (sample, output) pairs.
    random_state : int, numpy Generator or None, default None
        None draws anew at each call.

    Returns
    -------
    Trajectory

    Raises
    ------
    InvalidParameterError
        If an option cannot hold, or the record would not fit in memory.
    InvalidDataError
        If shapes do not match, a value is not finite, or inputs and targets are not correlated.

    Examples
    --------
    >>> import numpy as np
    >>> course = simulate(np.eye(2), [[3.0, 0.0], [0.0, 1.0]], hidden=(4,), gamma=1e-3,
    ...                   learning_rate=0.5, epochs=200, random_state=0)
    >>> course.modes[-1].round(3)
    array([3., 1.])
    """
    X, Y = check_inputs_and_targets(inputs, targets)
    rate = None if learning_rate is None else check_number("learning_rate", learning_rate, above=0)
    recorded = recorded_epochs(epochs, record_every)
    chosen = _check_pairs("pairs", pairs, n_rows=len(X), n_columns=Y.shape[1])
    if weights is None:
        widths = (X.shape[1], *check_widths("hidden", tuple(hidden)), Y.shape[1])
        kind = look_up("initialization", initialization, INITIALIZATIONS)
        scale = check_number("gamma", gamma, above=0)
        generator = check_generator("random_state", random_state)
        problem = draw(X, Y, widths, kind, generator).scaled(scale)
    else:
        problem = reduce(X, Y, check_weights(weights, n_inputs=X.shape[1], n_outputs=Y.shape[1]))
    return _follow(problem, rate, recorded, chosen)


def recorded_epochs(epochs: Any, record_every: Any) -> IntArray:
    """Return 0, n, 2n, ... and the last epoch."""
    last = check_integer("epochs", epochs, minimum=1)
    stride = check_integer("record_every", record_every, minimum=1)
    return np.unique(np.append(np.arange(0, last, stride), last))


def _follow(
    problem: Reduction,
    learning_rate: float | None,
    epochs: IntArray,
    pairs: tuple[tuple[int, int], ...],
) -> Trajectory:
    start = problem.weights
    n_samples, n_outputs = problem.targets.shape
    n_inputs, n_hidden = problem.inputs.shape[1], len(start) - 1
    too_large((len(epochs), n_outputs, n_inputs), what="the record", most=_MOST_BYTES)
    too_large((len(epochs), n_hidden, n_samples, n_samples), what="the record", most=_MOST_BYTES)
    found = find_modes(problem.inputs, problem.targets, rank=min(len(w) for w in start))
    if learning_rate is None:
        stable = stable_learning_rate(problem, found, n_layers=len(start))
        learning_rate = _SHARE_OF_STABLE * stable
    loss = np.empty(len(epochs))
    maps = np.empty((len(epochs), n_outputs, n_inputs))
    hidden = np.empty((len(epochs), n_hidden, n_samples, n_samples))
    snapshots: dict[int, list[FloatArray]] = {}
    samples = problem.samples
    rate = 2 * learning_rate / problem.n_entries
    end = len(epochs)
    before: dict[int, list[FloatArray]] = {}
    for block in descend(samples, problem.targets, start, rate=rate, epochs=epochs):
        places = block.places
        with np.errstate(over="ignore", invalid="ignore"):
            maps[places] = block.maps[-1]
            for layer, below in enumerate(block.maps[:-1]):
                activity = below if samples is None else below @ samples.T
                np.matmul(activity.mT, activity, out=hidden[places, layer])
            error = (
                maps[places] if samples is None else maps[places] @ samples.T
            ) - problem.targets.T
            loss[places] = mean_squared_error(error, problem)
        if places.start == 0:
            limit = loss_limit(problem, loss[0])
        end = places.start + first_beyond(loss[places], limit)
        kept = epochs[places.start : end]
        last = epochs[-1] if end == places.stop else epochs[end - 1]
        _keep(snapshots, kept, block.weights, last=int(last))
        if end < places.stop:
            # Where a block ends in time, the last epoch is that of the block before.
            snapshots |= before if len(kept) == 0 else {}
            break
        before = {int(kept[-1]): [weight[len(kept) - 1].copy() for weight in block.weights]}
    divergence = None
    if end < len(epochs):
        stable = stable_learning_rate(problem, found, n_layers=len(start))
        divergence = Divergence(int(epochs[end]), float(limit), learning_rate, stable)
    return Trajectory(
        epochs=epochs[:end],
        loss=loss[:end],
        modes=found.project(maps[:end]),
        singular_values=found.singular_values,
        mode_limits=found.limits,
        pairs=pairs,
        learning_rate=learning_rate,
        divergence=divergence,
        _problem=problem,
        _found=found,
        _maps=maps[:end],
        _hidden=hidden[:end],
        _snapshots=snapshots,
    )


def mean_squared_error(error: FloatArray, problem: Reduction) -> FloatArray:
    """Return the loss (...,) of small errors (..., r, k)."""
    squares = np.einsum("...ij,...ij->...", error, error)
    return (squares + problem.unreachable) / problem.n_entries


def _keep(
    snapshots: dict[int, list[FloatArray]],
    epochs: IntArray,
    weights: list[FloatArray],
    *,
    last: int,
) -> None:
    """Copy the weights of the first, the last and the power-of-two epochs."""
    for place, epoch in enumerate(epochs.tolist()):
        if epoch & (epoch - 1) == 0 or epoch == last:
            snapshots[epoch] = [weight[place].copy() for weight in weights]


def _index(which: Any) -> Any:
    return which if isinstance(which, slice) else np.atleast_1d(np.asarray(which))


def _check_pairs(
    name: str, value: Any, *, n_rows: int, n_columns: int
) -> tuple[tuple[int, int], ...]:
    """Return (row, column) pairs as a tuple of pairs of int.

    Raises
    ------
    InvalidParameterError
        If one is not a pair of integers inside the matrix.
    """
    pairs = []
    for pair in value:
        if np.shape(pair) != (2,):
            raise InvalidParameterError(
                f"`{name}` must hold pairs (sample, output); got {abridged(pair)}."
            )
        row, column = pair
        pairs.append(
            (
                check_integer(f"{name}: sample", row, minimum=0, maximum=n_rows - 1),
                check_integer(f"{name}: output", column, minimum=0, maximum=n_columns - 1),
            )
        )
    return tuple(pairs)
