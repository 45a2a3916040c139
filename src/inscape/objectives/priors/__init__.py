"""Priors: what codes are like before anything is seen."""

from collections.abc import Mapping
from typing import Any

from inscape.objectives.priors.mixture_of_gaussians import (
    MixtureOfGaussians,
    MixtureOfGaussiansModule,
)
from inscape.objectives.priors.normalizing_flow import (
    NormalizingFlow,
    NormalizingFlowModule,
    fit_flow,
)
from inscape.objectives.priors.standard_normal import StandardNormal
from inscape.objectives.priors.uniform_on_sphere import UniformOnSphere
from inscape.objectives.priors.vamp_prior import VampPrior
from inscape.objectives.priors.wrapped_standard_normal import WrappedStandardNormal

PRIORS: Mapping[str, Any] = {
    "standard_normal": StandardNormal,
    "mixture_of_gaussians": MixtureOfGaussians,
    "vamp_prior": VampPrior,
    "normalizing_flow": NormalizingFlow,
    "uniform_on_sphere": UniformOnSphere,
    "wrapped_standard_normal": WrappedStandardNormal,
}

__all__ = [
    "PRIORS",
    "MixtureOfGaussians",
    "MixtureOfGaussiansModule",
    "NormalizingFlow",
    "NormalizingFlowModule",
    "StandardNormal",
    "UniformOnSphere",
    "VampPrior",
    "WrappedStandardNormal",
    "fit_flow",
]
