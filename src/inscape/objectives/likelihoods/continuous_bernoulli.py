"""The continuous Bernoulli likelihood: cross-entropy made a density over [0, 1]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from inscape._typing import FloatArray
from inscape.objectives.likelihoods.likelihood import Likelihood
from inscape.objectives.likelihoods.support import check_unit_interval

# Within this distance of even odds, the closed forms are 0/0 and their Taylor series is exact in
# float32.
_NEAR_EVEN = 1e-1


@dataclass(frozen=True)
class ContinuousBernoulli(Likelihood):
    r"""Independent features in [0, 1] with log-odds :math:`o` and a proper normaliser.

    .. math:: -\log p(x \mid o) = \sum_i \log(1 + e^{o_i}) - x_i o_i - \log C(o_i), \qquad
              C(o) = \frac{o}{\tanh(o / 2)}

    Source: Loaiza-Ganem and Cunningham 2019, arXiv 1907.06845, Eq. 4 to 8, with
    :math:`\lambda` = sigmoid(o).

    Examples
    --------
    >>> likelihood = ContinuousBernoulli()
    >>> round(likelihood.negative_log_likelihood(torch.zeros(1, 2), torch.ones(1, 2)).item(), 4)
    0.0
    """

    unit_interval: ClassVar[bool] = True

    def check(self, X: FloatArray) -> None:
        check_unit_interval(X, likelihood="ContinuousBernoulli")

    def negative_log_likelihood(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return nats per sample, shape (n_samples,)."""
        return self.nats_per_feature(outputs, targets).sum(dim=1)

    def nats_per_feature(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return nats of each feature, shape (n_samples, n_features)."""
        cross_entropy = binary_cross_entropy_with_logits(outputs, targets, reduction="none")
        return cross_entropy - _log_normalizer(outputs)

    def mean(self, outputs: Tensor) -> Tensor:
        """Return the expected features, shape (n_samples, n_features)."""
        near = outputs.abs() < _NEAR_EVEN
        odds = torch.where(near, torch.ones_like(outputs), outputs)
        exact = 1 / -torch.expm1(-odds) - 1 / odds
        series = 0.5 + outputs / 12 - outputs**3 / 720 + outputs**5 / 30240
        return torch.where(near, series, exact)

    def start(self, mean: Tensor) -> Tensor:
        """Return the outputs to start training from, near those whose mean is `mean`."""
        return torch.logit(mean.clamp(0.01, 0.99))

    @torch.no_grad()
    def sample(self, outputs: Tensor, *, generator: torch.Generator) -> Tensor:
        """Return features drawn from the distribution, shape (n_samples, n_features)."""
        numbers = torch.rand(outputs.shape, dtype=outputs.dtype, generator=generator)
        # The inverse of the distribution function for odds against 1, where nothing overflows;
        # even odds are 0/0, and those beside them are equal to rounding.
        against = -outputs.abs().clamp(min=1e-12)
        low = torch.log1p(numbers.to(outputs.device) * torch.expm1(against)) / against
        return torch.where(outputs > 0, 1 - low, low).clamp(0, 1)


def _log_normalizer(outputs: Tensor) -> Tensor:
    near = outputs.abs() < _NEAR_EVEN
    odds = torch.where(near, torch.ones_like(outputs), outputs)
    exact = torch.log(odds / torch.tanh(odds / 2))
    # log(o / tanh(o/2)) = log 2 + o²/12 - 7 o⁴/1440 + ...
    series = torch.log(torch.tensor(2.0)) + outputs**2 / 12 - 7 * outputs**4 / 1440
    return torch.where(near, series, exact)
