"""The wrapped standard normal prior on the Poincaré ball."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from inscape._checks import check_number
from inscape.objectives.priors.prior import Prior
from inscape.objectives.spaces import PoincareBall, Space
from inscape.objectives.spaces.poincare import displaced, displacement, log_volume_ratio


@dataclass(frozen=True)
class WrappedStandardNormal(Prior):
    r"""Standard normal displacements from the middle of the Poincaré ball.

    .. math:: \log p(z) = \log \mathcal{N}(r \mid 0, I)
              + (d - 1) \log \frac{\sqrt{c}\, r}{\sinh(\sqrt{c}\, r)}, \qquad r = d_c(0, z)

    The density is over the ball's own volume. Source: Mathieu et al. 2019, arXiv 1901.06033,
    section 3.1, and Nagano et al. 2019, arXiv 1902.02992.

    Parameters
    ----------
    curvature : float
        c, above 0: the ball's curvature is -c and its radius 1/sqrt(c); the posterior's has to be
        the same.

    Examples
    --------
    >>> module = WrappedStandardNormal().build(2, generator=torch.Generator(), rows=None)
    >>> round(module.log_density(torch.zeros(2), None).item(), 4)
    -1.8379
    """

    curvature: float = 1.0

    def __post_init__(self) -> None:
        check_number("curvature", self.curvature, above=0)

    @property
    def space(self) -> Space:  # type: ignore[override]
        """The ball."""
        return PoincareBall(self.curvature)

    def build(
        self,
        n_components: int,
        *,
        generator: torch.Generator,
        rows: Tensor | None,
        conditions: Tensor | None = None,
    ) -> WrappedStandardNormalModule:
        """Return the module; nothing is drawn."""
        return WrappedStandardNormalModule(n_components, self.curvature)


class WrappedStandardNormalModule(nn.Module):
    """The module of `WrappedStandardNormal`."""

    def __init__(self, n_components: int, curvature: float) -> None:
        super().__init__()
        self.n_components = n_components
        self.curvature = curvature

    def log_density(self, codes: Tensor, network: Any) -> Tensor:
        """Return the log-density (...,) of codes (..., n_components), in nats."""
        # In float64, for near the rim the digits of float32 are far apart.
        exact = codes.double()
        moved = displacement(torch.zeros_like(exact), exact, curvature=self.curvature)
        normal = -0.5 * (moved.square() + math.log(2 * math.pi)).sum(dim=-1)
        found = normal + log_volume_ratio(moved, curvature=self.curvature)
        return found.to(codes.dtype)

    def sample(self, n: int, *, generator: torch.Generator, network: Any) -> Tensor:
        """Return n codes inside the ball."""
        moved = torch.randn(n, self.n_components, generator=generator)
        return displaced(torch.zeros_like(moved), moved, curvature=self.curvature)
