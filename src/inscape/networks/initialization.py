"""Initialisations of weight matrices, each drawn from an explicit generator.

Every one fills weights alone; biases keep PyTorch's default, uniform in ±1/sqrt(fan_in).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from inscape._checks import check_number
from inscape._parts import Family, Part


@dataclass(frozen=True)
class Initialization(Part):
    """What fills a weight in place."""

    @abstractmethod
    def __call__(self, weight: Tensor, *, generator: torch.Generator) -> None:
        """Fill `weight` (fan_out, fan_in, ...) in place."""


@dataclass(frozen=True)
class TorchDefault(Initialization):
    """PyTorch's own: uniform in ±1/sqrt(fan_in)."""

    def __call__(self, weight: Tensor, *, generator: torch.Generator) -> None:
        """Fill `weight` in place."""
        nn.init.kaiming_uniform_(weight, a=math.sqrt(5), generator=generator)


@dataclass(frozen=True)
class KaimingUniform(Initialization):
    """Uniform with variance 2/fan_in, which keeps the variance through ReLU layers.

    Source: He, Zhang, Ren and Sun 2015, arXiv 1502.01852, Eq. 10.
    """

    def __call__(self, weight: Tensor, *, generator: torch.Generator) -> None:
        """Fill `weight` in place."""
        nn.init.kaiming_uniform_(weight, nonlinearity="relu", generator=generator)


@dataclass(frozen=True)
class KaimingNormal(Initialization):
    """Normal with variance 2/fan_in, which keeps the variance through ReLU layers.

    Source: He, Zhang, Ren and Sun 2015, arXiv 1502.01852, Eq. 10.
    """

    def __call__(self, weight: Tensor, *, generator: torch.Generator) -> None:
        """Fill `weight` in place."""
        nn.init.kaiming_normal_(weight, nonlinearity="relu", generator=generator)


@dataclass(frozen=True)
class Orthogonal(Initialization):
    """A random orthogonal matrix times `gain`.

    Source: Saxe, McClelland and Ganguli 2013, arXiv 1312.6120, section 3.
    """

    gain: float = 1.0

    def __call__(self, weight: Tensor, *, generator: torch.Generator) -> None:
        """Fill `weight` in place."""
        nn.init.orthogonal_(weight, gain=self.gain, generator=generator)


@dataclass(frozen=True)
class ScaledNormal(Initialization):
    r"""Normal with standard deviation :math:`\gamma / \sqrt{n_{in} + n_{out}}`.

    Source: Saxe, McClelland and Ganguli 2019, PNAS 116, the small random start of deep linear
    networks.

    Parameters
    ----------
    gamma : float
        The scale :math:`\gamma`, above 0; at 1 this is Glorot's normal over sqrt(2).
    """

    gamma: float = 1.0

    def __post_init__(self) -> None:
        check_number("gamma", self.gamma, above=0)

    def __call__(self, weight: Tensor, *, generator: torch.Generator) -> None:
        """Fill `weight` in place."""
        fan_out, fan_in = weight.shape[0], weight[0].numel()
        weight.normal_(0.0, self.gamma / math.sqrt(fan_in + fan_out), generator=generator)


INITIALIZATIONS = Family(
    Initialization,
    {
        "torch_default": TorchDefault,
        "kaiming_uniform": KaimingUniform,
        "kaiming_normal": KaimingNormal,
        "orthogonal": Orthogonal,
        "scaled_normal": ScaledNormal,
    },
)


def initialize(
    module: nn.Module, initialization: Initialization, *, generator: torch.Generator
) -> None:
    """Fill every weight and bias of `module` in place.

    Parameters
    ----------
    module : nn.Module
        Its weights with two or more axes are filled by `initialization`, its biases as PyTorch
        does; other parameters (PReLU's slope) keep the values they were made with.
    initialization : Initialization
        What fills a weight.
    generator : torch.Generator
        Where every draw comes from.
    """
    with torch.no_grad():
        for layer in module.modules():
            weight, bias = getattr(layer, "weight", None), getattr(layer, "bias", None)
            if not isinstance(weight, Tensor) or weight.ndim < 2:
                continue
            initialization(weight, generator=generator)
            if isinstance(bias, Tensor):
                bound = 1 / math.sqrt(weight[0].numel())
                bias.uniform_(-bound, bound, generator=generator)
