"""A critic that tells codes from draws of the prior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from inscape._checks import check_number, check_widths
from inscape.objectives.divergences.critics import build_critic, cross_entropy, judge
from inscape.objectives.divergences.divergence import Divergence
from inscape.objectives.latent_pass import LatentPass


@dataclass(frozen=True)
class Adversarial(Divergence):
    r"""What it costs the encoder that a critic knows its codes from draws of the prior.

    .. math:: -\lambda \, \mathbb{E}_{q(z)} \log D(z)

    The critic :math:`D` learns the probability that a code is a draw of the prior. It is
    :math:`\lambda \log 2` where nobody can tell. All codes together have to look like the prior;
    no row has a divergence of its own, so the posterior may be a point. Source: the adversarial
    autoencoder of Makhzani et al. 2016, arXiv 1511.05644, section 2, with the non-saturating loss
    of Goodfellow et al. 2014, arXiv 1406.2661.

    Parameters
    ----------
    weight : float
        :math:`\lambda`, for losses that are sums over features.
    hidden : tuple of int
        Widths of the critic's hidden layers; the paper has two of 1000.
    critic_learning_rate : float or None
        Of the critic, for the optimiser that trains the network too; None is the network's.
    """

    weight: float = 1.0
    hidden: tuple[int, ...] = (256, 256)
    critic_learning_rate: float | None = None
    needs_density: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_number("weight", self.weight, minimum=0)
        object.__setattr__(self, "hidden", check_widths("hidden", self.hidden))
        if self.critic_learning_rate is not None:
            check_number("critic_learning_rate", self.critic_learning_rate, above=0)

    def build(self, n_components: int, *, generator: torch.Generator) -> nn.Module:
        """Return the critic, its weights drawn from `generator`."""
        return build_critic(n_components, self.hidden, generator=generator)

    def __call__(
        self, seen: LatentPass, *, generator: torch.Generator, step: int | None
    ) -> dict[str, Tensor]:
        """Return the terms, mean nats per sample; the critic's own is 0 with its gradient.

        Parameters
        ----------
        seen : LatentPass
            The batch, its network with the critic and the prior.
        generator : torch.Generator
            On the CPU; for the prior's draws, as many as there are codes.
        step : int or None
            Not used.
        """
        critic, codes = seen.network.critic, seen.codes
        n_draws = codes.shape[:-1].numel()
        drawn = seen.network.prior.sample(n_draws, generator=generator, network=seen.network)
        return {
            "adversarial": self.weight * softplus(-judge(critic, codes)).mean(),
            "critic": cross_entropy(critic, positive=drawn.to(codes), negative=codes),
        }
