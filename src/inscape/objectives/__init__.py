"""Objectives: what is minimised, each a small immutable part; all in nats."""

from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import Tensor

from inscape.networks import Pass
from inscape.objectives.activity import L1Activity
from inscape.objectives.contractive import Contractive
from inscape.objectives.decoder_gradient import DecoderGradient
from inscape.objectives.divergences import (
    DIVERGENCES,
    Adversarial,
    CapacityControlled,
    DisentangledInferredPrior,
    Divergence,
    FactorDiscriminator,
    KullbackLeibler,
    MaximumMeanDiscrepancy,
    TotalCorrelation,
)
from inscape.objectives.l2_activity import L2Activity
from inscape.objectives.likelihoods import (
    LIKELIHOODS,
    Bernoulli,
    Categorical,
    ContinuousBernoulli,
    Gaussian,
    Laplace,
    Likelihood,
    NegativeBinomial,
    Poisson,
)
from inscape.objectives.posteriors import (
    POSTERIORS,
    DiagonalGaussian,
    Distribution,
    FullGaussian,
    InverseAutoregressiveFlow,
    PointMass,
    VonMisesFisher,
    WrappedNormal,
)
from inscape.objectives.priors import (
    PRIORS,
    MixtureOfGaussians,
    NormalizingFlow,
    StandardNormal,
    UniformOnSphere,
    VampPrior,
    WrappedStandardNormal,
)
from inscape.objectives.reconstruction import Reconstruction
from inscape.objectives.schedules import SCHEDULES, CyclicalAnnealing, LinearWarmUp
from inscape.objectives.sparsity import KullbackLeiblerSparsity
from inscape.objectives.variational import Variational
from inscape.objectives.weight_decay import WeightDecay


class Penalty(Protocol):
    """What is held against a network while it is trained, besides the likelihood."""

    def __call__(self, seen: Pass, *, generator: torch.Generator) -> Tensor:
        """Return mean nats per sample, a scalar."""


PENALTIES: Mapping[str, Any] = {
    "l1_activity": L1Activity,
    "l2_activity": L2Activity,
    "kullback_leibler_sparsity": KullbackLeiblerSparsity,
    "contractive": Contractive,
    "decoder_gradient": DecoderGradient,
    "weight_decay": WeightDecay,
}

__all__ = [
    "DIVERGENCES",
    "LIKELIHOODS",
    "PENALTIES",
    "POSTERIORS",
    "PRIORS",
    "SCHEDULES",
    "Adversarial",
    "Bernoulli",
    "CapacityControlled",
    "Categorical",
    "ContinuousBernoulli",
    "Contractive",
    "CyclicalAnnealing",
    "DecoderGradient",
    "DiagonalGaussian",
    "DisentangledInferredPrior",
    "Distribution",
    "Divergence",
    "FactorDiscriminator",
    "FullGaussian",
    "Gaussian",
    "InverseAutoregressiveFlow",
    "KullbackLeibler",
    "KullbackLeiblerSparsity",
    "L1Activity",
    "L2Activity",
    "Laplace",
    "Likelihood",
    "LinearWarmUp",
    "MaximumMeanDiscrepancy",
    "MixtureOfGaussians",
    "NegativeBinomial",
    "NormalizingFlow",
    "Penalty",
    "PointMass",
    "Poisson",
    "Reconstruction",
    "StandardNormal",
    "TotalCorrelation",
    "UniformOnSphere",
    "VampPrior",
    "Variational",
    "VonMisesFisher",
    "WeightDecay",
    "WrappedNormal",
    "WrappedStandardNormal",
]
