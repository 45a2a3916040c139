"""Files that are whole or not there.

A file is written to a temporary neighbour, flushed to the disk and renamed, so that a full disk,
Ctrl-C or a kill leaves the last good state.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from inscape._errors import DamagedFileError, InvalidParameterError, StorageError

# What is being written, and what a kill leaves of it.
UNFINISHED = re.compile(r"\.(.+)\.[0-9a-z_]{8}\.tmp")


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
    """Write a file whole or not at all, for those whom the umask lets read it.

    Raises
    ------
    StorageError
        If the place is read-only or full; what was there before is kept.
    """
    data = content.encode() if isinstance(content, str) else content
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = mode_of(path)
        name = neighbor(path, ".tmp")
        # The system takes off what the umask says.
        handle = os.open(
            name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else 0o600
        )
        try:
            with os.fdopen(handle, "wb") as file:
                if mode is not None:
                    os.fchmod(file.fileno(), mode)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
        sync_directory(path.parent)


def neighbor(path: Path, suffix: str) -> Path:
    """Return a name beside a path, on its file system, that nothing has."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}{suffix}")


def mode_of(path: Path) -> int | None:
    """Return who may read what is there: what replaces it is for the same people."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None


def remove_unfinished(directory: Path) -> None:
    """Remove the temporary files that a kill left behind below `directory`."""
    for path in directory.rglob(".*.tmp"):
        if UNFINISHED.fullmatch(path.name):
            path.unlink(missing_ok=True)


def sync_directory(path: Path) -> None:
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


def sha256(path: Path) -> str:
    """Return the sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
