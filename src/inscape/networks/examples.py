"""Rows, and what encoder and decoder are told beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Examples:
    """Rows of features with their conditions and weights, cut, moved and chosen together.

    Conditions are labels or numbers that a conditional model is told. They are no features: nothing
    corrupts them, and nothing has to give them back.

    Parameters
    ----------
    features : Tensor, shape (n, n_features)
        The rows.
    conditions : Tensor or None, shape (n, n_conditions)
        None where the model is told nothing.
    weights: Tensor or None, shape (n,)
        How many rows each stands for, above 0; None is one each.
    """

    features: Tensor
    conditions: Tensor | None = None
    weights: Tensor | None = None

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, rows: Any) -> Examples:
        """Return the rows that an index or a slice names."""
        return self._each(lambda values: values[rows])

    def take(self, places: Tensor) -> Examples:
        """Return the rows at `places`, in their order."""
        return self._each(lambda values: values.index_select(0, places))

    def to(self, *place: Any) -> Examples:
        """Return the same on a device, or in another precision."""
        return self._each(lambda values: values.to(*place))

    def split(self, size: int) -> Iterator[Examples]:
        """Yield blocks of `size` rows; the last may be smaller."""
        for start in range(0, len(self), size):
            yield self[start : start + size]

    @property
    def total(self) -> float:
        """How many rows these stand for."""
        return len(self) if self.weights is None else float(self.weights.sum())

    def evenly_weighed(self) -> Examples:
        """Return the same with weights whose mean is 1: means over all of them are weighted means.

        The mean over a batch of some of them is then theirs on average.
        """
        if self.weights is None:
            return self
        return replace(self, weights=self.weights / self.weights.mean())

    def _each(self, change: Callable[[Tensor], Tensor]) -> Examples:
        told, weights = (
            None if values is None else change(values) for values in (self.conditions, self.weights)
        )
        return Examples(change(self.features), told, weights)


def mean_of_rows(values: Tensor, weights: Tensor | None) -> Tensor:
    """Return the mean over the last axis, that of rows, each times its weight.

    Examples
    --------
    >>> mean_of_rows(torch.tensor([1.0, 4.0]), torch.tensor([1.5, 0.5]))
    tensor(1.7500)
    """
    return values.mean(dim=-1) if weights is None else (values * weights).mean(dim=-1)


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
