"""Choose the same number of features in each row, all rows at once."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

# With more features, too many rows would have two equal keys of 16 bits at their threshold.
MOST_FEATURES_OF_SHORT_KEYS = 4096


def choose(rows: Tensor, n_chosen: int, *, generator: torch.Generator) -> Tensor:
    """Return 1 at `n_chosen` features of each row and 0 elsewhere, each choice equally likely.

    Each feature gets a random key, and the features with the smallest keys are chosen. A row in
    which two keys tie for the last place is drawn again, so that the number is exact and no
    feature is preferred.

    Parameters
    ----------
    rows : Tensor, shape (n_rows, n_features)
        What to choose in; its values are not looked at.
    n_chosen : int
        How many in each row, from 0 to n_features.
    generator : torch.Generator
        Where every draw comes from.

    Returns
    -------
    Tensor, shape (n_rows, n_features)
        Zeros and ones of the type of `rows`, on its device.

    Examples
    --------
    >>> choose(torch.zeros(5, 8), 3, generator=torch.Generator().manual_seed(0)).sum(dim=1)
    tensor([3., 3., 3., 3., 3.])
    """
    n_rows, n_features = rows.shape
    if n_chosen in (0, n_features):
        return torch.full_like(rows, float(n_chosen > 0))
    chosen = _smallest(n_rows, n_features, n_chosen, generator)
    while len(tied := (chosen.sum(dim=1, dtype=torch.int32) != n_chosen).nonzero()[:, 0]):
        chosen[tied] = _smallest(len(tied), n_features, n_chosen, generator)
    return chosen.to(rows.device, rows.dtype)


def random_bits(
    n_rows: int, n_columns: int, dtype: torch.dtype, *, generator: torch.Generator
) -> Tensor:
    """Return integers, shape (n_rows, n_columns), whose every bit is a fair coin.

    The generator gives 64 bits at a time, and all of them are used: a draw for each number of 16
    bits would take four times as long.
    """
    size = n_rows * n_columns
    words = torch.empty(-(-size * dtype.itemsize // 8), dtype=torch.int64)
    words.random_(-(2**63), None, generator=generator)
    return words.view(dtype)[:size].view(n_rows, n_columns)


def _smallest(n_rows: int, n_features: int, n_chosen: int, generator: torch.Generator) -> Tensor:
    """Return 1 where a random key is among its row's smallest, with all that tie for the last."""
    short = n_features <= MOST_FEATURES_OF_SHORT_KEYS
    bits = torch.int16 if short else torch.int32
    # numpy's partition takes a fifth of the time of torch's topk, and is fastest on 32 bits.
    keys = random_bits(n_rows, n_features, bits, generator=generator).to(torch.int32)
    parted = np.partition(keys.numpy(), n_chosen - 1, axis=1)
    return keys.le_(torch.from_numpy(parted[:, n_chosen - 1 : n_chosen]))
