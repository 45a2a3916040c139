"""Tables: comma-separated text, Parquet, and the frames of pandas and polars."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from inscape import _files
from inscape._checks import did_you_mean, missing_dependency
from inscape._errors import DamagedFileError, InvalidDataError, InvalidParameterError
from inscape.data.arrays import Contents, from_columns
from inscape.data.dataset import checksum, numbered_names


def is_frame(source: Any) -> bool:
    """Return whether `source` behaves like a frame of pandas or polars."""
    return all(hasattr(source, name) for name in ("columns", "dtypes", "to_numpy"))


def from_frame(frame: Any, y: Any = None, *, target: str | None = None) -> Contents:
    """Take a frame of pandas or polars, without importing either.

    Parameters
    ----------
    frame : pandas.DataFrame or polars.DataFrame
        Every column but `target` holds numbers.
    y : array of shape (n_samples,) or None
        Labels that are not in the frame.
    target : str or None
        The column that holds the labels.

    Returns
    -------
    Contents
        The rows as float32.

    Raises
    ------
    InvalidDataError
        If two columns share a name, or a column is no numbers.
    InvalidParameterError
        If there is no column `target`.
    """
    names = list(frame.columns)
    texts = [str(name) for name in names]
    twice = next((name for name in texts if texts.count(name) > 1), None)
    if twice is not None:
        raise InvalidDataError(
            f"The columns of a table must have different names; {twice!r} is there more than "
            "once: rename one."
        )
    columns = {
        text: np.asarray(frame[name].to_numpy()) for text, name in zip(texts, names, strict=True)
    }
    labels = _take_target(columns, target)
    return from_columns(columns, y if labels is None else labels)


def _take_target(columns: dict[str, np.ndarray], target: str | None) -> np.ndarray | None:
    if target is None:
        return None
    check_target(target, columns)
    return columns.pop(target)


def check_target(target: str, names: Mapping[str, Any] | tuple[str, ...]) -> None:
    """Ask for a column of the name `target`.

    Raises
    ------
    InvalidParameterError
        If there is none; the message names the nearest one.
    """
    if target not in names:
        shown = ", ".join(map(repr, list(names)[:10])) + (", ..." if len(names) > 10 else "")
        raise InvalidParameterError(
            f"`target` must be one of the columns {shown}; got {target!r}."
            + did_you_mean(target, list(names))
        )


def read_parquet(path: Path, *, target: str | None = None) -> Contents:
    """Read a Parquet file with pyarrow.

    Raises
    ------
    MissingDependencyError
        If pyarrow is not installed.
    DamagedFileError
        If the file is cut short or is not Parquet.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise missing_dependency("pyarrow", "Reading Parquet", "data") from error
    try:
        table = pyarrow.parquet.read_table(path)
    except (OSError, pyarrow.ArrowException) as error:
        raise DamagedFileError(
            f"{path} must be a whole Parquet file; it is damaged or cut short: write it again."
        ) from error
    columns = {
        # pandas keeps its row labels under this name: they are no feature.
        name: table.column(name).to_numpy()
        for name in table.column_names
        if not name.startswith("__index_level_")
    }
    labels = _take_target(columns, target)
    return from_columns(columns, labels, digest=_digest(path, target))


def _digest(path: Path, target: str | None) -> str:
    # Another target leaves other features: other data.
    return checksum([_files.sha256(path), target])


def read_csv(path: Path, *, target: str | None = None) -> Contents:
    """Read separated text: commas, semicolons or tabs, with or without a header.

    The first line is a header if it names `target` or none of its cells is a number.

    Raises
    ------
    InvalidDataError
        If a cell is no number, a row has another number of cells, or there are no rows.
    InvalidParameterError
        If there is no column `target`.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = next((line for line in file if line.strip()), "")
            has_more = any(line.strip() for line in file)
    except UnicodeDecodeError as error:
        raise InvalidDataError(
            f"{path} must be text in UTF-8; it is not: convert it, or check that it is a .csv file."
        ) from error
    delimiter = max(",;\t", key=first.count)
    cells = [cell.strip() for cell in next(csv.reader([first], delimiter=delimiter), [])]
    has_header = target in cells or not any(_is_number(cell) for cell in cells)
    if not first or (has_header and not has_more):
        raise InvalidDataError(
            f"{path} must hold rows of numbers; it holds none: check how it was written."
        )
    names = _header(path, cells) if has_header else numbered_names(len(cells))
    if target is not None:
        check_target(target, names)
    position = None if target is None else names.index(target)
    matrix, labels = _Table(path, delimiter, has_header, names).read(position)
    columns = {name: matrix[:, i] for i, name in enumerate(names) if name != target}
    return from_columns(columns, labels, digest=_digest(path, target))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _header(path: Path, cells: list[str]) -> tuple[str, ...]:
    names = tuple(cell or f"x{i}" for i, cell in enumerate(cells))
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidDataError(
            f"The columns of {path} must have different names; {twice!r} is there more than once: "
            "rename one."
        )
    return names


class _Table:
    """A text file whose separator and header are known."""

    def __init__(self, path: Path, delimiter: str, has_header: bool, names: tuple[str, ...]):
        self.path, self.delimiter = path, delimiter
        self.has_header, self.names = has_header, names

    def read(self, target: int | None) -> tuple[np.ndarray, np.ndarray | None]:
        """Return all columns as float64 (n_samples, n_columns), and the labels (n_samples,).

        The column of the labels holds their numbers in order of appearance: it is no feature.
        """
        words: dict[str, int] = {}
        converters: dict[int | str, Callable[[str], int]] = {}
        if target is not None:
            converters[target] = lambda cell: words.setdefault(cell.strip(), len(words))
        try:
            matrix = self._load(converters)
        except ValueError as error:
            # Slowly, and only now: find the cell that a reader can then mend.
            raise self._first_bad_cell(target) from error
        if matrix.shape[1] != len(self.names):
            raise self._first_bad_cell(target)
        if target is None:
            return matrix, None
        labels = np.array(list(words))[matrix[:, target].astype(np.int64)]
        if "" in words:
            raise InvalidDataError(
                f"Column {self.names[target]!r} of {self.path} must have no missing label; row "
                f"{int(np.argmax(labels == ''))} has none: remove this row or label it."
            )
        return matrix, labels.astype(np.float64) if all(map(_is_number, words)) else labels

    def _load(self, converters: Mapping[int | str, Callable[[str], int]]) -> np.ndarray:
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            lines = (line for line in file if line.strip())
            if self.has_header:
                next(lines)
            # Every column is read: with `usecols`, rows that are too long would pass unseen.
            return np.loadtxt(
                lines,
                delimiter=self.delimiter,
                converters=converters or None,
                comments=None,
                quotechar='"',
                encoding=None,
                ndmin=2,
            )

    def _first_bad_cell(self, target: int | None) -> InvalidDataError:
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=self.delimiter)
            rows = (row for row in reader if any(cell.strip() for cell in row))
            if self.has_header:
                next(rows)
            for number, row in enumerate(rows):
                where = f"row {number} (line {reader.line_num} of {self.path})"
                if len(row) != len(self.names):
                    return InvalidDataError(
                        f"Every row must have {len(self.names)} cells; {where} has {len(row)}: "
                        "mend that line."
                    )
                for i, cell in enumerate(row):
                    if i != target and not _is_number(cell):
                        return InvalidDataError(
                            f"Every cell must be a number; got {cell!r} in column "
                            f"{self.names[i]!r}, {where}: mend it, or name the column with "
                            "target= if it holds the labels."
                        )
        return InvalidDataError(f"{self.path} must hold rows of numbers; it could not be read.")
