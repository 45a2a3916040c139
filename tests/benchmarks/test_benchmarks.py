"""The benchmarks run and print ratios; no figure is judged here."""

from __future__ import annotations

import importlib
import json
import math
import subprocess
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from inscape import Autoencoder, DeadUnitWarning
from inscape.networks import Dense, Examples
from inscape.objectives import Reconstruction, Variational
from inscape.objectives.posteriors.von_mises_fisher import VonMisesFisherDistribution
from inscape.objectives.priors.uniform_on_sphere import UniformOnSphereModule
from inscape.zoo import MODELS, build

ROOT = Path(__file__).parents[2]
# More rows than there are pseudo-inputs.
ROWS = np.random.default_rng(0).random((128, 20), dtype=np.float32)
LABELS = np.arange(len(ROWS)) % 10


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


@pytest.mark.proof
@pytest.mark.parametrize(
    "name",
    ["shallow", "deep", "floor", "dynamics", "convolutional", "variational", "zoo", "tables"],
)
def test_ratios_are_finite_and_printed(quick: tuple[str, dict], name: str) -> None:
    printed, figures = quick
    table = figures[name]
    assert table["title"] in printed
    assert table["ratios"]
    for ratio, values in table["ratios"].items():
        assert f"ratio, {ratio}: " in printed
        assert all(math.isfinite(value) and value > 0 for value in values)


@pytest.mark.proof
def test_the_machine_and_the_versions_stand_beside_the_figures(quick: tuple[str, dict]) -> None:
    printed, figures = quick
    for word in ("processor", "python", "versions", "threads", "load before the run"):
        assert f"{word}: {figures['machine'][word]}" in printed


@pytest.mark.proof
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


# --------------------------------------------------------------------------- the plain zoo


@pytest.fixture
def plain_zoo(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT)
    return importlib.import_module("benchmarks.plain_zoo")


def test_every_model_of_the_zoo_has_a_plain_loop(plain_zoo: ModuleType) -> None:
    assert set(plain_zoo.PLAIN) == set(MODELS)


# The SVAE draws in another way, after its authors; its divergence is compared below.
@pytest.mark.parametrize("name", [name for name in MODELS if name != "SVAE"])
def test_a_plain_loop_has_our_loss_and_our_gradients(plain_zoo: ModuleType, name: str) -> None:
    own, conditional = MODELS[name].parts, MODELS[name].parts.get("conditional", False)
    likelihood = {} if "likelihood" in own else {"likelihood": "bernoulli"}
    # One large step, after which nothing is 0 that started there; a smaller one on the ball, near
    # whose rim float32 has no digits to compare.
    rate = 0.003 if name == "Poincaré VAE" else 0.03
    adam = {"optimizer": "adam", "learning_rate": rate, "epochs": 1, "batch_size": len(ROWS)}
    # Rows as they come, as the plain loops take them.
    adam["network"] = Dense(bias="mean_row")
    model = build(name, 10, **adam, **likelihood, random_state=0)
    with warnings.catch_warnings():
        # So short a training may leave units where they were.
        warnings.simplefilter("ignore", DeadUnitWarning)
        network = model.fit(ROWS, *((LABELS,) if conditional else ())).network_.train()
    rows = torch.from_numpy(ROWS)
    told = one_hot(torch.from_numpy(LABELS)).float() if conditional else None
    few = Examples(rows, told)[:32]
    rows = rows if told is None else torch.cat([rows, told], dim=1)
    plain = plain_zoo.PLAIN[name](rows)
    pairs = copy_parameters(network, plain)
    # As of two rows in all, so that a price on the weights, a share for each row, is seen too.
    plain.n_samples = 2
    # Ours are corrupted by the loop, and come clean to the objective.
    plain.share_masked = 0.0
    with torch.random.fork_rng():
        torch.manual_seed(0)
        terms = objective(model, n_samples=2).terms(
            network, few.features, few, generator=torch.default_generator, step=10
        )
        torch.manual_seed(0)
        loss = plain.backward(rows[:32], 10)
    ours = sum(terms.values())
    network.zero_grad()
    ours.backward()
    # Of the doubly reparameterised bound the plain loop has the gradient alone.
    if name != "DReG-IWAE":
        assert loss.item() == pytest.approx(ours.item(), rel=1e-5)
    for theirs, parameter in pairs:
        scale = parameter.grad.abs().max().item()
        torch.testing.assert_close(theirs.grad, parameter.grad, rtol=1e-3, atol=1e-4 * scale)


def test_the_plain_divergence_on_the_sphere_is_ours(plain_zoo: ModuleType) -> None:
    kappa = torch.tensor([1.0, 3.0, 30.0, 300.0], requires_grad=True)
    pole = torch.eye(1, 10).expand(4, 10)
    ours = VonMisesFisherDistribution(pole, kappa).kullback_leibler(UniformOnSphereModule(10))
    theirs = plain_zoo.uniform_divergence(kappa.double())
    torch.testing.assert_close(theirs.float(), ours)
    slopes = (torch.autograd.grad(each.sum(), kappa)[0] for each in (theirs, ours))
    torch.testing.assert_close(*slopes)


def objective(model: Any, *, n_samples: int) -> Reconstruction | Variational:
    parts = model.parts_
    if isinstance(model, Autoencoder):
        return Reconstruction(parts.likelihood, parts.penalty, n_samples)
    return Variational(parts.likelihood, parts.divergence, parts.bound, n_samples)


def copy_parameters(network: nn.Module, plain: nn.Module) -> list[tuple[Tensor, Tensor]]:
    """Copy ours to the plain model's, part by part, to the next one of the same shape."""
    pairs = []
    for part in ("encoder", "decoder", ""):
        waiting = numbers_of(network, part)
        for target in numbers_of(plain, part):
            place = next(i for i, each in enumerate(waiting) if each.shape == target.shape)
            pairs.append((target, waiting.pop(place)))
        assert not waiting
    for target, source in pairs:
        target.data.copy_(source.data)
    if hasattr(plain, "book"):
        for name, target in plain.book.named_buffers():
            target.copy_(getattr(network.bottleneck, name))
    return pairs


def numbers_of(module: nn.Module, part: str) -> list[Tensor]:
    """Return the parameters of a part, or, for no name, those of neither of the two."""
    return [
        value
        for name, value in module.named_parameters()
        if (name.partition(".")[0] if name.startswith(("encoder.", "decoder.")) else "") == part
    ]
