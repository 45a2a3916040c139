"""The standard normal prior."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from inscape.objectives.priors.prior import Prior


@dataclass(frozen=True)
class StandardNormal(Prior):
    r"""Independent codes of mean 0 and variance 1.

    .. math:: \log p(z) = -\tfrac{1}{2} \sum_j z_j^2 + \log 2 \pi

    Examples
    --------
    >>> module = StandardNormal().build(2, generator=torch.Generator(), rows=None)
    >>> round(module.log_density(torch.zeros(2), None).item(), 4)
    -1.8379
    """

    def build(
        self,
        n_components: int,
        *,
        generator: torch.Generator,
        rows: Tensor | None,
        conditions: Tensor | None = None,
    ) -> StandardNormalModule:
        """Return the module; nothing is drawn."""
        return StandardNormalModule(n_components)


class StandardNormalModule(nn.Module):
    """The module of `StandardNormal`."""

    def __init__(self, n_components: int) -> None:
        super().__init__()
        self.n_components = n_components

    def log_density(self, codes: Tensor, network: Any) -> Tensor:
        """Return the log-density (...,) of codes (..., n_components), in nats."""
        return -0.5 * (codes.square() + math.log(2 * math.pi)).sum(dim=-1)

    def sample(self, n: int, *, generator: torch.Generator, network: Any) -> Tensor:
        """Return n codes."""
        return torch.randn(n, self.n_components, generator=generator)
