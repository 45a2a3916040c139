"""The decoder of a fitted estimator as a function through which gradients go."""

from __future__ import annotations

import copy
from collections.abc import Callable

from torch import Tensor

from inscape.estimators.units import Units
from inscape.networks import Network


def differentiable_decoder(
    network: Network, units: Units, *, conditions: Tensor | None = None
) -> Callable[[Tensor], Tensor]:
    """Return a function from codes to expected rows, in float64 on the CPU.

    Parameters
    ----------
    network : Network
        Trained; it stays as it is.
    units : Units
        What the decoder's outputs are read by, and what is undone afterwards.
    conditions : Tensor or None, shape (1, n_conditions)
        What the decoder is told, the same for all codes.

    Returns
    -------
    callable
        Codes (n, n_components) to rows (n, n_features) in the units of the training data.
    """
    network = copy.deepcopy(network).cpu().double().eval().requires_grad_(False)
    told = None if conditions is None else conditions.double()

    def decode(codes: Tensor) -> Tensor:
        beside = None if told is None else told.expand(len(codes), -1)
        return units.undo_tensor(units.likelihood.mean(network.decode(codes, beside)))

    return decode
