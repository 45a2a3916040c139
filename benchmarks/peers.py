"""Other libraries at equal architecture and protocol, each in a process of its own.

They live in an environment of their own, made from peers-requirements.txt where it is missing, so
that nothing of theirs comes near ours. A library that does not run has its last words in the table.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv as standard_venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.datasets import load
from benchmarks.measure import Table, spread
from benchmarks.peer import PEERS

ROOT = Path(__file__).parents[1]
_EPOCHS, _ROUNDS = 10, 2
_ENVIRONMENT = {
    "KERAS_BACKEND": "jax",
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
# Those that everybody is divided by.
_OURS = ("inscape, same protocol", "inscape, defaults", "inscape, longer")


def run(*, quick: bool, venv: Path, names: Sequence[str] | None = None) -> Table:
    """Return seconds of every library, or of those named, and how many times faster ours is."""
    chosen = {*names, *_OURS} if names else set(PEERS)
    if unknown := chosen - set(PEERS):
        raise SystemExit(f"a library must be one of {', '.join(PEERS)}; got {min(unknown)}")
    python = make_environment(venv)
    data = load("mnist")
    rows, epochs, rounds = (2048, 1, 1) if quick else (len(data.train.X), _EPOCHS, _ROUNDS)
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in PEERS if name in chosen}
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder, "train.npy"), data.train.X[:rows])
        np.save(Path(folder, "test.npy"), data.test.X)
        for _ in range(rounds):
            for name, outcomes in results.items():
                ours = name == "textbook" or name in _OURS
                interpreter = sys.executable if ours else str(python)
                outcomes.append(measure(name, interpreter, data=folder, epochs=epochs))
    return _table(results, epochs=epochs)


def make_environment(venv: Path) -> Path:
    """Return the Python of the peers' environment, after making and filling it if need be."""
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        standard_venv.create(venv, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "-q"]
        subprocess.run([*pip, "--upgrade", "pip>=25.1"], check=True)
        needs = ["-c", "constraints.txt", "-r", "benchmarks/peers-requirements.txt"]
        subprocess.run([*pip, *needs], check=True, cwd=ROOT)
    return python


def measure(name: str, interpreter: str, *, data: str, epochs: int) -> dict[str, Any]:
    """Train one library once, in a process that inherits our one core; return what it printed."""
    done = subprocess.run(
        [interpreter, "-m", "benchmarks.peer", name, "--data", data, "--epochs", str(epochs)],
        cwd=ROOT,
        env=os.environ | _ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return {"failure": (done.stderr.strip() or "no word").splitlines()[-1]}
    return json.loads(done.stdout.splitlines()[-1])


def _table(results: dict[str, list[dict[str, Any]]], *, epochs: int) -> Table:
    table = Table(
        f"784-32-784, MSE, Adam 1e-3, batch 64, {epochs} epochs, each by its own fit",
        (
            "library",
            "version",
            "seconds",
            "an epoch",
            "test MSE",
            "over same",
            "over ours",
            "over longer",
            "core",
        ),
        notes=[
            "over same: over ours with the same protocol; over ours: over our defaults, with as "
            "many epochs as the headline of `shallow`; over longer: over our defaults with as many "
            "as reach the best peer's error; a fit on 640 rows before warms up"
        ],
    )
    for name, outcomes in results.items():
        failures = [outcome["failure"] for outcome in outcomes if "failure" in outcome]
        if failures:
            table.rows.append((name, "", "did not run", *[""] * 6))
            table.notes.append(f"{name} did not run: {failures[0]}")
            continue
        seconds = [outcome["seconds"] for outcome in outcomes]
        cells = []
        for ours in _OURS:
            base = [outcome.get("seconds") for outcome in results[ours]]
            ratios = [a / b for a, b in zip(seconds, base, strict=True) if b]
            cells.append(spread(ratios) if ratios else "")
            if ratios and name not in _OURS:
                table.ratios[f"{name} / {ours}"] = ratios
        table.rows.append(
            (
                name,
                outcomes[0]["version"],
                spread(seconds),
                "-" if name in _OURS[1:] else spread([s / epochs for s in seconds]),
                spread([outcome["error"] for outcome in outcomes], digits=4),
                *cells,
                f"{min(outcome['core'] for outcome in outcomes):.2f}",
            )
        )
    return table
