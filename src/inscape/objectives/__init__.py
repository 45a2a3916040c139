"""Objectives: what is minimised, each a small immutable part; all in nats."""

from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import Tensor

from inscape.networks import Pass
from inscape.objectives.activity import L1Activity
from inscape.objectives.bernoulli import Bernoulli
from inscape.objectives.continuous_bernoulli import ContinuousBernoulli
from inscape.objectives.contractive import Contractive
from inscape.objectives.gaussian import Gaussian
from inscape.objectives.reconstruction import Reconstruction
from inscape.objectives.sparsity import KullbackLeiblerSparsity
from inscape.objectives.weight_decay import WeightDecay


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


class Penalty(Protocol):
    """What is held against a network while it is trained, besides the likelihood."""

    def __call__(self, seen: Pass, *, generator: torch.Generator) -> Tensor:
        """Return mean nats per sample, a scalar."""


LIKELIHOODS: Mapping[str, Any] = {
    "gaussian": Gaussian,
    "bernoulli": Bernoulli,
    "continuous_bernoulli": ContinuousBernoulli,
}
PENALTIES: Mapping[str, Any] = {
    "l1_activity": L1Activity,
    "kullback_leibler_sparsity": KullbackLeiblerSparsity,
    "contractive": Contractive,
    "weight_decay": WeightDecay,
}

__all__ = [
    "LIKELIHOODS",
    "PENALTIES",
    "Bernoulli",
    "ContinuousBernoulli",
    "Contractive",
    "Gaussian",
    "KullbackLeiblerSparsity",
    "L1Activity",
    "Likelihood",
    "Penalty",
    "Reconstruction",
    "WeightDecay",
]
