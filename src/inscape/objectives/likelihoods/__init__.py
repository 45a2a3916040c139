"""Likelihoods: what turns a decoder's outputs into a distribution over rows."""

from collections.abc import Mapping
from typing import Any, Protocol

from torch import Tensor

from inscape.objectives.likelihoods.bernoulli import Bernoulli
from inscape.objectives.likelihoods.continuous_bernoulli import ContinuousBernoulli
from inscape.objectives.likelihoods.gaussian import Gaussian


class Likelihood(Protocol):
    """What turns a decoder's outputs into a distribution over rows."""

    @property
    def n_parameters(self) -> int:
        """Outputs that the decoder gives for each feature."""

    @property
    def unit_interval(self) -> bool:
        """Whether the features must lie in [0, 1]."""

    def negative_log_likelihood(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return nats per sample, shape (n_samples,)."""

    def mean(self, outputs: Tensor) -> Tensor:
        """Return the expected features, shape (n_samples, n_features)."""

    def start(self, mean: Tensor) -> Tensor:
        """Return the outputs to start training from, near those whose mean is `mean`."""


LIKELIHOODS: Mapping[str, Any] = {
    "gaussian": Gaussian,
    "bernoulli": Bernoulli,
    "continuous_bernoulli": ContinuousBernoulli,
}

__all__ = ["LIKELIHOODS", "Bernoulli", "ContinuousBernoulli", "Gaussian", "Likelihood"]
