"""Priors: what codes are like before anything is seen.

- `prior`: the base that a prior of your own extends
- `standard_normal`, `mixture_of_gaussians`, `normalizing_flow`: in flat space
- `vamp_prior`: a mixture of the posteriors of learned rows
- `uniform_on_sphere`: on the sphere
- `wrapped_standard_normal`: on the Poincaré ball
"""

from inscape._parts import Family
from inscape.objectives.priors.mixture_of_gaussians import (
    MixtureOfGaussians,
    MixtureOfGaussiansModule,
)
from inscape.objectives.priors.normalizing_flow import (
    NormalizingFlow,
    NormalizingFlowModule,
    fit_flow,
)
from inscape.objectives.priors.prior import Prior
from inscape.objectives.priors.standard_normal import StandardNormal
from inscape.objectives.priors.uniform_on_sphere import UniformOnSphere
from inscape.objectives.priors.vamp_prior import VampPrior
from inscape.objectives.priors.wrapped_standard_normal import WrappedStandardNormal

PRIORS = Family(
    Prior,
    {
        "standard_normal": StandardNormal,
        "mixture_of_gaussians": MixtureOfGaussians,
        "vamp_prior": VampPrior,
        "normalizing_flow": NormalizingFlow,
        "uniform_on_sphere": UniformOnSphere,
        "wrapped_standard_normal": WrappedStandardNormal,
    },
)

__all__ = [
    "PRIORS",
    "MixtureOfGaussians",
    "MixtureOfGaussiansModule",
    "NormalizingFlow",
    "NormalizingFlowModule",
    "Prior",
    "StandardNormal",
    "UniformOnSphere",
    "VampPrior",
    "WrappedStandardNormal",
    "fit_flow",
]
