r"""Modified Bessel functions with exact derivatives, for densities on the sphere.

With :math:`v = d/2 - 1`, all in float64 on the CPU.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from scipy.special import gammaln, ive
from torch import Tensor
from torch.autograd.function import once_differentiable

from inscape._typing import FloatArray

# Below it, scaled Bessel functions lose their digits to underflow.
_LEAST = 1e-280
_RECURRENCES = 40


def log_bessel(concentration: Tensor, dimension: int) -> Tensor:
    r"""Return :math:`\log (I_v(\kappa)\, \kappa^{-v} e^{-\kappa})`.

    Its derivative by :math:`\kappa` is :math:`A(\kappa) - 1`, see `bessel_ratio`.

    Parameters
    ----------
    concentration : Tensor of float64, on the CPU
        :math:`\kappa`, above 0.
    dimension : int
        d, at least 2.

    Examples
    --------
    >>> kappa = torch.tensor([2.0], dtype=torch.float64)
    >>> round(log_bessel(kappa, 3).item(), 6), round(bessel_ratio(kappa, 3).item(), 6)
    (-1.630571, 0.537315)
    """
    return _LogBessel.apply(concentration, dimension)


def bessel_ratio(concentration: Tensor, dimension: int) -> Tensor:
    r"""Return :math:`A(\kappa) = I_{v+1}(\kappa) / I_v(\kappa)`: the mean cosine to the mean.

    Its derivative is :math:`1 - A^2 - (d - 1) A / \kappa`.

    Parameters
    ----------
    concentration : Tensor of float64, on the CPU
        :math:`\kappa`, above 0.
    dimension : int
        d, at least 2.
    """
    return _BesselRatio.apply(concentration, dimension)


class _LogBessel(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, concentration: Tensor, dimension: int) -> Tensor:
        ctx.save_for_backward(concentration)
        ctx.dimension = dimension
        return torch.as_tensor(_log_bessel(concentration.detach().numpy(), dimension / 2 - 1))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (concentration,) = ctx.saved_tensors
        return gradient * (bessel_ratio(concentration, ctx.dimension) - 1), None


class _BesselRatio(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, concentration: Tensor, dimension: int) -> Tensor:
        ratio = torch.as_tensor(_ratio(concentration.detach().numpy(), dimension / 2 - 1))
        ctx.save_for_backward(concentration, ratio)
        ctx.dimension = dimension
        return ratio

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        concentration, ratio = ctx.saved_tensors
        slope = 1 - ratio**2 - (ctx.dimension - 1) / concentration * ratio
        return gradient * slope, None


def _log_bessel(kappa: FloatArray, order: float) -> FloatArray:
    scaled = ive(order, kappa)
    lost = scaled < _LEAST
    value = np.log(np.where(lost, 1.0, scaled)) - order * np.log(kappa)
    return np.where(lost, _log_bessel_by_series(kappa, order), value) if lost.any() else value


def _log_bessel_by_series(kappa: FloatArray, order: float) -> FloatArray:
    """Return the same from the power series: it underflows only where the order is far larger."""
    largest = float(kappa.max())
    peak = 0.5 * (math.hypot(order, largest) - order)
    k = np.arange(int(peak + 20 * math.sqrt(peak)) + 50)
    logs = 2 * k * np.log(kappa[..., None] / 2) - gammaln(k + 1) - gammaln(k + order + 1)
    return np.logaddexp.reduce(logs, axis=-1) - order * math.log(2) - kappa


def _ratio(kappa: FloatArray, order: float) -> FloatArray:
    above = ive(order + 1, kappa)
    lost = above < _LEAST
    ratio = above / np.where(lost, 1.0, ive(order, kappa))
    return np.where(lost, _ratio_by_recurrence(kappa, order), ratio) if lost.any() else ratio


def _ratio_by_recurrence(kappa: FloatArray, order: float) -> FloatArray:
    """Return the same from far larger orders down, each step shrinking the error (Amos 1974)."""
    top = order + _RECURRENCES
    ratio = kappa / (top + 0.5 + np.sqrt(kappa**2 + (top + 1.5) ** 2))
    for step in range(_RECURRENCES, 0, -1):
        ratio = 1 / (2 * (order + step) / kappa + ratio)
    return ratio
