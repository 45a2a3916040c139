"""The convolutional autoencoder of Fashion-MNIST: a plain loop's epoch against our whole fit."""

from __future__ import annotations

import functools
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from benchmarks import textbook
from benchmarks.datasets import load
from benchmarks.measure import Stopwatch, Table, spread
from inscape import Autoencoder
from inscape.networks import Convolutional

# In turns, so that a change in the load meets all.
_ROWS, _TEST_ROWS, _ROUNDS = 60_000, 10_000, 2
_QUICK_ROWS = 64
_ADAM = {"optimizer": "adam", "learning_rate": 1e-3, "batch_size": 32}
_MUON = {"network": Convolutional(), "batch_size": 64}
_PLAIN = "plain loop, Adam, batch 32, 1 epoch"
OURS: dict[str, dict[str, Any]] = {
    "ours, the same protocol": _ADAM | {"network": Convolutional(bias="torch_default")},
    "ours, Muon, batch 64, 1 epoch": _MUON,
    "ours, Muon, batch 64, 0.4 epochs": _MUON | {"epochs": 0.4},
    "ours, Muon, batch 64, 0.25 epochs": _MUON | {"epochs": 0.25},
}


def run(*, quick: bool) -> Table:
    """Return processor seconds over the plain loop's, and the test loss for them."""
    # The quick form takes the bundled digits, which are of the same shape.
    name, n_rows, n_rounds = (
        ("mnist", _QUICK_ROWS, 1) if quick else ("fashion-mnist", _ROWS, _ROUNDS)
    )
    measure = _measure if quick else _measure_in_own_process
    outcomes: dict[str, list[tuple[float, float]]] = {_PLAIN: [], **{name: [] for name in OURS}}
    for seed in range(n_rounds):
        for contender, pairs in outcomes.items():
            pairs.append(measure(contender, name, n_rows, seed))
    table = Table(
        f"1-32-64-16-20 and back, convolutions, cross-entropy, {n_rows:,} rows of 784",
        ("what", "processor seconds", "over the plain loop's", "test nats"),
        notes=[
            "plain: its epoch alone, pictures (n, 1, 28, 28); ours: the whole fit, checks and "
            "watching included; each in a new process, since what a process has freed before "
            "changes how fast it gets memory"
        ],
    )
    for contender, pairs in outcomes.items():
        seconds, nats = zip(*pairs, strict=True)
        ratios = [s / plain for s, (plain, _) in zip(seconds, outcomes[_PLAIN], strict=True)]
        table.rows.append((contender, spread(seconds), spread(ratios), spread(nats, digits=4)))
        if contender in OURS:
            table.ratios[f"{contender} / plain"] = ratios
    return table


def _measure_in_own_process(*arguments: Any) -> tuple[float, float]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_measure, *arguments).result()


def _measure(contender: str, name: str, n_rows: int, seed: int) -> tuple[float, float]:
    """Return one contender's processor seconds and test nats."""
    data = load(name)
    X, test = data.train.X[:n_rows], torch.from_numpy(data.test.X[: min(n_rows, _TEST_ROWS)])
    train = _plain if contender == _PLAIN else functools.partial(_ours, OURS[contender])
    # What only a first use costs is paid before.
    train(X[:64], test[:64], seed=0)
    return train(X, test, seed=seed)


def plain() -> nn.Sequential:
    """Return the network as a tutorial writes it."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 28, 28)),
        *(nn.Conv2d(1, 32, 3, 2, 1), nn.ReLU(), nn.Conv2d(32, 64, 3, 2, 1), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(3136, 16), nn.ReLU(), nn.Linear(16, 20)),
        *(nn.Linear(20, 16), nn.ReLU(), nn.Linear(16, 3136), nn.ReLU()),
        *(nn.Unflatten(1, (64, 7, 7)), nn.ConvTranspose2d(64, 64, 3, 2, 1, 1), nn.ReLU()),
        *(nn.ConvTranspose2d(64, 32, 3, 2, 1, 1), nn.ReLU()),
        *(nn.ConvTranspose2d(32, 1, 3, 1, 1), nn.Flatten()),
    )


def _plain(X: Any, test: Tensor, *, seed: int) -> tuple[float, float]:
    """Train the plain loop for an epoch; return its processor seconds and test nats."""
    torch.manual_seed(seed)
    net = plain()
    rows = torch.from_numpy(X)
    (clock,) = textbook.train(net, binary_cross_entropy_with_logits, rows, epochs=1, batch_size=32)
    return clock.cpu_seconds, _nats(net, test)


def _ours(options: dict[str, Any], X: Any, test: Tensor, *, seed: int) -> tuple[float, float]:
    """Fit ours; return its processor seconds and test nats."""
    clock = Stopwatch()
    settings = {"likelihood": "bernoulli", "epochs": 1, "random_state": seed, **options}
    with clock.running():
        model = Autoencoder(20, **settings).fit(X)
    return clock.cpu_seconds, _nats(model.network_, test)


@torch.no_grad()
def _nats(net: nn.Module, rows: Tensor) -> float:
    """Return the cross-entropy in nats per sample."""
    return binary_cross_entropy_with_logits(net(rows), rows).item() * rows.shape[1]
