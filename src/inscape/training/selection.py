"""How long to train where rows are few: as long as rows that were held out gain by it.

The start is among the candidates. What is chosen is a number of passes; 0 is the start.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from inscape.networks import Examples
from inscape.training.loop import Plan, Report, train
from inscape.training.state import TrainingState

# A gain over the start counts from so many of its standard errors on: the best of a hundred epochs
# on twenty rows is often luck.
_STANDARD_ERRORS = 2.5
# The least passes without a gain after which the search ends, and the share of all passes: at a
# good start the held-out loss first rises.
_FEWEST_STALE, _STALE_SHARE = 10, 1 / 3


def find_length(
    state: TrainingState,
    objective: Any,
    plan: Plan,
    *,
    examples: Examples,
    held_out: Examples,
) -> Iterator[Report]:
    """Train, watch rows that were held out, and stop when they no longer gain.

    Parameters
    ----------
    state, objective, plan, examples
        As for `train`.
    held_out : Examples
        Rows that are not trained on.

    Yields
    ------
    Report
        Those of `train`, with the held-out loss after each pass. `chosen_epochs` then gives the
        length.
    """
    held_out = held_out.evenly_weighed()
    patience = max(_FEWEST_STALE, math.ceil(_STALE_SHARE * plan.epochs))
    for report in train(state, objective, plan, examples=examples):
        if state.start_losses is None:
            state.start_losses = _losses(state, objective, held_out)
            started = objective.nats(float(state.start_losses.mean()))
            state.history[-1]["validation_loss"] = started
            report = dataclasses.replace(report, validation_loss=started)
        if not report.epoch_done:
            yield report
            continue
        now = _losses(state, objective, held_out)
        best = state.start_losses if state.held_losses is None else state.held_losses
        state.stale_epochs += 1
        if now.mean() < best.mean():
            state.held_losses, state.best_epoch = now, report.epoch
            state.stale_epochs = 0
        told = objective.nats(float(now.mean()))
        state.history[-1]["validation_loss"] = told
        yield dataclasses.replace(report, validation_loss=told)
        if state.stale_epochs >= patience:
            return


def chosen_epochs(state: TrainingState) -> float:
    """Return how many passes were best for the rows held out; 0 where the start is as good."""
    if state.held_losses is None or state.start_losses is None or len(state.held_losses) < 2:
        return 0.0
    gains = (state.start_losses - state.held_losses).double()
    error = float(gains.std()) / math.sqrt(len(gains))
    return state.best_epoch if float(gains.mean()) > _STANDARD_ERRORS * error else 0.0


@torch.no_grad()
def _losses(state: TrainingState, objective: Any, examples: Examples) -> Tensor:
    state.network.eval()
    losses = objective.losses(state.network, examples, generator=state.generator)
    state.network.train()
    return losses.cpu()
