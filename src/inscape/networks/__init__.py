"""Networks: pairs of `nn.Module`s, described by small immutable parts that build them.

- `network`: encoder, bottleneck and decoder, and what a batch became on its way through them
- `architecture`: the base of what builds them; `dense`, `convolutional`, `modules` (your own)
- `bottleneck`: the base of bottlenecks, and activations; `top_k`, `spherical`, `vector_quantized`
- `initialization`: what fills weights
- `activations`: by name
- `examples`: rows, and what is told beside them; `conditioned`: layers that are told
- `log_counts`, `shared_outputs`, `tied`, `dropout`: single layers
"""

from typing import Any

from inscape._checks import check_choice
from inscape._parts import Family, resolve_part
from inscape.networks.activations import ACTIVATIONS, activation
from inscape.networks.architecture import Architecture, Means, Sizes
from inscape.networks.bottleneck import Activation, Bottleneck, BottleneckModule
from inscape.networks.conditioned import Conditioned
from inscape.networks.convolutional import Convolutional
from inscape.networks.dense import NORMALIZATIONS, Dense
from inscape.networks.dropout import Dropout
from inscape.networks.examples import Examples
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
from inscape.networks.spherical import Normalize, Spherical
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
    "LogCounts",
    "Means",
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
    "TopK",
    "TorchDefault",
    "VectorQuantized",
    "activation",
    "initialize",
    "resolve_bottleneck",
]
