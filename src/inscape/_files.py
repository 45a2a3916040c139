"""Files that are whole or not there, and directories that can prove they are unharmed.

A file is written to a temporary neighbour, flushed to the disk and renamed, so that a full disk,
Ctrl-C or a kill leaves the last good state. A directory carries a MANIFEST, written last, with
the sha256 of each file.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from inscape._errors import (
    DamagedFileError,
    InvalidParameterError,
    RunExistsError,
    RunNotFoundError,
    StorageError,
)

MANIFEST = "MANIFEST"
_MANIFEST_LINE = re.compile("([0-9a-f]{64})  (.+)")


@contextlib.contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn the system's refusals to write into one sentence with the way out."""
    try:
        yield
    except OSError as error:
        reasons = {
            errno.EROFS: "the file system is read-only: choose another place",
            errno.EACCES: "permission was denied: choose another place",
            errno.EPERM: "permission was denied: choose another place",
            errno.ENOSPC: "the disk is full: free some space, then resume",
            errno.EDQUOT: "the disk quota is used up: free some space, then resume",
            errno.EEXIST: "a part of the path is a file, not a directory: choose another place",
            errno.ENOTDIR: "a part of the path is a file, not a directory: choose another place",
        }
        if isinstance(error, StorageError) or error.errno not in reasons:
            raise
        raise StorageError(f"{path} must be writable; {reasons[error.errno]}.") from error


def write_atomic(path: Path, content: bytes | str) -> None:
    """Write a file whole or not at all.

    Raises
    ------
    StorageError
        If the place is read-only or full; what was there before is kept.
    """
    data = content.encode() if isinstance(content, str) else content
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
        _sync_directory(path.parent)


def remove_unfinished(directory: Path) -> None:
    """Remove the temporary files that a kill left behind below `directory`."""
    for path in directory.rglob(".*.tmp"):
        path.unlink(missing_ok=True)


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(path: Path, value: Any) -> None:
    """Write JSON, indented, whole or not at all; NaN is refused rather than written."""
    write_atomic(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises
    ------
    DamagedFileError
        If it cannot be parsed.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise damaged(path) from error


def write_tensors(
    path: Path, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None
) -> None:
    """Write named arrays as safetensors, whole or not at all."""
    from safetensors.numpy import save

    arrays = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    write_atomic(path, save(arrays, metadata=dict(metadata or {})))


def read_tensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Read named arrays and the metadata from safetensors.

    Raises
    ------
    DamagedFileError
        If the file is cut short or is not safetensors.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return arrays, dict(file.metadata() or {})
    except (SafetensorError, ValueError) as error:
        raise damaged(path) from error


def damaged(path: Path) -> DamagedFileError:
    """Return the error that names a damaged file."""
    return DamagedFileError(
        f"{path} must be as it was written; it is damaged or cut short: restore it from a copy, "
        "or make the run again."
    )


def check_format(path: Path, told: Any, latest: int, *, by: str = "a later version") -> None:
    """Make sure that a file is of a format that is known.

    Parameters
    ----------
    path : Path
        The file, which the error names.
    told : Any
        The format that it tells.
    latest : int
        The latest one that is known.
    by : str
        Who wrote it, as far as it says.

    Raises
    ------
    InvalidParameterError
        If it is of another one.
    """
    if type(told) is not int or told not in range(1, latest + 1):
        raise InvalidParameterError(
            f"{path} must be of format {latest} or before; got format {told!r}, of {by} of "
            "inscape: read it with that, or a later version of inscape."
        )


def next_free(path: Path) -> Path:
    """Return `path`, or where that is taken the first free of ``path-2``, ``path-3``, ..."""
    free, number = path, 2
    while free.exists():
        free, number = path.with_name(f"{path.name}-{number}"), number + 1
    return free


def prepare_directory(path: Path, *, overwrite: bool) -> None:
    """Make sure that `path` can become a new directory.

    Raises
    ------
    RunExistsError
        If something is there and `overwrite` is false, or it is not a run.
    """
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    if not overwrite:
        raise RunExistsError(
            f"{path} must be a new directory; it already exists: choose another one, "
            "or allow it to be replaced with overwrite (--overwrite)."
        )
    if not any((path / name).is_file() for name in (MANIFEST, "config.toml")):
        raise RunExistsError(
            f"{path} must be a run to be overwritten; it holds something else: choose another one."
        )


@contextlib.contextmanager
def staged_directory(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary neighbour of `path` to fill, and rename it to `path` when all went well.

    A run that is overwritten stays in place until the new one is complete.
    """
    prepare_directory(path, overwrite=overwrite)
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp"))
        os.chmod(stage, 0o755)
        try:
            yield stage
            if path.exists():
                old = stage.with_suffix(".old")
                os.replace(path, old)
                try:
                    os.replace(stage, path)
                except BaseException:
                    os.replace(old, path)
                    raise
                shutil.rmtree(old, ignore_errors=True)
            else:
                os.replace(stage, path)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
        _sync_directory(path.parent)


def sha256(path: Path) -> str:
    """Return the sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _members(directory: Path) -> list[Path]:
    return sorted(
        path
        for path in directory.rglob("*")
        if path.is_file() and path.name != MANIFEST and not path.name.endswith(".tmp")
    )


def write_manifest(directory: Path) -> None:
    """Write the sha256 of each file below `directory`; it is the last thing written there."""
    lines = [
        f"{sha256(path)}  {path.relative_to(directory).as_posix()}" for path in _members(directory)
    ]
    write_atomic(directory / MANIFEST, "\n".join(lines) + "\n")


def verify_manifest(directory: Path, *, below: str = "") -> None:
    """Check the files below `directory` whose path starts with `below` against MANIFEST.

    Raises
    ------
    RunNotFoundError
        If there is no MANIFEST: it is no finished run.
    DamagedFileError
        If a file is missing or was changed; it is named.
    """
    if not (directory / MANIFEST).is_file():
        raise RunNotFoundError(
            f"{directory} must be a finished run (a directory with a MANIFEST); there is none: "
            "check the path, or finish the run with inscape fit --resume."
        )
    digests = _read_manifest(directory / MANIFEST)
    for name, digest in digests.items():
        path = directory / name
        if name.startswith(below) and (not path.is_file() or sha256(path) != digest):
            raise damaged(path)
    # What lies beside the listed parts is the user's; below one, nothing may go unproved.
    names = {path.relative_to(directory).as_posix() for path in _members(directory)}
    if below and any(name.startswith(below) for name in names - set(digests)):
        raise damaged(directory / MANIFEST)


def _read_manifest(path: Path) -> dict[str, str]:
    """Return the sha256 of each listed file, by its name."""
    try:
        text = path.read_text(encoding="utf-8")
    except ValueError as error:
        raise damaged(path) from error
    lines = [_MANIFEST_LINE.fullmatch(line) for line in text.splitlines()]
    found = {match[2]: match[1] for match in lines if match is not None}
    if not found or len(found) != len(lines) or not text.endswith("\n"):
        raise damaged(path)
    return found
