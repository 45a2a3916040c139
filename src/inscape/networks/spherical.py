"""A bottleneck whose codes lie on the unit sphere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from inscape._checks import check_integer
from inscape.networks.bottleneck import Bottleneck


@dataclass(frozen=True)
class Spherical(Bottleneck):
    r"""Codes on the unit sphere: directions, without length.

    .. math:: z = a / |a|

    A sphere has no edge and no middle, so that all codes have equal room, and a line of codes can
    close into a circle. The latent space is that of Davidson et al. 2018, arXiv 1804.00891; there
    is no distribution over it here, the linear code is only normalised.

    Examples
    --------
    >>> module = Spherical().build(2, generator=torch.Generator())
    >>> module(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
    tensor([[0.6000, 0.8000],
            [1.0000, 0.0000]])
    """

    space: ClassVar[str] = "sphere"

    def build(self, n_components: int, *, generator: torch.Generator) -> Normalize:
        """Return the module; nothing is drawn.

        Raises
        ------
        InvalidParameterError
            If `n_components` is 1: the sphere would be the two points -1 and +1.
        """
        check_integer("n_components", n_components, minimum=2)
        return Normalize()


class Normalize(nn.Module):
    """The module of `Spherical`: each row over its length.

    The zero row has no direction: it becomes (1, 0, ..., 0), with the gradient 0.
    """

    def forward(self, linear: Tensor) -> Tensor:
        """Return the codes (n, n_components) of linear codes of the same shape."""
        squares = linear.square().sum(dim=1, keepdim=True)
        # Below this the squares lose their digits, and the gradient 1/|a| would not be finite.
        far = squares > torch.finfo(linear.dtype).tiny
        # The inner `where` keeps the branch that is not taken from giving 0 * inf as its gradient.
        directions = linear * squares.where(far, 1).rsqrt()
        pole = torch.zeros_like(linear[:1])
        pole[:, 0] = 1
        return directions.where(far, pole)
