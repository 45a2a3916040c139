"""Models of format 1, read with the defaults and meanings that they were written with.

Format 1 told options as they were typed and left the rest to the defaults of its time. Labels were
further columns of the rows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from inscape._format_1 import say_defaults
from inscape._parts import describe_part, resolve_part
from inscape.networks import Dense
from inscape.objectives import LIKELIHOODS

Described = dict[str, Any]
Tensors = dict[str, np.ndarray]


def as_format_2(described: Described, tensors: Tensors) -> tuple[Described, Tensors]:
    """Return a model of format 1 as format 2 tells it.

    Parameters
    ----------
    described : dict
        Its config.json.
    tensors : dict of str to ndarray
        Its model.safetensors.
    """
    classes = described.pop("classes", None)
    described["conditions"] = None if classes is None else {"classes": classes}
    described.setdefault("samplers", {})
    parameters = dict(described["parameters"])
    for family in ("likelihood", "optimizer", "bottleneck"):
        if family in parameters:
            parameters[family] = say_defaults(family, parameters[family])
    described["parameters"] = parameters
    described["resolved"] = resolve_format_1(parameters, described["history"])
    # There was no linear path, and rows came as they were.
    described |= {"linear_path": False, "path_limit": None, "length": "", "faults": []}
    described["format"] = 2
    if classes is not None:
        tensors = _labels_apart(described, tensors)
    return described, tensors


def resolve_format_1(parameters: Described, history: list[Described]) -> Described:
    """Return the options of format 1 with every value that was left to its defaults.

    Parameters
    ----------
    parameters : dict
        As they were typed.
    history : list of dict
        Of the training, which tells its length.
    """
    resolved = {
        name: parameters[name]
        for name in [
            "likelihood",
            "corruption",
            "optimizer",
            "bottleneck",
            "penalty",
            "posterior",
            "prior",
            "divergence",
            "bound",
            "batch_size",
            "learning_rate",
            "n_components",
        ]
        if name in parameters
    }
    if parameters["network"] is None:
        hidden, activation = tuple(parameters["hidden"]), parameters["activation"]
        dense = Dense(hidden=hidden, activation=activation, bias="mean_row", linear_path=False)
        resolved["network"] = describe_part(dense)
    else:
        resolved["network"] = network = dict(parameters["network"])
        if network.get("bias") == "data_mean":
            network["bias"] = "mean_row"
        if network["type"] == "dense":
            network["linear_path"] = False
    resolved["epochs"] = history[-1]["epoch"] if history else parameters["epochs"]
    return resolved


def _labels_apart(described: Described, tensors: Tensors) -> Tensors:
    """Return the weights of a conditional model whose labels are no longer columns of the rows."""
    tensors, n_features = dict(tensors), described["n_features"]
    pseudo = tensors.get("network.prior.pseudo_inputs")
    if pseudo is not None:
        tensors["network.prior.pseudo_inputs"] = pseudo[:, :n_features].copy()
        tensors["network.prior.pseudo_conditions"] = pseudo[:, n_features:].copy()
    own = described["parameters"]["network"] == {"type": "modules"}
    if own:
        # Modules of the user's own stand inside another one, which joins rows and labels for them.
        sides = ("network.encoder.", "network.decoder.decoder.", "network.decoder.")
        moved = {}
        for name, tensor in tensors.items():
            side = next((side for side in sides if name.startswith(side)), None)
            shared = name == "network.decoder.shared"
            key = name if side is None or shared else f"{side}0.{name.removeprefix(side)}"
            moved[key] = tensor
        tensors = moved
    likelihood = resolve_part("likelihood", described["parameters"]["likelihood"], LIKELIHOODS)
    if likelihood.reads_logarithms and not own:
        # The ones of the labels went through log(1 + x) too.
        first = tensors["network.encoder.1.weight"].copy()
        first[:, n_features:] *= math.log(2)
        tensors["network.encoder.1.weight"] = first
    return tensors
