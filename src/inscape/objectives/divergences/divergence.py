"""The base of every divergence."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from inscape._parts import Part
from inscape.objectives.latent_pass import LatentPass


@dataclass(frozen=True)
class Divergence(Part):
    """What is held against codes that stray from the prior.

    Attributes
    ----------
    needs_density : bool
        Whether it asks for the divergence of each row's own, which a point mass has not.
    needs_components : bool
        Whether the posterior's components must be independent.
    mixes_components : bool
        Whether it mixes components of several codes, for which they must live in flat space.
    takes_weights : bool
        Whether it is a mean over rows, and counts each by `LatentPass.weights`.
    """

    needs_density: ClassVar[bool] = True
    needs_components: ClassVar[bool] = False
    mixes_components: ClassVar[bool] = False
    takes_weights: ClassVar[bool] = False

    @property
    def told_weight(self) -> float | None:
        """The field `weight`, for losses that are sums over features, where there is one."""
        return vars(self).get("weight")

    @property
    def critic_rate(self) -> float | None:
        """The field `critic_learning_rate`, where a critic has a rate of its own."""
        return vars(self).get("critic_learning_rate")

    def build(self, n_components: int, *, generator: torch.Generator) -> nn.Module | None:
        """Return the critic that is trained beside the network, where there is one.

        Parameters
        ----------
        n_components : int
            Width of the code.
        generator : torch.Generator
            Where its weights are drawn from.
        """
        return None

    @abstractmethod
    def __call__(
        self, seen: LatentPass, *, generator: torch.Generator, step: int | None
    ) -> dict[str, Tensor]:
        """Return named terms, mean nats per sample, whose sum is added to the loss.

        Parameters
        ----------
        seen : LatentPass
            The batch, its network with the prior and the critic.
        generator : torch.Generator
            On the CPU; for a divergence that draws.
        step : int or None
            Steps done, which schedules go by; None is after training.
        """
