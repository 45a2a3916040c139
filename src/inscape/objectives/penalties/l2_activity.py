"""The L2 penalty of the codes: a price on codes far from 0."""

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
class L2Activity(Penalty):
    r"""Half the squared length of the codes.

    .. math:: \frac{w}{2} \sum_j z_j^2

    The mean over the rows. It is the negative logarithm of a normal prior with the variance
    :math:`1 / w`, less its constant. In a regularised autoencoder it keeps the codes where a
    density can be fitted to them; `WeightDecay` of the decoder, or `DecoderGradient`, goes beside
    it. Source: Ghosh et al. 2020, arXiv 1903.12436, section 3.

    Parameters
    ----------
    weight : float
        The price :math:`w`, in nats per squared unit of code.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> seen = SimpleNamespace(codes=torch.tensor([[1.0, -2.0], [0.0, 1.0]]), weights=None)
    >>> L2Activity(weight=2.0)(seen, generator=torch.Generator())
    tensor(3.)
    """

    takes_weights: ClassVar[bool] = True
    weight: float = 1e-2

    def __post_init__(self) -> None:
        check_number("weight", self.weight, minimum=0)

    def __call__(self, seen: Pass, *, generator: torch.Generator) -> Tensor:
        """Return the penalty, a scalar, in mean nats per sample."""
        return 0.5 * self.weight * mean_of_rows(seen.codes.square().sum(dim=1), seen.weights)
