"""The Kullback-Leibler divergence of the posterior from the prior, with a weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from inscape._checks import check_number
from inscape._errors import InvalidParameterError
from inscape._parts import resolve_part
from inscape.networks import mean_of_rows
from inscape.objectives.divergences.divergence import Divergence
from inscape.objectives.latent_pass import LatentPass
from inscape.objectives.schedules import SCHEDULES


@dataclass(frozen=True)
class KullbackLeibler(Divergence):
    r"""What the codes cost, in nats, times a weight.

    .. math:: \beta \, \text{KL}(q(z \mid x) \,\|\, p(z))

    With a weight of 1 its sum with the reconstruction is the negative evidence lower bound
    (Kingma and Welling 2014, arXiv 1312.6114, Eq. 3); other weights are those of the beta-VAE
    (Higgins et al. 2017, ICLR).

    Parameters
    ----------
    weight : float
        :math:`\beta`, for losses that are sums over features. Where the loss is a mean over the
        features and the divergence a mean over the components, the same weight is
        :math:`\beta\, d / D`, with d components and D features.
    free_bits : float
        Nats that each component may cost for nothing, on the mean over a batch (Kingma et al.
        2016, arXiv 1606.04934). It needs a divergence that is a sum over components.
    schedule : str, LinearWarmUp, CyclicalAnnealing or None
        How the weight grows with the steps.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> seen = SimpleNamespace(kullback_leibler=torch.tensor([1.0, 3.0]), weights=None)
    >>> terms = KullbackLeibler(weight=4.0)(seen, generator=torch.Generator(), step=None)
    >>> sum(terms.values())
    tensor(8.)
    """

    takes_weights: ClassVar[bool] = True
    weight: float = 1.0
    free_bits: float = 0.0
    schedule: Any = None

    def __post_init__(self) -> None:
        check_number("weight", self.weight, minimum=0)
        check_number("free_bits", self.free_bits, minimum=0)
        if self.schedule is not None:
            part = resolve_part("schedule", self.schedule, SCHEDULES)
            object.__setattr__(self, "schedule", part)

    @property
    def needs_components(self) -> bool:  # type: ignore[override]
        """Whether the posterior's divergence must be a sum over components."""
        return self.free_bits > 0

    def __call__(
        self, seen: LatentPass, *, generator: torch.Generator, step: int | None
    ) -> dict[str, Tensor]:
        """Return the terms, mean nats per sample: the divergence, and what the weight changes.

        Parameters
        ----------
        seen : LatentPass
            The batch.
        generator : torch.Generator
            Not used.
        step : int or None
            Steps done; None is after training.

        Raises
        ------
        InvalidParameterError
            If there are free bits, and the divergence is no sum over components.
        """
        divergence = mean_of_rows(seen.kullback_leibler, seen.weights)
        share = 1.0 if self.schedule is None or step is None else self.schedule.share(step)
        weighted = self.weight * share * (self._beyond_free(seen) if self.free_bits else divergence)
        if self.weight * share == 1 and not self.free_bits:
            return {"kullback_leibler": divergence}
        # Apart, so that the divergence itself is on record.
        return {"kullback_leibler": divergence, "weighting": weighted - divergence}

    def _beyond_free(self, seen: LatentPass) -> Tensor:
        posterior, prior = seen.posterior, seen.network.prior
        shares = posterior.kullback_leibler_by_component(prior)
        # The shares are of a formula, and there is none for most priors.
        if shares is None:
            raise InvalidParameterError(
                "`free_bits` must be 0 where the divergence is no sum over components; got "
                f"{self.free_bits:g} with {type(posterior).__name__} and {type(prior).__name__}: "
                "leave it out, or take posterior='diagonal_gaussian' and prior='standard_normal'."
            )
        if seen.weights is not None:
            shares = shares * seen.weights[:, None]
        return shares.mean(dim=0).clamp(min=self.free_bits).sum()
