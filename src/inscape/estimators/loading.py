"""Make a saved estimator again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from inscape._errors import InvalidParameterError
from inscape._files import damaged
from inscape._parts import rebuild_parts
from inscape.estimators.autoencoder import Autoencoder
from inscape.estimators.format_1 import as_format_2
from inscape.estimators.options import MODULES, resolve_network
from inscape.estimators.persistence import FORMAT, model_directory, read_model
from inscape.estimators.variational_autoencoder import VariationalAutoencoder
from inscape.networks import Modules

ESTIMATORS: dict[str, Any] = {
    "autoencoder": Autoencoder,
    "variational_autoencoder": VariationalAutoencoder,
}


def load(path: str | Path, *, network: Any = None, parts: Iterable[type[Any]] = ()) -> Any:
    """Load the estimator that a run, or a directory written by `save`, holds.

    Parameters
    ----------
    path : path-like
        A run, its ``model/`` directory alone, or a directory in the layout of the Hub.
    network : pair of modules or None
        (encoder, decoder) of the same shapes, where the estimator was given modules of your own:
        only their weights are stored, never code.
    parts : iterable of type
        The classes of your own parts that the estimator was made with, such as a likelihood:
        nothing that a file names is imported.

    Returns
    -------
    Autoencoder or VariationalAutoencoder
        Fitted, on the CPU; it gives the same codes, bit by bit, as the one that was saved.

    Raises
    ------
    RunNotFoundError
        If there is no model at `path`.
    DamagedFileError
        If a file is not as it was written; it is named.
    InvalidParameterError
        If modules or parts of your own are missing, or the modules are of other shapes.
    """
    path = Path(path)
    described, tensors = read_model(path)
    try:
        if described["format"] == 1:
            described, tensors = as_format_2(described, tensors)
        if described["format"] != FORMAT:
            raise InvalidParameterError(
                f"{path} must be of a format up to {FORMAT}; got {described['format']}: it was "
                "written by a later version of inscape, which can load it."
            )
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
    except (AttributeError, KeyError, TypeError, RuntimeError) as error:
        raise damaged(model_directory(path) / "model.safetensors") from error
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
