"""Likelihoods: what turns a decoder's outputs into a distribution over rows."""

from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import Tensor

from inscape.objectives.likelihoods.bernoulli import Bernoulli
from inscape.objectives.likelihoods.categorical import Categorical
from inscape.objectives.likelihoods.continuous_bernoulli import ContinuousBernoulli
from inscape.objectives.likelihoods.gaussian import Gaussian
from inscape.objectives.likelihoods.laplace import Laplace
from inscape.objectives.likelihoods.negative_binomial import NegativeBinomial
from inscape.objectives.likelihoods.poisson import Poisson


class Likelihood(Protocol):
    """What turns a decoder's outputs into a distribution over rows.

    The outputs hold the first parameter of all features, then the second of all, ... A likelihood
    with numbers that are the same for all rows also has `n_shared(n_features)`, their number, and
    `shared_start(n_features, rows=...)`, where they start; `networks.SharedOutputs` appends them to
    the outputs. One that `reads_logarithms` has an encoder that begins with `networks.LogCounts`.
    """

    @property
    def n_parameters(self) -> int:
        """Outputs that the decoder gives for each feature."""

    @property
    def unit_interval(self) -> bool:
        """Whether the features must lie in [0, 1]."""

    @property
    def counts(self) -> bool:
        """Whether the features must be whole numbers >= 0, below `n_categories` if it has one."""

    def negative_log_likelihood(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return nats per sample, shape (n_samples,)."""

    def mean(self, outputs: Tensor) -> Tensor:
        """Return the expected features, shape (n_samples, n_features)."""

    def start(self, mean: Tensor) -> Tensor:
        """Return the outputs to start training from, near those whose mean is `mean`."""

    def sample(self, outputs: Tensor, *, generator: torch.Generator) -> Tensor:
        """Return features drawn from the distribution, shape (n_samples, n_features)."""


LIKELIHOODS: Mapping[str, Any] = {
    "gaussian": Gaussian,
    "bernoulli": Bernoulli,
    "continuous_bernoulli": ContinuousBernoulli,
    "laplace": Laplace,
    "categorical": Categorical,
    "poisson": Poisson,
    "negative_binomial": NegativeBinomial,
}

__all__ = [
    "LIKELIHOODS",
    "Bernoulli",
    "Categorical",
    "ContinuousBernoulli",
    "Gaussian",
    "Laplace",
    "Likelihood",
    "NegativeBinomial",
    "Poisson",
]
