"""Seconds of one epoch over the seconds of that epoch's matrix products alone, the floor.

The floor is the three products of every layer (forward, gradient of the weight, gradient of the
input, which the first layer does not need) in float32 at these very shapes on this core, timed in
the order of a step. What an optimiser multiplies besides is not in it.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from itertools import pairwise
from statistics import median
from typing import Any

import torch
from torch import nn

from benchmarks import deep, shallow, textbook
from benchmarks.datasets import load
from benchmarks.measure import Stopwatch, Table, spread
from inscape import Autoencoder, DeadUnitWarning

BATCH_SIZE = 256
_ROUNDS = 3


def run(*, quick: bool) -> Table:
    """Return how many floors high an epoch is, for both nets."""
    X = load("mnist").train.X[: 512 if quick else None]
    rounds = 1 if quick else _ROUNDS
    table = Table(
        f"one epoch at batch {BATCH_SIZE} over its matrix products alone",
        ("net", "what", "seconds", "over the floor"),
        notes=["an epoch of ours is timed by its own history, after a first one"],
    )
    nets: dict[str, tuple[tuple[int, ...], Any, dict[str, Any]]] = {
        "784-32-784": ((784, 32, 784), nn.MSELoss(), shallow.NET),
        "784-256-64-32-...": ((784, 256, 64, 32, 64, 256, 784), nn.BCELoss(), deep.NET),
    }
    for name, (widths, loss, options) in nets.items():
        steps = math.ceil(len(X) / BATCH_SIZE)
        flops = _flops(widths) * steps
        contenders: dict[str, Callable[[], float]] = {
            "floor": lambda w=widths, s=steps: products_of_a_step(w, quick=quick) * s,
            "ours, muon": lambda o=options: _ours(X, **o),
            "ours, adam": lambda o=options: _ours(X, **o, optimizer="adam"),
            "textbook, adam": lambda w=widths, f=loss: _textbook(X, w, f),
        }
        seconds: dict[str, list[float]] = {what: [] for what in contenders}
        for _ in range(rounds):
            for what, measure in contenders.items():
                seconds[what].append(measure())
        for what, values in seconds.items():
            ratios = [a / b for a, b in zip(values, seconds["floor"], strict=True)]
            if what == "floor":
                what += f" ({flops / median(values) / 1e9:.0f} GFLOP/s)"
            else:
                table.ratios[f"{name} {what} / floor"] = ratios
            table.rows.append((name, what, spread(values), spread(ratios)))
    return table


def products_of_a_step(widths: tuple[int, ...], *, quick: bool = False) -> float:
    """Return the seconds of one step's matrix products, the median of many."""
    layers = []
    for n_in, n_out in pairwise(widths):
        rows, weight, gradient = (
            torch.rand(BATCH_SIZE, n_in),
            torch.rand(n_out, n_in),
            torch.rand(BATCH_SIZE, n_out),
        )
        outs = (torch.empty_like(gradient), torch.empty_like(weight), torch.empty_like(rows))
        layers.append((rows, weight, gradient, *outs))

    def step() -> None:
        for rows, weight, _, out, _, _ in layers:
            torch.mm(rows, weight.T, out=out)
        for depth, (rows, weight, gradient, _, out_weight, out_rows) in reversed(
            list(enumerate(layers))
        ):
            torch.mm(gradient.T, rows, out=out_weight)
            if depth > 0:
                torch.mm(gradient, weight, out=out_rows)

    seconds = []
    for _ in range(2 if quick else 20):
        clock = Stopwatch()
        with clock.running():
            for _ in range(10):
                step()
        seconds.append(clock.seconds / 10)
    return median(seconds)


def _flops(widths: tuple[int, ...]) -> float:
    products = [2.0 * BATCH_SIZE * n_in * n_out for n_in, n_out in pairwise(widths)]
    return 3 * sum(products) - products[0]


def _ours(X: Any, **options: Any) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeadUnitWarning)
        model = Autoencoder(**options, epochs=3, batch_size=BATCH_SIZE, random_state=0).fit(X)
    return median(entry["seconds"] for entry in model.history_[2:])


def _textbook(X: Any, widths: tuple[int, ...], loss: Any) -> float:
    net, rows = textbook.sequential(widths), torch.from_numpy(X)
    ends = [
        clock.seconds for clock in textbook.train(net, loss, rows, epochs=3, batch_size=BATCH_SIZE)
    ]
    return median(b - a for a, b in pairwise(ends))
