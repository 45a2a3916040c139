"""The wrapped normal posterior on the Poincaré ball."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from inscape._checks import check_number
from inscape._errors import InvalidParameterError
from inscape.objectives.posteriors.posterior import Distribution, Posterior
from inscape.objectives.posteriors.precision import at_least_single
from inscape.objectives.priors.wrapped_standard_normal import WrappedStandardNormalModule
from inscape.objectives.spaces import PoincareBall, Space
from inscape.objectives.spaces.poincare import (
    clamp_to_ball,
    displaced,
    displacement,
    exponential_map,
    log_volume_ratio,
)


@dataclass(frozen=True)
class WrappedNormal(Posterior):
    r"""Normal displacements, each carried along its geodesic of the Poincaré ball.

    .. math:: z = \exp_\mu(u / \lambda_\mu), \qquad u \sim \mathcal{N}(0, \text{diag}\, \sigma^2),
              \qquad \mu = \exp_0(e)

    .. math:: \log q(z \mid x) = \log \mathcal{N}(u \mid 0, \text{diag}\, \sigma^2)
              + (d - 1) \log \frac{\sqrt{c}\, |u|}{\sinh(\sqrt{c}\, |u|)}

    A ball has room for a tree: its volume grows exponentially with the radius. The encoder gives
    e and the logarithms of the variances; dividing by :math:`\lambda_\mu` is the parallel
    transport from the middle. The density is over the ball's own volume. Source: Mathieu et al.
    2019, arXiv 1901.06033, section 3.1, and Nagano et al. 2019, arXiv 1902.02992.

    Parameters
    ----------
    curvature : float
        c, above 0: the ball's curvature is -c and its radius 1/sqrt(c); the prior's has to be the
        same.

    Examples
    --------
    >>> module = WrappedNormal().build(2, generator=torch.Generator())
    >>> module(torch.tensor([[0.5, 0.0, 0.0, 0.0]]))
    tensor([[0.4621, 0.0000]])
    """

    curvature: float = 1.0

    def __post_init__(self) -> None:
        check_number("curvature", self.curvature, above=0)

    @property
    def space(self) -> Space:  # type: ignore[override]
        """The ball."""
        return PoincareBall(self.curvature)

    def n_code(self, n_components: int) -> int:
        """Return how many numbers the encoder gives."""
        return 2 * n_components

    def build(self, n_components: int, *, generator: torch.Generator) -> WrappedNormalModule:
        """Return the module; nothing is drawn."""
        return WrappedNormalModule(self.curvature)


class WrappedNormalModule(nn.Module):
    """The module of `WrappedNormal`; as a bottleneck it gives the mean, a point of the ball."""

    def __init__(self, curvature: float) -> None:
        super().__init__()
        self.curvature = curvature

    def forward(self, encoded: Tensor) -> Tensor:
        """Return the codes (n, n_components) of the encoder's outputs."""
        return self.distribution(encoded).mean

    def distribution(self, encoded: Tensor) -> WrappedNormalDistribution:
        """Return the posteriors of the encoder's outputs."""
        velocity, log_variance = at_least_single(encoded).chunk(2, dim=1)
        mean = exponential_map(torch.zeros_like(velocity), velocity, curvature=self.curvature)
        return WrappedNormalDistribution(mean, log_variance, self.curvature)


@dataclass(frozen=True, eq=False)
class WrappedNormalDistribution(Distribution):
    """The posteriors of n rows.

    Parameters
    ----------
    mean : Tensor, shape (n, n_components)
        Points of the ball, from which the displacements start. (They are where a displacement of 0
        leads, and not exactly the point of least mean square distance.)
    log_variance : Tensor, shape (n, n_components)
        Of the displacements, in squared units of length.
    curvature : float
        c.
    """

    mean: Tensor
    log_variance: Tensor
    curvature: float

    def draw(self, n_draws: int, *, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return codes (n_draws, n, n_components) and their log-density (n_draws, n)."""
        noise = torch.randn(
            n_draws, *self.mean.shape, generator=generator, dtype=self.mean.dtype
        ).to(self.mean.device)
        # In float64, for near the rim the digits of float32 are far apart.
        moved = ((0.5 * self.log_variance).exp() * noise).double()
        codes = displaced(self.mean.double(), moved, curvature=self.curvature)
        codes = clamp_to_ball(codes.to(noise.dtype), curvature=self.curvature)
        # Of the code as it is: what was rounded or kept inside the rim is not where it was sent.
        return codes, self.log_density(codes)

    def log_density(self, codes: Tensor) -> Tensor:
        """Return the log-density (..., n) of codes (..., n, n_components)."""
        moved = displacement(self.mean.double(), codes.double(), curvature=self.curvature)
        squares = moved.square() * (-self.log_variance.double()).exp()
        normal = -0.5 * (squares + self.log_variance + math.log(2 * math.pi)).sum(dim=-1)
        found = normal + log_volume_ratio(moved, curvature=self.curvature)
        return found.to(codes.dtype)

    def detached(self) -> WrappedNormalDistribution:
        """Return the same posteriors, without gradients to their parameters."""
        return WrappedNormalDistribution(
            self.mean.detach(), self.log_variance.detach(), self.curvature
        )

    def kullback_leibler(self, prior: Any) -> Tensor | None:
        """Return None: no formula is known.

        Raises
        ------
        InvalidParameterError
            If the prior lives on a ball of another curvature.
        """
        known = isinstance(prior, WrappedStandardNormalModule)
        if known and prior.curvature != self.curvature:
            raise InvalidParameterError(
                f"`curvature` must be the same in the posterior and the prior; got "
                f"{self.curvature:g} and {prior.curvature:g}: give both the same."
            )
        return None
