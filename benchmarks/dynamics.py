"""A deep linear network 8-30-10000 on the default tree: the textbook loop, and ours.

The textbook trains in PyTorch and takes a singular value decomposition and a similarity matrix
after every epoch. Ours trains, and reads the same record: loss, modes, sorted modes, similarity.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.measure import Stopwatch, Table, spread
from inscape import data, dynamics

EPOCHS, GAMMA = 250, 1e-12
_ROUNDS = 5
_REPEATS = 20


def run(*, quick: bool) -> Table:
    """Return seconds of one training and of a grid of 20 x 17, and what the textbook takes."""
    tree = data.tree(n_features=100 if quick else 10_000, random_state=0)
    rounds, grid = (1, (3, 2)) if quick else (_ROUNDS, (20, 17))
    contenders = {
        "textbook, float32 as published": lambda: textbook(tree, torch.float32),
        "textbook, float64": lambda: textbook(tree, torch.float64),
        "ours, one training": lambda: _one(tree),
        "ours, one training, all weights": lambda: _one(tree, whole=True),
        f"ours, a grid of {grid[0]} x {grid[1]}": lambda: _grid(tree, grid),
    }
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for contender in contenders.values():
        contender()  # the first call pays for imports and buffers
    for _ in range(rounds):
        for name, contender in contenders.items():
            # A hundredth of a second is shorter than the scheduler's whims: twenty in a row.
            repeats = _REPEATS if "one training" in name and not quick else 1
            clock = Stopwatch()
            with clock.running():
                for _ in range(repeats):
                    contender()
            seconds[name].append(clock.seconds / repeats)
    table = Table(
        f"8-30-{tree.targets.shape[1]}, {EPOCHS} epochs, loss, SVD and similarity of every epoch",
        ("what", "seconds", "textbook (float32) over it", "textbook (float64) over it"),
        notes=[
            "ours is in float64; one training is the mean of 20 in a row",
            "all weights: the 10,000 rows of the last layer too",
        ],
    )
    published, exact = (seconds[name] for name in list(contenders)[:2])
    for name, values in seconds.items():
        ratios = [
            [a / b for a, b in zip(reference, values, strict=True)]
            for reference in (published, exact)
        ]
        table.rows.append((name, spread(values), spread(ratios[0]), spread(ratios[1])))
        if name.startswith("ours"):
            table.ratios[f"textbook float32 / {name}"] = ratios[0]
            table.ratios[f"textbook float64 / {name}"] = ratios[1]
    return table


def textbook(tree: Any, dtype: torch.dtype) -> tuple[np.ndarray, ...]:
    """Train as the tutorial does, and return loss, modes and similarity of each epoch."""
    inputs = torch.eye(tree.n_items, dtype=dtype)
    targets = torch.tensor(tree.targets, dtype=dtype)
    first = nn.Linear(tree.n_items, 30, bias=False, dtype=dtype)
    second = nn.Linear(30, targets.shape[1], bias=False, dtype=dtype)
    for layer in (first, second):
        nn.init.normal_(layer.weight, std=GAMMA / math.sqrt(sum(layer.weight.shape)))
    parameters = [first.weight, second.weight]
    optimizer = torch.optim.SGD(parameters, lr=_rate(tree))
    criterion = nn.MSELoss()
    losses, modes, similarity = np.zeros(EPOCHS), np.zeros((EPOCHS, tree.n_items)), []
    for epoch in range(EPOCHS):
        optimizer.zero_grad()
        hidden = first(inputs)
        loss = criterion(second(hidden), targets)
        loss.backward()
        optimizer.step()
        product = torch.eye(tree.n_items, dtype=dtype)
        for weight in parameters:
            product = weight.detach() @ product
        _, values, _ = torch.svd(product)
        activity = hidden.detach()
        similarity.append((activity @ activity.T).numpy())
        losses[epoch], modes[epoch] = loss.item(), values.numpy()
    return losses, modes, np.array(similarity)


def _rate(tree: Any) -> float:
    """Return the tutorial's 100, or as much less as there are fewer features in the quick form."""
    return 100.0 * tree.targets.shape[1] / 10_000


def _one(tree: Any, *, whole: bool = False) -> None:
    course = dynamics.simulate(
        tree.inputs, tree.targets, gamma=GAMMA, learning_rate=_rate(tree), random_state=0
    )
    assert course.loss.shape == course.modes.shape[:1] == course.sorted_modes.shape[:1]
    assert course.similarity.shape[0] == EPOCHS + 1
    if whole:
        course.weights_at(EPOCHS)


def _grid(tree: Any, shape: tuple[int, int]) -> None:
    dynamics.sweep(
        tree.inputs,
        tree.targets,
        learning_rates=_rate(tree) * np.geomspace(0.1, 4, shape[0]),
        gammas=np.geomspace(1e-12, 10, shape[1]),
    )
