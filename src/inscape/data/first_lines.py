"""The first lines of a table in text: what stands between cells, and whether one holds names."""

from __future__ import annotations

import bz2
import contextlib
import csv
import gzip
import itertools
import lzma
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, TextIO

from inscape._errors import InvalidDataError
from inscape.data.columns import is_missing_word, is_number
from inscape.data.dataset import numbered_names
from inscape.data.reading import NONE, Reading
from inscape.data.tables import check_distinct

_OPENERS: Final[dict[str, Callable[..., Any]]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}
COMPRESSED: Final = tuple(_OPENERS)
_DELIMITERS: Final = ",;\t| "
# Rows that are looked at to find delimiter, header and kinds.
_LOOKED_AT: Final = 200
Row = list[str]


@dataclass(frozen=True)
class Look:
    """What the first rows of a text file tell.

    Parameters
    ----------
    delimiter : str
        Between the cells.
    has_header : bool
        Whether the first row holds names.
    names : tuple of str
        Of the columns.
    n_columns : int
        Cells of a row.
    sample : list of list of str
        The first rows.
    index : str or None
        A column that seems to name the rows.
    told : tuple of str
        What was chosen.
    """

    delimiter: str
    has_header: bool
    names: tuple[str, ...]
    n_columns: int
    sample: list[Row]
    index: str | None
    told: tuple[str, ...]


def open_text(path: Path) -> TextIO:
    """Return a text file, open and unpacked."""
    opener = _OPENERS.get(path.suffix.lower(), open)
    return opener(path, "rt", encoding="utf-8-sig", newline="")


def open_bytes(path: Path) -> BinaryIO:
    """Return the bytes of a file, open and unpacked."""
    opener = _OPENERS.get(path.suffix.lower(), open)
    return opener(path, "rb")


def split(lines: Iterable[str], delimiter: str) -> Any:
    """Return the reader that cuts lines into cells; spaces after a delimiter belong to no cell.

    Where the delimiter is a space, several of them are one.
    """
    lines = (line.rstrip(" \r\n") for line in lines) if delimiter == " " else lines
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)


def filled(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield the rows in which a cell holds something."""
    return (row for row in rows if any(cell.strip() for cell in row))


def look_at(path: Path, reading: Reading) -> Look:
    """Return what the first lines of a file tell, or what was said of them.

    Raises
    ------
    InvalidDataError
        If there are no rows, or columns share a name.
    """
    delimiter = reading.unescaped_delimiter or _delimiter(path)
    with open_text(path) as file:
        rows = filled(split(file, delimiter))
        sample = [[cell.strip() for cell in row] for row in itertools.islice(rows, _LOOKED_AT)]
    if not sample:
        raise _no_rows(path)
    first, body = sample[0], sample[1:]
    # As numpy.savetxt marks its header.
    first = first[1:] if first[0] == "#" and len(first) > 1 else first
    n_columns = Counter(map(len, sample)).most_common(1)[0][0]
    has_header = is_header(first, body, reading)
    if has_header and not body:
        raise _no_rows(path)
    if not has_header:
        names = numbered_names(n_columns)
        told = (told_header(first, False, reading),)
        return Look(delimiter, False, names, n_columns, sample, None, told)
    if len(first) == n_columns + 1 and not first[-1]:
        first = first[:-1]
    if len(first) == n_columns - 1 and all(len(row) == n_columns and not row[-1] for row in body):
        # A delimiter stands at the end of each row, and none at that of the header.
        first = [*first, ""]
    elif len(first) == n_columns - 1 and _names_rows([row[0] for row in body]):
        # R names the rows without naming their names.
        first = ["", *first]
    first[0] = first[0].removeprefix("#").strip()
    names = tuple(cell or f"x{i}" for i, cell in enumerate(first))
    check_distinct(names, str(path))
    # pandas and R write the names of the rows below an empty cell, and "Unnamed: 0" the next time.
    unnamed = first[0] == "" or first[0].startswith("Unnamed: ")
    index = names[0] if unnamed and len(names) > 1 else None
    told = (told_header(first, True, reading),)
    return Look(delimiter, True, names, n_columns, body, index, told)


def _names_rows(cells: Sequence[str]) -> bool:
    """Return whether cells can only be the names of rows: words that differ, or 1, 2, 3, ..."""
    counts = cells == [str(i + 1) for i in range(len(cells))]
    return counts or (len(set(cells)) == len(cells) and not any(map(is_number, cells)))


def _no_rows(path: Path) -> InvalidDataError:
    return InvalidDataError(
        f"{path} must hold rows of numbers; it holds none: check how it was written."
    )


def told_header(first: Row, has_header: bool, reading: Reading) -> str:
    """Say in words what the first line was taken for."""
    if reading.header is not None:
        return "header as asked for" if has_header else "no header, as asked for"
    shown = ", ".join(" ".join(cell.split()) for cell in first[:3])
    shown += ", ..." if len(first) > 3 else ""
    return (
        f"the first line ({shown}) is the header"
        if has_header
        else f"no header: the first line ({shown}) is a row"
    )


def _delimiter(path: Path) -> str:
    """Return what stands between the cells: what cuts the first rows alike, into most numbers."""
    if (
        path.name.lower()
        .removesuffix(path.suffix if path.suffix in _OPENERS else "")
        .endswith((".tsv", ".tab"))
    ):
        return "\t"
    best = (0.0, 0.0, 0, ",")
    for delimiter in _DELIMITERS:
        rows = _first_rows(path, delimiter)
        if not rows:
            continue
        width, n_alike = Counter(map(len, rows)).most_common(1)[0]
        cells = [cell.strip() for row in rows for cell in row]
        # A comma before the fraction makes no text of a number.
        plain = cells if delimiter == "," else [cell.replace(",", ".", 1) for cell in cells]
        numbers = sum(map(is_number, plain)) / len(cells)
        if width > 1:
            best = max(best, (n_alike / len(rows), numbers, width, delimiter))
    return best[3]


def _first_rows(path: Path, delimiter: str) -> list[Row]:
    """Return the first rows as a delimiter cuts them; none where it leaves cells without end."""
    with open_text(path) as file, contextlib.suppress(csv.Error):
        rows = filled(split(file, delimiter))
        return list(itertools.islice(rows, _LOOKED_AT))
    return []


def is_header(first: Row, body: list[Row], reading: Reading) -> bool:
    """Return whether the first line holds names."""
    if reading.header is not None:
        return reading.header
    named = {reading.target, reading.index, *reading.columns, *reading.drop, *reading.keep}
    wanted = named - {None, NONE}
    if wanted and wanted <= set(first):
        return True
    numbers = [is_number(cell, reading.decimal) for cell in first]
    if not any(numbers):
        return True
    if not body:
        return False
    # A word over a column of numbers is its name; words over words tell nothing.
    columns = [[row[i] for row in body if i < len(row)] for i in range(len(first))]
    for name, cells, number in zip(first, columns, numbers, strict=True):
        plain = all(is_number(cell, reading.decimal) or is_missing_word(cell) for cell in cells)
        if name and not number and plain:
            return True
    # pandas calls columns 0, 1, 2, ... and nothing stands over their index.
    if not first[0] and all(numbers[1:]) and first[1:] == [str(i) for i in range(len(first) - 1)]:
        return True
    return _are_names([i for i, number in enumerate(numbers) if number], first, body)


def _are_names(places: Sequence[int], first: Row, body: Sequence[Row]) -> bool:
    """Return whether the numbers at some places of the first line are names of columns."""
    rows = [[row[i] for i in places if i < len(row)] for row in (first, *body[:20])]
    if not _counts_up(rows[0]):
        return False
    n_alike = sum(map(_counts_up, rows[1:]))
    if not n_alike or n_alike == len(rows) - 1:
        return not n_alike
    # Some rows rise evenly by chance: then names are what lies outside of every column.
    columns = [[row[i] for row in rows[1:] if i < len(row)] for i in range(len(rows[0]))]
    return all(_is_outside(name, cells) for name, cells in zip(rows[0], columns, strict=True))


def _is_outside(name: str, cells: Sequence[str]) -> bool:
    values = [float(cell) for cell in cells if is_number(cell)]
    return not values or not min(values) <= float(name) <= max(values)


def _counts_up(row: Row) -> bool:
    """Return whether cells are whole numbers in even steps, as years and pixels' places are."""
    if len(row) < 3 or not all(cell.isdecimal() for cell in row):
        return False
    values = [int(cell) for cell in row]
    steps = {after - before for before, after in itertools.pairwise(values)}
    return len(steps) == 1 and steps.pop() > 0
