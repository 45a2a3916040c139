"""The diagonal Gaussian posterior."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from inscape.objectives.posteriors.posterior import Distribution, Posterior
from inscape.objectives.posteriors.precision import at_least_single
from inscape.objectives.priors.standard_normal import StandardNormalModule


@dataclass(frozen=True)
class DiagonalGaussian(Posterior):
    r"""Independent normal codes with a mean and a variance of each row's own.

    .. math:: q(z \mid x) = \mathcal{N}(\mu(x), \text{diag}\, \sigma^2(x)), \qquad
              z = \mu + \sigma \odot \varepsilon

    The encoder gives the means and the logarithms of the variances. Source: Kingma and Welling
    2014, arXiv 1312.6114, Eq. 9 and 10.

    Examples
    --------
    >>> module = DiagonalGaussian().build(2, generator=torch.Generator())
    >>> module(torch.tensor([[1.0, 2.0, 0.0, 0.0]]))
    tensor([[1., 2.]])
    """

    independent_components: ClassVar[bool] = True

    def n_code(self, n_components: int) -> int:
        """Return how many numbers the encoder gives."""
        return 2 * n_components

    def build(self, n_components: int, *, generator: torch.Generator) -> DiagonalGaussianModule:
        """Return the module; nothing is drawn."""
        return DiagonalGaussianModule()


class DiagonalGaussianModule(nn.Module):
    """The module of `DiagonalGaussian`; as a bottleneck it gives the mean."""

    def forward(self, encoded: Tensor) -> Tensor:
        """Return the codes (n, n_components) of the encoder's outputs."""
        return self.distribution(encoded).mean

    def distribution(self, encoded: Tensor) -> DiagonalGaussianDistribution:
        """Return the posteriors of the encoder's outputs."""
        mean, log_variance = at_least_single(encoded).chunk(2, dim=1)
        return DiagonalGaussianDistribution(mean, log_variance)


@dataclass(frozen=True, eq=False)
class DiagonalGaussianDistribution(Distribution):
    """The posteriors of n rows.

    Parameters
    ----------
    mean, log_variance : Tensor, shape (n, n_components)
        The parameters.
    """

    mean: Tensor
    log_variance: Tensor

    def draw(self, n_draws: int, *, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return codes (n_draws, n, n_components) and their log-density (n_draws, n)."""
        noise = torch.randn(
            n_draws, *self.mean.shape, generator=generator, dtype=self.mean.dtype
        ).to(self.mean.device)
        codes = self.mean + (0.5 * self.log_variance).exp() * noise
        # The density at a draw needs the noise alone.
        return codes, _log_normal(noise.square(), self.log_variance)

    def log_density(self, codes: Tensor) -> Tensor:
        """Return the log-density (..., n) of codes (..., n, n_components)."""
        squares = (codes - self.mean).square() * (-self.log_variance).exp()
        return _log_normal(squares, self.log_variance)

    def detached(self) -> DiagonalGaussianDistribution:
        """Return the same posteriors, without gradients to their parameters."""
        return DiagonalGaussianDistribution(self.mean.detach(), self.log_variance.detach())

    def kullback_leibler(self, prior: Any) -> Tensor | None:
        r"""Return the divergence (n,) from a standard normal prior in closed form, else None.

        .. math:: \tfrac{1}{2} \sum_j \mu_j^2 + \sigma_j^2 - \log \sigma_j^2 - 1
        """
        shares = self.kullback_leibler_by_component(prior)
        return None if shares is None else shares.sum(dim=1)

    def kullback_leibler_by_component(self, prior: Any) -> Tensor | None:
        if not isinstance(prior, StandardNormalModule):
            return None
        variance = self.log_variance.exp()
        return 0.5 * (self.mean.square() + variance - self.log_variance - 1)


def _log_normal(squares: Tensor, log_variance: Tensor) -> Tensor:
    return -0.5 * (squares + log_variance + math.log(2 * math.pi)).sum(dim=-1)
