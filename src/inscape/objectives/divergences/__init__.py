"""Divergences: what is held against codes that stray from the prior.

- `divergence`: the base that a divergence of your own extends
- `kullback_leibler`: what the codes cost, with weight, schedule and free bits
- `capacity_controlled`: the same, held near a capacity that grows
- `total_correlation`, `factor_discriminator`: a higher price on dependent components
- `disentangled_inferred_prior`: a price on the codes' covariance
- `maximum_mean_discrepancy`, `adversarial`: of all codes together
- `critics`: small networks that tell codes from what codes should look like
"""

from inscape._parts import Family
from inscape.objectives.divergences.adversarial import Adversarial
from inscape.objectives.divergences.capacity_controlled import CapacityControlled
from inscape.objectives.divergences.disentangled_inferred_prior import DisentangledInferredPrior
from inscape.objectives.divergences.divergence import Divergence
from inscape.objectives.divergences.factor_discriminator import FactorDiscriminator
from inscape.objectives.divergences.kullback_leibler import KullbackLeibler
from inscape.objectives.divergences.maximum_mean_discrepancy import MaximumMeanDiscrepancy
from inscape.objectives.divergences.total_correlation import TotalCorrelation

DIVERGENCES = Family(
    Divergence,
    {
        "kullback_leibler": KullbackLeibler,
        "capacity_controlled": CapacityControlled,
        "total_correlation": TotalCorrelation,
        "factor_discriminator": FactorDiscriminator,
        "disentangled_inferred_prior": DisentangledInferredPrior,
        "maximum_mean_discrepancy": MaximumMeanDiscrepancy,
        "adversarial": Adversarial,
    },
)

__all__ = [
    "DIVERGENCES",
    "Adversarial",
    "CapacityControlled",
    "DisentangledInferredPrior",
    "Divergence",
    "FactorDiscriminator",
    "KullbackLeibler",
    "MaximumMeanDiscrepancy",
    "TotalCorrelation",
]
