"""Every model of the zoo: a plain loop of PyTorch against our whole fit."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.nn.functional import one_hot

from benchmarks import plain_zoo
from benchmarks.datasets import load
from benchmarks.measure import Stopwatch, Table, spread
from inscape import DeadUnitWarning
from inscape.networks import Dense
from inscape.zoo import MODELS, build

# In turns, so that a change in the load meets both.
_ROUNDS = 2
_ROWS = 60_000
_BATCH_SIZE = 256
# At least one row of each digit, and more than there are pseudo-inputs.
_FEW_ROWS = 128
_WANTED = 1.3


def run(*, quick: bool) -> Table:
    """Return processor seconds of both sides for each model."""
    if quick:
        return measure(tuple(MODELS), n_rows=_FEW_ROWS, n_rounds=1, warm_up=False)
    return measure(tuple(MODELS), n_rows=_ROWS, n_rounds=_ROUNDS)


def measure(names: Sequence[str], *, n_rows: int, n_rounds: int, warm_up: bool = True) -> Table:
    """Return the table of some models; a warm-up pays before for what only a first use costs."""
    train = load("mnist").train
    X, y = train.X[:n_rows], train.y[:n_rows]
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for name in names if warm_up else ():
        _both(name, X[:_FEW_ROWS], y[:_FEW_ROWS], seed=0)
    for seed in range(n_rounds):
        for name in names:
            seconds[name].append(_both(name, X, y, seed=seed))
    return _table(seconds, n_rows=n_rows)


def _both(name: str, X: np.ndarray, y: np.ndarray, *, seed: int) -> tuple[float, float]:
    """Return the processor seconds of the plain loop and of ours."""
    return _plain(name, X, y, seed=seed), _ours(name, X, y, seed=seed)


def _plain(name: str, X: np.ndarray, y: np.ndarray, *, seed: int) -> float:
    torch.manual_seed(seed)
    rows = torch.from_numpy(X)
    if MODELS[name].parts.get("conditional"):
        labels = one_hot(torch.from_numpy(y.astype(np.int64)), plain_zoo.N_CLASSES)
        rows = torch.cat([rows, labels.float()], dim=1)
    net = plain_zoo.PLAIN[name](rows)
    return plain_zoo.train(net, rows, epochs=1, batch_size=_BATCH_SIZE).cpu_seconds


def _ours(name: str, X: np.ndarray, y: np.ndarray, *, seed: int) -> float:
    model = MODELS[name]
    options: dict[str, Any] = {
        # Rows as they come, as the plain loops take them.
        "network": Dense(hidden=plain_zoo.HIDDEN, bias="mean_row"),
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "batch_size": _BATCH_SIZE,
        "epochs": 1,
        "random_state": seed,
    }
    if "likelihood" not in model.parts:
        options["likelihood"] = "bernoulli"
    labels = (y,) if model.parts.get("conditional") else ()
    clock = Stopwatch()
    with warnings.catch_warnings():
        # So short a training may leave units where they were; that is not what is measured.
        warnings.simplefilter("ignore", DeadUnitWarning)
        with clock.running():
            build(name, plain_zoo.LATENT, **options).fit(X, *labels)
    return clock.cpu_seconds


def _table(seconds: dict[str, list[tuple[float, float]]], *, n_rows: int) -> Table:
    table = Table(
        f"the zoo, 784-256-64-10 and back, one epoch of {n_rows:,} rows of MNIST, Adam, batch 256",
        ("model", "plain seconds", "ours seconds", "ours over plain"),
        notes=[
            "processor seconds; plain: the epoch alone of the paper's or a tutorial's loop "
            "(benchmarks/plain_zoo.py), with torch's Adam as it comes; ours (its Adam fused): "
            "the whole fit, checks, watching and the report on the latent space included; "
            f"in turns, in one process. Wanted: at most {_WANTED}"
        ],
    )
    for name, pairs in seconds.items():
        plain, ours = zip(*pairs, strict=True)
        ratios = [own / base for base, own in pairs]
        table.rows.append((name, spread(plain), spread(ours), spread(ratios)))
        table.ratios[f"ours / plain, {name}"] = ratios
    return table
