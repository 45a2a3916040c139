"""Rows, and what encoder and decoder are told beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Examples:
    """Rows of features with their conditions, cut, moved and chosen together.

    Conditions are labels or numbers that a conditional model is told. They are no features: nothing
    corrupts them, and nothing has to give them back.

    Parameters
    ----------
    features : Tensor, shape (n, n_features)
        The rows.
    conditions : Tensor or None, shape (n, n_conditions)
        None where the model is told nothing.
    """

    features: Tensor
    conditions: Tensor | None = None

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, rows: Any) -> Examples:
        """Return the rows that an index or a slice names."""
        told = None if self.conditions is None else self.conditions[rows]
        return Examples(self.features[rows], told)

    def take(self, places: Tensor) -> Examples:
        """Return the rows at `places`, in their order."""
        told = None if self.conditions is None else self.conditions.index_select(0, places)
        return Examples(self.features.index_select(0, places), told)

    def to(self, *place: Any) -> Examples:
        """Return the same on a device, or in another precision."""
        told = None if self.conditions is None else self.conditions.to(*place)
        return Examples(self.features.to(*place), told)

    def split(self, size: int) -> Iterator[Examples]:
        """Yield blocks of `size` rows; the last may be smaller."""
        for start in range(0, len(self), size):
            yield self[start : start + size]


def join(values: Tensor, conditions: Tensor) -> Tensor:
    """Return values (n, width) or maps (n, channels, height, width) with the conditions beside.

    To maps conditions are added as further channels, the same at each place.

    Examples
    --------
    >>> join(torch.zeros(2, 3), torch.ones(2, 1)).shape
    torch.Size([2, 4])
    """
    if values.ndim == 4:
        conditions = conditions[:, :, None, None].expand(-1, -1, *values.shape[2:])
    return torch.cat([values, conditions.to(values.dtype)], dim=1)
