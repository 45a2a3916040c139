"""The loop that ours is measured against, as PyTorch tutorials write it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from benchmarks.measure import Stopwatch


def sequential(widths: Sequence[int]) -> nn.Sequential:
    """Return linear layers with a ReLU after each, the last one with a sigmoid instead."""
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(widths):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    return nn.Sequential(*layers[:-1], nn.Sigmoid())


def train(
    net: nn.Module,
    loss_function: Callable[[Tensor, Tensor], Tensor],
    X: Tensor,
    *,
    epochs: int,
    batch_size: int,
) -> Iterator[Stopwatch]:
    """Train in place; yield the clock after each epoch, stopped until the next one is asked for."""
    clock = Stopwatch()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(epochs):
        with clock.running():
            running_loss = 0.0
            order = torch.randperm(len(X))
            for start in range(0, len(X), batch_size):
                batch = X[order[start : start + batch_size]]
                optimizer.zero_grad()
                loss = loss_function(net(batch), batch)
                loss.backward()
                optimizer.step()
                running_loss += loss.item()
        yield clock
