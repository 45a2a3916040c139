"""Copied snapshots of a training on a logarithmic schedule, within a memory cap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from inscape.networks import Network
from inscape.training.loop import Report
from inscape.training.state import copy_weights

DEFAULT_CAP = 64 * 2**20


@dataclass(frozen=True)
class Snapshot:
    """Copies of what a training looked like after `step` steps.

    Parameters
    ----------
    step : int
        Steps done; 0 is before training.
    epoch : float
        Passes over the data so far.
    weights : mapping of str to ndarray
        All weights, by name.
    """

    step: int
    epoch: float
    weights: Mapping[str, np.ndarray]


class Recorder:
    """A consumer of reports that keeps the curve of the training and some of its weights.

    Weights are kept before training, after steps 1, 2, 4, 8, ... and at the last report. When
    they would take more than `cap` bytes, every second snapshot between the first and the last is
    let go, so that the ones that stay are still spread evenly on a logarithmic scale.

    Parameters
    ----------
    cap : int
        Bytes of weights that are kept at most; two snapshots are always kept.
    """

    def __init__(self, *, cap: int = DEFAULT_CAP) -> None:
        self.cap = cap
        self.curve: list[dict[str, Any]] = []
        self.snapshots: list[Snapshot] = []

    def observe(self, report: Report, network: Network) -> None:
        """Keep the report's numbers, and the weights where the schedule asks for them.

        A report on the last step that is kept, as a resumed training begins with, takes its place:
        it is the same, or it tells what was chosen in the end.
        """
        if self.curve and report.step < self.curve[-1]["step"]:
            return
        if self.curve and report.step == self.curve[-1]["step"]:
            del self.curve[-1]
            self.snapshots = [kept for kept in self.snapshots if kept.step < report.step]
        self.curve.append(
            {
                "step": report.step,
                "epoch": report.epoch,
                "loss": report.loss,
                "squared_error": report.squared_error,
            }
        )
        if report.step & (report.step - 1) == 0 or report.step == report.n_steps:
            self.snapshots.append(Snapshot(report.step, report.epoch, _arrays(network)))
            self._thin()

    def _thin(self) -> None:
        size = sum(array.nbytes for array in self.snapshots[0].weights.values())
        while len(self.snapshots) > 2 and len(self.snapshots) * size > self.cap:
            del self.snapshots[1:-1:2]


def _arrays(network: Network) -> dict[str, np.ndarray]:
    return {name: weight.cpu().numpy() for name, weight in copy_weights(network).items()}
