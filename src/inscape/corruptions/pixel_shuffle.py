"""One fixed permutation of all features."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from inscape._checks import check_integer
from inscape.corruptions.corruption import Corruption


@dataclass(frozen=True)
class PixelShuffle(Corruption):
    """All features in another order, the same for every row and every epoch.

    Every pixel is still there, only its place is lost. The order comes from the part's own seed
    and never from the generator, and so `fixed` changes nothing here: it is fixed by nature, and
    the same in training as at any later look.

    Parameters
    ----------
    seed : int
        Makes the order, from 0 to 2**32 - 1.
    fixed : bool
        Without effect.

    Examples
    --------
    >>> corrupt, rows = PixelShuffle(seed=1), torch.tensor([[0.1, 0.2, 0.3, 0.4]])
    >>> shuffled = corrupt(rows, generator=torch.Generator())
    >>> shuffled
    tensor([[0.2000, 0.4000, 0.3000, 0.1000]])

    What stands at place i came from ``permutation[i]``; sorting that brings it back:

    >>> shuffled[:, corrupt.permutation(4).argsort()]
    tensor([[0.1000, 0.2000, 0.3000, 0.4000]])
    """

    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_integer("seed", self.seed, minimum=0, maximum=2**32 - 1)

    def __call__(self, rows: Tensor, *, generator: torch.Generator) -> Tensor:
        """Return `rows` with their features in another order; `generator` is left alone."""
        return rows.index_select(1, self.permutation(rows.shape[1]).to(rows.device))

    def permutation(self, n_features: int) -> Tensor:
        """Return, shape (n_features,), from which place the feature at each place comes."""
        return torch.randperm(n_features, generator=torch.Generator().manual_seed(int(self.seed)))
