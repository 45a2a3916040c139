"""Runs that appear whole, are replaced in one step, and by one process at a time."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import re
import shutil
import tomllib
import warnings
from collections.abc import Iterator
from pathlib import Path

from inscape._errors import (
    DamagedFileError,
    InvalidParameterError,
    RunExistsError,
    RunWarning,
    StorageError,
)
from inscape._exchange import exchange
from inscape._locks import LockedError, hold, writer_of
from inscape._manifests import MANIFEST, is_like, members, read_manifest, unlisted
from inscape._whole_files import mode_of, neighbor, storage_errors, sync_directory

# A directory on its way to its name, and one that gave its name away.
_OURS = ".inscape"
_STAGE, _OLD = f"{_OURS}.tmp", ".old"
_LEFTOVER = re.compile(r"[0-9a-z_]{8}(\.inscape)?\.(tmp|old)")
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
    "forming.gif",
    "turning.gif",
)


def next_free(path: Path) -> Path:
    """Return `path`, or where that is taken the first free of ``path-2``, ``path-3``, ...

    A name at which somebody is about to write is taken too.
    """
    free, number = path, 2
    while free.exists() or writer_of(free) is not None:
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


def refuse_in_run(path: Path) -> None:
    """Make sure that what is going to be written does not lie in a run.

    An export or a saved model may: it has a MANIFEST of its own.

    Raises
    ------
    StorageError
        If it does: what a run does not list would come between it and its proof.
    """
    for place in Path(os.path.realpath(path.parent)), *Path(os.path.realpath(path.parent)).parents:
        if _is_run(place):
            raise StorageError(
                f"{path} must lie outside of every run; {place} is one, and holds what it lists "
                "alone: choose another place."
            )


def _is_run(path: Path) -> bool:
    if not (path / MANIFEST).is_file():
        return _is_unfinished_run(path)
    try:
        files = read_manifest(path).files
    except InvalidParameterError:
        # Of a later format, and so ours.
        return True
    except OSError:
        return _is_unfinished_run(path)
    # An export is for its reader to add to.
    return any(name == "config.toml" or name.startswith("model/") for name in files)


def _strange(path: Path) -> list[str] | None:
    """Return the names of files that are not the run's; None where there is no run."""
    if path.is_dir() and (path / MANIFEST).is_file():
        # Where it is damaged, the run may still prove to be one that was never finished.
        with contextlib.suppress(DamagedFileError):
            return unlisted(path, with_inner=not _is_run(path))
    if not _is_unfinished_run(path):
        return None
    names = [found.relative_to(path).as_posix() for found in members(path)]
    return [name for name in names if not is_like(name, IN_PLACE)]


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
def hold_directory(path: Path) -> Iterator[None]:
    """Keep every other process from writing a directory, which need not be there yet.

    Raises
    ------
    StorageError
        If another process is writing there, or the place cannot be written to.

    Warns
    -----
    RunWarning
        If a process that is gone left its lock.
    """
    with contextlib.ExitStack() as stack:
        with storage_errors(path):
            stack.enter_context(hold(path))
        yield


@contextlib.contextmanager
def staged_directory(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary neighbour of `path` to fill, and rename it to `path` when all went well.

    A run that is overwritten stays in place until the new one is complete; then the two change
    names in one step, and the old one is removed.

    Raises
    ------
    RunExistsError
        As in `prepare_directory`, before and again at the end.
    StorageError
        If another process is writing there, or the place cannot be written to.
    """
    # A link to a run is not the run: what it leads to is.
    path = Path(os.path.realpath(path)) if path.is_symlink() else path
    prepare_directory(path, overwrite=overwrite)
    with hold_directory(path), storage_errors(path):
        remove_leftovers(path)
        prepare_directory(path, overwrite=overwrite)
        stage = neighbor(path, _STAGE)
        os.mkdir(stage, 0o777)
        try:
            yield stage
            # Whatever has come there meanwhile.
            prepare_directory(path, overwrite=overwrite)
            _put(stage, path)
        finally:
            shutil.rmtree(stage, ignore_errors=True)


def _put(stage: Path, path: Path) -> None:
    """Give a filled directory its name; what has the name now takes that of the stage."""
    mode = mode_of(path)
    if mode is None:
        os.replace(stage, path)
    else:
        os.chmod(stage, mode)
        if not exchange(stage, path):
            _put_in_two_steps(stage, path)
    # The new one is there for good before the old one goes.
    sync_directory(path.parent)


def _put_in_two_steps(stage: Path, path: Path) -> None:
    """Do the same where the system cannot; `remove_leftovers` mends a kill in between."""
    old = stage.with_suffix(_OLD)
    os.replace(path, old)
    try:
        os.replace(stage, path)
    except BaseException:
        os.replace(old, path)
        raise
    os.replace(old, stage)


def leftovers(path: Path) -> list[Path]:
    """Return what may have been left beside a directory by processes that were killed.

    What another process is filling right now looks the same: ask `writer_of` first.
    """
    beside = f".{path.name}."
    found = path.parent.glob(f"{glob.escape(beside)}*") if path.parent.is_dir() else ()
    named = [left for left in found if _LEFTOVER.fullmatch(left.name.removeprefix(beside))]
    # A run that gave its name away comes first.
    return sorted((left for left in named if left.is_dir()), key=lambda left: left.suffix)


def remove_leftovers(path: Path) -> None:
    """Remove what killed processes left beside a directory that we hold, and say so.

    Where one was killed between two renames, the run that was there gets its name back.

    Parameters
    ----------
    path : Path
        The directory.

    Warns
    -----
    RunWarning
        For each that is found; what is not ours is left where it is.
    """
    for left in leftovers(path):
        ours = _OURS in left.suffixes
        if left.suffix == _OLD and not path.exists() and (ours or _is_run(left)):
            os.replace(left, path)
            told = f"{path} had lost its name to a process that was killed; it has it again."
        elif ours:
            shutil.rmtree(left, ignore_errors=True)
            told = f"{left} was left by a process that was killed; it is removed."
        else:
            told = f"{left} may have been left by a process that was killed; look, and remove it."
        warnings.warn(told, RunWarning, stacklevel=3)


def find_again(path: Path) -> None:
    """Give a run its name back where a kill took it; see `remove_leftovers`."""
    if path.exists() or not path.parent.is_dir():
        return
    if any(path.parent.glob(f".{glob.escape(path.name)}.*{_OLD}")):
        with hold_directory(path):
            remove_leftovers(path)


@contextlib.contextmanager
def claim_directory(path: Path | None, first: Path, *, overwrite: bool) -> Iterator[Path]:
    """Hold the directory that a job is going to write, from its start to its end.

    Parameters
    ----------
    path : Path or None
        The directory; None takes `first`, or the next free one after it.
    first : Path
        The default.
    overwrite : bool
        Whether a run that is there may be replaced.

    Raises
    ------
    RunExistsError
        As in `prepare_directory`.
    StorageError
        If another process is writing there, if it lies in a run, or cannot be written to.
    """
    refuse_in_run(first if path is None else path)
    if path is None:
        with _hold_free(first) as free:
            yield free
        return
    find_again(path)
    prepare_directory(path, overwrite=overwrite)
    with hold_directory(path):
        prepare_directory(path, overwrite=overwrite)
        yield path


@contextlib.contextmanager
def _hold_free(first: Path) -> Iterator[Path]:
    while True:
        free = next_free(first)
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(hold_directory(free))
            except LockedError:
                continue
            if not free.exists():
                yield free
                return
