"""The von Mises-Fisher posterior on the sphere."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from inscape._checks import check_integer
from inscape.networks.spherical import Normalize
from inscape.objectives.posteriors.bessel import bessel_ratio, log_bessel
from inscape.objectives.posteriors.cosines import draw_gaps
from inscape.objectives.posteriors.posterior import Distribution, Posterior
from inscape.objectives.posteriors.precision import at_least_single
from inscape.objectives.priors.uniform_on_sphere import UniformOnSphereModule
from inscape.objectives.spaces import Space, Sphere

# Beyond it the draws are one point in float32.
_MOST = 1e7


@dataclass(frozen=True)
class VonMisesFisher(Posterior):
    r"""Directions around a mean direction, as a normal distribution is around its mean.

    .. math:: q(z \mid x) = C_d(\kappa)\, e^{\kappa\, \mu^T z}, \qquad
              C_d(\kappa) = \frac{\kappa^{d/2 - 1}}{(2 \pi)^{d/2} I_{d/2-1}(\kappa)}

    Codes are points of the unit sphere of d dimensions, and the density is over its area. The
    encoder gives a vector, whose direction is :math:`\mu`, and a number a, from which
    :math:`\kappa = 1 + \log(1 + e^a)`. Source: Davidson et al. 2018, arXiv 1804.00891. Their draws
    by rejection come with a noisy gradient; ours have the exact one of the quantile in each d.

    Examples
    --------
    >>> module = VonMisesFisher().build(2, generator=torch.Generator())
    >>> module(torch.tensor([[3.0, 4.0, 0.0]]))
    tensor([[0.6000, 0.8000]])
    """

    space: ClassVar[Space] = Sphere()

    def n_code(self, n_components: int) -> int:
        """Return how many numbers the encoder gives.

        Raises
        ------
        InvalidParameterError
            If `n_components` is 1: the sphere would be the two points -1 and +1.
        """
        return check_integer("n_components", n_components, minimum=2) + 1

    def build(self, n_components: int, *, generator: torch.Generator) -> VonMisesFisherModule:
        """Return the module; nothing is drawn.

        Raises
        ------
        InvalidParameterError
            If `n_components` is 1.
        """
        check_integer("n_components", n_components, minimum=2)
        return VonMisesFisherModule()


class VonMisesFisherModule(nn.Module):
    """The module of `VonMisesFisher`; as a bottleneck it gives the mean direction."""

    def __init__(self) -> None:
        super().__init__()
        self.normalize = Normalize()

    def forward(self, encoded: Tensor) -> Tensor:
        """Return the codes (n, n_components) of the encoder's outputs."""
        return self.normalize(at_least_single(encoded)[:, :-1])

    def distribution(self, encoded: Tensor) -> VonMisesFisherDistribution:
        """Return the posteriors of the encoder's outputs."""
        concentration = (softplus(at_least_single(encoded)[:, -1]) + 1).clamp(max=_MOST)
        return VonMisesFisherDistribution(self(encoded), concentration)


@dataclass(frozen=True, eq=False)
class VonMisesFisherDistribution(Distribution):
    r"""The posteriors of n rows.

    Parameters
    ----------
    mean : Tensor, shape (n, n_components)
        The mean directions :math:`\mu`, of length 1.
    concentration : Tensor, shape (n,)
        :math:`\kappa`, above 0.
    """

    mean: Tensor
    concentration: Tensor

    def draw(self, n_draws: int, *, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return codes (n_draws, n, n_components) and their log-density (n_draws, n).

        How many numbers the generator gives depends on the concentrations.
        """
        mean, (n, d) = self.mean, self.mean.shape
        precise = self.concentration.to("cpu", torch.float64)
        gaps = draw_gaps(precise, d, n_draws, generator=generator)
        side = torch.randn(n_draws, n, d - 1, generator=generator, dtype=torch.float64)
        side = side / side.norm(dim=-1, keepdim=True) * (gaps * (2 - gaps)).sqrt()[..., None]
        around_axis = torch.cat([1 - gaps[..., None], side], dim=-1).to(mean)
        # The density at a draw needs the cosine alone.
        return _turn(around_axis, mean), self._log_density(gaps.to(mean))

    def log_density(self, codes: Tensor) -> Tensor:
        """Return the log-density (..., n) of codes (..., n, n_components) of length 1."""
        # 1 - w is half the squared chord, which keeps its digits where w is nearly 1.
        return self._log_density(0.5 * (codes - self.mean).square().sum(dim=-1))

    def detached(self) -> VonMisesFisherDistribution:
        """Return the same posteriors, without gradients to their parameters."""
        return VonMisesFisherDistribution(self.mean.detach(), self.concentration.detach())

    def kullback_leibler(self, prior: Any) -> Tensor | None:
        r"""Return the divergence (n,) from the uniform prior in closed form, else None.

        .. math:: \kappa A(\kappa) + \log C_d(\kappa) + \log \frac{2 \pi^{d/2}}{\Gamma(d/2)}
        """
        if not isinstance(prior, UniformOnSphereModule):
            return None
        kappa, d = self.concentration.to("cpu", torch.float64), self.mean.shape[1]
        # Times (A - 1), because the logarithm leaves out e^kappa.
        nats = kappa * (bessel_ratio(kappa, d) - 1) + self._log_normalizer + prior.log_area
        return nats.to(self.concentration)

    def _log_density(self, gaps: Tensor) -> Tensor:
        return self._log_normalizer.to(gaps) - self.concentration * gaps

    @cached_property
    def _log_normalizer(self) -> Tensor:
        r""":math:`\log C_d(\kappa) + \kappa`, float64 on the CPU."""
        precise, d = self.concentration.to("cpu", torch.float64), self.mean.shape[1]
        return -log_bessel(precise, d) - 0.5 * d * math.log(2 * math.pi)


def _turn(codes: Tensor, mean: Tensor) -> Tensor:
    """Return codes (k, n, d) around (1, 0, ...) reflected to around the means (n, d)."""
    # Of the two reflections that take the axis to the mean or to its opposite, the one whose
    # mirror is well defined; the opposite is turned back by the sign.
    sign = torch.where(mean[:, :1] > 0, -1.0, 1.0).to(mean)
    axis = torch.zeros_like(mean)
    axis[:, 0] = 1
    normal = axis - sign * mean
    along = (codes * normal).sum(dim=-1, keepdim=True) / normal.square().sum(dim=-1, keepdim=True)
    return sign * (codes - 2 * along * normal)
