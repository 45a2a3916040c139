"""Tables in text: all rows of a .csv or .tsv, plain or compressed, by columns."""

from __future__ import annotations

import csv
import gzip
import itertools
import lzma
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final, TextIO

import numpy as np

from inscape import _files
from inscape._errors import DamagedFileError, InvalidDataError
from inscape.data.columns import (
    EXACT,
    Column,
    column_of_words,
    is_number,
)
from inscape.data.first_lines import Look, Row, filled, look_at, open_bytes, open_text, split
from inscape.data.reading import Reading
from inscape.data.signatures import HEAD, check_signature
from inscape.data.tables import Table

# Lines that differ in length are named up to so many.
_MOST_NAMED: Final = 3


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
        with open_bytes(path) as file:
            check_signature(path, ".csv", file.read(HEAD))
        look = look_at(path, reading)
        return _read(path, look, reading)
    except UnicodeDecodeError as error:
        raise _not_in_utf_8(path) from error
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


def _not_in_utf_8(path: Path) -> InvalidDataError:
    with open_bytes(path) as file:
        line, byte = next(_bytes_out_of_place(file))
    return InvalidDataError(
        f"{path} must be text in UTF-8; got the byte 0x{byte:02x} in line {line}, as Windows-1252 "
        "and Latin-1 have it: save it as CSV in UTF-8, or run iconv -f WINDOWS-1252 -t UTF-8."
    )


def _bytes_out_of_place(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Yield the line and the first byte that is not UTF-8, for each line that has one."""
    for number, line in enumerate(file, start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            yield number, line[error.start]


# --------------------------------------------------------------------------- all rows


def _read(path: Path, look: Look, reading: Reading) -> Table:
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
    # All at once: NaN compares as false, and such columns are looked at one by one.
    small = np.maximum(matrix.max(axis=0), -matrix.min(axis=0)) < EXACT
    doubtful = set(np.flatnonzero(~small).tolist()) - coded
    large = {i for i in doubtful if _is_large(matrix[:, i])}
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
    index = look.index if look.index in columns and _is_index(columns[look.index]) else None
    return Table(
        name=str(path),
        columns=columns,
        index=index,
        # Indices of tables that pandas wrote and read and wrote again.
        left_out=tuple(
            name
            for name, column in columns.items()
            if name != index and name.startswith("Unnamed: ") and _is_index(column)
        ),
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


def _load(path: Path, look: Look, coded: set[int]) -> tuple[np.ndarray, dict[int, list[str]]]:
    """Return all cells (n_samples, n_columns); those of coded columns are places in their words."""
    found: dict[int, dict[str, int]] = {i: {} for i in coded}

    def coder(known: dict[str, int]) -> Callable[[str], int]:
        return lambda cell: known.setdefault(cell.strip(), len(known))

    with open_text(path) as file:
        lines = _lines(file, look.delimiter)
        if look.has_header:
            _skip_header(lines, look.delimiter)
        # Every column is read: with `usecols`, rows that are too long would pass unseen.
        matrix = np.loadtxt(
            lines,
            # None is spaces, as many as there are.
            delimiter=None if look.delimiter == " " else look.delimiter,
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
            yield _without_spaces(line, delimiter, open_quote) if ' "' in line else line
        if '"' in line:
            open_quote ^= bool(line.count('"') % 2)


def _without_spaces(line: str, delimiter: str, open_quote: bool) -> str:
    """Return a line without spaces before quotes that open a cell: with them, they would not."""
    pieces = line.split('"')
    # Every other piece lies outside of quotes.
    for i in range(open_quote, len(pieces) - 1, 2):
        bare = pieces[i].rstrip(" ")
        if bare.endswith(delimiter) or not (bare or i):
            pieces[i] = bare
    return '"'.join(pieces)


def _skip_header(lines: Iterator[str], delimiter: str) -> None:
    next(split(lines, delimiter))


def _rows(path: Path, look: Look) -> Iterator[tuple[int, Row]]:
    """Yield the last line of each row, and its cells."""
    with open_text(path) as file:
        reader = split(file, look.delimiter)
        rows = filled(reader)
        if look.has_header:
            next(rows)
        for row in rows:
            yield reader.line_num, row


def _place(path: Path, look: Look, row: int) -> str:
    number, _ = next(itertools.islice(_rows(path, look), row, None), (0, []))
    return f"row {row}, line {number}"


def _cells_that_are_no_numbers(path: Path, look: Look) -> set[int]:
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


def _ragged(path: Path, look: Look) -> InvalidDataError:
    """Tell of the rows that have more or fewer cells than the others, all of them."""
    bad = [
        f"row {i}, line {line}, has {len(row)}"
        for i, (line, row) in enumerate(_rows(path, look))
        if len(row) != look.n_columns
    ]
    header = [f"the header has {len(look.names)}"] if len(look.names) != look.n_columns else []
    return InvalidDataError(
        f"Every row of {path} must have {look.n_columns} cells; {_joined([*header, *bad])}: mend "
        "or remove them, or say what stands between the cells with delimiter."
    )


def _joined(found: Sequence[str]) -> str:
    more = f", and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    return ", ".join(found[:_MOST_NAMED]) + more
