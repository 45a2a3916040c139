"""The L1 penalty of the codes: sparse codes by a price on their size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from inscape._checks import check_number
from inscape.networks.examples import mean_of_rows
from inscape.networks.network import Pass
from inscape.objectives.penalties.penalty import Penalty


@dataclass(frozen=True)
class L1Activity(Penalty):
    r"""The size of the codes, a price that makes many of them 0.

    .. math:: w \sum_j |z_j|

    The mean over the rows. It is the negative logarithm of a Laplace prior with the rate
    :math:`w`, less its constant. Smaller codes and a decoder with larger weights dodge the price:
    `WeightDecay` beside it sets a price on those.

    Parameters
    ----------
    weight : float
        The price :math:`w`, in nats per unit of code.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> seen = SimpleNamespace(codes=torch.tensor([[1.0, -2.0], [0.0, 1.0]]), weights=None)
    >>> L1Activity(weight=0.5)(seen, generator=torch.Generator())
    tensor(1.)
    """

    takes_weights: ClassVar[bool] = True
    weight: float = 1e-3

    def __post_init__(self) -> None:
        check_number("weight", self.weight, minimum=0)

    def __call__(self, seen: Pass, *, generator: torch.Generator) -> Tensor:
        """Return the penalty, a scalar, in mean nats per sample."""
        return self.weight * mean_of_rows(seen.codes.abs().sum(dim=1), seen.weights)
