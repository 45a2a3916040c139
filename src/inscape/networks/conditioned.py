"""Layers that are told conditions beside what comes in."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from inscape.networks.examples import join


def stack(layers: Sequence[nn.Module], *, n_conditions: int, place: int = 0) -> nn.Sequential:
    """Return layers as one module, which is told conditions at one of them if there are any."""
    return Conditioned(*layers, place=place) if n_conditions else nn.Sequential(*layers)


class Conditioned(nn.Sequential):
    """Layers one after another, one of which reads conditions beside what the last one gave.

    Parameters
    ----------
    *layers : nn.Module
        The layers.
    place : int
        The layer that reads the conditions too; it is as much wider as there are of them.
    """

    def __init__(self, *layers: nn.Module, place: int = 0) -> None:
        super().__init__(*layers)
        self.place = place

    def forward(self, values: Tensor, conditions: Tensor) -> Tensor:  # type: ignore[override]
        """Return what the last layer gives."""
        for place, layer in enumerate(self):
            values = layer(join(values, conditions) if place == self.place else values)
        return values
