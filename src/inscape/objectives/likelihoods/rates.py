"""The link of counts: from a decoder's output to a rate."""

from __future__ import annotations

import math

import torch
from torch import Tensor

# e to this is half a billion; larger rates are no less exact, only their link is another.
_LARGEST_EXPONENT = 20.0
# `torch.poisson` draws 64-bit integers.
_LARGEST_DRAWN = 1e18
# From here on the series of `stirling_rest` is exact to 3e-12.
_FAR = 16.0


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


def nats_at_mean(counts: Tensor) -> Tensor:
    r"""Return what Poisson counts > 0 cost where the rate is the count itself.

    .. math:: x - x \log x + \log \Gamma(x + 1) = \tfrac{1}{2} \log 2 \pi x + S(x)

    with S of `stirling_rest`. The terms on the left are a million nats for a million counts, and
    their sum is eight: what a rate costs is told from here on, so that no digit is lost.
    """
    return 0.5 * torch.log(2 * math.pi * counts) + stirling_rest(counts)


def stirling_rest(z: Tensor) -> Tensor:
    """Return what log Γ(z) has above (z - 1/2) log z - z + log(2π)/2, for z > 0."""
    near, far = z.clamp(max=_FAR), z.clamp(min=_FAR)
    direct = (
        torch.lgamma(near) - (near - 0.5) * torch.log(near) + near - 0.5 * math.log(2 * math.pi)
    )
    squares = 1 / far**2
    series = (1 / 12 - squares * (1 / 360 - squares / 1260)) / far
    return torch.where(z < _FAR, direct, series)
