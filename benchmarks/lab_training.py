"""What a training costs that is watched in the lab: processor seconds, and frames to a reader.

The same training thrice a round: alone, watched with nobody there, and watched by a client in
another process that only reads. Seconds are the processor's, of the training's steps alone.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any

import uvicorn

from benchmarks.measure import Table
from inscape.lab import learning as room
from inscape.lab.learning import Learning
from inscape.lab.looking import Looking
from inscape.lab.server import make_app
from inscape.lab.session import EMPTY
from inscape.runs import FitConfig, fit
from inscape.runs.fitting import load_data

_ROUNDS = 3
_TOKEN = "the-token"
# Another process: its seconds are not the training's.
_CLIENT = """
import sys, time
from websockets.sync.client import connect
with connect(sys.argv[1], compression=None, max_size=None) as client:
    print("there", flush=True)
    times = []
    while True:
        message = client.recv()
        if isinstance(message, bytes):
            times.append(time.monotonic())
        elif '"crashed"' in message:
            break
    print(len(times), (len(times) - 1) / (times[-1] - times[0]), flush=True)
"""


class _EnoughError(Exception):
    """The steps are done; figures and comparisons are no part of this."""


def run(*, quick: bool) -> Table:
    """Return the seconds of a training, and how many frames a second come to a client."""
    table = Table(
        "MNIST's demo in the lab",
        ("what", "median", "asked"),
    )
    config = FitConfig(data="digits", epochs=2) if quick else FitConfig(epochs=2)
    dataset, before = load_data(config), os.getcwd()
    kept = room.load_data
    room.load_data = lambda config: dataset  # type: ignore[assignment]
    names = ("alone", "watched", "read", "frames by processor", "frames")
    found: dict[str, list[float]] = {name: [] for name in names}
    try:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            for _ in range(1 if quick else _ROUNDS):
                found["alone"].append(_alone(config, dataset))
                found["watched"].append(_watched(config, client=False)[0])
                seconds, frames = _watched(config, client=True)
                found["read"].append(seconds)
                found["frames by processor"].append(frames[0])
                found["frames"].append(frames[1])
    finally:
        room.load_data = kept
        os.chdir(before)
    medians = {name: statistics.median(values) for name, values in found.items()}

    def more(name: str, than: str) -> str:
        ratios = [a / b - 1 for a, b in zip(found[name], found[than], strict=True)]
        return f"{statistics.median(ratios):+.1%}"

    table.rows += [
        ("training alone, processor seconds", f"{medians['alone']:.2f}", ""),
        ("watched, nobody there: more than alone", more("watched", "alone"), ""),
        ("watched, a client reads: more than alone", more("read", "alone"), "< 10%"),
        ("a client reads: more than nobody", more("read", "watched"), ""),
        ("frames a second", f"{medians['frames']:.1f}", ">= 10"),
        ("frames a second of the processor", f"{medians['frames by processor']:.1f}", ""),
    ]
    return table


class _Clock:
    """The processor seconds of this process from the first report to the last."""

    def __init__(self) -> None:
        self.began = self.seconds = 0.0

    def note(self, report: Any) -> None:
        if report.step == 0:
            self.began = time.process_time()
        elif report.step == report.n_steps:
            self.seconds = time.process_time() - self.began
            raise _EnoughError


def _alone(config: FitConfig, dataset: Any) -> float:
    clock = _Clock()

    def watch(report: Any, estimator: Any) -> bool:
        clock.note(report)
        return True

    try:
        fit(config, data=dataset, watch=watch)
    except _EnoughError:
        return clock.seconds
    raise AssertionError("it has not ended with its last step")


def _watched(config: FitConfig, *, client: bool) -> tuple[float, list[float]]:
    learning, clock = Learning(), _Clock()
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
        app = make_app(EMPTY, token=_TOKEN, port=port, learning=learning)
        options: dict[str, Any] = {"ws": "websockets-sansio", "ws_per_message_deflate": False}
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, **options))
        serving = threading.Thread(target=server.run, args=([bound],))
        serving.start()
        address = f"ws://127.0.0.1:{port}/socket?token={_TOKEN}"
        reading = None
        if client:
            command = [sys.executable, "-c", _CLIENT, address]
            reading = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            assert reading.stdout is not None
            assert reading.stdout.readline() == "there\n"
        look = Looking.watch

        def watch(self: Any, report: Any, estimator: Any) -> bool:
            goes_on = look(self, report, estimator)
            clock.note(report)
            return goes_on

        Looking.watch = watch  # type: ignore[method-assign]
        try:
            learning.learn(config).result()
            assert learning._thread is not None
            learning._thread.join()
        finally:
            Looking.watch = look  # type: ignore[method-assign]
        frames = []
        if reading is not None:
            told, _ = reading.communicate(timeout=60)
            n, a_second = told.split()
            frames = [float(n) / clock.seconds, float(a_second)]
        server.should_exit = True
        serving.join()
    return clock.seconds, frames
