"""The negative binomial likelihood: counts that vary more than their mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import softplus

from inscape._typing import FloatArray
from inscape.objectives.likelihoods.likelihood import Likelihood
from inscape.objectives.likelihoods.rates import (
    draw_counts,
    log_rate,
    nats_at_mean,
    start_log_rate,
    stirling_rest,
)
from inscape.objectives.likelihoods.shared import check_shared, count_shared, split_shared
from inscape.objectives.likelihoods.support import check_counts

# Neither the dispersion nor r falls below e to minus this. With so little dispersion the counts are
# Poisson's; with so much they are all 0, but for one in an age.
_FARTHEST = 40.0


@dataclass(frozen=True)
class NegativeBinomial(Likelihood):
    r"""Independent counts with mean :math:`m = e^o` and variance :math:`m + \alpha m^2`.

    .. math:: -\log p(x \mid o) = \sum_i (x_i + r) \log(1 + \alpha m_i) - x_i \log \alpha m_i
              - \log \frac{\Gamma(x_i + r)}{\Gamma(r)\, \Gamma(x_i + 1)}, \qquad r = 1 / \alpha

    It is a Poisson distribution whose rate is itself drawn, from a gamma distribution; without
    dispersion (:math:`\alpha \to 0`) it is `Poisson`. An estimator's encoder reads
    :math:`\log(1 + x)`, see `inscape.networks.LogCounts`.

    Parameters
    ----------
    dispersion : float or {"learned", "learned_per_feature"}
        :math:`\alpha`: fixed, one number for all features that is learned with the network, or
        one for each feature.

    Examples
    --------
    >>> likelihood = NegativeBinomial(dispersion=1.0)
    >>> round(likelihood.negative_log_likelihood(torch.zeros(1, 2), torch.ones(1, 2)).item(), 4)
    2.7726
    """

    dispersion: float | str = "learned_per_feature"
    counts: ClassVar[bool] = True
    continuous: ClassVar[bool] = False
    reads_logarithms: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_shared("dispersion", self.dispersion)

    def n_shared(self, n_features: int) -> int:
        """Return how many numbers are the same for all rows."""
        return count_shared(self.dispersion, n_features)

    def shared_start(
        self, n_features: int, *, rows: Tensor | None = None, errors: Tensor | None = None
    ) -> Tensor:
        """Return the logarithms of the dispersions to start training from: those of 1.

        The rows do not matter: most of what they vary by is what codes will tell.
        """
        return torch.zeros(self.n_shared(n_features))

    def check(self, X: FloatArray) -> None:
        check_counts(X, likelihood="NegativeBinomial")

    def negative_log_likelihood(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return nats per sample, shape (n_samples,)."""
        return self.nats_per_feature(outputs, targets).sum(dim=1)

    def nats_per_feature(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return nats of each feature, shape (n_samples, n_features)."""
        logs, log_dispersion = self._split(outputs, n_features=targets.shape[1])
        r = torch.exp(-log_dispersion)
        counts = torch.where(targets > 0, targets, 1.0)
        # At the mean m = x first, where Stirling's large terms are gone, then how far m is off.
        at_mean = nats_at_mean(counts) + 0.5 * softplus(
            torch.log(counts) + log_dispersion, threshold=50
        )
        at_mean = at_mean + stirling_rest(r) - stirling_rest(counts + r)
        nats = at_mean + _distance(counts, logs, log_dispersion)
        # The usual threshold of 20 would be exact in float32 alone.
        none = r * softplus(logs + log_dispersion, threshold=50)
        return torch.where(targets > 0, nats, none)

    def mean(self, outputs: Tensor) -> Tensor:
        """Return the expected features, shape (n_samples, n_features)."""
        return torch.exp(self._split(outputs)[0])

    def start(self, mean: Tensor) -> Tensor:
        """Return the outputs to start training from, near those whose mean is `mean`."""
        return start_log_rate(mean)

    @torch.no_grad()
    def sample(self, outputs: Tensor, *, generator: torch.Generator) -> Tensor:
        """Return features drawn from the distribution, shape (n_samples, n_features)."""
        logs, log_dispersion = self._split(outputs)
        r = torch.exp(-log_dispersion).expand_as(logs).cpu().double()
        # What `torch.distributions.Gamma` draws with; only here it takes a generator.
        gamma = torch._standard_gamma(r, generator=generator) / r
        return draw_counts(torch.exp(logs) * gamma.to(logs), generator=generator)

    def _split(self, outputs: Tensor, *, n_features: int | None = None) -> tuple[Tensor, Tensor]:
        own, shared = split_shared(outputs, self.dispersion, n_features=n_features)
        edge = torch.full_like(shared, -_FARTHEST)
        return log_rate(own), -torch.logaddexp(-torch.logaddexp(shared, edge), edge)


def _distance(x: Tensor, logs: Tensor, log_dispersion: Tensor) -> Tensor:
    r"""Return by how many nats x is less probable at the mean :math:`m = e^o` than at x.

    .. math:: x \log \frac{x}{m} - (x + r) \log \frac{x + r}{m + r}
              = x \log \left( 1 + \frac{r (x - m)}{m (x + r)} \right)
              - r \log \frac{x + r}{m + r}

    The terms on the left are as large as x log(x/m), those on the right as r log(x/m): whichever
    are less have more digits left.
    """
    far, mean, r = logs - torch.log(x), torch.exp(logs), torch.exp(-log_dispersion)
    # Near 1 the quotient has lost what the difference has kept. What a `where` leaves out is kept
    # from overflowing, for its gradient would be NaN.
    step = -x * torch.expm1(far) / torch.maximum(mean + r, x / 2)
    apart = torch.log(x + r) - torch.log(mean + r)
    ratio = torch.where(abs(apart) < 0.4, torch.log1p(step.clamp(-0.5, 0.5)), apart)
    by_counts = -x * far - (x + r) * ratio
    more = torch.minimum(r, x) * torch.expm1(-far.clamp(min=-60)) / (x + r)
    by_shape = x * torch.log1p(more) - r * ratio
    return torch.where(r < torch.minimum(x, mean), by_shape, by_counts)
