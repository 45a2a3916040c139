"""Runs of format 1, made before any file named its kind: they open, prove themselves and go on."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

import inscape
from inscape import data, runs
from inscape._errors import RunWarning
from inscape.runs import DynamicsConfig, FitConfig, ReproductionConfig, Run

ROOM = Path(__file__).parent / "format_1"
EXPECTED = json.loads((ROOM / "expected.json").read_text(encoding="utf-8"))
FITS = ("default", "autoencoder", "variational")
# Saved by `save`, outside of any run.
SAVED = ("conditional", "conditional-counts")
OTHERS = {
    "dynamics": DynamicsConfig(
        levels=2, n_features=20, hidden=(3,), learning_rate=5.0, epochs=20, animation="none"
    ),
    "reproduction": ReproductionConfig("deep-linear-networks", quick=True),
}


def processor() -> str:
    """Return the maker's name, where the system tells it."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def weights_digest(estimator) -> str:
    digest = hashlib.sha256()
    for tensor in estimator.network_.state_dict().values():
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


@pytest.mark.parametrize("name", FITS)
def test_a_fit_opens(name):
    run = Run(ROOM / name)
    assert run.kind == "fit"
    assert isinstance(run.config, FitConfig)
    assert (run.config.data, run.config.hidden, run.config.random_state) == ("digits", (16,), 5)
    assert run.finished
    run.verify()
    assert run.history[-1]["epoch"] == run.metrics["epochs"]
    model = run.load()
    assert weights_digest(model) == EXPECTED[name]["weights_sha256"]
    codes = model.transform(data.load("digits").test.X[:5])
    np.testing.assert_allclose(codes, EXPECTED[name]["codes"], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", SAVED)
def test_a_saved_model_proves_itself(name):
    inscape.load(ROOM / name)


@pytest.mark.parametrize("name", OTHERS)
def test_a_run_of_another_kind_opens(name):
    run = Run(ROOM / name)
    assert run.kind == name
    assert run.config == OTHERS[name]
    assert run.finished
    run.verify()
    assert run.environment["packages"]["inscape"] == "0.1.0"
    assert len(run.figures) == {"dynamics": 5, "reproduction": 9}[name]


def test_the_metrics_of_each_kind_are_its_own():
    assert Run(ROOM / "dynamics").metrics["epochs"] == 20
    assert Run(ROOM / "reproduction").metrics[0].keys() >= {"reference", "measured"}


@pytest.mark.parametrize("name", FITS)
def test_an_interrupted_fit_goes_on_to_the_same_bits(name, tmp_path):
    here = {
        "processor": processor(),
        "isa": torch.backends.cpu.get_cpu_capability(),
        "torch": torch.__version__,
    }
    there = {key: EXPECTED[key] for key in here}
    if here != there:
        pytest.skip(f"the bits are those of {there}; this is {here}")
    run = Run(shutil.copytree(ROOM / f"{name}-interrupted", tmp_path / "run"))
    assert not run.finished
    before = run.history
    # What it says of a checksum, and of other versions, is asked for elsewhere.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RunWarning)
        resumed = runs.resume(run.path)
    assert resumed.finished
    assert resumed.config == Run(ROOM / name).config
    assert weights_digest(resumed.load()) == EXPECTED[name]["weights_sha256"]
    # The seconds of its epochs tell that they were not trained anew.
    assert 0 < len(before) < len(resumed.history)
    assert resumed.history[: len(before)] == before


def test_a_default_that_has_changed_is_what_it_was(tmp_path):
    (tmp_path / "config.toml").write_text('data = "digits"\n', encoding="utf-8")
    (tmp_path / "environment.json").write_text("{}", encoding="utf-8")
    assert Run(tmp_path).config.optimizer == "muon(vector_learning_rate=0.01)"
    assert FitConfig().optimizer == "muon"
