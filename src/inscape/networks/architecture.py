"""The base of every network part: what builds an encoder and a decoder."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from inscape._parts import Part
from inscape._typing import ImageShape
from inscape.networks.linear_path import LinearStart
from inscape.networks.network import Network


@dataclass(frozen=True)
class Sizes:
    """The widths that a network has to have.

    Parameters
    ----------
    n_features, n_outputs : int
        Width of the rows and of the decoder's output, which is a multiple where the likelihood
        asks for several numbers a feature.
    n_code, n_components : int
        Width of the encoder's output and of the code. They differ where the encoder gives the
        parameters of a distribution over codes.
    n_conditions : int
        What encoder and decoder are told beside rows and codes.
    """

    n_features: int
    n_code: int
    n_components: int
    n_outputs: int
    n_conditions: int = 0


@dataclass(frozen=True, eq=False)
class Start:
    """What the training rows are like, from which weights and biases may start.

    Parameters
    ----------
    row : Tensor, shape (n_features,)
        As the encoder's first layer reads it.
    output : Tensor, shape (n_outputs,)
        The decoder's output that stands for that row.
    conditions : Tensor or None, shape (n_conditions,)
        What is told on average.
    linear : LinearStart or None
        Linear maps to start from, where the architecture has a path for them.
    """

    row: Tensor
    output: Tensor
    conditions: Tensor | None = None
    linear: LinearStart | None = None


@dataclass(frozen=True)
class Architecture(Part):
    """What an encoder and a decoder are made of.

    Attributes
    ----------
    takes_logarithms : bool
        Whether `inscape.networks.LogCounts` may stand before the encoder.
    centres : bool
        Whether it is given rows less their mean, over one scale for all columns, so that units and
        offsets do not matter.
    has_linear_path : bool
        Whether it can start from linear maps.
    """

    takes_logarithms: ClassVar[bool] = True
    centres: ClassVar[bool] = False
    has_linear_path: ClassVar[bool] = False

    @abstractmethod
    def build(
        self,
        sizes: Sizes,
        *,
        bottleneck: nn.Module,
        generator: torch.Generator,
        start: Start | None = None,
    ) -> Network:
        """Return the network, its weights drawn from `generator`.

        With conditions, encoder and decoder take them as a second argument; `Conditioned` makes
        such a module of a stack of layers.

        Parameters
        ----------
        sizes : Sizes
            Its widths.
        bottleneck : nn.Module
            What is done to the linear code, such as an activation.
        generator : torch.Generator
            Where every draw comes from.
        start : Start or None
            Where to start from; None draws everything.
        """

    def for_pictures(self, image_shape: ImageShape) -> Self:
        """Return the same part, told the shape of the pictures that the rows are."""
        return self

    def n_places(self, n_features: int) -> int:
        """Return of how many places the code is a map, each with all components; 1 is no map."""
        return 1
