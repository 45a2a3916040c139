"""Directories that can prove they are unharmed.

A directory carries a MANIFEST, written last, with the sha256 of each file; it tells how many there
are and ends with its own checksum, so that it cannot be cut in silence either.
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from inscape._errors import DamagedFileError, RunNotFoundError
from inscape._whole_files import UNFINISHED, check_format, damaged, sha256, write_atomic

MANIFEST = "MANIFEST"
# What desktops and network disks leave in any directory.
_DROPPED = (".DS_Store", "._*", ".nfs*", "Thumbs.db", "desktop.ini")
_FORMAT = 2
_FIRST = re.compile(r"# format (\d+), (\d+) files")
_EDITABLE = re.compile("# editable ([0-9a-f]{64})  (.+)")
_LINE = re.compile("([0-9a-f]{64})  (.+)")


@dataclass(frozen=True)
class Manifest:
    """What a directory has to hold.

    Parameters
    ----------
    files : dict of str to str
        The sha256 of each file, by its name.
    editable : dict of str to str
        The same of files that are for their reader to change: they are proved by nobody.
    format : int
        Of MANIFEST itself; before 2 it proved all but itself.
    """

    files: dict[str, str]
    editable: dict[str, str]
    format: int


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
    for path in members(directory):
        name = path.relative_to(directory).as_posix()
        if is_like(name, editable):
            told.append(f"# editable {sha256(path)}  {name}")
        elif is_like(name, patterns):
            lines.append(f"{sha256(path)}  {name}")
    text = "\n".join([f"# format {_FORMAT}, {len(lines)} files", *told, *lines]) + "\n"
    write_atomic(directory / MANIFEST, f"{text}# {hashlib.sha256(text.encode()).hexdigest()}\n")


def members(directory: Path) -> list[Path]:
    """Return the files below a directory, but not what systems and kills leave there."""
    return sorted(
        path
        for path in directory.rglob("*")
        if path.is_file()
        and path.name != MANIFEST
        and not is_like(path.name, _DROPPED)
        and UNFINISHED.fullmatch(path.name) is None
    )


def is_like(name: str, patterns: Iterable[str]) -> bool:
    """Return whether a name is like one of some patterns, such as ``figures/*.png``."""
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
        told = _FIRST.fullmatch(lines[0])
        if told is None:
            raise damaged(path)
        check_format(path, int(told[1]), _FORMAT)
        expected = int(told[2])
        above = content[: content.rfind(b"\n", 0, -1) + 1]
        if lines[-2:] != [f"# {hashlib.sha256(above).hexdigest()}", ""]:
            raise damaged(path)
        lines = [*lines[1:-2], ""]
    editable = [m for line in lines if (m := _EDITABLE.fullmatch(line)) is not None]
    listed = [m for line in lines if (m := _LINE.fullmatch(line)) is not None]
    found = Manifest(
        {m[2]: m[1] for m in listed},
        {m[2]: m[1] for m in editable},
        1 if expected is None else _FORMAT,
    )
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


def unlisted(directory: Path, *, with_inner: bool = True) -> list[str]:
    """Return the names of files below a directory that its MANIFEST does not list.

    Parameters
    ----------
    directory : Path
        Has a MANIFEST. What its reader may change is listed as long as it was not changed.
    with_inner : bool
        Whether a directory below it that has a MANIFEST of its own is judged by that.
    """
    found = read_manifest(directory)
    inner = {path.parent for path in directory.rglob(MANIFEST)} - {directory}
    names = []
    for path in members(directory):
        name = path.relative_to(directory).as_posix()
        held = next((place for place in path.parents if place in inner), None)
        if held is not None and with_inner:
            if path.relative_to(held).as_posix() in unlisted(held):
                names.append(name)
        elif name not in found.files and found.editable.get(name) != sha256(path):
            names.append(name)
    return names
