"""The base of every bottleneck, and the bottleneck that is an activation."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from inscape._checks import check_choice
from inscape._parts import Part
from inscape.networks.activations import ACTIVATIONS, activation
from inscape.networks.network import Network, Pass, matrices_beside


@dataclass(frozen=True)
class Bottleneck(Part):
    """What is done to the linear code before anybody sees it.

    In evaluation a row's code depends on that row alone; what must survive is a buffer.

    Attributes
    ----------
    space : str
        Where the codes live: "euclidean", "sphere" or "codebook".
    """

    space: ClassVar[str] = "euclidean"

    @abstractmethod
    def build(self, n_components: int, *, generator: torch.Generator) -> nn.Module:
        """Return the module, from linear codes (n, n_components) to codes of the same shape.

        Parameters
        ----------
        n_components : int
            Width of the code.
        generator : torch.Generator
            Where weights are drawn from, if it has any.
        """

    def for_places(self, n_places: int) -> Self:
        """Return the same part, told of how many places the code is a map."""
        return self


class BottleneckModule(nn.Module):
    """A bottleneck that asks for something while it is trained, or knows of dead units.

    What it keeps is of batches, and knows of no weights of rows.
    """

    def start(self, before: nn.Linear, after: nn.Linear) -> None:
        """Change how the matrices on both sides start, where a network of ours has such."""

    def hold(self, network: Network) -> None:
        """Change the network before each training step, by what it has to keep."""

    def penalty(self, seen: Pass, *, generator: torch.Generator) -> Tensor:
        """Return what is added to the loss of a batch, a scalar, in mean nats per sample."""
        raise NotImplementedError


@dataclass(frozen=True)
class Activation(Bottleneck):
    """An activation function.

    Parameters
    ----------
    name : str
        One of `inscape.networks.ACTIVATIONS`, whose word is the short form of this part.

    Examples
    --------
    >>> Activation("relu").build(2, generator=torch.Generator())
    ReLU()
    """

    name: str = "identity"

    def __post_init__(self) -> None:
        check_choice("name", self.name, ACTIVATIONS)

    @property
    def short_form(self) -> str:
        return self.name

    def build(self, n_components: int, *, generator: torch.Generator) -> nn.Module:
        return activation(self.name)


def start_beside(bottleneck: nn.Module, encoder: nn.Module, decoder: nn.Module) -> None:
    """Let a bottleneck say how the matrices on both sides of it start, where there are such."""
    beside = matrices_beside(encoder, decoder)
    if beside is not None and isinstance(bottleneck, BottleneckModule):
        bottleneck.start(*beside)
