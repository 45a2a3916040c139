"""The one training loop, a generator: it yields reports, and whoever consumes them acts on them.

The progress bar, the checkpoint, the recorder and the browser lab are consumers; none of them is
known here.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from inscape._errors import TrainingDivergedError
from inscape.measures import dead_units
from inscape.networks import Examples
from inscape.training.memory import keep_freed_memory
from inscape.training.optimizers import learning_rate_factor
from inscape.training.state import TrainingState, copy_weights

# Reports in an epoch, besides the first steps, which are reported on a logarithmic scale.
_REPORTS_PER_EPOCH = 10
# A report takes as long as one to three steps.
_STEPS_BETWEEN_REPORTS = 10
# Rows on which codes and errors are watched while training.
PROBE_SIZE = 512
_WATCHED_AT_ONCE = 64


@dataclass(frozen=True)
class Plan:
    """What a training is asked to do.

    Parameters
    ----------
    epochs : float
        Passes over the data; a fraction ends inside a pass.
    batch_size : int
        Rows in a step; the last batch of a pass may be smaller.
    optimizer : Muon, Adam, SGD or Adadelta
        Whose schedule and warm-up shape the learning rate.
    patience : int or None
        Epochs without a lower validation loss after which training stops and takes back the best
        weights; None trains to the end.
    half_precision : bool
        Whether products are computed in bfloat16 (`torch.autocast`); weights stay as they are.
    lone_rows : bool
        Whether a batch may hold one row alone. Batch statistics need two: a lone last row then
        goes with the batch before it.
    stop_after : float or None
        Passes after which training ends, on the way of its schedule to `epochs`; None goes on to
        the end.
    """

    epochs: float
    batch_size: int
    optimizer: Any
    patience: int | None = None
    half_precision: bool = False
    lone_rows: bool = True
    stop_after: float | None = None

    def n_batches(self, n_samples: int) -> int:
        """Return the steps of one pass over so many rows."""
        last_alone = n_samples % self.batch_size == 1 and n_samples > 1 and self.batch_size > 1
        return math.ceil(n_samples / self.batch_size) - (last_alone and not self.lone_rows)

    def batches(self, order: Tensor) -> Iterator[Tensor]:
        """Yield the rows of each batch of a pass, in that order."""
        n_batches = self.n_batches(len(order))
        for place in range(n_batches):
            end = (place + 1) * self.batch_size if place < n_batches - 1 else len(order)
            yield order[place * self.batch_size : end]

    def n_steps(self, n_samples: int, *, upto: float | None = None) -> int:
        """Return the steps of the whole training on so many rows, or up to so many passes."""
        if upto is not None:
            return round(upto * self.n_batches(n_samples))
        return max(1, round(self.epochs * self.n_batches(n_samples)))


@dataclass(frozen=True)
class Report:
    """Where a training stands.

    Parameters
    ----------
    step, n_steps : int
        Steps done, and steps planned.
    epoch : float
        Passes over the data so far.
    epoch_done : bool
        Whether a pass has just ended; the state is whole then, and can be kept.
    loss : float
        Mean loss of the pass so far, in nats per sample.
    validation_loss : float or None
        Of the held-out rows after the pass, in nats per sample.
    squared_error : float
        On some training rows, mean over samples and features, in the scaled units.
    dead_units : tuple of int
        Code units that are constant over those rows.
    """

    step: int
    n_steps: int
    epoch: float
    epoch_done: bool
    loss: float
    validation_loss: float | None
    squared_error: float
    dead_units: tuple[int, ...]


def train(
    state: TrainingState,
    objective: Any,
    plan: Plan,
    *,
    examples: Examples,
    held_out: Examples | None = None,
    corruption: Any = None,
) -> Iterator[Report]:
    """Train `state.network` in place; yield a report before it starts and up to ten times an epoch.

    The history begins with what the first step finds: an entry of epoch 0, of the rows that are
    watched, without what penalties add while training.

    Parameters
    ----------
    state : TrainingState
        New, or restored: training goes on from there.
    objective : Objective
        Gives the terms whose sum, in nats per feature, is minimised.
    plan : Plan
        How long, in which batches, at what rate.
    examples : Examples
        Training rows, and what is told beside them, on the network's device.
    held_out : Examples or None
        Those held out to measure the loss after each pass.
    corruption : Corruption or None
        What is done to the rows before they are encoded, while training; what has to come out
        stays clean. Its draws depend on `state.corruption_seed` and the epoch alone.

    Raises
    ------
    TrainingDivergedError
        If the loss is no longer finite.
    """
    keep_freed_memory()
    examples = examples.evenly_weighed()
    held_out = None if held_out is None else held_out.evenly_weighed()
    X = examples.features
    steps_per_epoch = plan.n_batches(len(X))
    n_steps = plan.n_steps(len(X))
    ahead = plan.n_steps(len(X), upto=plan.stop_after)
    # Evenly spread: rows may be sorted.
    n_watched = min(PROBE_SIZE, len(X))
    places = torch.arange(n_watched, device=X.device) * len(X) // n_watched
    probe = examples.take(places).evenly_weighed()
    inputs = X
    if corruption is not None and corruption.fixed:
        inputs, corruption = corruption(X, generator=_noise(state, 0)), None

    def report(loss: float, *, epoch_done: bool = False, on_held: float | None = None) -> Report:
        watched = _watch(state, objective, probe)
        return Report(
            step=state.step,
            n_steps=state.first_step + ahead,
            epoch=state.epochs_before + (state.step - state.first_step) / steps_per_epoch,
            epoch_done=epoch_done,
            loss=objective.nats(_finite(loss, state)),
            validation_loss=on_held,
            **watched,
        )

    begun = _evaluate(state, objective, probe)
    on_held = None
    if not state.history and held_out is not None:
        on_held = objective.nats(_loss(state, objective, held_out))
    first = report(_finite(sum(begun.values()), state), on_held=on_held)
    if not state.history:
        state.history.append(_entry(first, objective.in_nats(begun), n_features=X.shape[1]))
    yield first
    while state.step - state.first_step < ahead and not _out_of_patience(state, plan):
        started = time.perf_counter()
        sums: dict[str, Tensor] = {}
        seen = 0
        order = torch.randperm(len(X), generator=state.generator).to(X.device)
        noise = _noise(state, (state.step - state.first_step) // steps_per_epoch)
        for rows in plan.batches(order):
            _set_learning_rates(state, plan, n_steps)
            targets = examples.take(rows)
            given = targets.features if inputs is X else inputs.index_select(0, rows)
            if corruption is not None:
                given = corruption(given, generator=noise)
            for name, term in _step(state, objective, plan, given, targets).items():
                sums[name] = sums[name] + term * len(rows) if name in sums else term * len(rows)
            seen += len(rows)
            state.step += 1
            if seen == len(X) or state.step - state.first_step == ahead:
                on_held = None if held_out is None else _loss(state, objective, held_out)
                told = None if on_held is None else objective.nats(on_held)
                means = {name: total.item() / seen for name, total in sums.items()}
                last = report(sum(means.values()), epoch_done=True, on_held=told)
                told_means = objective.in_nats(means)
                _close_epoch(state, plan, last, told_means, n_features=X.shape[1], started=started)
                yield last
                break
            if _is_reported(state.step, steps_per_epoch):
                yield report(sum(total.item() for total in sums.values()) / seen)
    if plan.patience is not None and state.best_weights is not None:
        state.network.load_state_dict(state.best_weights)


def _set_learning_rates(state: TrainingState, plan: Plan, n_steps: int) -> None:
    factor = learning_rate_factor(
        plan.optimizer.schedule,
        plan.optimizer.warmup,
        step=state.step - state.first_step,
        n_steps=n_steps,
    )
    for optimizer in state.optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group.setdefault("initial_lr", group["lr"]) * factor


def _noise(state: TrainingState, epoch: int) -> torch.Generator:
    """Return the corruption's own generator, so that noise changes no other draw."""
    return torch.Generator().manual_seed(state.corruption_seed + epoch)


def _step(
    state: TrainingState, objective: Any, plan: Plan, inputs: Tensor, targets: Examples
) -> dict[str, Tensor]:
    with torch.autocast(inputs.device.type, torch.bfloat16, enabled=plan.half_precision):
        terms = objective.terms(
            state.network, inputs, targets, generator=state.generator, step=state.step
        )
    loss = sum(terms.values())
    for optimizer in state.optimizers:
        optimizer.zero_grad()
    # Per feature, so that a learning rate means the same for ten columns and for a thousand.
    (loss / targets.features.shape[1]).backward()
    for optimizer in state.optimizers:
        optimizer.step()
    return {name: term.detach() for name, term in terms.items()}


def _is_reported(step: int, steps_per_epoch: int) -> bool:
    """Report on steps 1, 2, 4, 8, ..., and about ten times an epoch, but not at each few steps."""
    early = step & (step - 1) == 0
    return early or step % max(_STEPS_BETWEEN_REPORTS, steps_per_epoch // _REPORTS_PER_EPOCH) == 0


@torch.no_grad()
def _watch(state: TrainingState, objective: Any, probe: Examples) -> dict[str, Any]:
    network = state.network
    network.eval()
    codes: list[Tensor] = []
    errors: list[Tensor] = []
    weights = 1.0 if probe.weights is None else probe.weights[:, None]
    # A few rows at a time, whose maps stay in the processor's cache.
    for some in probe.split(_WATCHED_AT_ONCE):
        for seen, values in zip((codes, errors), objective.watch(network, some), strict=True):
            seen.append(values)
    network.train()
    return {
        # First: codes that are not finite are neither dead nor alive.
        "squared_error": _finite((torch.cat(errors) * weights).mean().item(), state),
        "dead_units": dead_units(torch.cat(codes).cpu().numpy()),
    }


@torch.no_grad()
def _evaluate(state: TrainingState, objective: Any, examples: Examples) -> dict[str, float]:
    """Return the terms of the loss, means over the rows, as the network is now."""
    state.network.eval()
    totals: dict[str, float] = {}
    for some in examples.split(PROBE_SIZE):
        terms = objective.terms(state.network, some.features, some, generator=state.generator)
        for name, term in terms.items():
            totals[name] = totals.get(name, 0.0) + float(term) * len(some)
    state.network.train()
    return {name: total / len(examples) for name, total in totals.items()}


def _loss(state: TrainingState, objective: Any, examples: Examples) -> float:
    return _finite(sum(_evaluate(state, objective, examples).values()), state)


def _entry(
    report: Report, means: dict[str, float], *, n_features: int, seconds: float = 0.0
) -> dict[str, Any]:
    """Return what the history keeps of a report, and of the terms of its loss."""
    entry: dict[str, Any] = {"epoch": report.epoch, "step": report.step, "loss": report.loss}
    entry["loss_per_feature"] = report.loss / n_features
    entry["squared_error"] = report.squared_error
    if len(means) > 1:
        entry["terms"] = means
    if report.validation_loss is not None:
        entry["validation_loss"] = report.validation_loss
    return entry | {"seconds": seconds}


def _close_epoch(
    state: TrainingState,
    plan: Plan,
    report: Report,
    means: dict[str, float],
    *,
    n_features: int,
    started: float,
) -> None:
    seconds = time.perf_counter() - started
    state.history.append(_entry(report, means, n_features=n_features, seconds=seconds))
    if plan.patience is None or report.validation_loss is None:
        return
    state.stale_epochs += 1
    if report.validation_loss < state.best_loss:
        state.best_loss, state.stale_epochs = report.validation_loss, 0
        state.best_weights = copy_weights(state.network)


def _out_of_patience(state: TrainingState, plan: Plan) -> bool:
    return plan.patience is not None and state.stale_epochs >= plan.patience


def _finite(loss: float, state: TrainingState) -> float:
    if math.isfinite(loss):
        return loss
    raise TrainingDivergedError(
        f"The loss must stay finite while training; it became {loss} by step {state.step}: "
        "lower `learning_rate`, or scale the data with scaler='standard'."
    )
