"""The precision that densities need."""

from __future__ import annotations

import torch
from torch import Tensor


def at_least_single(encoded: Tensor) -> Tensor:
    """Return the encoder's outputs in single precision where they come in half.

    With the three digits of bfloat16, codes would leave their sphere or ball, and nats would be
    rounded to whole ones.

    Examples
    --------
    >>> at_least_single(torch.zeros(1, dtype=torch.bfloat16)).dtype
    torch.float32
    """
    return encoded.float() if encoded.dtype in (torch.bfloat16, torch.float16) else encoded
