"""Objectives: what is minimised, each a small immutable part; all in nats.

| file | what lives there |
|---|---|
| `bounds` | bounds: how draws from the posterior become one number below the log-likelihood |
| `divergences` | divergences: what is held against codes that stray from the prior |
| `latent_pass` | what a batch became on its way through a variational network |
| `likelihoods` | likelihoods: what turns a decoder's outputs into a distribution over rows |
| `penalties` | penalties |
| `posteriors` | posteriors: distributions over codes that the encoder gives the parameters of |
| `priors` | priors: what codes are like before anything is seen |
| `reconstruction` | the autoencoder's objective |
| `schedules` | how the weight of a divergence grows with the steps of training |
| `spaces` | spaces: where codes live, and the way from there to flat space and back |
| `variational` | the variational objective |
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
