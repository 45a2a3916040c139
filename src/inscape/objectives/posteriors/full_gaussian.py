"""The Gaussian posterior with correlations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from inscape.objectives.posteriors.posterior import Distribution, Posterior
from inscape.objectives.posteriors.precision import at_least_single
from inscape.objectives.priors.standard_normal import StandardNormalModule


@dataclass(frozen=True)
class FullGaussian(Posterior):
    r"""Normal codes with a mean and a whole covariance matrix of each row's own.

    .. math:: q(z \mid x) = \mathcal{N}(\mu(x), L(x) L(x)^T), \qquad z = \mu + L \varepsilon

    The encoder gives the means, the logarithms of the diagonal of L, and what is below the
    diagonal, row by row. Source: Kingma and Welling 2019, arXiv 1906.02691, section 2.5.1.

    Examples
    --------
    >>> FullGaussian().n_code(3)
    9
    >>> module = FullGaussian().build(2, generator=torch.Generator())
    >>> module.distribution(torch.tensor([[1.0, 2.0, 0.0, 0.0, 5.0]])).factor
    tensor([[[1., 0.],
             [5., 1.]]])
    """

    def n_code(self, n_components: int) -> int:
        """Return how many numbers the encoder gives."""
        return n_components + n_components * (n_components + 1) // 2

    def build(self, n_components: int, *, generator: torch.Generator) -> FullGaussianModule:
        """Return the module; nothing is drawn."""
        return FullGaussianModule(n_components)


class FullGaussianModule(nn.Module):
    """The module of `FullGaussian`; as a bottleneck it gives the mean."""

    def __init__(self, n_components: int) -> None:
        super().__init__()
        self.n_components = n_components

    def forward(self, encoded: Tensor) -> Tensor:
        """Return the codes (n, n_components) of the encoder's outputs."""
        return self.distribution(encoded).mean

    def distribution(self, encoded: Tensor) -> FullGaussianDistribution:
        """Return the posteriors of the encoder's outputs."""
        d = self.n_components
        numbers = at_least_single(encoded)
        mean, log_diagonal, below = numbers.tensor_split([d, 2 * d], dim=1)
        rows, columns = torch.tril_indices(d, d, offset=-1, device=encoded.device)
        factor = torch.diag_embed(log_diagonal.exp())
        factor = factor.index_put(
            (torch.arange(factor.shape[0], device=factor.device)[:, None], rows, columns), below
        )
        return FullGaussianDistribution(mean, factor, log_diagonal)


@dataclass(frozen=True, eq=False)
class FullGaussianDistribution(Distribution):
    """The posteriors of n rows.

    Parameters
    ----------
    mean : Tensor, shape (n, n_components)
        The means.
    factor : Tensor, shape (n, n_components, n_components)
        The Cholesky factors of the covariances.
    log_diagonal : Tensor, shape (n, n_components)
        The logarithms of their diagonals.
    """

    mean: Tensor
    factor: Tensor
    log_diagonal: Tensor

    def draw(self, n_draws: int, *, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return codes (n_draws, n, n_components) and their log-density (n_draws, n)."""
        noise = torch.randn(
            n_draws, *self.mean.shape, generator=generator, dtype=self.mean.dtype
        ).to(self.mean.device)
        # Not in half precision, in which torch knows no triangular solving either.
        with torch.autocast(noise.device.type, enabled=False):
            codes = self.mean + (self.factor @ noise.permute(1, 2, 0)).permute(2, 0, 1)
        # The density at a draw needs the noise alone.
        return codes, self._log_normal(noise)

    def log_density(self, codes: Tensor) -> Tensor:
        """Return the log-density (..., n) of codes (..., n, n_components)."""
        away = codes - self.mean
        n, d = self.mean.shape
        # All the codes of a row are columns of one system, so that its factor is not copied.
        columns = away.reshape(-1, n, d).permute(1, 2, 0)
        noise = torch.linalg.solve_triangular(self.factor, columns, upper=False)
        return self._log_normal(noise.permute(2, 0, 1).reshape(away.shape))

    def detached(self) -> FullGaussianDistribution:
        """Return the same posteriors, without gradients to their parameters."""
        return FullGaussianDistribution(
            self.mean.detach(), self.factor.detach(), self.log_diagonal.detach()
        )

    def kullback_leibler(self, prior: Any) -> Tensor | None:
        r"""Return the divergence (n,) from a standard normal prior in closed form, else None.

        .. math:: \tfrac{1}{2} \Big(|\mu|^2 + \sum_{ij} L_{ij}^2 - d\Big) - \sum_j \log L_{jj}

        It is no sum over components, which depend on each other.
        """
        if not isinstance(prior, StandardNormalModule):
            return None
        squares = self.mean.square().sum(dim=1) + self.factor.square().sum(dim=(1, 2))
        return 0.5 * (squares - self.mean.shape[1]) - self.log_diagonal.sum(dim=1)

    def _log_normal(self, noise: Tensor) -> Tensor:
        squares = (noise.square() + math.log(2 * math.pi)).sum(dim=-1)
        return -0.5 * squares - self.log_diagonal.sum(dim=-1)
