"""Likelihoods: what turns a decoder's outputs into a distribution over rows.

- `likelihood`: the base that a likelihood of your own extends
- `gaussian`, `laplace`: squared and absolute error, in nats
- `bernoulli`, `continuous_bernoulli`: features in [0, 1]
- `categorical`: features that are one of several kinds
- `poisson`, `negative_binomial`: counts
- `shared`: numbers that are the same for every row, such as a learned scale
- `rates`: from a decoder's output to the rate of counts
"""

from inscape._parts import Family
from inscape.objectives.likelihoods.bernoulli import Bernoulli
from inscape.objectives.likelihoods.categorical import Categorical
from inscape.objectives.likelihoods.continuous_bernoulli import ContinuousBernoulli
from inscape.objectives.likelihoods.gaussian import Gaussian
from inscape.objectives.likelihoods.laplace import Laplace
from inscape.objectives.likelihoods.likelihood import Likelihood
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
    "Gaussian",
    "Laplace",
    "Likelihood",
    "NegativeBinomial",
    "Poisson",
]
