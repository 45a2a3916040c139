"""The categorical likelihood: features that are one of several kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from inscape._checks import check_integer
from inscape._typing import FloatArray
from inscape.objectives.likelihoods.likelihood import Likelihood
from inscape.objectives.likelihoods.support import check_counts

# Halvings of an interval of 10 that leave nothing of it in float32.
_HALVINGS = 40


@dataclass(frozen=True)
class Categorical(Likelihood):
    r"""Independent features, each one of the categories 0, 1, ..., K - 1.

    .. math:: -\log p(x \mid o) = \sum_i \log \sum_k e^{o_{ki}} - o_{x_i i}

    The outputs are the log-odds of category 0 for all features, then of category 1 for all, ...
    Categories have no mean: what comes back from a code is the most probable one.

    Parameters
    ----------
    n_categories : int
        K, the same for all features.

    Examples
    --------
    >>> likelihood = Categorical(n_categories=4)
    >>> round(likelihood.negative_log_likelihood(torch.zeros(1, 8), torch.ones(1, 2)).item(), 4)
    2.7726
    """

    n_categories: int = 2
    counts: ClassVar[bool] = True
    continuous: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_integer("n_categories", self.n_categories, minimum=2)

    @property
    def n_parameters(self) -> int:  # type: ignore[override]
        """Outputs that the decoder gives for each feature: one a category."""
        return self.n_categories

    def check(self, X: FloatArray) -> None:
        check_counts(X, likelihood="Categorical", n_categories=self.n_categories)

    def negative_log_likelihood(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return nats per sample, shape (n_samples,)."""
        return self.nats_per_feature(outputs, targets).sum(dim=1)

    def nats_per_feature(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return nats of each feature, shape (n_samples, n_features)."""
        return cross_entropy(self._log_odds(outputs), targets.long(), reduction="none")

    def mean(self, outputs: Tensor) -> Tensor:
        """Return the most probable categories, shape (n_samples, n_features): no mean exists."""
        return self._log_odds(outputs).argmax(dim=1).to(outputs.dtype)

    def start(self, mean: Tensor) -> Tensor:
        r"""Return the outputs to start training from: of all with that mean, the least certain.

        .. math:: p_k \propto e^{\theta k}, \qquad \sum_k k\, p_k = \mathrm{mean}

        Of rows with that mean they cost at most log K a feature on average, whatever the
        categories stand for: never more than equal odds.
        """
        highest = self.n_categories - 1
        wanted = mean.clamp(0.01 * highest, 0.99 * highest).unsqueeze(-2)
        category = torch.arange(self.n_categories).to(mean).unsqueeze(1)
        # The mean grows with θ, and within the clamp θ stays inside these bounds.
        low, high = torch.full_like(wanted, -5.0), torch.full_like(wanted, 5.0)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            reached = (torch.softmax(middle * category, dim=-2) * category).sum(-2, keepdim=True)
            low = torch.where(reached < wanted, middle, low)
            high = torch.where(reached < wanted, high, middle)
        return (middle * (category - highest / 2)).flatten(-2)

    @torch.no_grad()
    def sample(self, outputs: Tensor, *, generator: torch.Generator) -> Tensor:
        """Return features drawn from the distribution, shape (n_samples, n_features)."""
        odds = self._log_odds(outputs)
        # The largest of log-odds with Gumbel noise is category k with its probability.
        waits = torch.empty(odds.shape, dtype=odds.dtype).exponential_(generator=generator)
        return (odds - waits.log().to(odds.device)).argmax(dim=1).to(outputs.dtype)

    def _log_odds(self, outputs: Tensor) -> Tensor:
        return outputs.unflatten(1, (self.n_categories, -1))
