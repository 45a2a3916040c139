"""The uniform prior on the unit sphere."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from inscape._checks import check_integer
from inscape.objectives.priors.prior import Prior
from inscape.objectives.spaces import Space, Sphere


@dataclass(frozen=True)
class UniformOnSphere(Prior):
    r"""Codes anywhere on the unit sphere of d dimensions alike.

    .. math:: p(z) = \frac{\Gamma(d / 2)}{2 \pi^{d/2}}

    The density is over the sphere's area. Source: Davidson et al. 2018, arXiv 1804.00891,
    section 3.

    Examples
    --------
    >>> module = UniformOnSphere().build(3, generator=torch.Generator(), rows=None)
    >>> round(module.log_density(torch.tensor([0.0, 0.0, 1.0]), None).exp().item() * math.pi, 4)
    0.25
    """

    space: ClassVar[Space] = Sphere()

    def build(
        self,
        n_components: int,
        *,
        generator: torch.Generator,
        rows: Tensor | None,
        conditions: Tensor | None = None,
    ) -> UniformOnSphereModule:
        """Return the module; nothing is drawn.

        Raises
        ------
        InvalidParameterError
            If `n_components` is 1: the sphere would be the two points -1 and +1.
        """
        return UniformOnSphereModule(check_integer("n_components", n_components, minimum=2))


class UniformOnSphereModule(nn.Module):
    """The module of `UniformOnSphere`."""

    def __init__(self, n_components: int) -> None:
        super().__init__()
        self.n_components = n_components

    @property
    def log_area(self) -> float:
        """The logarithm of the sphere's area."""
        half = self.n_components / 2
        return math.log(2) + half * math.log(math.pi) - math.lgamma(half)

    def log_density(self, codes: Tensor, network: Any) -> Tensor:
        """Return the log-density (...,) of codes (..., n_components), in nats."""
        return codes.new_full(codes.shape[:-1], -self.log_area)

    def sample(self, n: int, *, generator: torch.Generator, network: Any) -> Tensor:
        """Return n codes of length 1."""
        directions = torch.randn(n, self.n_components, generator=generator)
        return directions / directions.norm(dim=1, keepdim=True)
