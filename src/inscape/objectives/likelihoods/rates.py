"""The link of counts: from a decoder's output to a rate."""

from __future__ import annotations

import torch
from torch import Tensor

# e to this is above every count that float64 tells from the next, 2^53; float32 holds its square.
_LARGEST_EXPONENT = 40.0
# `torch.poisson` draws 64-bit integers.
_LARGEST_DRAWN = 1e18


def log_rate(outputs: Tensor) -> Tensor:
    """Return the logarithm of the rate: the output itself.

    Above 40 the rate goes on as a straight line in the output, so that an output that has run away
    still has finite nats, and a gradient that brings it back.
    """
    beyond = (outputs - _LARGEST_EXPONENT).clamp(min=0)
    return torch.where(beyond > 0, _LARGEST_EXPONENT + torch.log1p(beyond), outputs)


def start_log_rate(mean: Tensor) -> Tensor:
    """Return the outputs of a mean; a feature that is never above 0 starts at 0.01."""
    return torch.log(mean.clamp(min=0.01))


def draw_counts(rate: Tensor, *, generator: torch.Generator) -> Tensor:
    """Return Poisson counts of the rates, in their shape."""
    return torch.poisson(rate.cpu().clamp(max=_LARGEST_DRAWN), generator=generator).to(rate.device)
