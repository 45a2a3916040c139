"""Dropout that draws from a generator of its training, never from torch's global one."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from inscape._checks import check_number


class Dropout(nn.Module):
    r"""Set each value to 0 with probability :math:`p` in training, and scale the others.

    .. math:: y = \frac{m}{1 - p} x, \qquad m \sim \mathrm{Bernoulli}(1 - p)

    Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014, Journal of Machine
    Learning Research 15.

    Parameters
    ----------
    probability : float
        :math:`p`, in [0, 1).

    Attributes
    ----------
    generator : torch.Generator or None
        Where the draws come from; `TrainingState` gives it its own, and so a resumed training
        draws what it would have drawn.

    Examples
    --------
    >>> dropout = Dropout(0.5).eval()
    >>> dropout(torch.ones(3))
    tensor([1., 1., 1.])
    """

    generator: torch.Generator | None

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = check_number("dropout", probability, minimum=0, below=1)
        self.generator = None

    def forward(self, values: Tensor) -> Tensor:
        """Return the values, in training with some of them 0."""
        if not self.training or self.probability == 0:
            return values
        assert self.generator is not None, "a network with dropout is trained by a TrainingState"
        kept = torch.empty(values.shape, dtype=values.dtype)
        kept.bernoulli_(1 - self.probability, generator=self.generator)
        return values * kept.to(values.device).div_(1 - self.probability)

    def extra_repr(self) -> str:
        """Return the probability, for the network's printed form."""
        return f"{self.probability:g}"

    def __getstate__(self) -> dict[str, Any]:
        # A copied or stored network is no longer in that training.
        return {**self.__dict__, "generator": None}
