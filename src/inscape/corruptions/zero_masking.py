"""Masking noise: a share of each row's features is set to zero."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from inscape._checks import check_number
from inscape.corruptions.choice import choose
from inscape.corruptions.corruption import Corruption


@dataclass(frozen=True)
class ZeroMasking(Corruption):
    """An exact share of each row's features, drawn anew for each row, set to 0.

    The number is ``round(share * n_features)`` in every row, where dropout would leave it to
    chance. Zero is meant in the scaled units of the training.

    Source: Vincent, Larochelle, Bengio and Manzagol 2008, "Extracting and composing robust
    features with denoising autoencoders", ICML; the same with others 2010, JMLR 11, "masking
    noise".

    Parameters
    ----------
    share : float
        Of the features of a row, from 0 to 1.
    fixed : bool
        Draw once for the whole training instead of anew in each epoch.

    Examples
    --------
    >>> rows = torch.ones(4, 10)
    >>> corrupted = ZeroMasking(share=0.3)(rows, generator=torch.Generator().manual_seed(0))
    >>> (corrupted == 0).sum(dim=1)
    tensor([3, 3, 3, 3])
    """

    share: float = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("share", self.share, minimum=0, maximum=1)

    def __call__(self, rows: Tensor, *, generator: torch.Generator) -> Tensor:
        """Return a copy of `rows` with a share of each set to 0."""
        n_features = rows.shape[1]
        n_kept = n_features - round(self.share * n_features)
        # A product is ten times as fast as filling where a mask is true.
        return rows * choose(rows, n_kept, generator=generator)
