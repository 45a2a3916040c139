"""The Poisson likelihood: counts whose variance is their mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from inscape._typing import FloatArray
from inscape.objectives.likelihoods.likelihood import Likelihood
from inscape.objectives.likelihoods.rates import (
    draw_counts,
    log_rate,
    nats_at_mean,
    start_log_rate,
)
from inscape.objectives.likelihoods.support import check_counts


@dataclass(frozen=True)
class Poisson(Likelihood):
    r"""Independent counts, the decoder's output :math:`o` being the logarithm of the rate.

    .. math:: -\log p(x \mid o) = \sum_i e^{o_i} - x_i o_i + \log \Gamma(x_i + 1)

    worked out from :math:`x (e^d - 1 - d)` with :math:`d = o - \log x`, and what is left at d = 0:
    those three terms are large where counts are, and nearly cancel.
    An estimator's encoder reads :math:`\log(1 + x)`, see `inscape.networks.LogCounts`.

    Examples
    --------
    >>> round(Poisson().negative_log_likelihood(torch.zeros(1, 2), torch.ones(1, 2)).item(), 4)
    2.0
    """

    counts: ClassVar[bool] = True
    continuous: ClassVar[bool] = False
    reads_logarithms: ClassVar[bool] = True

    def check(self, X: FloatArray) -> None:
        check_counts(X, likelihood="Poisson")

    def negative_log_likelihood(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return nats per sample, shape (n_samples,)."""
        return self.nats_per_feature(outputs, targets).sum(dim=1)

    def nats_per_feature(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return nats of each feature, shape (n_samples, n_features)."""
        logs = log_rate(outputs)
        counts = torch.where(targets > 0, targets, 1.0)
        far = logs - torch.log(counts)
        above = counts * (torch.expm1(far) - far) + nats_at_mean(counts)
        return torch.where(targets > 0, above, torch.exp(logs))

    def mean(self, outputs: Tensor) -> Tensor:
        """Return the expected features, shape (n_samples, n_features)."""
        return torch.exp(log_rate(outputs))

    def start(self, mean: Tensor) -> Tensor:
        """Return the outputs to start training from, near those whose mean is `mean`."""
        return start_log_rate(mean)

    @torch.no_grad()
    def sample(self, outputs: Tensor, *, generator: torch.Generator) -> Tensor:
        """Return features drawn from the distribution, shape (n_samples, n_features)."""
        return draw_counts(self.mean(outputs), generator=generator)
