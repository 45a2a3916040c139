"""Salt-and-pepper noise: a share of each row's features is set to the lowest or highest value."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from inscape._checks import check_number
from inscape.corruptions.choice import choose, random_bits
from inscape.corruptions.corruption import Corruption


@dataclass(frozen=True)
class SaltAndPepper(Corruption):
    """An exact share of each row's features, each set to `low` or `high` by the toss of a coin.

    The number is ``round(share * n_features)`` in every row; a feature that already has the value
    that it is set to counts.

    Source: Vincent, Larochelle, Lajoie, Bengio and Manzagol 2010, JMLR 11, "salt-and-pepper
    noise".

    Parameters
    ----------
    share : float
        Of the features of a row, from 0 to 1.
    low, high : float
        What they are set to, in the scaled units of the training.
    fixed : bool
        Draw once for the whole training instead of anew in each epoch.

    Examples
    --------
    >>> rows = torch.full((1, 8), 0.5)
    >>> SaltAndPepper(share=0.5)(rows, generator=torch.Generator().manual_seed(0)).sort().values
    tensor([[0.0000, 0.0000, 0.5000, 0.5000, 0.5000, 0.5000, 1.0000, 1.0000]])
    """

    share: float = 0.2
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("share", self.share, minimum=0, maximum=1)
        check_number("low", self.low)
        check_number("high", self.high)

    def __call__(self, rows: Tensor, *, generator: torch.Generator) -> Tensor:
        """Return a copy of `rows` with a share of each set to `low` or `high`."""
        n_rows, n_features = rows.shape
        chosen = choose(rows, round(self.share * n_features), generator=generator)
        coins = random_bits(n_rows, n_features, torch.int8, generator=generator).bitwise_and_(1)
        salt = coins.to(rows.device, rows.dtype).mul_(chosen)
        # Only one of the three parts is not 0 at a feature, so that the sum is exact.
        clean = torch.addcmul(rows, rows, chosen, value=-1)
        return clean.add_(salt, alpha=self.high).add_(chosen.sub_(salt), alpha=self.low)
