"""Make a saved estimator again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from inscape._errors import InvalidParameterError
from inscape._format_1 import say_defaults
from inscape._parts import rebuild_parts
from inscape.estimators.autoencoder import Autoencoder
from inscape.estimators.format_1 import as_format_2
from inscape.estimators.options import MODULES, resolve_network
from inscape.estimators.persistence import FORMAT
from inscape.estimators.variational_autoencoder import VariationalAutoencoder
from inscape.networks import Modules

ESTIMATORS: dict[str, Any] = {
    "autoencoder": Autoencoder,
    "variational_autoencoder": VariationalAutoencoder,
}


def restore(
    described: dict[str, Any],
    tensors: dict[str, np.ndarray],
    *,
    network: Any = None,
    parts: Iterable[type[Any]] = (),
) -> Any:
    """Return the estimator that `to_data` told of.

    Parameters
    ----------
    described : dict
        The plain data.
    tensors : dict of str to ndarray
        The arrays.
    network : pair of modules or None
        (encoder, decoder) of the same shapes, where the estimator was given modules of the user's
        own.
    parts : iterable of type
        The classes of the user's own parts.

    Raises
    ------
    InvalidParameterError
        If modules or parts of the user's own are missing, or the modules are of other shapes.
    """
    if described["format"] == 1:
        described, tensors = as_format_2(described, tensors)
    # Format 3 added nothing but its own proof.
    if described["format"] not in (2, FORMAT):
        raise InvalidParameterError(
            f"The model must be of a format up to {FORMAT}; got {described['format']}: it was "
            "written by a later version of inscape, which can load it."
        )
    if "bottleneck" in described["resolved"]:
        # Told in full, but for options that the part got later.
        part = say_defaults("bottleneck", described["resolved"]["bottleneck"])
        described = described | {"resolved": described["resolved"] | {"bottleneck": part}}
    described = rebuild_parts(described, parts)
    own = _own_modules(described, network)
    parameters = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in described["parameters"].items()
    }
    estimator = ESTIMATORS[described["type"]](
        **parameters | ({} if own is None else {"network": own})
    )
    estimator.from_data(described, tensors, own=own)
    return estimator


def _own_modules(described: dict[str, Any], network: Any) -> Modules | None:
    if described["resolved"]["network"] != MODULES:
        return None
    if network is None:
        raise InvalidParameterError(
            "`network` must be given where a model holds modules of your own; got None: pass "
            "inscape.load(path, network=(encoder, decoder))."
        )
    found = resolve_network(network)
    if not isinstance(found, Modules):
        raise InvalidParameterError(
            "`network` must be a pair of modules, as the model was made with; got "
            f"{type(found).__name__}: pass inscape.load(path, network=(encoder, decoder))."
        )
    return found
