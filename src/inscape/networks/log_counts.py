"""Counts as an encoder can read them."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LogCounts(nn.Module):
    r"""Read counts by their logarithms, :math:`\log(1 + x)`.

    Counts of one table often span five powers of ten. A linear layer would see the largest alone,
    and its codes would be as large.

    Examples
    --------
    >>> LogCounts()(torch.tensor([0.0, 1.0, 1000.0]))
    tensor([0.0000, 0.6931, 6.9088])
    """

    def forward(self, rows: Tensor) -> Tensor:
        """Return logarithms, in the rows' shape; what noise has made of a count below 0 is 0."""
        return torch.log1p(rows.clamp(min=0))
