"""A network as its likelihood needs it: built by its part, started from the rows, completed."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from inscape.estimators.options import Parts
from inscape.estimators.weighing import spread_by_weight
from inscape.networks import (
    Conditioned,
    Examples,
    LinearStart,
    LogCounts,
    Network,
    SharedOutputs,
    Sizes,
    Start,
)
from inscape.objectives import Likelihood
from inscape.training import Optimizer

# Rows from which the mean is taken that biases start from.
_MEAN_ROWS = 2048


def build_network(
    parts: Parts,
    *,
    n_code: int,
    n_conditions: int,
    bottleneck: nn.Module,
    generator: torch.Generator,
    examples: Examples | None,
    likelihood: Likelihood,
    linear: LinearStart | None = None,
) -> Network:
    """Return the network that the parts describe.

    Counts are read by their logarithms, unless the modules are the user's own; numbers that a
    likelihood learns for all rows are appended to the decoder's outputs.

    Parameters
    ----------
    parts : Parts
        The estimator's.
    n_code : int
        Width of the encoder's output.
    n_conditions : int
        What encoder and decoder are told beside rows and codes.
    bottleneck : nn.Module
        What is done to the linear code.
    generator : torch.Generator
        Where the weights are drawn from.
    examples : Examples or None
        Training rows, from whose mean biases start; None where weights are loaded.
    likelihood : Likelihood
        Of the rows as the network works on them.
    linear : LinearStart or None
        Linear maps to start from, if any.
    """
    logarithms = likelihood.reads_logarithms and parts.network.takes_logarithms
    some = None if examples is None else examples[:: max(1, len(examples) // _MEAN_ROWS)]
    network = parts.network.build(
        Sizes(
            n_features=parts.n_features,
            n_code=n_code,
            n_components=parts.n_components,
            n_outputs=parts.n_features * likelihood.n_parameters,
            n_conditions=n_conditions,
        ),
        bottleneck=bottleneck,
        generator=generator,
        start=_start(some, likelihood, linear, logarithms=logarithms),
    )
    if logarithms:
        network.encoder = _after(LogCounts(), network.encoder)
    n_shared = likelihood.n_shared(parts.n_features)
    if n_shared:
        rows = None if some is None else some.features
        errors = None
        if some is not None and linear is not None:
            errors = _errors(some.evenly_weighed(), linear)
        if some is not None and some.weights is not None:
            # As many rows as they stand for, nearly: what is shared starts from quantiles or means.
            places = spread_by_weight(some.weights.numpy(), _MEAN_ROWS)
            rows = some.features[places]
            errors = None if errors is None else errors[places]
        start = likelihood.shared_start(parts.n_features, rows=rows, errors=errors)
        trainable = not likelihood.calibrates
        network.decoder = SharedOutputs(network.decoder, start, trainable=trainable)
    return network


def _start(
    some: Examples | None, likelihood: Any, linear: LinearStart | None, *, logarithms: bool
) -> Start | None:
    if some is None:
        # Weights are loaded into the maps; what stands there until then does not matter.
        nothing = torch.zeros(0)
        return None if linear is None else Start(nothing, nothing, linear=linear)
    some = some.evenly_weighed()
    rows, told = some.features, some.conditions
    return Start(
        row=_mean(LogCounts()(rows) if logarithms else rows, some.weights).float(),
        output=likelihood.start(_mean(rows, some.weights).float()),
        conditions=None if told is None else _mean(told, some.weights).float(),
        linear=linear,
    )


def _mean(values: Tensor, weights: Tensor | None) -> Tensor:
    """Return the mean over the rows (n, width), each times its weight."""
    return (values if weights is None else values * weights[:, None]).mean(dim=0)


def _errors(some: Examples, linear: LinearStart) -> Tensor:
    """Return what linear maps leave of rows, as large as the noise that would explain it best."""
    rows = some.features
    n_features, n_components = linear.decoder.shape
    directions = torch.linalg.qr(linear.decoder).Q.to(rows)
    centred = rows - _mean(rows, some.weights)
    left = centred - centred @ directions @ directions.T
    return left * math.sqrt(n_features / max(1, n_features - n_components))


def _after(first: nn.Module, layers: Any) -> nn.Sequential:
    """Return the layers with one before them; what they are told is still told to the same one."""
    if isinstance(layers, Conditioned):
        return Conditioned(first, *layers, place=layers.place + 1)
    return nn.Sequential(first, *layers)


def build_optimizers(
    optimizer: Optimizer, network: Network, *, learning_rate: float, critic_rate: float | None
) -> list[torch.optim.Optimizer]:
    """Return what moves a network's parameters, those of its critic maybe at another rate."""
    if critic_rate is None:
        return optimizer.build(network, learning_rate=learning_rate)
    others = [part for name, part in network.named_children() if name != "critic"]
    return [
        *optimizer.build(nn.ModuleList(others), learning_rate=learning_rate),
        *optimizer.build(network.critic, learning_rate=critic_rate),
    ]
