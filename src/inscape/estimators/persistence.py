"""Estimators on disk: JSON and safetensors, never a pickle, checked against a MANIFEST.

``model/`` has the layout of the Hugging Face Hub (config.json and model.safetensors) and can be
loaded on its own.
"""

from __future__ import annotations

import dataclasses
import json
import numbers
from pathlib import Path
from typing import Any

import numpy as np
import torch

from inscape._checks import describe_part
from inscape._errors import InvalidParameterError, RunNotFoundError
from inscape._files import (
    MANIFEST,
    damaged,
    read_json,
    read_tensors,
    staged_directory,
    verify_manifest,
    write_atomic,
    write_json,
    write_manifest,
    write_tensors,
)
from inscape.data.scaling import Scaler
from inscape.estimators.autoencoder import Autoencoder
from inscape.estimators.generation import describe_samplers, restore_samplers
from inscape.estimators.latent_report import LatentReport
from inscape.estimators.options import resolve_network
from inscape.estimators.variational_autoencoder import VariationalAutoencoder
from inscape.networks import Modules

ESTIMATORS: dict[str, Any] = {
    "autoencoder": Autoencoder,
    "variational_autoencoder": VariationalAutoencoder,
}


def save(estimator: Any, path: Path, *, overwrite: bool = False) -> None:
    """Write a fitted estimator as a directory with ``model/``, ``history.jsonl`` and MANIFEST."""
    with staged_directory(path, overwrite=overwrite) as stage:
        save_model(estimator, stage / "model")
        write_history(stage / "history.jsonl", estimator.history_)
        write_manifest(stage)


def write_history(path: Path, history: list[dict[str, Any]]) -> None:
    """Write one line of JSON an epoch."""
    write_atomic(path, "".join(json.dumps(entry) + "\n" for entry in history))


def save_model(estimator: Any, directory: Path) -> None:
    """Write ``config.json`` and ``model.safetensors``."""
    given = estimator.get_params(deep=False)
    # The code of a user's own modules cannot be told as data: who loads the weights brings it.
    if given["network"] is not None and isinstance(resolve_network(given["network"]), Modules):
        given["network"] = {"type": "modules"}
    parameters = {name: describe_part(value) for name, value in given.items()}
    # A generator object cannot be told as data; the weights no longer depend on it.
    if not isinstance(parameters["random_state"], (numbers.Integral, type(None))):
        parameters["random_state"] = None
    names = getattr(estimator, "feature_names_in_", None)
    config = {
        "format": 1,
        "type": next(word for word, kind in ESTIMATORS.items() if kind is type(estimator)),
        "parameters": parameters,
        "n_features": estimator.n_features_in_,
        "feature_names": None if names is None else [str(name) for name in names],
        "dead_units": list(estimator.dead_units_),
        "history": estimator.history_,
        "samplers": describe_samplers(estimator.network_),
    }
    if isinstance(estimator, VariationalAutoencoder):
        config["latent_report"] = dataclasses.asdict(estimator.latent_report_)
        classes = estimator.classes_
        config["classes"] = None if classes is None else classes.tolist()
    tensors = {
        f"network.{name}": tensor.cpu().numpy()
        for name, tensor in estimator.network_.state_dict().items()
    }
    if estimator.scaler_ is not None:
        tensors |= {
            "scaler.shift": estimator.scaler_.shift,
            "scaler.scale": estimator.scaler_.scale,
        }
    write_tensors(directory / "model.safetensors", tensors, {"format": "pt"})
    write_json(directory / "config.json", config)


def load(path: str | Path, *, network: Any = None) -> Any:
    """Load the estimator that a run, or a directory written by `save`, holds.

    Parameters
    ----------
    path : path-like
        A run, or its ``model/`` directory alone.
    network : pair of modules or None
        (encoder, decoder) of the same shapes, where the estimator was given modules of your own:
        only their weights are stored, never code.

    Returns
    -------
    Autoencoder
        Fitted, on the CPU; it gives the same codes, bit by bit, as the one that was saved.

    Raises
    ------
    RunNotFoundError
        If there is no model at `path`.
    DamagedFileError
        If a file is not as it was written; it is named.
    """
    path = Path(path)
    directory = path / "model" if (path / "model").is_dir() else path
    for name in ("config.json", "model.safetensors"):
        if not (directory / name).is_file():
            raise RunNotFoundError(
                f"{path} must be a run with a model, or a model; {name} is not there: check the "
                "path, or finish the run with inscape fit --resume."
            )
    if all((directory.parent / name).is_file() for name in (MANIFEST, "history.jsonl")):
        verify_manifest(directory.parent, below=f"{directory.name}/")
    config = read_json(directory / "config.json")
    tensors, _ = read_tensors(directory / "model.safetensors")
    try:
        return _rebuild(config, tensors, network)
    except (AttributeError, KeyError, TypeError, RuntimeError) as error:
        raise damaged(directory / "model.safetensors") from error


def _rebuild(config: dict[str, Any], tensors: dict[str, np.ndarray], network: Any) -> Any:
    parameters = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in config["parameters"].items()
    }
    if parameters["network"] == {"type": "modules"}:
        if network is None:
            raise InvalidParameterError(
                "`network` must be given where a model holds modules of your own; got None: pass "
                "inscape.load(path, network=(encoder, decoder))."
            )
        parameters["network"] = resolve_network(network)
    estimator = ESTIMATORS[config["type"]](**parameters)
    estimator.n_features_in_ = config["n_features"]
    if config["feature_names"] is not None:
        estimator.feature_names_in_ = np.array(config["feature_names"], dtype=object)
    shift = tensors.pop("scaler.shift", None)
    estimator.scaler_ = None if shift is None else Scaler(shift, tensors.pop("scaler.scale"))
    estimator.history_ = config["history"]
    estimator.dead_units_ = tuple(config["dead_units"])
    if isinstance(estimator, VariationalAutoencoder):
        report: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in config["latent_report"].items()
        }
        estimator.latent_report_ = LatentReport(**report)
        classes = config["classes"]
        estimator.classes_ = None if classes is None else np.array(classes)
    parts = estimator._resolve(estimator.n_features_in_)
    estimator.optimizers_ = None
    network = estimator._build_network(parts, torch.Generator())
    samplers = config.get("samplers", {})
    restore_samplers(network, samplers, n_components=estimator.n_components)
    estimator.network_ = network.to(parts.dtype)
    estimator.network_.load_state_dict(
        {name.removeprefix("network."): torch.from_numpy(array) for name, array in tensors.items()}
    )
    estimator.network_.eval()
    return estimator
