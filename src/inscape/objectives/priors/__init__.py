"""Priors: what codes are like before anything is seen.

| file | what lives there |
|---|---|
| `mixture_of_gaussians` | the prior that is a learned mixture of Gaussians |
| `normalizing_flow` | the prior that is a normalising flow of affine couplings |
| `prior` | the base of every prior |
| `standard_normal` | the standard normal prior |
| `uniform_on_sphere` | the uniform prior on the unit sphere |
| `vamp_prior` | the VampPrior: a mixture of the posteriors of learned pseudo-inputs |
| `wrapped_standard_normal` | the wrapped standard normal prior on the Poincaré ball |
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
