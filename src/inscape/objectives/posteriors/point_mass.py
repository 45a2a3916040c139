"""The posterior that is a single point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from inscape._errors import InvalidParameterError
from inscape.objectives.posteriors.posterior import Distribution, Posterior
from inscape.objectives.posteriors.precision import at_least_single


@dataclass(frozen=True)
class PointMass(Posterior):
    r"""One code a row: the encoder is deterministic.

    .. math:: q(z \mid x) = \delta(z - e(x))

    It has no density, so that only divergences between samples can hold it to a prior: the
    Wasserstein autoencoder with deterministic codes (Tolstikhin et al. 2018, arXiv 1711.01558),
    the adversarial autoencoder (Makhzani et al. 2015, arXiv 1511.05644) and the regularised
    autoencoder (Ghosh et al. 2020, arXiv 1903.12436).

    Examples
    --------
    >>> module = PointMass().build(2, generator=torch.Generator())
    >>> module(torch.tensor([[1.0, 2.0]]))
    tensor([[1., 2.]])
    """

    has_density: ClassVar[bool] = False

    def n_code(self, n_components: int) -> int:
        """Return how many numbers the encoder gives."""
        return n_components

    def build(self, n_components: int, *, generator: torch.Generator) -> PointMassModule:
        """Return the module; nothing is drawn."""
        return PointMassModule()


class PointMassModule(nn.Module):
    """The module of `PointMass`; as a bottleneck it gives the code."""

    def forward(self, encoded: Tensor) -> Tensor:
        """Return the codes (n, n_components) of the encoder's outputs."""
        return at_least_single(encoded)

    def distribution(self, encoded: Tensor) -> PointMassDistribution:
        """Return the posteriors of the encoder's outputs."""
        return PointMassDistribution(at_least_single(encoded))


@dataclass(frozen=True, eq=False)
class PointMassDistribution(Distribution):
    """The posteriors of n rows.

    Parameters
    ----------
    mean : Tensor, shape (n, n_components)
        The points.
    """

    mean: Tensor

    def draw(self, n_draws: int, *, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return the points again and again, (n_draws, n, n_components), and zeros (n_draws, n).

        The zeros stand where other posteriors have a log-density: a point has none.
        """
        codes = self.mean.expand(n_draws, *self.mean.shape)
        return codes, self.mean.new_zeros(codes.shape[:-1])

    def log_density(self, codes: Tensor) -> Tensor:
        """Refuse: a point has no density.

        Raises
        ------
        InvalidParameterError
            Always.
        """
        raise _no_density()

    def detached(self) -> PointMassDistribution:
        """Return the same posteriors, without gradients to their parameters."""
        return PointMassDistribution(self.mean.detach())

    def kullback_leibler(self, prior: Any) -> Tensor | None:
        """Refuse: without a density the divergence is infinite.

        Raises
        ------
        InvalidParameterError
            Always.
        """
        raise _no_density()


def _no_density() -> InvalidParameterError:
    return InvalidParameterError(
        "`divergence` must be one that needs no density where the posterior is 'point_mass'; got "
        "one that does: take 'maximum_mean_discrepancy' or 'adversarial', or another posterior."
    )
