"""Likelihoods: what turns a decoder's outputs into a distribution over rows.

| file | what lives there |
|---|---|
| `bernoulli` | the Bernoulli likelihood: binary cross-entropy, in nats |
| `categorical` | the categorical likelihood: features that are one of several kinds |
| `continuous_bernoulli` | the continuous Bernoulli likelihood |
| `gaussian` | the Gaussian likelihood: squared error, in nats |
| `laplace` | the Laplace likelihood: absolute error, in nats |
| `likelihood` | the base of every likelihood |
| `negative_binomial` | the negative binomial likelihood: counts that vary more than their mean |
| `poisson` | the Poisson likelihood: counts whose variance is their mean |
| `rates` | the link of counts: from a decoder's output to a rate |
| `shared` | numbers that are the same for every row, such as a learned scale |
| `support` | which features have a density under a likelihood |
"""

from inscape._parts import Family
from inscape.objectives.likelihoods.bernoulli import Bernoulli
from inscape.objectives.likelihoods.categorical import Categorical
from inscape.objectives.likelihoods.continuous_bernoulli import ContinuousBernoulli
from inscape.objectives.likelihoods.gaussian import Gaussian
from inscape.objectives.likelihoods.laplace import Laplace
from inscape.objectives.likelihoods.likelihood import Framed, Likelihood
from inscape.objectives.likelihoods.negative_binomial import NegativeBinomial
from inscape.objectives.likelihoods.poisson import Poisson

LIKELIHOODS = Family(
    Likelihood,
    {
        "gaussian": Gaussian,
        "bernoulli": Bernoulli,
        "continuous_bernoulli": ContinuousBernoulli,
        "laplace": Laplace,
        "categorical": Categorical,
        "poisson": Poisson,
        "negative_binomial": NegativeBinomial,
    },
)

__all__ = [
    "LIKELIHOODS",
    "Bernoulli",
    "Categorical",
    "ContinuousBernoulli",
    "Framed",
    "Gaussian",
    "Laplace",
    "Likelihood",
    "NegativeBinomial",
    "Poisson",
]
