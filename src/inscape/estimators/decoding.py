"""The decoder of a fitted estimator as a function through which gradients go."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from inscape.networks import Network
from inscape.objectives import Likelihood


def differentiable_decoder(
    network: Network, likelihood: Likelihood, scaler: Any, *, conditions: Tensor | None = None
) -> Callable[[Tensor], Tensor]:
    """Return a function from codes to expected rows, in float64 on the CPU.

    Parameters
    ----------
    network : Network
        Trained; it stays as it is.
    likelihood : Likelihood
        What the decoder's outputs are read by.
    scaler : Scaler or None
        Undone after decoding.
    conditions : Tensor or None, shape (1, n_conditions)
        What the decoder is told, the same for all codes.

    Returns
    -------
    callable
        Codes (n, n_components) to rows (n, n_features) in the units of the training data.
    """
    network = copy.deepcopy(network).cpu().double().eval().requires_grad_(False)
    told = None if conditions is None else conditions.double()
    shift, scale = (0.0, 1.0) if scaler is None else map(torch.tensor, (scaler.shift, scaler.scale))

    def decode(codes: Tensor) -> Tensor:
        beside = None if told is None else told.expand(len(codes), -1)
        return likelihood.mean(network.decode(codes, beside)) * scale + shift

    return decode
