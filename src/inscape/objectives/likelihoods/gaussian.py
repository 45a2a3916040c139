"""The Gaussian likelihood: squared error, in nats."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from inscape._checks import check_choice, check_number


@dataclass(frozen=True)
class Gaussian:
    r"""Independent normal features with a fixed scale.

    .. math:: -\log p(x \mid o) = \sum_i \frac{(x_i - m(o_i))^2}{2 s^2}
              + \tfrac{1}{2} \log 2 \pi s^2

    Parameters
    ----------
    link : {"identity", "sigmoid"}
        How the mean :math:`m` comes from the decoder's output; "sigmoid" keeps it in (0, 1).
    scale : float
        The standard deviation :math:`s`, in the units of the (scaled) features.

    Examples
    --------
    >>> round(Gaussian().negative_log_likelihood(torch.zeros(1, 2), torch.ones(1, 2)).item(), 4)
    2.8379
    """

    link: str = "identity"
    scale: float = 1.0
    n_parameters: ClassVar[int] = 1
    unit_interval: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_choice("link", self.link, ("identity", "sigmoid"))
        check_number("scale", self.scale, above=0)

    def negative_log_likelihood(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return nats per sample, shape (n_samples,)."""
        constant = 0.5 * math.log(2 * math.pi * self.scale**2) * targets.shape[1]
        # One pass forward and one backward; a difference that is squared by itself takes three.
        squares = mse_loss(self.mean(outputs), targets, reduction="none").sum(dim=1)
        return squares * (0.5 / self.scale**2) + constant

    def mean(self, outputs: Tensor) -> Tensor:
        """Return the expected features, shape (n_samples, n_features)."""
        return torch.sigmoid(outputs) if self.link == "sigmoid" else outputs

    def start(self, mean: Tensor) -> Tensor:
        """Return the outputs to start training from, near those whose mean is `mean`."""
        if self.link == "identity":
            return mean
        return torch.logit(mean.clamp(0.01, 0.99))
