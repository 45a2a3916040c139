"""Training from a start that is good already, which no training may fall behind."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch

from inscape.estimators.options import Options, check_batches, plan_training
from inscape.networks import Examples, LinearPath, Network
from inscape.training import Report, TrainingState, chosen_epochs, find_length, train

Pairs = Iterator[tuple[Report, TrainingState]]

# The share of the rows that is held out where rows are few.
_HELD_OUT = 0.2
# How far a network beside a linear path looks where rows are few, in root mean squares.
_LIMIT = 3.0
# Training rows, evenly spread, by which start and end are compared where rows are many.
_COMPARED = 5000


def train_from_start(
    estimator: Any,
    network: Network,
    examples: Examples,
    options: Options,
    generator: torch.Generator,
    checkpoint: Any,
) -> Pairs:
    """Train a network that starts at PCA, and keep the start where training gains nothing.

    Where the network has more weights than the table has cells, a fifth of the rows is held out
    and tells how long to train; the network then starts again, and is trained so long on all rows.
    With more rows the training rows themselves tell whether it gained.

    Parameters
    ----------
    estimator : NetworkEstimator
        Its options have been resolved.
    network : Network
        At its start, on the device.
    examples : Examples
        All rows.
    options : mapping
        The estimator's.
    generator : torch.Generator
        Where every draw comes from.
    checkpoint : pair of (arrays, metadata) or None
        Where a training stood that goes on.
    """
    n_held_out = round(_HELD_OUT * len(examples))
    n_weights = sum(weight.numel() for weight in network.parameters())
    if n_weights > examples.features.numel() and n_held_out > 1:
        # Few rows would pull the map off the principal directions more than they would mend it.
        limit_paths(network, _LIMIT)
        for path in paths_of(network):
            path.hold(True)
        order = torch.randperm(len(examples), generator=generator)
        parts = examples[order[n_held_out:]], examples[order[:n_held_out]]
        yield from _find_and_train(
            estimator, network, examples, parts, options, generator, checkpoint
        )
        for path in paths_of(estimator.network_):
            path.hold(False)
    else:
        yield from _train_and_compare(estimator, network, examples, options, generator, checkpoint)


def limit_paths(network: Network, limit: float | None) -> None:
    """Say how far the networks beside linear paths look."""
    for path in paths_of(network):
        path.limit = limit


def paths_of(network: Network) -> list[LinearPath]:
    """Return the linear paths of a network: none, or one on each side."""
    return [module for module in network.modules() if isinstance(module, LinearPath)]


# --------------------------------------------------------------------------- few rows


def _find_and_train(
    estimator: Any,
    network: Network,
    examples: Examples,
    parts: tuple[Examples, Examples],
    options: Options,
    generator: torch.Generator,
    checkpoint: Any,
) -> Pairs:
    device = next(network.parameters()).device
    training, held_out = parts
    start = copy.deepcopy(network)
    optimizer = estimator.parts_.optimizer
    plan, rate = plan_training(options, optimizer, n_samples=len(training))
    plan = check_batches(plan, network)
    estimator.note_training(plan, rate)
    state, chosen = estimator.begin(network, generator, rate), 0.0
    second = checkpoint is not None and _is_second(checkpoint[1])
    if not second:
        if checkpoint is not None:
            state.restore(*checkpoint)
        objective = estimator.objective(training.total)
        yield from estimator.watch(
            find_length(
                state,
                objective,
                plan,
                examples=training.to(device),
                held_out=held_out.to(device),
            ),
            state,
        )
        chosen = chosen_epochs(state)
    state = estimator.begin(start, generator, rate, before=None if second else state)
    state.best_epoch = chosen
    if second:
        state.restore(*checkpoint)
    chosen = state.best_epoch
    estimator.length_ = (
        f"{len(held_out):,} of {len(examples):,} rows were held out to find how long to train: "
        + (
            f"{chosen:g} of {plan.epochs:g} epochs were best, and then all rows were trained on."
            if chosen
            else "no epoch gained more than chance over PCA, where training starts, so it is PCA."
        )
    )
    again = replace(plan, stop_after=chosen, patience=None)
    objective = estimator.objective(examples.total)
    yield from estimator.watch(train(state, objective, again, examples=examples.to(device)), state)


def _is_second(metadata: Mapping[str, str]) -> bool:
    """Return whether a checkpoint is of the training that follows the one that finds the length."""
    return json.loads(metadata["state"])["first_step"] > 0


# --------------------------------------------------------------------------- many rows


def _train_and_compare(
    estimator: Any,
    network: Network,
    examples: Examples,
    options: Options,
    generator: torch.Generator,
    checkpoint: Any,
) -> Pairs:
    device = next(network.parameters()).device
    start = copy.deepcopy(network.state_dict())
    plan, rate = plan_training(options, estimator.parts_.optimizer, n_samples=len(examples))
    plan = check_batches(plan, network)
    estimator.note_training(plan, rate)
    objective = estimator.objective(examples.total)
    compared = examples[:: max(1, -(-len(examples) // _COMPARED))].evenly_weighed().to(device)
    before = _mean_loss(network, objective, compared, generator)
    state = estimator.begin(network, generator, rate)
    if checkpoint is not None:
        state.restore(*checkpoint)
    yield from estimator.watch(train(state, objective, plan, examples=examples.to(device)), state)
    if _mean_loss(network, objective, compared, generator) < before:
        return
    network.load_state_dict(start)
    estimator.length_ = (
        f"{plan.epochs:g} epochs of training gained nothing over PCA, where it starts, so it is "
        "PCA."
    )
    # A last report, of what was kept.
    state.first_step, state.epochs_before = state.step, state.history[-1]["epoch"]
    kept = replace(plan, stop_after=0.0)
    yield from estimator.watch(train(state, objective, kept, examples=examples.to(device)), state)


@torch.no_grad()
def _mean_loss(
    network: Network, objective: Any, examples: Examples, generator: torch.Generator
) -> float:
    network.eval()
    found = objective.losses(network, examples, generator=generator).mean()
    network.train()
    return float(found)
