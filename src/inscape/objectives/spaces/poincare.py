r"""Geometry of the Poincaré ball: hyperbolic space of curvature -c as a ball of radius 1/sqrt(c).

The metric is :math:`\lambda_x^2` times the Euclidean one, :math:`\lambda_x = 2 / (1 - c |x|^2)`.
Formulas: Ganea, Becigneul and Hofmann 2018, arXiv 1805.09112, section 2, rearranged so that
nothing cancels for points that are near each other. Points are tensors (..., d) that broadcast.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

# How near the rim, of radius 1, a point may lie: nearer, 1 - |x|² has too few digits left.
_RIM = {torch.float32: 1e-5, torch.float64: 1e-12}
# Below it, the difference of two reciprocals is taken from its series.
_NEAR = 0.1


def exponential_map(point: Tensor, tangent: Tensor, *, curvature: float) -> Tensor:
    r"""Return where the geodesic from `point` with the velocity `tangent` is after a unit of time.

    .. math:: \exp_x(v) = x \oplus_c
              \tanh\!\big(\tfrac{1}{2} \sqrt{c}\, \lambda_x |v|\big) \frac{v}{\sqrt{c} |v|}

    Parameters
    ----------
    point : Tensor, shape (..., d)
        A point of the ball.
    tangent : Tensor, shape (..., d)
        A velocity; its speed is :math:`\lambda_x |v|`.
    curvature : float
        c, above 0.

    Examples
    --------
    >>> exponential_map(torch.zeros(2), torch.tensor([0.5, 0.0]), curvature=1.0)
    tensor([0.4621, 0.0000])
    """
    return displaced(
        point, tangent * conformal_factor(point, curvature=curvature), curvature=curvature
    )


def displaced(point: Tensor, displacement: Tensor, *, curvature: float) -> Tensor:
    r"""Return where a displacement leads: `exponential_map` of one in units of length.

    Parameters
    ----------
    point : Tensor, shape (..., d)
        A point of the ball.
    displacement : Tensor, shape (..., d)
        The velocity times :math:`\lambda_x`, so that its size is a distance.
    curvature : float
        c, above 0.
    """
    root = math.sqrt(curvature)
    scaled = 0.5 * root * displacement
    length = _length(scaled)
    step = scaled * (torch.tanh(length) / length)
    return clamp_to_ball(_add(root * point, step) / root, curvature=curvature)


def logarithmic_map(point: Tensor, other: Tensor, *, curvature: float) -> Tensor:
    """Return the velocity at `point` whose geodesic is at `other` after a unit of time.

    Parameters
    ----------
    point, other : Tensor, shape (..., d)
        Points of the ball.
    curvature : float
        c, above 0.

    Examples
    --------
    >>> logarithmic_map(torch.zeros(2), torch.tensor([0.4621, 0.0]), curvature=1.0)
    tensor([0.5000, 0.0000])
    """
    return displacement(point, other, curvature=curvature) / conformal_factor(
        point, curvature=curvature
    )


def displacement(point: Tensor, other: Tensor, *, curvature: float) -> Tensor:
    """Return what leads from `point` to `other`, as `displaced` takes it.

    Parameters
    ----------
    point, other : Tensor, shape (..., d)
        Points of the ball.
    curvature : float
        c, above 0.
    """
    root = math.sqrt(curvature)
    start, difference = root * point, root * (other - point)
    room = _room(start)
    rooms = room * _room(root * other)
    squares = difference.square().sum(dim=-1, keepdim=True)
    gap = _length(difference)
    # The Möbius difference of the two over its length.
    direction = (room * difference - squares * start) * (squares + rooms).rsqrt()
    return direction * (2 / root * torch.asinh(gap * rooms.rsqrt()) / gap)


def distance(start: Tensor, end: Tensor, *, curvature: float) -> Tensor:
    r"""Return the length (...,) of the geodesic between points (..., d).

    .. math:: \frac{2}{\sqrt{c}} \,\text{arsinh}
              \frac{\sqrt{c}\, |x - y|}{\sqrt{(1 - c |x|^2)(1 - c |y|^2)}}

    Parameters
    ----------
    start, end : Tensor, shape (..., d)
        Points of the ball.
    curvature : float
        c, above 0.

    Examples
    --------
    >>> distance(torch.zeros(2), torch.tensor([0.4621, 0.0]), curvature=1.0)
    tensor(1.0000)
    """
    root = math.sqrt(curvature)
    rooms = _room(root * start) * _room(root * end)
    gap = _length(root * (end - start))
    return 2 / root * torch.asinh(gap * rooms.rsqrt()).squeeze(-1)


def geodesic(start: Tensor, end: Tensor, t: Tensor | float, *, curvature: float) -> Tensor:
    """Return the points at the shares `t` of the way from `start` (0) to `end` (1).

    Parameters
    ----------
    start, end : Tensor, shape (..., d)
        Points of the ball.
    t : Tensor or float
        Shares of the way, of a shape that broadcasts against the points.
    curvature : float
        c, above 0.

    Examples
    --------
    >>> ends = torch.tensor([[-0.5, 0.0], [0.5, 0.0]])
    >>> geodesic(*ends, torch.tensor([[0.0], [0.5]]), curvature=1.0)
    tensor([[-0.5000,  0.0000],
            [ 0.0000,  0.0000]])
    """
    velocity = logarithmic_map(start, end, curvature=curvature)
    return exponential_map(start, t * velocity, curvature=curvature)


def conformal_factor(point: Tensor, *, curvature: float) -> Tensor:
    r"""Return :math:`\lambda_x = 2 / (1 - c |x|^2)`, shape (..., 1), of points (..., d)."""
    return 2 / _room(math.sqrt(curvature) * point)


def log_volume_ratio(displacement: Tensor, *, curvature: float) -> Tensor:
    r"""Return how much room there is in flat space at a distance, over that here, as logarithm.

    .. math:: (d - 1) \log \frac{\sqrt{c}\, r}{\sinh(\sqrt{c}\, r)}, \qquad r = |u|

    A density of displacements plus this is the density of the points they lead to, over the
    ball's own volume. Source: Mathieu et al. 2019, arXiv 1901.06033, section 3.1.

    Parameters
    ----------
    displacement : Tensor, shape (..., d)
        Tangent vectors u in units of length.
    curvature : float
        c, above 0.
    """
    r = _length(math.sqrt(curvature) * displacement).squeeze(-1)
    near = r < _NEAR
    # The inner `where` keeps the branch that is not taken from giving a gradient.
    far = torch.where(near, torch.ones_like(r), r)
    exact = far + torch.log(-torch.expm1(-2 * far) / (2 * far))
    series = r**2 / 6 - r**4 / 180 + r**6 / 2835
    return -(displacement.shape[-1] - 1) * torch.where(near, series, exact)


def clamp_to_ball(point: Tensor, *, curvature: float) -> Tensor:
    """Return the points, those on or beyond the rim moved to just inside it."""
    radius = (1 - _RIM.get(point.dtype, 1e-2)) / math.sqrt(curvature)
    length = _length(point)
    return torch.where(length > radius, point * (radius / length), point)


def _room(scaled: Tensor) -> Tensor:
    """Return 1 - |x|² of points of the unit ball, which never is 0."""
    least = _RIM.get(scaled.dtype, 1e-2)
    return (1 - scaled.square().sum(dim=-1, keepdim=True)).clamp(min=least)


def _length(vectors: Tensor) -> Tensor:
    """Return the lengths (..., 1); at 0 they are tiny instead and their gradient is 0."""
    squares = vectors.square().sum(dim=-1, keepdim=True)
    return squares.clamp(min=torch.finfo(vectors.dtype).tiny).sqrt()


def _add(x: Tensor, y: Tensor) -> Tensor:
    """Return the Möbius sum of points of the unit ball."""
    x_squares, y_squares = (a.square().sum(dim=-1, keepdim=True) for a in (x, y))
    product = 2 * (x * y).sum(dim=-1, keepdim=True)
    above = (1 + product + y_squares) * x + (1 - x_squares) * y
    return above / (1 + product + x_squares * y_squares)
