"""The Bernoulli likelihood: binary cross-entropy, in nats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from inscape._typing import FloatArray
from inscape.objectives.likelihoods.likelihood import Likelihood
from inscape.objectives.likelihoods.support import check_unit_interval


@dataclass(frozen=True)
class Bernoulli(Likelihood):
    r"""Independent features in [0, 1], the decoder's output being the log-odds :math:`o`.

    .. math:: -\log p(x \mid o) = \sum_i \log(1 + e^{o_i}) - x_i o_i

    For binary features this is a likelihood. For grey pixels it is the customary cross-entropy,
    which is no density over [0, 1]: see `ContinuousBernoulli`.

    Examples
    --------
    >>> round(Bernoulli().negative_log_likelihood(torch.zeros(1, 2), torch.ones(1, 2)).item(), 4)
    1.3863
    """

    unit_interval: ClassVar[bool] = True
    continuous: ClassVar[bool] = False

    def check(self, X: FloatArray) -> None:
        check_unit_interval(X, likelihood="Bernoulli")

    def negative_log_likelihood(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return nats per sample, shape (n_samples,)."""
        return self.nats_per_feature(outputs, targets).sum(dim=1)

    def nats_per_feature(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return nats of each feature, shape (n_samples, n_features)."""
        return binary_cross_entropy_with_logits(outputs, targets, reduction="none")

    def mean(self, outputs: Tensor) -> Tensor:
        """Return the expected features, shape (n_samples, n_features)."""
        return torch.sigmoid(outputs)

    def start(self, mean: Tensor) -> Tensor:
        """Return the outputs to start training from, near those whose mean is `mean`."""
        return torch.logit(mean.clamp(0.01, 0.99))

    @torch.no_grad()
    def sample(self, outputs: Tensor, *, generator: torch.Generator) -> Tensor:
        """Return features drawn from the distribution, 0 or 1, shape (n_samples, n_features)."""
        numbers = torch.rand(outputs.shape, dtype=outputs.dtype, generator=generator)
        return (numbers.to(outputs.device) < self.mean(outputs)).to(outputs.dtype)
