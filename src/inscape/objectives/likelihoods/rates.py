"""The link of counts: from a decoder's output to a rate."""

from __future__ import annotations

import torch
from torch import Tensor

# e to this is half a billion; larger rates are no less exact, only their link is another.
_LARGEST_EXPONENT = 20.0
# `torch.poisson` draws 64-bit integers.
_LARGEST_DRAWN = 1e18


def log_rate(outputs: Tensor) -> Tensor:
    """Return the logarithm of the rate: the output itself.

    Above 20 the rate goes on as a straight line in the output, so that an output that has run away
    still has finite nats and errors, and a gradient that brings it back.
    """
    beyond = (outputs - _LARGEST_EXPONENT).clamp(min=0)
    return torch.where(beyond > 0, _LARGEST_EXPONENT + torch.log1p(beyond), outputs)


def start_log_rate(mean: Tensor) -> Tensor:
    """Return the outputs of a mean; a feature that is never above 0 starts at 0.01."""
    return torch.log(mean.clamp(min=0.01))


def draw_counts(rate: Tensor, *, generator: torch.Generator) -> Tensor:
    """Return Poisson counts of the rates, in their shape."""
    return torch.poisson(rate.cpu().clamp(max=_LARGEST_DRAWN), generator=generator).to(rate.device)
