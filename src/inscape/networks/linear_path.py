"""A linear map with a network beside it: training starts at the map and can only add."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class LinearStart:
    """The linear encoder and decoder that a network starts from.

    Parameters
    ----------
    encoder : Tensor, shape (n_code, n_features)
        From centred rows to linear codes.
    bias : Tensor, shape (n_code,)
        What is added.
    decoder : Tensor, shape (n_features, n_components)
        From codes to centred rows.
    """

    encoder: Tensor
    bias: Tensor
    decoder: Tensor


class LinearPath(nn.Module):
    r"""The sum of a linear map and a network whose last layer starts at 0.

    .. math:: y = W x + b + h(u), \qquad u = x / \sqrt{1 + \overline{x^2} / c^2}

    Far outside of the data a network of rectifiers goes on in a straight line of its own. With a
    limit :math:`c` what it reads stays within c root mean squares, and the map alone goes on.

    Parameters
    ----------
    linear : nn.Linear
        The map.
    beside : nn.Module or None
        The network :math:`h`; one that is told conditions is given them.

    Attributes
    ----------
    limit : float or None
        :math:`c`; None lets the network read what comes.
    """

    def __init__(self, linear: nn.Linear, beside: nn.Module | None) -> None:
        super().__init__()
        self.linear = linear
        self.beside = beside
        self.limit: float | None = None

    def hold(self, held: bool) -> None:
        """Keep the map as it is while the network beside it is trained, or let it go on."""
        self.linear.requires_grad_(not held or self.beside is None)

    def forward(self, values: Tensor, *conditions: Tensor) -> Tensor:
        """Return the sum (n, n_out) for values (n, n_in), and conditions where there are any."""
        answer = self.linear(values)
        if self.beside is None:
            return answer
        if self.limit is not None:
            spread = values.square().mean(dim=1, keepdim=True) / self.limit**2
            values = values * torch.rsqrt(1 + spread)
        return answer + self.beside(values, *conditions)
