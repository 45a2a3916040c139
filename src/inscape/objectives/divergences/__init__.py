"""Divergences: what is held against codes that stray from the prior."""

from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from inscape.objectives.divergences.adversarial import Adversarial
from inscape.objectives.divergences.capacity_controlled import CapacityControlled
from inscape.objectives.divergences.disentangled_inferred_prior import DisentangledInferredPrior
from inscape.objectives.divergences.factor_discriminator import FactorDiscriminator
from inscape.objectives.divergences.kullback_leibler import KullbackLeibler
from inscape.objectives.divergences.maximum_mean_discrepancy import MaximumMeanDiscrepancy
from inscape.objectives.divergences.total_correlation import TotalCorrelation
from inscape.objectives.latent_pass import LatentPass


class Divergence(Protocol):
    """What is held against codes that stray from the prior."""

    @property
    def needs_density(self) -> bool:
        """Whether it asks for the divergence of each row's own, which a point mass has not."""

    def build(self, n_components: int, *, generator: torch.Generator) -> nn.Module | None:
        """Return the critic that is trained beside the network, where there is one."""

    def __call__(
        self, seen: LatentPass, *, generator: torch.Generator, step: int | None
    ) -> dict[str, Tensor]:
        """Return named terms, mean nats per sample, whose sum is added to the loss."""


DIVERGENCES: Mapping[str, Any] = {
    "kullback_leibler": KullbackLeibler,
    "capacity_controlled": CapacityControlled,
    "total_correlation": TotalCorrelation,
    "factor_discriminator": FactorDiscriminator,
    "disentangled_inferred_prior": DisentangledInferredPrior,
    "maximum_mean_discrepancy": MaximumMeanDiscrepancy,
    "adversarial": Adversarial,
}

__all__ = [
    "DIVERGENCES",
    "Adversarial",
    "CapacityControlled",
    "DisentangledInferredPrior",
    "Divergence",
    "FactorDiscriminator",
    "KullbackLeibler",
    "MaximumMeanDiscrepancy",
    "TotalCorrelation",
]
