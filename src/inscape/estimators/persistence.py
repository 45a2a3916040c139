"""Estimators on disk: JSON and safetensors, never a pickle, checked against a MANIFEST.

``model/`` has the layout of the Hugging Face Hub (config.json and model.safetensors), proves itself
and can be loaded on its own. An estimator tells and takes its own state; nothing here knows its
class.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from inscape._errors import DamagedFileError, RunNotFoundError
from inscape._files import (
    MANIFEST,
    check_format,
    damaged,
    find_again,
    read_json,
    read_manifest,
    read_tensors,
    sha256,
    staged_directory,
    verify_file,
    write_atomic,
    write_json,
    write_manifest,
    write_tensors,
)

FORMAT = 3
_FILES = ("config.json", "model.safetensors")
# Where the description tells of itself and of the arrays; not there before format 3.
_CHECKSUMS = "sha256"


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
    """Write what was learned, as plain data and arrays; the data tell the checksums of both.

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
    checksums = {
        "config.json": _digest(told),
        "model.safetensors": sha256(directory / "model.safetensors"),
    }
    write_json(directory / "config.json", {**told, _CHECKSUMS: checksums})


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
    find_again(path)
    directory = model_directory(path)
    for name in _FILES:
        if not (directory / name).is_file():
            raise RunNotFoundError(
                f"{path} must be a run with a model, or a model; {name} is not there: check the "
                "path, or finish the run with inscape fit --resume."
            )
    _check_around(path, directory)
    config = read_json(directory / "config.json")
    _check_description(directory, config)
    tensors, _ = read_tensors(directory / "model.safetensors")
    return config, tensors


def _check_around(path: Path, directory: Path) -> None:
    """Ask the MANIFEST that tells of a model's files: beside them, or one directory above."""
    room, below = directory, ""
    if not (room / MANIFEST).is_file():
        room, below = directory.absolute().parent, f"{directory.absolute().name}/"
        if not (room / MANIFEST).is_file():
            return
        if directory == path and not _lists(room, below):
            # A model by itself, beside files of somebody else's.
            return
    for name in _FILES:
        verify_file(room, below + name)


def _lists(room: Path, below: str) -> bool:
    try:
        return any(name.startswith(below) for name in read_manifest(room).files)
    except DamagedFileError:
        return False


def _check_description(directory: Path, config: Any) -> None:
    """Check a model's description, and its files against the checksums that it tells."""
    path = directory / "config.json"
    if not isinstance(config, dict) or "format" not in config:
        raise damaged(path)
    by = config.get("inscape")
    check_format(path, config["format"], FORMAT, by=f"version {by}" if by else "a later version")
    told = config.pop(_CHECKSUMS, None)
    if told is None and config["format"] < FORMAT:
        return
    if not isinstance(told, dict) or told.get("config.json") != _digest(config):
        raise damaged(path)
    if told.get("model.safetensors") != sha256(directory / "model.safetensors"):
        raise damaged(directory / "model.safetensors")


def _digest(described: Mapping[str, Any]) -> str:
    """Return the sha256 of plain data, however its file is laid out."""
    # Keys that are numbers come back as texts, which have another order.
    plain = json.loads(json.dumps(described))
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def model_directory(path: Path) -> Path:
    """Return where the model's files are: in ``model/``, or in `path` itself."""
    return path / "model" if (path / "model").is_dir() else path
