"""The Gaussian likelihood: squared error, in nats."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from inscape._checks import check_choice
from inscape.objectives.likelihoods.likelihood import Framed, Likelihood
from inscape.objectives.likelihoods.shared import (
    LEARNED,
    SMALLEST_LOG_SCALE,
    check_shared,
    count_shared,
    floored,
    frame_scale,
    split_scale,
    start_scale,
)


@dataclass(frozen=True)
class Gaussian(Likelihood):
    r"""Independent normal features, whose scale is fixed, learned, or the best there is.

    .. math:: -\log p(x \mid o) = \sum_i \frac{(x_i - m(o_i))^2}{2 s^2}
              + \tfrac{1}{2} \log 2 \pi s^2

    Parameters
    ----------
    link : {"identity", "sigmoid"}
        How the mean :math:`m` comes from the decoder's output; "sigmoid" keeps it in (0, 1).
    scale : float or {"learned", "learned_per_feature", "optimal"}
        The standard deviation :math:`s`, in the units of the (scaled) features: fixed, one number
        that is learned with the network, one for each feature, or the one number that makes each
        batch most probable, its root mean squared error (the sigma-VAE of Rybkin, Daniilidis and
        Levine 2021, arXiv 2006.13202). Those that are not fixed stay above e⁻⁶.

    Examples
    --------
    >>> round(Gaussian().negative_log_likelihood(torch.zeros(1, 2), torch.ones(1, 2)).item(), 4)
    2.8379
    """

    link: str = "identity"
    scale: float | str = 1.0

    def __post_init__(self) -> None:
        check_choice("link", self.link, ("identity", "sigmoid"))
        check_shared("scale", self.scale, (*LEARNED, "optimal"))

    @property
    def calibrates(self) -> bool:  # type: ignore[override]
        """Whether the shared number is set by `calibration`, and not learned."""
        return self.scale == "optimal"

    @property
    def fixed_variance(self) -> float | None:
        return None if isinstance(self.scale, str) else self.scale**2

    def n_shared(self, n_features: int) -> int:
        """Return how many numbers are the same for all rows."""
        return count_shared(self.scale, n_features)

    def in_frame(self, scale: float, *, alone: bool) -> Framed | None:
        if self.link != "identity":
            return None
        constant = 0.5 * math.log(2 * math.pi)
        return frame_scale(self, scale, alone=alone, power=2, constant=constant)

    def shared_start(
        self, n_features: int, *, rows: Tensor | None = None, errors: Tensor | None = None
    ) -> Tensor:
        return start_scale(self.scale, n_features, rows=rows, errors=errors, power=2)

    def negative_log_likelihood(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return nats per sample, shape (n_samples,)."""
        if isinstance(self.scale, str):
            return self._with_shared_scale(outputs, targets)
        constant = 0.5 * math.log(2 * math.pi * self.scale**2) * targets.shape[1]
        # One pass forward and one backward; a difference that is squared by itself takes three.
        squares = mse_loss(self._linked(outputs), targets, reduction="none").sum(dim=1)
        return squares * (0.5 / self.scale**2) + constant

    def nats_per_feature(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return nats of each feature, shape (n_samples, n_features)."""
        own, log_scale = split_scale(outputs, self.scale, n_features=targets.shape[1])
        squares = mse_loss(self._linked(own), targets, reduction="none")
        return 0.5 * squares * torch.exp(-2 * log_scale) + log_scale + 0.5 * math.log(2 * math.pi)

    def mean(self, outputs: Tensor) -> Tensor:
        """Return the expected features, shape (n_samples, n_features)."""
        return self._linked(split_scale(outputs, self.scale)[0])

    def start(self, mean: Tensor) -> Tensor:
        """Return the outputs to start training from, near those whose mean is `mean`."""
        if self.link == "identity":
            return mean
        return torch.logit(mean.clamp(0.01, 0.99))

    @torch.no_grad()
    def sample(self, outputs: Tensor, *, generator: torch.Generator) -> Tensor:
        """Return features drawn from the distribution, shape (n_samples, n_features)."""
        own, log_scale = split_scale(outputs, self.scale)
        noise = torch.randn(own.shape, dtype=own.dtype, generator=generator).to(own.device)
        return self._linked(own) + torch.exp(log_scale) * noise

    def calibration(self, outputs: Tensor, targets: Tensor) -> Tensor:
        r"""Return the shared number, shape (1,), that makes these rows most probable.

        .. math:: \log s = \tfrac{1}{2} \log \frac{1}{n D} \sum_{n,i} (x_{ni} - m(o_{ni}))^2

        Parameters
        ----------
        outputs : Tensor, shape (n_samples, n_features + 1)
            The decoder's, with whatever shared number.
        targets : Tensor, shape (n_samples, n_features)
            What had to come out.
        """
        own, _ = split_scale(outputs, self.scale, n_features=targets.shape[1])
        return _log_root(mse_loss(self._linked(own), targets))[None]

    def calibrated_nats(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return nats per sample with the shared number that is best for these rows, and it.

        Parameters
        ----------
        outputs : Tensor, shape (n_samples, n_features + 1)
            The decoder's, with whatever shared number.
        targets : Tensor, shape (n_samples, n_features)
            What had to come out.

        Returns
        -------
        tuple of Tensor, shapes (n_samples,) and (1,)
            The gradients of the first know that the number follows the errors.
        """
        own, _ = split_scale(outputs, self.scale, n_features=targets.shape[1])
        squares = mse_loss(self._linked(own), targets, reduction="none").sum(dim=1)
        shared = _log_root(squares.mean() / targets.shape[1])[None]
        log_scale = floored(shared)
        constant = targets.shape[1] * (log_scale + 0.5 * math.log(2 * math.pi))
        return squares * (0.5 * torch.exp(-2 * log_scale)) + constant, shared

    def _linked(self, own: Tensor) -> Tensor:
        return torch.sigmoid(own) if self.link == "sigmoid" else own

    def _with_shared_scale(self, outputs: Tensor, targets: Tensor) -> Tensor:
        own, log_scale = split_scale(outputs, self.scale, n_features=targets.shape[1])
        squares = mse_loss(self._linked(own), targets, reduction="none")
        constants = (log_scale + 0.5 * math.log(2 * math.pi)).sum(dim=1)
        # One scale stands for all features.
        n_each = targets.shape[1] // log_scale.shape[1]
        return (squares * (0.5 * torch.exp(-2 * log_scale))).sum(dim=1) + n_each * constants


def _log_root(mean_square: Tensor) -> Tensor:
    # Far below the smallest scale that is read, so that only log 0 is kept away.
    return 0.5 * torch.log(mean_square.clamp(min=math.exp(4 * SMALLEST_LOG_SCALE)))
