"""Paths in config files: each is relative to the file that names it."""

from __future__ import annotations

import os
from collections.abc import Container
from pathlib import Path


def carry(place: str, *, words: Container[str], source: str | Path, to: str | Path) -> str:
    """Return a path that is relative to one directory as one that is relative to another.

    Parameters
    ----------
    place : str
        A path, or a word; absolute paths stay as they are.
    words : container of str
        What is a word, such as mnist, and no path.
    source, to : path-like
        The directories.

    Returns
    -------
    str
        With slashes, on every system.

    Examples
    --------
    >>> carry("table.csv", words=(), source="a", to="a/runs/first")
    '../../table.csv'
    >>> carry("mnist", words=("mnist",), source="a", to="b")
    'mnist'
    """
    if not place or place in words or os.path.isabs(os.path.expanduser(place)):
        return place
    # A link may lead into another folder, from which .. goes elsewhere; the last name stays.
    head, tail = os.path.split(place.rstrip("/") or place)
    if tail in ("", ".", ".."):
        head, tail = place, ""
    whole = os.path.join(os.path.realpath(os.path.join(source, head)), tail)
    try:
        moved = Path(os.path.relpath(whole, os.path.realpath(to))).as_posix()
    except ValueError:
        # On another drive of Windows.
        return whole
    return f"./{moved}" if moved in words else moved


def same_place(one: str, other: str, *, words: Container[str]) -> bool:
    """Return whether two texts name one place, or are one word."""
    if one == other or one in words or other in words:
        return one == other
    here, there = (os.path.realpath(os.path.expanduser(place)) for place in (one, other))
    return here == there
