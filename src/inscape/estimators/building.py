"""A network as its likelihood needs it: built by its part, started from the rows, completed."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from inscape.estimators.options import Parts
from inscape.networks import (
    Conditioned,
    Examples,
    LogCounts,
    Means,
    Network,
    SharedOutputs,
    Sizes,
)

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
    """
    likelihood = parts.likelihood
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
        means=None if some is None else _means(some, likelihood, logarithms=logarithms),
    )
    if logarithms:
        network.encoder = _after(LogCounts(), network.encoder)
    n_shared = likelihood.n_shared(parts.n_features)
    if n_shared:
        rows = None if some is None else some.features
        start = likelihood.shared_start(parts.n_features, rows=rows)
        trainable = not likelihood.calibrates
        network.decoder = SharedOutputs(network.decoder, start, trainable=trainable)
    return network


def _means(some: Examples, likelihood: Any, *, logarithms: bool) -> Means:
    rows, told = some.features, some.conditions
    return Means(
        row=(LogCounts()(rows) if logarithms else rows).mean(dim=0).float(),
        output=likelihood.start(rows.mean(dim=0).float()),
        conditions=None if told is None else told.mean(dim=0).float(),
    )


def _after(first: nn.Module, layers: Any) -> nn.Sequential:
    """Return the layers with one before them; what they are told is still told to the same one."""
    if isinstance(layers, Conditioned):
        return Conditioned(first, *layers, place=layers.place + 1)
    return nn.Sequential(first, *layers)
