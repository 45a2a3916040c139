"""What a layer of a network gives for rows, found by the layer's name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from inscape.networks import Examples, Network


def layers_of(network: Network, *, n_features: int, n_conditions: int) -> tuple[str, ...]:
    """Return the names of a network's layers, in the order in which rows come through them.

    Parameters
    ----------
    network : Network
        In evaluation mode.
    n_features, n_conditions : int
        Columns of rows, and of what is told beside them.
    """
    kind = next(network.parameters())
    rows = kind.new_zeros(2, n_features)
    told = kind.new_zeros(2, n_conditions) if n_conditions else None
    names: list[str] = []

    def keep(name: str, given: Any) -> None:
        # Modules may hand on more than one tensor, or none: they have no activations.
        if isinstance(given, Tensor) and given.ndim > 1 and len(given) == 2:
            names.append(name)

    with torch.no_grad(), _hooked(network, keep):
        network(rows, told)
    # A layer that is used twice stands where it was used first.
    return tuple(dict.fromkeys(names))


def activations_of(network: Network, examples: Examples, layer: str) -> Tensor:
    """Return what a layer gives for examples, (n_samples, ...).

    Parameters
    ----------
    network : Network
        In evaluation mode.
    examples : Examples
        As the network works on them.
    layer : str
        One of `layers_of`; of a layer that is used twice, what it gives last.
    """
    found: list[Tensor] = []

    def keep(name: str, given: Any) -> None:
        if name == layer:
            # A layer after it may write into what it gave.
            found.append(given.clone())

    with _hooked(network, keep):
        network(examples.features, examples.conditions)
    return found[-1]


@contextmanager
def _hooked(network: Network, keep: Any) -> Iterator[None]:
    """Call `keep` with the name of each module below a network and what it gives."""

    def hook(name: str) -> Any:
        def tell(module: nn.Module, inputs: Any, given: Any) -> None:
            keep(name, given)

        return tell

    handles = [
        module.register_forward_hook(hook(name)) for name, module in network.named_modules() if name
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
