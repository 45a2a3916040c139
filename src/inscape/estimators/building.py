"""A network as its likelihood needs it: built by its part, started from the rows, completed."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from inscape.estimators.options import Parts
from inscape.networks import LogCounts, Modules, Network, SharedOutputs

# Rows from which the mean is taken that biases start from.
_MEAN_ROWS = 2048


def build_network(
    parts: Parts,
    *,
    n_features: int,
    n_conditions: int = 0,
    n_code: int,
    n_components: int,
    bottleneck: nn.Module,
    generator: torch.Generator,
    rows: Tensor | None,
) -> Network:
    """Return the network that the parts describe.

    Counts are read by their logarithms, unless the modules are the user's own; numbers that a
    likelihood learns for all rows are appended to the decoder's outputs.

    Parameters
    ----------
    parts : Parts
        The estimator's.
    n_features : int
        Columns that have to come out.
    n_conditions : int
        Columns that encoder and decoder read besides.
    n_code : int
        Width of the encoder's output.
    n_components : int
        Width of the code that the bottleneck gives.
    bottleneck : nn.Module
        What is done to the linear code.
    generator : torch.Generator
        Where the weights are drawn from.
    rows : Tensor or None, shape (n_samples, n_features + n_conditions)
        Training rows, from whose mean biases start; None where weights are loaded.
    """
    likelihood = parts.likelihood
    reads_logarithms = getattr(likelihood, "reads_logarithms", False) and not isinstance(
        parts.network, Modules
    )
    mean_row = mean_output = features = None
    if rows is not None:
        some = rows[:: max(1, len(rows) // _MEAN_ROWS)]
        features = some[:, :n_features]
        mean_row = (LogCounts()(some) if reads_logarithms else some).mean(dim=0).float()
        mean_output = likelihood.start(features.mean(dim=0).float())
    network = parts.network.build(
        n_features=n_features + n_conditions,
        n_code=n_code,
        n_components=n_components + n_conditions,
        n_outputs=n_features * likelihood.n_parameters,
        bottleneck=bottleneck,
        generator=generator,
        mean_row=mean_row,
        mean_output=mean_output,
    )
    if reads_logarithms:
        network.encoder = nn.Sequential(LogCounts(), *network.encoder)
    return _share_outputs(network, likelihood, n_features=n_features, rows=features)


def _share_outputs(
    network: Network, likelihood: Any, *, n_features: int, rows: Tensor | None
) -> Network:
    """Let the decoder give what the likelihood learns for all rows, if any."""
    if hasattr(likelihood, "n_shared") and likelihood.n_shared(n_features):
        start = likelihood.shared_start(n_features, rows=rows)
        trainable = not getattr(likelihood, "calibrates", False)
        network.decoder = SharedOutputs(network.decoder, start, trainable=trainable)
    return network
