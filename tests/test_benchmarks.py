"""The benchmarks run and print ratios; no figure is judged here."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict]:
    output = tmp_path_factory.mktemp("benchmarks") / "figures.json"
    done = run("benchmarks", "--quick", "--output", str(output))
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(output.read_text())


@pytest.mark.parametrize(
    "name", ["shallow", "deep", "floor", "dynamics", "convolutional", "variational"]
)
def test_ratios_are_finite_and_printed(quick: tuple[str, dict], name: str) -> None:
    printed, figures = quick
    table = figures[name]
    assert table["title"] in printed
    assert table["ratios"]
    for ratio, values in table["ratios"].items():
        assert f"ratio, {ratio}: " in printed
        assert all(math.isfinite(value) and value > 0 for value in values)


def test_the_machine_and_the_versions_stand_beside_the_figures(quick: tuple[str, dict]) -> None:
    printed, figures = quick
    for word in ("processor", "python", "versions", "threads", "load before the run"):
        assert f"{word}: {figures['machine'][word]}" in printed


def test_one_entry_of_the_peers_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).random((640, 784), dtype=np.float32)
    for part in ("train", "test"):
        np.save(tmp_path / f"{part}.npy", rows)
    done = run("benchmarks.peer", "textbook", "--data", str(tmp_path), "--epochs", "1")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert all(math.isfinite(result[key]) for key in ("seconds", "error"))


def test_an_unknown_benchmark_is_refused() -> None:
    done = run("benchmarks", "--only", "shalow")
    assert done.returncode == 2
    assert "shalow" in done.stderr
