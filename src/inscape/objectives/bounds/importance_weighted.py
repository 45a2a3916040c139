"""Importance-weighted bounds: several draws together say more than each by itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from inscape._checks import check_choice, check_integer, check_number
from inscape.objectives.bounds.bound import Bound
from inscape.objectives.latent_pass import LatentPass
from inscape.objectives.variational import Batch


@dataclass(frozen=True)
class ImportanceWeighted(Bound):
    r"""The logarithm of the mean importance weight of k draws.

    .. math:: \mathcal{L}_k = \log \frac{1}{k} \sum_{i=1}^k w_i, \qquad
              w_i = \frac{p(x, z_i)}{q(z_i \mid x)}

    On average it rises with k towards :math:`\log p(x)`. Source: Burda, Grosse and Salakhutdinov
    2016, arXiv 1509.00519, Eq. 8.

    Parameters
    ----------
    n_draws : int
        :math:`k`.
    gradient : {"standard", "doubly_reparameterized"}
        The encoder's gradient: that of the bound, whose noise outgrows it as k grows, or the
        estimator of the same gradient whose noise does not (Tucker et al. 2019, arXiv 1810.04152).
    """

    takes_weights: ClassVar[bool] = True
    n_draws: int = 5
    gradient: str = "standard"

    def __post_init__(self) -> None:
        check_integer("n_draws", self.n_draws, minimum=1)
        check_choice("gradient", self.gradient, ("standard", "doubly_reparameterized"))

    @property
    def total_draws(self) -> int:
        """Codes drawn for each row."""
        return self.n_draws

    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """Return the negative bound in terms, mean nats per sample."""
        seen = batch.draw(self.n_draws)
        if self.gradient == "doubly_reparameterized" and seen.codes.requires_grad:
            return self._doubly_reparameterized(batch, seen)
        nats = batch.negative_log_likelihood(seen.codes)
        bound = log_mean_exp(batch.log_weights(seen, nats))
        return _apart(batch, nats, -batch.mean(bound))

    def _doubly_reparameterized(self, batch: Batch, seen: LatentPass) -> dict[str, Tensor]:
        held = seen.posterior.detached()
        seen = LatentPass(
            seen.network,
            held,
            seen.codes,
            held.log_density(seen.codes),
            seen.n_samples,
            seen.weights,
        )
        nats = batch.negative_log_likelihood(seen.codes)
        log_weights = batch.log_weights(seen, nats)
        shares = log_weights.detach().softmax(dim=0)
        # The sum below brings one factor of the shares to every gradient, this the second to those
        # that come by way of the codes.
        seen.codes.register_hook(lambda gradient: shares.unsqueeze(-1) * gradient)
        bound = log_mean_exp(log_weights.detach())
        surrogate = (shares * log_weights).sum(dim=0)
        return _apart(batch, nats.detach(), -batch.mean(bound + surrogate - surrogate.detach()))


@dataclass(frozen=True)
class MultiplyImportanceWeighted(Bound):
    r"""The mean of several importance-weighted bounds.

    .. math:: \frac{1}{m} \sum_{j=1}^m \mathcal{L}_k^{(j)}

    Less noise in the gradient than one bound of m k draws, for a bound as tight as k draws make it.
    Source: Rainforth et al. 2018, arXiv 1802.04537.

    Parameters
    ----------
    n_groups : int
        :math:`m`.
    n_draws : int
        :math:`k`, the draws of each group.
    """

    takes_weights: ClassVar[bool] = True
    n_groups: int = 8
    n_draws: int = 8

    def __post_init__(self) -> None:
        check_integer("n_groups", self.n_groups, minimum=1)
        check_integer("n_draws", self.n_draws, minimum=1)

    @property
    def total_draws(self) -> int:
        """Codes drawn for each row."""
        return self.n_groups * self.n_draws

    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """Return the negative bound in terms, mean nats per sample."""
        seen = batch.draw(self.n_groups * self.n_draws)
        nats = batch.negative_log_likelihood(seen.codes)
        weights = batch.log_weights(seen, nats).unflatten(0, (self.n_groups, self.n_draws))
        return _apart(batch, nats, -batch.mean(log_mean_exp(weights, dim=1)))


@dataclass(frozen=True)
class CombinationImportanceWeighted(Bound):
    r"""A share of the evidence lower bound, the rest of the importance-weighted one.

    .. math:: \beta\, \mathcal{L}_1 + (1 - \beta)\, \mathcal{L}_k

    Source: Rainforth et al. 2018, arXiv 1802.04537.

    Parameters
    ----------
    n_draws : int
        :math:`k`.
    weight : float
        :math:`\beta`, in [0, 1].
    """

    takes_weights: ClassVar[bool] = True
    n_draws: int = 64
    weight: float = 0.05

    def __post_init__(self) -> None:
        check_integer("n_draws", self.n_draws, minimum=1)
        check_number("weight", self.weight, minimum=0, maximum=1)

    @property
    def total_draws(self) -> int:
        """Codes drawn for each row."""
        return self.n_draws

    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """Return the negative bound in terms, mean nats per sample."""
        seen = batch.draw(self.n_draws)
        nats = batch.negative_log_likelihood(seen.codes)
        weights = batch.log_weights(seen, nats)
        bound = self.weight * weights.mean(dim=0) + (1 - self.weight) * log_mean_exp(weights)
        return _apart(batch, nats, -batch.mean(bound))


@dataclass(frozen=True)
class PartiallyImportanceWeighted(Bound):
    r"""The tightest bound for the decoder, the less noisy one for the encoder.

    The decoder and the prior follow the gradient of :math:`\mathcal{L}_{mk}`, the encoder that of
    the mean of m bounds :math:`\mathcal{L}_k`, over the same draws. The loss that is told is the
    former. Source: Rainforth et al. 2018, arXiv 1802.04537.

    Parameters
    ----------
    n_groups : int
        :math:`m`.
    n_draws : int
        :math:`k`, the draws of each group.
    """

    takes_weights: ClassVar[bool] = True
    n_groups: int = 8
    n_draws: int = 8

    def __post_init__(self) -> None:
        check_integer("n_groups", self.n_groups, minimum=1)
        check_integer("n_draws", self.n_draws, minimum=1)

    @property
    def total_draws(self) -> int:
        """Codes drawn for each row."""
        return self.n_groups * self.n_draws

    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """Return the negative bound in terms, mean nats per sample."""
        seen = batch.draw(self.n_groups * self.n_draws)
        learns = torch.is_grad_enabled()
        # The codes are cut off the encoder: one decoding serves both bounds.
        cut = LatentPass(
            seen.network,
            seen.posterior,
            seen.codes.detach().requires_grad_(learns),
            seen.log_posterior.detach(),
            seen.n_samples,
            seen.weights,
        )
        nats = batch.negative_log_likelihood(cut.codes)
        log_weights = batch.log_weights(cut, nats)
        loss = -batch.mean(log_mean_exp(log_weights))
        if not learns:
            return _apart(batch, nats, loss)
        groups = log_weights.detach().unflatten(0, (self.n_groups, self.n_draws))
        shares = groups.softmax(dim=1).flatten(0, 1) / (self.n_groups * log_weights.shape[1])
        if batch.weights is not None:
            shares = shares * batch.weights
        # What the encoder's bound asks of each code, and of the posterior that it was drawn from.
        (pull,) = torch.autograd.grad(log_weights, cut.codes, shares, retain_graph=True)
        for_encoder = (pull * seen.codes).sum() - (shares * seen.log_posterior).sum()
        return _apart(batch, nats, loss - (for_encoder - for_encoder.detach()))


def log_mean_exp(values: Tensor, dim: int = 0) -> Tensor:
    """Return the logarithm of the mean of exponentials along an axis.

    Examples
    --------
    >>> log_mean_exp(torch.tensor([0.0, math.log(3.0)])).exp()
    tensor(2.)
    """
    return values.logsumexp(dim=dim) - math.log(values.shape[dim])


def _apart(batch: Batch, nats: Tensor, loss: Tensor) -> dict[str, Tensor]:
    """Return a loss in two terms, the reconstruction of the draws and what the rest comes to."""
    reconstruction = batch.mean(nats).detach()
    return {"reconstruction": reconstruction, "divergence": loss - reconstruction}
