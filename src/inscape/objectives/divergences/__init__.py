"""Divergences: what is held against codes that stray from the prior.

| file | what lives there |
|---|---|
| `adversarial` | a critic that tells codes from draws of the prior |
| `capacity_controlled` | the Kullback-Leibler divergence, held near a capacity that grows |
| `critics` | critics: small networks that tell codes from what codes should look like |
| `disentangled_inferred_prior` | a price on the covariance of the codes |
| `divergence` | the base of every divergence |
| `factor_discriminator` | a price on dependent components, told by a critic |
| `kullback_leibler` | what the codes cost, with a weight |
| `maximum_mean_discrepancy` | how far all codes together are from the prior, by a kernel |
| `total_correlation` | a price on dependent components, told by the batch |
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
