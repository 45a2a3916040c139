"""The Laplace likelihood: absolute error, in nats."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import l1_loss

from inscape.objectives.likelihoods.likelihood import Framed, Likelihood
from inscape.objectives.likelihoods.shared import (
    check_shared,
    count_shared,
    frame_scale,
    split_scale,
    start_scale,
)


@dataclass(frozen=True)
class Laplace(Likelihood):
    r"""Independent features with heavier tails than `Gaussian`: a few large errors cost less.

    .. math:: -\log p(x \mid o) = \sum_i \frac{|x_i - o_i|}{b} + \log 2 b

    Parameters
    ----------
    scale : float or {"learned", "learned_per_feature"}
        The mean absolute deviation :math:`b`, in the units of the (scaled) features: fixed, one
        number that is learned with the network, or one for each feature.

    Examples
    --------
    >>> round(Laplace().negative_log_likelihood(torch.zeros(1, 2), torch.ones(1, 2)).item(), 4)
    3.3863
    """

    scale: float | str = 1.0

    def __post_init__(self) -> None:
        check_shared("scale", self.scale)

    @property
    def fixed_variance(self) -> float | None:
        return None if isinstance(self.scale, str) else 2 * self.scale**2

    def n_shared(self, n_features: int) -> int:
        """Return how many numbers are the same for all rows."""
        return count_shared(self.scale, n_features)

    def in_frame(self, scale: float, *, alone: bool) -> Framed | None:
        constant = math.log(2)
        return frame_scale(self, scale, alone=alone, power=1, constant=constant)

    def shared_start(
        self, n_features: int, *, rows: Tensor | None = None, errors: Tensor | None = None
    ) -> Tensor:
        return start_scale(self.scale, n_features, rows=rows, errors=errors, power=1)

    def negative_log_likelihood(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return nats per sample, shape (n_samples,)."""
        return self.nats_per_feature(outputs, targets).sum(dim=1)

    def nats_per_feature(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return nats of each feature, shape (n_samples, n_features)."""
        mean, log_scale = split_scale(outputs, self.scale, n_features=targets.shape[1])
        errors = l1_loss(mean, targets, reduction="none")
        return errors * torch.exp(-log_scale) + log_scale + math.log(2)

    def mean(self, outputs: Tensor) -> Tensor:
        """Return the expected features, shape (n_samples, n_features)."""
        return split_scale(outputs, self.scale)[0]

    def start(self, mean: Tensor) -> Tensor:
        """Return the outputs to start training from, near those whose mean is `mean`."""
        return mean

    @torch.no_grad()
    def sample(self, outputs: Tensor, *, generator: torch.Generator) -> Tensor:
        """Return features drawn from the distribution, shape (n_samples, n_features)."""
        mean, log_scale = split_scale(outputs, self.scale)
        # The difference of two exponential numbers.
        numbers = torch.empty(2, *mean.shape, dtype=mean.dtype).exponential_(generator=generator)
        return mean + torch.exp(log_scale) * (numbers[0] - numbers[1]).to(mean.device)
