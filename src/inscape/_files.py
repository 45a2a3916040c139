"""Files that are whole or not there, and directories that can prove they are unharmed.

A file is written to a temporary neighbour, flushed to the disk and renamed, so that a full disk,
Ctrl-C or a kill leaves the last good state. A directory carries a MANIFEST, written last, with
the sha256 of each file.
"""

from __future__ import annotations

import contextlib
import errno
import fnmatch
import hashlib
import json
import os
import re
import shutil
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
# What desktops and network disks leave in any directory.
_DROPPED = (".DS_Store", "._*", ".nfs*", "Thumbs.db", "desktop.ini")
# What is being written, and what a kill leaves of it.
_UNFINISHED = re.compile(r"\.(.+)\.[0-9a-z_]{8}\.tmp")
# All that a run holds which is filled in its place, as a fit is.
IN_PLACE = (
    "config.toml",
    "environment.json",
    "history.jsonl",
    "metrics.json",
    "report.html",
    "checkpoint/state.safetensors",
    "recorder/step-*.safetensors",
    "model/config.json",
    "model/model.safetensors",
    "figures/*.png",
)
_MANIFEST_FORMAT = 2
_MANIFEST_FIRST = re.compile(r"# format (\d+), (\d+) files")
_MANIFEST_EDITABLE = re.compile("# editable ([0-9a-f]{64})  (.+)")
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
        if _UNFINISHED.fullmatch(path.name):
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
        If something is there and `overwrite` is false, or it is not a run, or one that holds
        files which it does not list.
    """
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    if not overwrite:
        raise RunExistsError(
            f"{path} must be a new directory; it already exists: choose another one, "
            "or allow it to be replaced with overwrite (--overwrite)."
        )
    names = _strange(path)
    if names is None:
        raise RunExistsError(
            f"{path} must be a run to be overwritten; it holds something else: choose another one."
        )
    if names:
        raise RunExistsError(
            f"{path} must hold nothing but a run to be overwritten; it holds {names[0]!r} too, "
            "which the run does not list: take that out, or choose another directory."
        )


def _strange(path: Path) -> list[str] | None:
    """Return the names of files that are not the run's; None where there is no run."""
    if path.is_dir() and (path / MANIFEST).is_file():
        # Where it is damaged, the run may still prove to be one that was never finished.
        with contextlib.suppress(DamagedFileError):
            return unlisted(path)
    if not _is_unfinished_run(path):
        return None
    names = [found.relative_to(path).as_posix() for found in _members(path)]
    return [name for name in names if not _is_like(name, IN_PLACE)]


def _is_unfinished_run(path: Path) -> bool:
    """Return whether a directory has config and environment as we write them."""
    try:
        config = tomllib.loads((path / "config.toml").read_text(encoding="utf-8"))
        environment = json.loads((path / "environment.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    # Format 1 named no kind.
    return isinstance(environment, dict) and (
        {"format", "kind"} <= config.keys() or "inscape" in environment.get("packages", {})
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


@dataclass(frozen=True)
class Manifest:
    """What a directory has to hold.

    Parameters
    ----------
    files : dict of str to str
        The sha256 of each file, by its name.
    editable : dict of str to str
        The same of files that are for their reader to change: they are proved by nobody.
    """

    files: dict[str, str]
    editable: dict[str, str]


def write_manifest(
    directory: Path, *, patterns: Sequence[str] = ("*",), editable: Sequence[str] = ()
) -> None:
    """Write the sha256 of each file below `directory`; it is the last thing written there.

    ``sha256sum -c`` reads it. The first line tells how many files there are, and the last one is
    the checksum of those before it.

    Parameters
    ----------
    directory : Path
        Holds the files.
    patterns : sequence of str
        What the names of files have to be like to be listed.
    editable : sequence of str
        Likewise, for files that their reader may change.
    """
    lines, told = [], []
    for path in _members(directory):
        name = path.relative_to(directory).as_posix()
        if _is_like(name, editable):
            told.append(f"# editable {sha256(path)}  {name}")
        elif _is_like(name, patterns):
            lines.append(f"{sha256(path)}  {name}")
    text = "\n".join([f"# format {_MANIFEST_FORMAT}, {len(lines)} files", *told, *lines]) + "\n"
    write_atomic(directory / MANIFEST, f"{text}# {hashlib.sha256(text.encode()).hexdigest()}\n")


def _members(directory: Path) -> list[Path]:
    """Return the files below a directory, but not what systems and kills leave there."""
    return sorted(
        path
        for path in directory.rglob("*")
        if path.is_file()
        and path.name != MANIFEST
        and not _is_like(path.name, _DROPPED)
        and _UNFINISHED.fullmatch(path.name) is None
    )


def _is_like(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def read_manifest(directory: Path) -> Manifest:
    """Return what a directory has to hold.

    Raises
    ------
    RunNotFoundError
        If there is no MANIFEST: it is no finished run.
    DamagedFileError
        If it is cut short, or not as it was written.
    InvalidParameterError
        If it is of a later format.
    """
    path = directory / MANIFEST
    if not path.is_file():
        raise RunNotFoundError(
            f"{directory} must be a finished run (a directory with a MANIFEST); there is none: "
            "check the path, or finish the run with inscape fit --resume."
        )
    content = path.read_bytes()
    try:
        lines = content.decode().split("\n")
    except ValueError as error:
        raise damaged(path) from error
    # One of format 1 tells neither how much it lists nor its own checksum.
    expected = None
    if lines[0].startswith("#") or lines[-2:][0].startswith("#"):
        told = _MANIFEST_FIRST.fullmatch(lines[0])
        if told is None:
            raise damaged(path)
        check_format(path, int(told[1]), _MANIFEST_FORMAT)
        expected = int(told[2])
        above = content[: content.rfind(b"\n", 0, -1) + 1]
        if lines[-2:] != [f"# {hashlib.sha256(above).hexdigest()}", ""]:
            raise damaged(path)
        lines = [*lines[1:-2], ""]
    editable = [m for line in lines if (m := _MANIFEST_EDITABLE.fullmatch(line)) is not None]
    listed = [m for line in lines if (m := _MANIFEST_LINE.fullmatch(line)) is not None]
    found = Manifest({m[2]: m[1] for m in listed}, {m[2]: m[1] for m in editable})
    whole = len(found.files) + len(editable) == len(lines) - 1 and not lines[-1]
    if not whole or not found.files or expected not in (None, len(found.files)):
        raise damaged(path)
    return found


def verify_manifest(directory: Path, *, below: str = "") -> None:
    """Check the files below `directory` whose path starts with `below` against MANIFEST.

    Raises
    ------
    RunNotFoundError
        If there is no MANIFEST: it is no finished run.
    DamagedFileError
        If a file is missing or was changed; it is named.
    """
    files = read_manifest(directory).files
    wanted = [name for name in files if name.startswith(below)]
    if not wanted:
        raise damaged(directory / MANIFEST)
    for name in wanted:
        _check_digest(directory / name, files[name])


def verify_file(directory: Path, name: str) -> Path:
    """Check one file against MANIFEST, and return its path.

    Raises
    ------
    DamagedFileError
        If it is missing, was changed or is not listed; it is named.
    """
    files = read_manifest(directory).files
    if name not in files:
        raise DamagedFileError(
            f"{directory / name} must be listed in {MANIFEST} to be read; it is not: take it out "
            "of the run, or make the run again."
        )
    return _check_digest(directory / name, files[name])


def _check_digest(path: Path, digest: str) -> Path:
    if not path.is_file() or sha256(path) != digest:
        raise damaged(path)
    return path


def unlisted(directory: Path) -> list[str]:
    """Return the names of files below a directory that its MANIFEST does not list.

    What its reader may change is listed as long as it was not changed. A directory below it that
    has a MANIFEST of its own is judged by that.
    """
    found = read_manifest(directory)
    inner = {path.parent for path in directory.rglob(MANIFEST) if path.parent != directory}
    names = []
    for path in _members(directory):
        name = path.relative_to(directory).as_posix()
        held = next((place for place in path.parents if place in inner), None)
        if held is not None:
            if path.relative_to(held).as_posix() in unlisted(held):
                names.append(name)
        elif name not in found.files and found.editable.get(name) != sha256(path):
            names.append(name)
    return names
