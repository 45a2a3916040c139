"""What is seen of a training while it runs: a frame now and then, from the thread that trains."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

from inscape.data import Dataset
from inscape.lab.watching import Watched, pack_frame
from inscape.runs.config import FitConfig
from inscape.runs.fitting import resolve_config
from inscape.training import Report

if TYPE_CHECKING:
    from inscape.lab.learning import Learning

# Seconds between two frames at least. Of the processor's seconds: the share of the training's that
# frames may take, and how many lie between two that tell the error, which costs as much again:
# fewer at the beginning, where it falls.
_BETWEEN: Final = 1 / 15
_SHARE: Final = 0.09
_BETWEEN_ERRORS: Final = 0.5


class Looking:
    """What is seen of one training: `watch` is called in the thread that trains.

    Parameters
    ----------
    told : Learning
        Who is told of it.
    config : FitConfig
        What was asked for.
    dataset : Dataset
        What is learned from.
    begun : Future
        Done with the first report.

    Attributes
    ----------
    hooks : ExitStack
        To be closed when the training ends.
    """

    def __init__(
        self, told: Learning, config: FitConfig, dataset: Dataset, begun: Future[None]
    ) -> None:
        self._told, self._config, self._dataset, self._begun = told, config, dataset, begun
        self.hooks = contextlib.ExitStack()
        self._optimizer: Any = None
        self._watched: Watched | None = None
        self._report: Report | None = None
        self._steps = 0
        self._error: float | None = None
        self._error_step = 0
        self._started = 0.0
        # On the clock, and in seconds that this thread has worked: those are the same on a machine
        # that does much else.
        self._due = self._due_worked = self._due_error = 0.0
        self._began_to_work = 0.0

    def watch(self, report: Report, estimator: Any) -> bool:
        """Look at a report, and at each step until the next."""
        self._report, self._steps = report, 0
        if self._watched is None:
            self._watched = Watched(self._dataset, estimator)
            self._begin(report, estimator)
        optimizer = estimator.optimizers_[-1]
        if optimizer is not self._optimizer:
            # Where some rows find the length, a second training has its own.
            self.hooks.close()
            self._optimizer = optimizer
            self.hooks.callback(optimizer.register_step_post_hook(self._after_step).remove)
        if report.step in (0, report.n_steps):
            self._look(with_error=True)
        elif self._is_due():
            self._look(with_error=time.thread_time() >= self._due_error)
        return self._hold()

    def _is_due(self) -> bool:
        return time.monotonic() >= self._due and time.thread_time() >= self._due_worked

    def _hold(self) -> bool:
        began = time.monotonic()
        goes_on = self._told.hold()
        # Nothing is learned in a pause.
        self._started += time.monotonic() - began
        return goes_on

    def _begin(self, report: Report, estimator: Any) -> None:
        assert self._watched is not None
        config = dataclasses.asdict(resolve_config(self._config, estimator))
        told = {"type": "learning", "config": config, "n_steps": report.n_steps}
        self._told.begin(told | self._watched.describe())
        self._started, self._began_to_work = time.monotonic(), time.thread_time()
        self._begun.set_result(None)

    def _after_step(self, *_: Any) -> None:
        self._steps += 1
        if self._is_due():
            self._look(with_error=False)
        self._hold()

    def _look(self, *, with_error: bool) -> None:
        began, worked = time.monotonic(), time.thread_time()
        report, watched = self._report, self._watched
        assert report is not None
        assert watched is not None
        codes, pictures, error = watched.look(with_error=with_error)
        point = None
        if error is not None and math.isfinite(error):
            self._error, self._error_step = error, report.step
            point = (report.step, report.epoch, error)
        told = {
            "step": report.step + self._steps,
            "n_steps": report.n_steps,
            "epoch": report.epoch,
            # These two are of a report, the last one that was looked at.
            "loss": report.loss / self._dataset.n_features,
            "squared_error": self._error,
            "error_step": self._error_step,
            "seconds": began - self._started,
        }
        self._told.show(pack_frame(told, codes, pictures), point)
        now = time.thread_time()
        self._due, self._due_worked = began + _BETWEEN, now + (now - worked) / _SHARE
        if with_error:
            self._due_error = now + min(_BETWEEN_ERRORS, (now - self._began_to_work) / 4)
