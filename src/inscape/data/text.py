"""Separated text: .csv and .tsv, plain or compressed; what its first line and delimiter are."""

from __future__ import annotations

import bz2
import contextlib
import csv
import gzip
import itertools
import lzma
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

import numpy as np

from inscape import _files
from inscape._errors import DamagedFileError, InvalidDataError
from inscape.data.columns import (
    EXACT,
    Column,
    column_of_words,
    is_missing_word,
    is_number,
)
from inscape.data.dataset import numbered_names
from inscape.data.reading import Reading
from inscape.data.tables import Table, check_distinct

_OPENERS: Final[dict[str, Callable[..., Any]]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}
COMPRESSED: Final = tuple(_OPENERS)
_DELIMITERS: Final = ",;\t| "
# Rows that are looked at to find delimiter, header and kinds.
_LOOKED_AT: Final = 200
# Lines that differ in length are named up to so many.
_MOST_NAMED: Final = 3
Row = list[str]


def read_text(path: Path, reading: Reading) -> Table:
    """Read separated text.

    Parameters
    ----------
    path : Path
        A .csv or .tsv file, plain or compressed.
    reading : Reading
        `header`, `delimiter` and `decimal`, where they are not to be found out.

    Raises
    ------
    InvalidDataError
        If it is no text, rows differ in length, or there are none.
    DamagedFileError
        If a compressed file is cut short.
    """
    try:
        look = _look_at(path, reading)
        return _read(path, look, reading)
    except UnicodeDecodeError as error:
        raise InvalidDataError(
            f"{path} must be text in UTF-8; it is not: save it as UTF-8, or check that it is a "
            "table in text."
        ) from error
    except (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError) as error:
        raise DamagedFileError(
            f"{path} must be a whole compressed file; it is damaged or cut short: compress it "
            "again."
        ) from error
    except csv.Error as error:
        raise InvalidDataError(
            f"{path} must be text with cells between delimiters; it is not ({error}): check that "
            "it is a table in text."
        ) from error


@dataclass(frozen=True)
class _Look:
    """What the first rows of a text file tell."""

    delimiter: str
    has_header: bool
    names: tuple[str, ...]
    n_columns: int
    sample: list[Row]
    index: str | None
    told: tuple[str, ...]


def _open(path: Path) -> TextIO:
    opener = _OPENERS.get(path.suffix.lower(), open)
    return opener(path, "rt", encoding="utf-8-sig", newline="")


def _filled(rows: Iterator[Row]) -> Iterator[Row]:
    return (row for row in rows if any(cell.strip() for cell in row))


def _look_at(path: Path, reading: Reading) -> _Look:
    delimiter = reading.unescaped_delimiter or _delimiter(path)
    with _open(path) as file:
        rows = _filled(csv.reader(file, delimiter=delimiter))
        sample = [[cell.strip() for cell in row] for row in itertools.islice(rows, _LOOKED_AT)]
    if not sample:
        raise _no_rows(path)
    first, body = sample[0], sample[1:]
    n_columns = Counter(map(len, sample)).most_common(1)[0][0]
    has_header = _is_header(first, body, reading)
    if has_header and not body:
        raise _no_rows(path)
    if not has_header:
        names = numbered_names(n_columns)
        return _Look(
            delimiter, False, names, n_columns, sample, None, (_told_header(first, False, reading),)
        )
    if len(first) == n_columns - 1 and _names_rows([row[0] for row in body]):
        # R names the rows without naming their names.
        first = ["", *first]
    first[0] = first[0].removeprefix("#").strip()
    names = tuple(cell or f"x{i}" for i, cell in enumerate(first))
    check_distinct(names, str(path))
    # pandas and R write the names of the rows below an empty cell, and "Unnamed: 0" the next time.
    unnamed = first[0] == "" or first[0].startswith("Unnamed: ")
    index = names[0] if unnamed and len(names) > 1 else None
    told = (_told_header(first, True, reading),)
    return _Look(delimiter, True, names, n_columns, body, index, told)


def _names_rows(cells: Sequence[str]) -> bool:
    """Return whether cells can only be the names of rows: words that differ, or 1, 2, 3, ..."""
    counts = cells == [str(i + 1) for i in range(len(cells))]
    return counts or (len(set(cells)) == len(cells) and not any(map(is_number, cells)))


def _no_rows(path: Path) -> InvalidDataError:
    return InvalidDataError(
        f"{path} must hold rows of numbers; it holds none: check how it was written."
    )


def _told_header(first: Row, has_header: bool, reading: Reading) -> str:
    if reading.header is not None:
        return "header as asked for" if has_header else "no header, as asked for"
    shown = ", ".join(first[:3]) + (", ..." if len(first) > 3 else "")
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
    with _open(path) as file, contextlib.suppress(csv.Error):
        rows = _filled(csv.reader(file, delimiter=delimiter))
        return list(itertools.islice(rows, _LOOKED_AT))
    return []


def _is_header(first: Row, body: list[Row], reading: Reading) -> bool:
    """Return whether the first line holds names."""
    if reading.header is not None:
        return reading.header
    wanted = {reading.target, *reading.columns, *reading.drop, *reading.keep} - {None}
    if wanted and wanted <= set(first):
        return True
    numbers = [is_number(cell, reading.decimal) for cell in first]
    if not any(numbers):
        return True
    if not body:
        return False
    if not all(number or not cell for cell, number in zip(first, numbers, strict=True)):
        # A word over a column of numbers is its name; words over words tell nothing.
        columns = [[row[i] for row in body if i < len(row)] for i in range(len(first))]
        return any(
            all(is_number(cell, reading.decimal) or is_missing_word(cell) for cell in cells)
            for name, cells, number in zip(first, columns, numbers, strict=True)
            if name and not number
        )
    # pandas calls columns 0, 1, 2, ... and nothing stands over their index.
    if not first[0] and all(numbers[1:]) and first[1:] == [str(i) for i in range(len(first) - 1)]:
        return True
    return _counts_up(first) and not all(map(_counts_up, body[:20]))


def _counts_up(row: Row) -> bool:
    """Return whether cells are whole numbers in even steps, as years and pixels' places are."""
    if len(row) < 3 or not all(cell.isdecimal() for cell in row):
        return False
    values = [int(cell) for cell in row]
    steps = {after - before for before, after in itertools.pairwise(values)}
    return len(steps) == 1 and steps.pop() > 0


# --------------------------------------------------------------------------- all rows


def _read(path: Path, look: _Look, reading: Reading) -> Table:
    named = {reading.target, reading.index, *reading.keep, look.index}
    coded = {i for i, name in enumerate(look.names) if name in named or reading.decimal == ","}
    coded |= {
        i
        for row in look.sample
        for i, cell in enumerate(row[: look.n_columns])
        if not is_number(cell)
    }
    if len(look.names) != look.n_columns:
        raise _ragged(path, look)
    try:
        matrix, words = _load(path, look, coded)
    except ValueError:
        # Slowly, and only now: find what is no number, and the lines that can then be mended.
        coded |= _cells_that_are_no_numbers(path, look)
        matrix, words = _load(path, look, coded)
    if matrix.shape[1] != look.n_columns:
        raise _ragged(path, look)
    large = {i for i in range(matrix.shape[1]) if i not in coded and _is_large(matrix[:, i])}
    if large:
        # As text, to see whether whole numbers lose their last digits.
        coded |= large
        matrix, words = _load(path, look, coded)
    columns: dict[str, Column] = {}
    for i, name in enumerate(look.names):
        if i in coded:
            places = matrix[:, i].astype(np.int64)
            columns[name] = column_of_words(name, places, words[i], decimal=reading.decimal)
        else:
            columns[name] = Column(name, "number", matrix[:, i])
    last = look.names[-1]
    told = look.told
    if last == f"x{look.n_columns - 1}" and columns[last].missing.all() and len(columns) > 1:
        # What a delimiter at the end of each line leaves.
        del columns[last]
        told = (*told, "the last column is empty")
    return Table(
        name=str(path),
        columns=columns,
        index=look.index if look.index in columns and _is_index(columns[look.index]) else None,
        told=told,
        digest=_files.sha256(path),
        place=lambda row: _place(path, look, row),
    )


def _is_index(column: Column) -> bool:
    """Return whether a column without a name can be the names of rows: no two are the same."""
    values = column.values
    if column.missing.any() or len(np.unique(values)) < len(values):
        return False
    return column.kind != "number" or bool((values == np.round(values)).all())


def _is_large(values: np.ndarray) -> bool:
    with np.errstate(invalid="ignore"):
        return bool((np.abs(values) >= EXACT).any())


def _load(path: Path, look: _Look, coded: set[int]) -> tuple[np.ndarray, dict[int, list[str]]]:
    """Return all cells (n_samples, n_columns); those of coded columns are places in their words."""
    found: dict[int, dict[str, int]] = {i: {} for i in coded}

    def coder(known: dict[str, int]) -> Callable[[str], int]:
        return lambda cell: known.setdefault(cell.strip(), len(known))

    with _open(path) as file:
        lines = _lines(file, look.delimiter)
        if look.has_header:
            _skip_header(lines, look.delimiter)
        # Every column is read: with `usecols`, rows that are too long would pass unseen.
        matrix = np.loadtxt(
            lines,
            delimiter=look.delimiter,
            converters={i: coder(known) for i, known in found.items()} or None,
            comments=None,
            quotechar='"',
            encoding=None,
            ndmin=2,
        )
    return matrix, {i: list(known) for i, known in found.items()}


def _lines(file: TextIO, delimiter: str) -> Iterator[str]:
    """Yield the lines that hold something; a line break between quotes is no end of a row."""
    open_quote = False
    for line in file:
        if open_quote or line.strip(f"{delimiter} \t\r\n"):
            yield line
        if '"' in line:
            open_quote ^= bool(line.count('"') % 2)


def _skip_header(lines: Iterator[str], delimiter: str) -> None:
    next(csv.reader(lines, delimiter=delimiter))


def _rows(path: Path, look: _Look) -> Iterator[tuple[int, Row]]:
    """Yield the last line of each row, and its cells."""
    with _open(path) as file:
        reader = csv.reader(file, delimiter=look.delimiter)
        rows = _filled(reader)
        if look.has_header:
            next(rows)
        for row in rows:
            yield reader.line_num, row


def _place(path: Path, look: _Look, row: int) -> str:
    number, _ = next(itertools.islice(_rows(path, look), row, None), (0, []))
    return f"row {row}, line {number}"


def _cells_that_are_no_numbers(path: Path, look: _Look) -> set[int]:
    """Return the columns that have some.

    Raises
    ------
    InvalidDataError
        If rows differ in length.
    """
    found: set[int] = set()
    for _, row in _rows(path, look):
        if len(row) != look.n_columns:
            raise _ragged(path, look)
        found |= {i for i, cell in enumerate(row) if not is_number(cell.strip())}
    return found


def _ragged(path: Path, look: _Look) -> InvalidDataError:
    """Tell of the rows that have more or fewer cells than the others, all of them."""
    bad = [
        f"row {i}, line {line}, has {len(row)}"
        for i, (line, row) in enumerate(_rows(path, look))
        if len(row) != look.n_columns
    ]
    header = [f"the header has {len(look.names)}"] if len(look.names) != look.n_columns else []
    return InvalidDataError(
        f"Every row of {path} must have {look.n_columns} cells; {_joined([*header, *bad])}: mend "
        "them, or say what stands between the cells with delimiter."
    )


def _joined(found: Sequence[str]) -> str:
    more = f", and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    return ", ".join(found[:_MOST_NAMED]) + more
