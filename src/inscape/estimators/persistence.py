"""Estimators on disk: JSON and safetensors, never a pickle, checked against a MANIFEST.

``model/`` has the layout of the Hugging Face Hub (config.json and model.safetensors) and can be
loaded on its own. An estimator tells and takes its own state; nothing here knows its class.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from inscape._errors import RunNotFoundError
from inscape._files import (
    MANIFEST,
    check_format,
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

FORMAT = 3


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
    write_model(directory, *estimator.to_data())


def write_model(
    directory: Path, described: Mapping[str, Any], tensors: Mapping[str, np.ndarray]
) -> None:
    """Write what was learned, as plain data and arrays.

    Parameters
    ----------
    directory : Path
        Takes ``config.json`` and ``model.safetensors``.
    described : mapping
        The plain data.
    tensors : mapping of str to ndarray
        The arrays.
    """
    write_tensors(directory / "model.safetensors", tensors, {"format": "pt"})
    told = {"format": FORMAT, "inscape": metadata.version("inscape"), **described}
    write_json(directory / "config.json", told)


def read_model(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read what `save_model` wrote, below a run or from its ``model/`` alone.

    Raises
    ------
    RunNotFoundError
        If there is no model at `path`.
    DamagedFileError
        If a file is not as it was written; it is named.
    InvalidParameterError
        If it is of a later format.
    """
    directory = model_directory(path)
    for name in ("config.json", "model.safetensors"):
        if not (directory / name).is_file():
            raise RunNotFoundError(
                f"{path} must be a run with a model, or a model; {name} is not there: check the "
                "path, or finish the run with inscape fit --resume."
            )
    if (directory / MANIFEST).is_file():
        # A model by itself, in the Hub's layout.
        verify_manifest(directory)
    elif all((directory.parent / name).is_file() for name in (MANIFEST, "history.jsonl")):
        verify_manifest(directory.parent, below=f"{directory.name}/")
    config = read_json(directory / "config.json")
    _check_description(directory / "config.json", config)
    tensors, _ = read_tensors(directory / "model.safetensors")
    return config, tensors


def _check_description(path: Path, config: Any) -> None:
    if not isinstance(config, dict) or "format" not in config:
        raise damaged(path)
    by = config.get("inscape")
    check_format(path, config["format"], FORMAT, by=f"version {by}" if by else "a later version")


def model_directory(path: Path) -> Path:
    """Return where the model's files are: in ``model/``, or in `path` itself."""
    return path / "model" if (path / "model").is_dir() else path
