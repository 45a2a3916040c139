"""A table as it was read, and which of its columns are features, labels, names or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from inscape._checks import did_you_mean
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape.data.columns import Column
from inscape.data.reading import NONE, Reading

_MOST_NAMED: Final = 5


@dataclass(frozen=True, eq=False)
class Table:
    """Columns as they were read.

    Parameters
    ----------
    name : str
        What errors call it.
    columns : mapping of str to Column
        In the order of the source.
    index : str or None
        A column that names the rows, as far as the source tells.
    left_out : tuple of str
        Columns that are the source's own index, whatever else is asked for.
    told : tuple of str
        What was chosen in reading it.
    digest : str
        The checksum of its file, if it has one.
    place : callable
        Tells where a row is.
    """

    name: str
    columns: Mapping[str, Column]
    index: str | None = None
    left_out: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    digest: str = ""
    place: Callable[[int], str] = field(default=lambda row: f"row {row}")

    @property
    def n_samples(self) -> int:
        """The number of rows."""
        return len(next(iter(self.columns.values())).values) if self.columns else 0

    def take(self, rows: np.ndarray) -> Table:
        """Return some of the rows."""
        columns = {name: column.take(rows) for name, column in self.columns.items()}
        return replace(self, columns=columns)


def check_distinct(names: Sequence[str], table: str) -> None:
    """Ask for columns of different names.

    Raises
    ------
    InvalidDataError
        If some share one; all of these are named.
    """
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InvalidDataError(
            f"The columns of {table.replace('The', 'the', 1)} must have different names; "
            f"{listed(twice)} {'is' if len(twice) == 1 else 'are'} there more than once: rename "
            "them."
        )


@dataclass(frozen=True, eq=False)
class Roles:
    """What each column of a table is for."""

    features: tuple[str, ...]
    target: str | None
    index: str | None
    kept: tuple[str, ...]
    dropped: tuple[str, ...]

    @property
    def left_out(self) -> tuple[str, ...]:
        """Columns that are no features."""
        names = [self.target, self.index, *self.kept, *self.dropped]
        return tuple(dict.fromkeys(name for name in names if name is not None))


def find_roles(table: Table, reading: Reading) -> Roles:
    """Return what each column is for.

    Raises
    ------
    InvalidParameterError
        If an option names a column that there is not.
    """
    names = tuple(table.columns)
    if reading.target is not None:
        check_column("target", reading.target, names)
    index = table.index if reading.index is None else reading.index
    if reading.index == NONE and NONE not in names:
        index = None
    elif index is not None and reading.index is not None:
        check_column("index", index, names)
    kept, dropped, chosen = (
        _find(option, getattr(reading, option), names) for option in ("keep", "drop", "columns")
    )
    if index in (*kept, *chosen) or index == reading.target:
        index = None
    if reading.index != NONE:
        dropped = (*dropped, *(name for name in table.left_out if name not in (*kept, *chosen)))
    taken = {reading.target, index, *dropped} | (set() if chosen else set(kept))
    features = tuple(name for name in chosen or names if name not in taken)
    rest = () if not chosen else tuple(n for n in names if n not in {*features, *taken, *kept})
    return Roles(features, reading.target, index, kept, (*dropped, *rest))


def check_column(option: str, name: str, names: Iterable[str]) -> None:
    """Ask for a column of a name.

    Raises
    ------
    InvalidParameterError
        If there is none; the message names the nearest one.
    """
    names = list(names)
    if name not in names:
        shown = ", ".join(map(repr, names[:10])) + (", ..." if len(names) > 10 else "")
        raise InvalidParameterError(
            f"`{option}` must be one of the columns {shown}; got {name!r}."
            + did_you_mean(name, names)
        )


def _find(option: str, asked: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns that are asked for; a text with commas may name several."""
    found: list[str] = []
    for text in asked:
        pieces = [text] if text in names else [piece.strip() for piece in text.split(",")]
        for piece in pieces:
            check_column(option, piece, names)
        found += pieces
    return tuple(dict.fromkeys(found))


def listed(items: Sequence[Any], describe: Callable[[Any], str] = repr) -> str:
    """Return the first of some items in words, and how many more there are."""
    more = f" and {len(items) - _MOST_NAMED} more" if len(items) > _MOST_NAMED else ""
    return ", ".join(describe(item) for item in items[:_MOST_NAMED]) + more
