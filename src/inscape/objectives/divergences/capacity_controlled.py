"""The Kullback-Leibler divergence, held near a capacity that grows with the steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from inscape._checks import check_integer, check_number
from inscape.networks import mean_of_rows
from inscape.objectives.divergences.divergence import Divergence
from inscape.objectives.latent_pass import LatentPass


@dataclass(frozen=True)
class CapacityControlled(Divergence):
    r"""A price on every nat by which the codes cost more, or less, than a set capacity.

    .. math:: \gamma \left| \text{KL}(q(z \mid x) \,\|\, p(z)) - C \right|

    The mean over the batch is compared to :math:`C`, which grows from 0 in a straight line:
    components are taken up one after another. Source: Burgess et al. 2018, arXiv 1804.03599, Eq. 8.

    Parameters
    ----------
    weight : float
        :math:`\gamma`, for losses that are sums over features.
    capacity : float
        The :math:`C` that is reached, in nats.
    n_steps : int
        Steps until it is reached: those of a default training, where nothing is said. The paper
        takes 100,000.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> seen = SimpleNamespace(kullback_leibler=torch.tensor([1.0, 3.0]), weights=None)
    >>> part = CapacityControlled(weight=10.0, capacity=4.0, n_steps=100)
    >>> sum(part(seen, generator=torch.Generator(), step=25).values())
    tensor(10.)
    """

    takes_weights: ClassVar[bool] = True
    weight: float = 100.0
    capacity: float = 25.0
    n_steps: int = 600

    def __post_init__(self) -> None:
        check_number("weight", self.weight, minimum=0)
        check_number("capacity", self.capacity, minimum=0)
        check_integer("n_steps", self.n_steps, minimum=1)

    def __call__(
        self, seen: LatentPass, *, generator: torch.Generator, step: int | None
    ) -> dict[str, Tensor]:
        """Return the terms, mean nats per sample: the divergence, and what the price changes.

        Parameters
        ----------
        seen : LatentPass
            The batch.
        generator : torch.Generator
            Not used.
        step : int or None
            Steps done; None is after training, with the whole capacity.
        """
        share = 1.0 if step is None else min(1.0, step / self.n_steps)
        divergence = mean_of_rows(seen.kullback_leibler, seen.weights)
        price = self.weight * (divergence - self.capacity * share).abs()
        return {"kullback_leibler": divergence, "weighting": price - divergence}
