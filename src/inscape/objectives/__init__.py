"""Objectives: what is minimised, each a small immutable part; all in nats."""

from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import Tensor

from inscape.networks import Pass
from inscape.objectives.activity import L1Activity
from inscape.objectives.contractive import Contractive
from inscape.objectives.likelihoods import (
    LIKELIHOODS,
    Bernoulli,
    ContinuousBernoulli,
    Gaussian,
    Likelihood,
)
from inscape.objectives.reconstruction import Reconstruction
from inscape.objectives.sparsity import KullbackLeiblerSparsity
from inscape.objectives.weight_decay import WeightDecay


class Penalty(Protocol):
    """What is held against a network while it is trained, besides the likelihood."""

    def __call__(self, seen: Pass, *, generator: torch.Generator) -> Tensor:
        """Return mean nats per sample, a scalar."""


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
