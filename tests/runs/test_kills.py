"""Kills: a run goes on after any of them, and ends with the bits of one that was never stopped."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inscape import runs
from inscape._errors import RunWarning, StorageError
from inscape._files import (
    find_again,
    hold_directory,
    remove_leftovers,
    sha256,
    staged_directory,
    verify_manifest,
    write_atomic,
    write_manifest,
)
from inscape.runs import FitConfig, Run

# Long enough for several checkpoints, one a second.
LONG = FitConfig(
    data="digits",
    hidden=(256, 64),
    epochs=45,
    validation_fraction=0.1,
    patience=100,
    random_state=3,
)
SHORT = dataclasses.replace(LONG, epochs=10)
# By a clock ten times as fast, a short training has several checkpoints too.
HURRIED = """
import pathlib, sys, time
clock = time.monotonic
time.monotonic = lambda: 10 * clock()
from inscape import runs
runs.fit(runs.read_config(pathlib.Path(sys.argv[1])), sys.argv[2])
"""
# Processes that are born with torch imported: the same moments, seconds sooner.
FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(["inscape.runs.fitting", "inscape.figures", "torch._dynamo"])


def start(job: Callable[..., Run], *arguments: Any) -> ForkServerProcess:
    process = FORKED.Process(target=job, args=arguments)
    process.start()
    return process


def kill(process: ForkServerProcess) -> bool:
    """Kill, and return whether the process was still at work."""
    process.kill()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def kill_when(process: ForkServerProcess, happened: Callable[[], bool], delay: float = 0) -> bool:
    while process.is_alive() and not happened():
        time.sleep(0.01)
    time.sleep(delay)
    return kill(process)


def written(path: Path) -> Callable[[], bool]:
    """Return what tells whether `path` has been written since now."""
    before = path.stat().st_mtime_ns if path.exists() else None
    return lambda: path.exists() and path.stat().st_mtime_ns != before


def state_of(run: Path) -> Path:
    return run / "checkpoint" / "state.safetensors"


def assert_same_bits(cut: Path, whole: Path) -> None:
    for name in ("model/model.safetensors", "config.toml", *recorded(whole)):
        assert sha256(cut / name) == sha256(whole / name), name
    assert recorded(cut) == recorded(whole)
    assert timeless(cut) == timeless(whole)
    Run(cut).verify()
    assert not list(cut.rglob("*.tmp"))


def timeless(run: Path) -> list[dict[str, float]]:
    return [{k: v for k, v in e.items() if k != "seconds"} for e in Run(run).history]


def recorded(run: Path) -> list[str]:
    return sorted(p.relative_to(run).as_posix() for p in (run / "recorder").iterdir())


def test_a_run_killed_between_two_checkpoints_and_resumed_ends_with_the_same_bits(
    tmp_path,
):
    whole, cut = runs.fit(SHORT, tmp_path / "whole").path, tmp_path / "cut"
    command = [sys.executable, "-c", HURRIED, str(whole / "config.toml"), str(cut)]
    with subprocess.Popen(command) as process:
        while process.poll() is None and not state_of(cut).exists():
            time.sleep(0.01)
        time.sleep(0.05)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert not (cut / "model").exists()  # nor has the training ended
    with pytest.warns(RunWarning, match=f"by process {process.pid} on .* without an end"):
        runs.resume(cut)
    assert_same_bits(cut, whole)


# --------------------------------------------------------------------------- proofs


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The long run that nothing stopped."""
    return runs.fit(LONG, tmp_path_factory.mktemp("kills") / "whole").path


@pytest.mark.proof
def test_a_run_killed_again_and_again_and_resumed_ends_with_the_same_bits(whole, tmp_path):
    cut = tmp_path / "cut"
    assert kill_when(start(runs.fit, LONG, cut), cut.exists)  # before any checkpoint
    moments = [
        (state_of(cut), 0.0),  # right after the first checkpoint
        (state_of(cut), 0.33),  # between two checkpoints
        (cut / "metrics.json", 0.05),  # while figures are drawn
    ]
    for path, delay in moments:
        happened = written(path)
        assert kill_when(start(runs.resume, cut), happened, delay), path
    command = [sys.executable, "-m", "inscape", "fit", "--resume", str(cut)]
    told = subprocess.run(command, check=True, capture_output=True, timeout=240)
    # No progress bar in a pipe; the one who was killed is told.
    assert told.stderr.decode().startswith(f"warning: {cut} was being written by process ")
    assert told.stderr.count(b"\n") == 1
    assert_same_bits(cut, whole)


@pytest.mark.proof
def test_a_run_killed_at_any_moment_and_resumed_ends_with_the_same_bits(whole, tmp_path):
    # The first pays for the start of the server; the second tells how long a run takes.
    for name in ("warm", "timed"):
        began = time.monotonic()
        start(runs.fit, LONG, tmp_path / name).join()
        assert Run(tmp_path / name).finished
    seconds = time.monotonic() - began
    for number, moment in enumerate(np.random.default_rng(0).uniform(0, seconds, size=8)):
        cut = tmp_path / str(number)
        while not killed_after(moment, start(runs.fit, LONG, cut)):
            # The machine has become quicker since, and the run was at its end.
            shutil.rmtree(cut)
            moment *= 0.9
        again = (runs.resume, cut) if cut.exists() else (runs.fit, LONG, cut)
        process = start(*again)
        process.join()
        assert process.exitcode == 0, moment
        assert_same_bits(cut, whole)


def killed_after(seconds: float, process: ForkServerProcess) -> bool:
    process.join(seconds)
    return kill(process)


def exits(process: ForkServerProcess) -> int | None:
    process.join(120)
    return process.exitcode


@pytest.mark.proof
def test_a_second_writer_of_a_run_being_trained_is_refused_and_harms_nothing(whole, tmp_path):
    cut = tmp_path / "cut"
    first = start(runs.fit, LONG, cut)
    while not state_of(cut).exists():
        time.sleep(0.01)
    # It would be at its end before the others have begun.
    os.kill(first.pid, signal.SIGSTOP)
    other = dataclasses.replace(LONG, random_state=4)
    for command in (
        ["fit", "--config", str(cut / "config.toml"), "--run", str(cut), "--overwrite"],
        ["fit", "--resume", str(cut)],
    ):
        told = subprocess.run(
            [sys.executable, "-m", "inscape", *command], check=False, capture_output=True, text=True
        )
        assert told.returncode == 2
        assert f"process {first.pid} on " in told.stderr
    with pytest.raises(StorageError, match="one process at a time"):
        runs.fit(other, cut, overwrite=True)
    os.kill(first.pid, signal.SIGCONT)
    assert exits(first) == 0
    assert_same_bits(cut, whole)


@pytest.mark.proof
def test_fits_with_a_default_name_that_start_together_take_names_of_their_own(tmp_path):
    command = [sys.executable, "-m", "inscape", "fit", "digits", "--hidden", "", "--epochs", "1"]
    started = [
        subprocess.Popen([*command, "--random-state", str(seed)], cwd=tmp_path) for seed in range(3)
    ]
    assert [process.wait() for process in started] == [0, 0, 0]
    made = [Run(path) for path in sorted((tmp_path / "runs").iterdir())]
    assert [run.path.name for run in made] == ["digits-ae2", "digits-ae2-2", "digits-ae2-3"]
    for run in made:
        run.verify()
    assert {run.config.random_state for run in made} == {0, 1, 2}


REPLACES = """
import sys
from pathlib import Path
from inscape import _directories
from inscape._files import staged_directory, write_atomic, write_manifest

if sys.argv[2] == "two steps":
    _directories.exchange = lambda one, other: False
for number in range(100_000):
    with staged_directory(Path(sys.argv[1]), overwrite=True) as stage:
        write_atomic(stage / "model" / "weights", str(number))
        write_manifest(stage)
    if number == 0:
        print("at work", flush=True)
"""


@pytest.mark.proof
@pytest.mark.parametrize("how", ["one step", "two steps"])
@pytest.mark.filterwarnings("ignore::inscape._errors.RunWarning")
def test_a_kill_at_any_moment_of_overwriting_loses_no_run(how, tmp_path):
    run, rng = tmp_path / "run", np.random.default_rng(0)
    with staged_directory(run) as stage:
        write_atomic(stage / "model" / "weights", "first")
        write_manifest(stage)
    vanished = 0
    for _ in range(60):
        command = [sys.executable, "-c", REPLACES, str(run), how]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "at work\n"
            time.sleep(rng.uniform(0, 0.03))
            process.kill()
        vanished += not run.exists()
        find_again(run)
        verify_manifest(run)
    assert vanished == 0 or how == "two steps"
    with hold_directory(run):
        remove_leftovers(run)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
