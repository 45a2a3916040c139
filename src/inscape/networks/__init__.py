"""Networks: pairs of `nn.Module`s, described by small immutable parts that build them."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from inscape._checks import check_choice, resolve_part
from inscape.networks.activations import ACTIVATIONS, activation
from inscape.networks.convolutional import Convolutional
from inscape.networks.dense import NORMALIZATIONS, Dense
from inscape.networks.dropout import Dropout
from inscape.networks.initialization import (
    INITIALIZATIONS,
    Initialization,
    KaimingNormal,
    KaimingUniform,
    Orthogonal,
    ScaledNormal,
    TorchDefault,
    initialize,
)
from inscape.networks.log_counts import LogCounts
from inscape.networks.modules import Modules
from inscape.networks.network import Network, Pass
from inscape.networks.shared_outputs import SharedOutputs
from inscape.networks.spherical import Spherical
from inscape.networks.top_k import BatchTopK, TopK
from inscape.networks.vector_quantized import Quantizer, VectorQuantized

NETWORKS: Mapping[str, Any] = {"dense": Dense, "convolutional": Convolutional}
BOTTLENECKS: Mapping[str, Any] = {
    "top_k": TopK,
    "batch_top_k": BatchTopK,
    "spherical": Spherical,
    "vector_quantized": VectorQuantized,
}


def build_bottleneck(part: Any, n_components: int, *, generator: torch.Generator) -> nn.Module:
    """Return the module of a bottleneck: an activation by its word, or a part of `BOTTLENECKS`.

    Raises
    ------
    InvalidParameterError
        If it is neither.
    """
    if isinstance(part, str) and "(" not in part:
        check_choice("bottleneck", part, (*ACTIVATIONS, *BOTTLENECKS))
        if part in ACTIVATIONS:
            return activation(part)
    return resolve_part("bottleneck", part, BOTTLENECKS).build(n_components, generator=generator)


__all__ = [
    "ACTIVATIONS",
    "BOTTLENECKS",
    "INITIALIZATIONS",
    "NETWORKS",
    "NORMALIZATIONS",
    "BatchTopK",
    "Convolutional",
    "Dense",
    "Dropout",
    "Initialization",
    "KaimingNormal",
    "KaimingUniform",
    "LogCounts",
    "Modules",
    "Network",
    "Orthogonal",
    "Pass",
    "Quantizer",
    "ScaledNormal",
    "SharedOutputs",
    "Spherical",
    "TopK",
    "TorchDefault",
    "VectorQuantized",
    "activation",
    "build_bottleneck",
    "initialize",
]
