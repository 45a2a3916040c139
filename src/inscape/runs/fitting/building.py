"""The estimator that a config asks for."""

from __future__ import annotations

from typing import Any

from inscape import zoo
from inscape._parts import resolve_part
from inscape._typing import ImageShape
from inscape.corruptions import CORRUPTIONS
from inscape.estimators import Autoencoder
from inscape.networks import NETWORKS
from inscape.runs.config import AUTOENCODER, FitConfig


def build_estimator(config: FitConfig, image_shape: ImageShape | None) -> Any:
    """Return the estimator that a config asks for, not yet fitted.

    Parameters
    ----------
    config : FitConfig
        What is asked for.
    image_shape : tuple of int or None
        Of pictures; parts for pictures are told it.

    Raises
    ------
    InvalidParameterError
        If options do not go together, or there is no such model.
    """
    published = config.model != AUTOENCODER
    own = config.estimator_parameters()
    said = zoo.MODELS[config.model].parts if published else {}
    parameters = {name: part for name, part in said.items() if name == "network"} | own
    for name, table in (("network", NETWORKS), ("corruption", CORRUPTIONS)):
        if parameters.get(name) is not None and image_shape is not None:
            parameters[name] = resolve_part(name, parameters[name], table).for_pictures(image_shape)
    return zoo.build(config.model, **parameters) if published else Autoencoder(**parameters)
