"""Networks: pairs of `nn.Module`s, described by small immutable parts that build them."""

from collections.abc import Mapping
from typing import Any

from inscape.networks.activations import ACTIVATIONS, activation
from inscape.networks.dense import Dense
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
from inscape.networks.network import Network

NETWORKS: Mapping[str, Any] = {"dense": Dense}

__all__ = [
    "ACTIVATIONS",
    "INITIALIZATIONS",
    "NETWORKS",
    "Dense",
    "Initialization",
    "KaimingNormal",
    "KaimingUniform",
    "Network",
    "Orthogonal",
    "ScaledNormal",
    "TorchDefault",
    "activation",
    "initialize",
]
