"""A price on the covariance of the codes, so that components are about different things."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from inscape._checks import check_choice, check_number
from inscape.objectives.divergences.divergence import Divergence
from inscape.objectives.latent_pass import LatentPass
from inscape.objectives.posteriors.diagonal_gaussian import DiagonalGaussianDistribution


@dataclass(frozen=True)
class DisentangledInferredPrior(Divergence):
    r"""The divergence, and a price on how far the codes' covariance is from the identity.

    .. math:: \text{KL}(q(z \mid x) \,\|\, p(z)) + \lambda_{od} \sum_{i \ne j} C_{ij}^2
              + \lambda_d \sum_i (C_{ii} - 1)^2

    The covariance :math:`C` is the batch's, divided by n. Source: the DIP-VAE of Kumar,
    Sattigeri and Balakrishnan 2018, arXiv 1711.00848 (I and II).

    Parameters
    ----------
    of : {"means", "codes"}
        Whose covariance: the posterior means' (DIP-VAE-I), or all codes' (DIP-VAE-II), which is
        the means' and the mean of the posteriors' own. Where those are no diagonal Gaussians, the
        drawn codes stand for them.
    off_diagonal, diagonal : float
        :math:`\lambda_{od}` and :math:`\lambda_d`, for losses that are sums over features. The
        covariances have no unit of nats; the weights turn them into nats.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> means = torch.tensor([[1.0, 1.0], [-1.0, -1.0]])
    >>> seen = SimpleNamespace(
    ...     kullback_leibler=torch.ones(2), posterior=SimpleNamespace(mean=means))
    >>> part = DisentangledInferredPrior(off_diagonal=3.0)
    >>> part(seen, generator=torch.Generator(), step=None)["covariance"]
    tensor(6.)
    """

    of: str = "means"
    off_diagonal: float = 10.0
    diagonal: float = 100.0

    def __post_init__(self) -> None:
        check_choice("of", self.of, ("means", "codes"))
        check_number("off_diagonal", self.off_diagonal, minimum=0)
        check_number("diagonal", self.diagonal, minimum=0)

    def __call__(
        self, seen: LatentPass, *, generator: torch.Generator, step: int | None
    ) -> dict[str, Tensor]:
        """Return the terms, mean nats per sample: the divergence, and the covariance's price.

        Parameters
        ----------
        seen : LatentPass
            The batch.
        generator : torch.Generator
            Not used.
        step : int or None
            Not used.
        """
        covariance = self._covariance(seen)
        variances = covariance.diagonal()
        dependence = covariance.square().sum() - variances.square().sum()
        price = self.off_diagonal * dependence + self.diagonal * (variances - 1).square().sum()
        return {"kullback_leibler": seen.kullback_leibler.mean(), "covariance": price}

    def _covariance(self, seen: LatentPass) -> Tensor:
        posterior = seen.posterior
        if self.of == "means":
            return _covariance_of(posterior.mean)
        if isinstance(posterior, DiagonalGaussianDistribution):
            own = posterior.log_variance.exp().mean(dim=0).diag()
            return _covariance_of(posterior.mean) + own
        return _covariance_of(seen.codes.flatten(0, 1))


def _covariance_of(rows: Tensor) -> Tensor:
    centred = rows - rows.mean(dim=0)
    return centred.T @ centred / len(rows)
