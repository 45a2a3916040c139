"""Objectives: what is minimised, each a small immutable part; all in nats.

- `likelihoods`, `posteriors`, `priors`, `divergences`, `bounds`, `penalties`: the families
- `spaces`: where codes live
- `reconstruction`: what an autoencoder minimises
- `variational`: what a variational autoencoder minimises
- `latent_pass`: what a batch became on its way, for divergences
- `schedules`: how a divergence's weight grows
"""

from inscape.objectives.bounds import (
    BOUNDS,
    Bound,
    CombinationImportanceWeighted,
    EvidenceLowerBound,
    ImportanceWeighted,
    MultiplyImportanceWeighted,
    PartiallyImportanceWeighted,
)
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
from inscape.objectives.penalties import (
    PENALTIES,
    Contractive,
    DecoderGradient,
    KullbackLeiblerSparsity,
    L1Activity,
    L2Activity,
    Penalty,
    WeightDecay,
)
from inscape.objectives.posteriors import (
    POSTERIORS,
    DiagonalGaussian,
    Distribution,
    FullGaussian,
    InverseAutoregressiveFlow,
    PointMass,
    Posterior,
    VonMisesFisher,
    WrappedNormal,
)
from inscape.objectives.priors import (
    PRIORS,
    MixtureOfGaussians,
    NormalizingFlow,
    Prior,
    StandardNormal,
    UniformOnSphere,
    VampPrior,
    WrappedStandardNormal,
)
from inscape.objectives.reconstruction import Reconstruction
from inscape.objectives.schedules import (
    SCHEDULES,
    AnnealingSchedule,
    CyclicalAnnealing,
    LinearWarmUp,
)
from inscape.objectives.spaces import (
    Codebook,
    Euclidean,
    PoincareBall,
    Space,
    Sphere,
)
from inscape.objectives.variational import Batch, Variational

__all__ = [
    "BOUNDS",
    "DIVERGENCES",
    "LIKELIHOODS",
    "PENALTIES",
    "POSTERIORS",
    "PRIORS",
    "SCHEDULES",
    "Adversarial",
    "AnnealingSchedule",
    "Batch",
    "Bernoulli",
    "Bound",
    "CapacityControlled",
    "Categorical",
    "Codebook",
    "CombinationImportanceWeighted",
    "ContinuousBernoulli",
    "Contractive",
    "CyclicalAnnealing",
    "DecoderGradient",
    "DiagonalGaussian",
    "DisentangledInferredPrior",
    "Distribution",
    "Divergence",
    "Euclidean",
    "EvidenceLowerBound",
    "FactorDiscriminator",
    "FullGaussian",
    "Gaussian",
    "ImportanceWeighted",
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
    "MultiplyImportanceWeighted",
    "NegativeBinomial",
    "NormalizingFlow",
    "PartiallyImportanceWeighted",
    "Penalty",
    "PoincareBall",
    "PointMass",
    "Poisson",
    "Posterior",
    "Prior",
    "Reconstruction",
    "Space",
    "Sphere",
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
