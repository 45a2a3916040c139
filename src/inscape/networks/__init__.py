"""Networks: pairs of `nn.Module`s, described by small immutable parts that build them.

| file | what lives there |
|---|---|
| `activations` | activation functions by name |
| `architecture` | the base of every network part: what builds an encoder and a decoder |
| `bottleneck` | the base of every bottleneck, and the bottleneck that is an activation |
| `conditioned` | layers that are told conditions beside what comes in |
| `convolutional` | convolutional encoder of pictures of any size, and its mirror as decoder |
| `dense` | fully connected encoder and decoder of any depth |
| `dropout` | dropout that draws from a generator of its training, never from torch's global one |
| `examples` | rows, and what encoder and decoder are told beside them |
| `initialization` | initialisations of weight matrices, each drawn from an explicit generator |
| `linear_path` | a linear map with a network beside it |
| `log_counts` | counts as an encoder can read them |
| `modules` | an encoder and a decoder of the user's own |
| `network` | the pair of modules that everything else trains, saves and shows |
| `shared_outputs` | a decoder with outputs that are the same for every code |
| `spherical` | a bottleneck whose codes lie on the unit sphere |
| `tied` | a layer that uses the weights of another one, transposed |
| `top_k` | bottlenecks that keep the largest codes, and bring dead units back |
| `vector_quantized` | a bottleneck that lets only the vectors of a learned codebook through |
"""

from typing import Any

from inscape._checks import check_choice
from inscape._parts import Family, resolve_part
from inscape.networks.activations import ACTIVATIONS, activation
from inscape.networks.architecture import Architecture, Sizes, Start
from inscape.networks.bottleneck import Activation, Bottleneck, BottleneckModule
from inscape.networks.conditioned import Conditioned
from inscape.networks.convolutional import Convolutional
from inscape.networks.dense import NORMALIZATIONS, Dense
from inscape.networks.dropout import Dropout
from inscape.networks.examples import Examples, mean_of_rows
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
from inscape.networks.linear_path import LinearPath, LinearStart
from inscape.networks.log_counts import LogCounts
from inscape.networks.modules import Modules
from inscape.networks.network import Network, Pass
from inscape.networks.shared_outputs import SharedOutputs
from inscape.networks.spherical import Normalize, Spherical
from inscape.networks.tied import TiedLinear
from inscape.networks.top_k import BatchTopK, LargestCodes, TopK
from inscape.networks.vector_quantized import Quantizer, VectorQuantized

NETWORKS = Family(Architecture, {"dense": Dense, "convolutional": Convolutional})
BOTTLENECKS = Family(
    Bottleneck,
    {
        "activation": Activation,
        "top_k": TopK,
        "batch_top_k": BatchTopK,
        "spherical": Spherical,
        "vector_quantized": VectorQuantized,
    },
)


def resolve_bottleneck(value: Any) -> Bottleneck:
    """Return the bottleneck that a value stands for; the word of an activation is one too.

    Raises
    ------
    InvalidParameterError
        If it stands for none.
    """
    if isinstance(value, str) and "(" not in value:
        check_choice(
            "bottleneck",
            value,
            (*ACTIVATIONS, *BOTTLENECKS),
        )
        if value in ACTIVATIONS:
            return Activation(value)
    return resolve_part("bottleneck", value, BOTTLENECKS)


__all__ = [
    "ACTIVATIONS",
    "BOTTLENECKS",
    "INITIALIZATIONS",
    "NETWORKS",
    "NORMALIZATIONS",
    "Activation",
    "Architecture",
    "BatchTopK",
    "Bottleneck",
    "BottleneckModule",
    "Conditioned",
    "Convolutional",
    "Dense",
    "Dropout",
    "Examples",
    "Initialization",
    "KaimingNormal",
    "KaimingUniform",
    "LargestCodes",
    "LinearPath",
    "LinearStart",
    "LogCounts",
    "Modules",
    "Network",
    "Normalize",
    "Orthogonal",
    "Pass",
    "Quantizer",
    "ScaledNormal",
    "SharedOutputs",
    "Sizes",
    "Spherical",
    "Start",
    "TiedLinear",
    "TopK",
    "TorchDefault",
    "VectorQuantized",
    "activation",
    "initialize",
    "mean_of_rows",
    "resolve_bottleneck",
]
