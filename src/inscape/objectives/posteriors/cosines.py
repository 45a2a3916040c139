r"""Cosines between von Mises-Fisher draws and their mean, with exact gradients.

The cosine w has the density :math:`f(w) \propto e^{\kappa w} (1 - w^2)^{(d-3)/2}` on [-1, 1]. What
is drawn is 1 - w, in float64: for large :math:`\kappa` the cosine itself is 1 but for its last
digits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from inscape.objectives.posteriors.bessel import bessel_ratio

_NODES, _WEIGHTS = (torch.from_numpy(each) for each in np.polynomial.legendre.leggauss(32))
# Standard deviations from the mode beyond which nothing is left of the density.
_REACH = 15.0
# Proposals in a round, at least about.
_ROUND = 1024
# How near 0 and 2 a gap may come: at both ends its square root has no slope.
_LEAST, _MOST = 1e-30, 2 - 1e-12


def draw_gaps(
    concentration: Tensor, dimension: int, n_draws: int, *, generator: torch.Generator
) -> Tensor:
    r"""Return 1 - w, one minus cosines, (n_draws, n), with the gradients of their quantiles.

    The draws are those of Wood 1994's rejection: beta variables squeezed towards the mean. Their
    derivative is the implicit one, which does not depend on how they were drawn:

    .. math:: \frac{dw}{d\kappa} = -\frac{\partial F(w; \kappa)}{\partial \kappa} \Big/ f(w; \kappa)

    Source: Wood 1994, Communications in Statistics 23(1), algorithm VM*; Figurnov, Mohamed and
    Mnih 2018, arXiv 1805.08498, section 3.

    Parameters
    ----------
    concentration : Tensor of float64, shape (n,), on the CPU
        :math:`\kappa`, above 0.
    dimension : int
        d, at least 2.
    n_draws : int
        Draws for each of the n.
    generator : torch.Generator
        Where every draw comes from; how many it gives depends on what is rejected.
    """
    kappa = concentration.detach().expand(n_draws, -1).reshape(-1)
    gaps = torch.empty_like(kappa)
    pending = torch.arange(len(kappa))
    while len(pending):
        # Where few are pending, several for each: a round costs more than its numbers.
        tries = max(1, _ROUND // len(pending))
        proposed, accepted = (
            each.view(tries, -1)
            for each in _propose(kappa[pending].repeat(tries), dimension, generator=generator)
        )
        any_accepted, first = accepted.max(dim=0)
        chosen = proposed.gather(0, first[None])[0]
        gaps[pending[any_accepted]] = chosen[any_accepted]
        pending = pending[~any_accepted]
    return with_quantile_gradient(gaps.view(n_draws, -1), concentration, dimension)


def with_quantile_gradient(gaps: Tensor, concentration: Tensor, dimension: int) -> Tensor:
    """Return gaps (k, n) as they are, with their gradients by concentrations (n,)."""
    return _Implicit.apply(concentration, gaps, dimension)


def _propose(kappa: Tensor, dimension: int, *, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return a gap for each concentration, and whether it is accepted."""
    m = dimension - 1
    normal = torch.randn(len(kappa), dimension, generator=generator, dtype=kappa.dtype)
    # A coordinate of a uniform direction, moved to [0, 1], is a Beta(m/2, m/2) variable.
    beta = 0.5 * (1 + normal[:, 0] / normal.norm(dim=1))
    b = m / (2 * kappa + (4 * kappa**2 + m**2).sqrt())
    gap = 2 * b * beta / (1 - (1 - b) * beta)
    # 1 - x0 and 1 - x0 w of the paper, without their cancellation.
    start = 2 * b / (1 + b)
    log_ratio = kappa * (start - gap) + m * torch.log(
        (start + gap - start * gap) / (start * (2 - start))
    )
    uniform = torch.rand(len(kappa), generator=generator, dtype=kappa.dtype)
    return gap.clamp(_LEAST, _MOST), torch.log(uniform) <= log_ratio


class _Implicit(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, concentration: Tensor, gaps: Tensor, dimension: int) -> Tensor:
        ctx.save_for_backward(concentration, gaps)
        ctx.dimension = dimension
        return gaps.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        concentration, gaps = ctx.saved_tensors
        slope = _gap_slope(gaps, concentration, ctx.dimension)
        return (gradient * slope).sum(dim=0), None, None


def _gap_slope(gaps: Tensor, kappa: Tensor, dimension: int) -> Tensor:
    r"""Return the derivative (k, n) of 1 - w by the concentration (n,) at a fixed quantile.

    In the angle :math:`\theta`, w = cos :math:`\theta`, with the density
    :math:`g \propto e^{\kappa \cos t} \sin^{d-2} t`, it is

    .. math:: -\frac{\sin \theta}{g(\theta)} \int_0^\theta (\cos t - A) \, g(t) \, dt.

    The integrand changes its sign where cos t is A, and its integral to :math:`\pi` is 0: so it is
    taken over the side of :math:`\theta` on which it has one sign.
    """
    to_mean = 1 - bessel_ratio(kappa, dimension)
    angle = 2 * torch.asin((0.5 * gaps).sqrt())
    low, high = _support(angle, kappa, dimension)
    near = gaps < to_mean
    start, end = torch.where(near, low, angle), torch.where(near, angle, high)
    half = 0.5 * (end - start)[..., None]
    t = 0.5 * (start + end)[..., None] + half * _NODES
    # In squared sines of half the angles all stays exact where every cosine is nearly 1.
    squares, at = torch.sin(0.5 * t).square(), 0.5 * gaps[..., None]
    exponent = 2 * kappa[..., None] * (at - squares)
    if dimension > 2:
        sines = squares * (1 - squares) / (at * (1 - at))
        exponent = exponent + (0.5 * dimension - 1) * sines.log()
    integrand = (to_mean[..., None] - 2 * squares) * exponent.exp()
    integral = (half * _WEIGHTS * integrand).sum(dim=-1)
    return angle.sin() * torch.where(near, -integral, integral)


def _support(angle: Tensor, kappa: Tensor, dimension: int) -> tuple[Tensor, Tensor]:
    """Return between which angles the density has all its mass, with `angle` inside."""
    m = dimension - 2
    mode = 2 * kappa / (m + (m**2 + 4 * kappa**2).sqrt())
    deviation = (kappa * mode + kappa / mode).rsqrt()
    middle = torch.arccos(mode)
    low = torch.minimum(middle - _REACH * deviation, angle - deviation).clamp(min=0)
    high = torch.maximum(middle + _REACH * deviation, angle + deviation).clamp(max=torch.pi)
    return low, high
