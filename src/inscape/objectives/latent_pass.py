"""What one batch became on its way through a variational network, for whatever judges it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from torch import Tensor


@dataclass(frozen=True, eq=False)
class LatentPass:
    """The posterior of a batch of n rows, and k codes drawn for each.

    Parameters
    ----------
    network : Network
        With the modules `bottleneck` (the posterior's), `prior` and, where the divergence has one,
        `critic`.
    posterior : Distribution
        Of the n rows.
    codes : Tensor, shape (k, n, n_components)
        Drawn from it, with the gradients of the reparameterisation.
    log_posterior : Tensor, shape (k, n)
        Its log-density at the codes, in nats.
    n_samples : float
        Rows of the whole training set, of which these are a batch.
    weights : Tensor or None, shape (n,)
        What each row counts, 1 on average over the training set; None is 1 each.
    """

    network: Any
    posterior: Any
    codes: Tensor
    log_posterior: Tensor
    n_samples: float
    weights: Tensor | None = None

    @cached_property
    def log_prior(self) -> Tensor:
        """The prior's log-density at the codes, (k, n), in nats."""
        return self.network.prior.log_density(self.codes, self.network)

    @cached_property
    def kullback_leibler(self) -> Tensor:
        """Divergence of each row's posterior from the prior, (n,): exact where a formula is known.

        Elsewhere it is the mean over the codes of what it is the expectation of.
        """
        exact = self.posterior.kullback_leibler(self.network.prior)
        return (self.log_posterior - self.log_prior).mean(dim=0) if exact is None else exact
