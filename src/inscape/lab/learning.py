"""The one training of a server: in a thread of its own, which knows nothing of who looks on."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shlex
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from inscape._errors import InscapeError, InvalidParameterError
from inscape._files import claim_directory
from inscape.lab.looking import Looking
from inscape.runs import Run
from inscape.runs.config import FitConfig
from inscape.runs.fitting import first_path, fit, load_data

# Points of the curve of errors: beyond them every second one is let go.
_POINTS: Final = 2000


class _ClosedError(Exception):
    """The server ends, and the training with it."""


@dataclass(frozen=True)
class _Now:
    """What is told of a training, its newest state only; the numbers tell new from seen."""

    training: int = 0
    learning: dict[str, Any] | None = None
    frame_number: int = 0
    frame: bytes | None = None
    said_number: int = 0
    said: dict[str, Any] | None = None


@dataclass
class Seen:
    """What one client was told already."""

    training: int = 0
    frame_number: int = 0
    said_number: int = 0


class Learning:
    """A training that clients start, hold, stop, and see; there is one at a time.

    Nothing is queued for anybody: a client asks for what is newest, and one that is slow misses
    what was in between.

    Parameters
    ----------
    opened : FitConfig or None
        Of the run that is open, whose data are learned from where no others are named.
    """

    def __init__(self, opened: FitConfig | None = None) -> None:
        self.opened = opened
        self.newest: Run | None = None
        self._now = _Now()
        self._wakes: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._going = threading.Event()
        self._busy = self._stopped = self._closed = False
        self._errors: list[tuple[int, float, float]] = []
        self._path = Path()

    # ----------------------------------------------------------------------- what is asked

    def learn(self, config: FitConfig) -> Future[None]:
        """Start a training.

        Parameters
        ----------
        config : FitConfig
            What is asked for; the run lies below ``runs/``.

        Returns
        -------
        Future
            Done when every check has passed; holds the error where one has not.

        Raises
        ------
        InvalidParameterError
            If there is one already.
        """
        begun: Future[None] = Future()
        # Nobody who waits for it may call it off by going away.
        begun.set_running_or_notify_cancel()
        with self._lock:
            if self._busy:
                raise InvalidParameterError(
                    "One thing is learned at a time, and something is: stop it first, or wait "
                    "until its run is written."
                )
            self._busy, self._stopped = True, False
            self._going.set()
            # A training that nobody waits for must not keep the process from ending.
            self._thread = threading.Thread(target=self._work, args=(config, begun), daemon=True)
            self._thread.start()
        return begun

    def pause(self) -> None:
        """Hold the training after the step that it is in."""
        self._check_busy("paused")
        self._going.clear()

    def go_on(self) -> None:
        """Let it go on."""
        self._check_busy("let go on")
        self._going.set()

    def stop(self) -> None:
        """End it with the pass that it is in; its run can be resumed."""
        self._check_busy("stopped")
        self._stopped = True
        self._going.set()

    def close(self, *, timeout: float = 2.0) -> None:
        """End it at once, because the server ends; its run can be resumed from its last pass."""
        self._closed = True
        self._going.set()
        if self._thread is not None:
            self._thread.join(timeout)

    @property
    def unfinished(self) -> Path | None:
        """The run of a training that is going on, or was when it was closed; None is none."""
        there = self._busy and (self._path / "config.toml").is_file()
        return self._path if there else None

    def _check_busy(self, what: str) -> None:
        if not self._busy:
            raise InvalidParameterError(f"A training must be going on to be {what}; there is none.")

    # ----------------------------------------------------------------------- what is told

    @contextlib.contextmanager
    def waking(self, wake: Callable[[], None]) -> Iterator[None]:
        """Call `wake`, in any thread, whenever there is news."""
        self._wakes.append(wake)
        try:
            yield
        finally:
            self._wakes.remove(wake)

    def news(self, seen: Seen) -> str | bytes | None:
        """Return the next message for whoever has seen so much, and note it; None is none."""
        now = self._now
        if now.training != seen.training:
            # Who sees a training first is told what it is, then how it stands.
            seen.training, seen.frame_number, seen.said_number = now.training, 0, 0
            return json.dumps({**(now.learning or {}), "errors": [*self._errors]}, allow_nan=False)
        if now.frame is not None and now.frame_number != seen.frame_number:
            seen.frame_number = now.frame_number
            return now.frame
        if now.said is not None and now.said_number != seen.said_number:
            seen.said_number = now.said_number
            return json.dumps(now.said, allow_nan=False)
        return None

    def _publish(self, **changes: Any) -> None:
        self._now = dataclasses.replace(self._now, **changes)
        for wake in [*self._wakes]:
            wake()

    def _say(self, said: dict[str, Any]) -> None:
        self._publish(said=said, said_number=self._now.said_number + 1)

    # ----------------------------------------------------------------------- the thread

    def _work(self, config: FitConfig, begun: Future[None]) -> None:
        try:
            said = self._fit(config, begun)
        except _ClosedError:
            return
        # Whatever it is, the page lives on.
        except Exception as error:
            said = {"type": "crashed", "message": _sentence(error)}
        # Before it is told: whoever hears it may ask for the next one.
        self._busy = False
        if begun.done():
            self._say(said)
        else:
            begun.set_exception(InvalidParameterError(said["message"]))

    def _fit(self, config: FitConfig, begun: Future[None]) -> dict[str, Any]:
        with claim_directory(None, first_path(config), overwrite=False) as self._path:
            dataset = load_data(config)
            looking = Looking(self, config, dataset, begun)
            with looking.hooks:
                run = fit(config, self._path, data=dataset, watch=looking.watch)
        if not run.finished:
            command = f"inscape fit --resume {shlex.quote(str(run.path))}"
            return {"type": "stopped", "run": str(run.path), "command": command}
        self.newest = run
        error = run.metrics["learning"]["held_out"][-1]["squared_error"]
        return {"type": "learned", "run": str(run.path), "squared_error": error}

    def begin(self, learning: dict[str, Any]) -> None:
        """Tell that a training begins."""
        self._errors = []
        self._publish(training=self._now.training + 1, learning=learning, frame=None, said=None)

    def show(self, frame: bytes, error: tuple[int, float, float] | None) -> None:
        """Give a new frame, with a point of the curve where it has one."""
        if error is not None:
            self._errors = [*self._errors, error]
            if len(self._errors) > _POINTS:
                del self._errors[1:-1:2]
        self._publish(frame=frame, frame_number=self._now.frame_number + 1)

    def hold(self) -> bool:
        """Wait while the training is paused; return whether it goes on to its end."""
        if not self._going.is_set() and not self._closed:
            self._say({"type": "paused"})
            self._going.wait()
            self._say({"type": "going on"})
        if self._closed:
            raise _ClosedError
        return not self._stopped


def _sentence(error: BaseException) -> str:
    """Return what an error says in one line; one that is not ours names itself."""
    text = " ".join(str(error).split())
    if isinstance(error, InscapeError):
        return text
    named = type(error).__name__
    return f"The training must not fail, and it did: {named}{': ' * bool(text)}{text[:300]}."
