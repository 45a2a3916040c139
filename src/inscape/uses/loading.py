"""Load whatever was saved: an estimator, or a use of one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from inscape._errors import RunNotFoundError
from inscape._files import damaged
from inscape.estimators.loading import restore
from inscape.estimators.persistence import model_directory, read_model
from inscape.uses.anomalies import AnomalyDetector
from inscape.uses.classification import PretrainedClassifier
from inscape.uses.clusters import Clusterer
from inscape.uses.imputation import Imputer
from inscape.uses.saving import restore_use

_USES: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (AnomalyDetector, Clusterer, Imputer, PretrainedClassifier)
}


def load_representation(path: str | Path) -> Any:
    """Load what encodes rows and decodes codes.

    Parameters
    ----------
    path : path-like
        As in `load`.

    Raises
    ------
    RunNotFoundError
        If there is none at `path`, or something that does not encode.
    """
    found = load(path)
    if not (hasattr(found, "transform") and hasattr(found, "inverse_transform")):
        raise RunNotFoundError(
            f"{path} must hold a model that encodes rows; it holds {type(found).__name__}: give "
            "a run of inscape fit."
        )
    return found


def load(path: str | Path, *, network: Any = None, parts: Iterable[type[Any]] = ()) -> Any:
    """Load what a run, or a directory written by `save`, holds.

    Parameters
    ----------
    path : path-like
        A run, its ``model/`` directory alone, or a directory in the layout of the Hub.
    network : pair of modules or None
        (encoder, decoder) of the same shapes, where the estimator was given modules of your own:
        only their weights are stored, never code.
    parts : iterable of type
        The classes of your own parts that it was made with, such as a likelihood: nothing that a
        file names is imported.

    Returns
    -------
    Autoencoder, VariationalAutoencoder, or an estimator of a use, such as AnomalyDetector
        Fitted, on the CPU; it gives the same numbers, bit by bit, as the one that was saved.

    Raises
    ------
    RunNotFoundError
        If there is no model at `path`.
    DamagedFileError
        If a file is not as it was written; it is named.
    InvalidParameterError
        If modules or parts of your own are missing, or the modules are of other shapes; or if it
        was written by a later version.
    """
    path = Path(path)
    described, tensors = read_model(path)
    try:
        if described["type"] in _USES:
            return restore_use(_USES[described["type"]], described, tensors, parts=parts)
        return restore(described, tensors, network=network, parts=parts)
    except (AttributeError, KeyError, TypeError, RuntimeError) as error:
        raise damaged(model_directory(path) / "model.safetensors") from error
