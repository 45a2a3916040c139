"""Files of frames: Parquet, Feather and Arrow by pyarrow, Excel's .xlsx by openpyxl."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from inscape import _files
from inscape._checks import missing_dependency
from inscape._errors import DamagedFileError, InvalidDataError
from inscape.data.columns import Column
from inscape.data.first_lines import is_header, told_header
from inscape.data.frames import read_frame
from inscape.data.objects import column_of_array, object_array
from inscape.data.reading import Reading
from inscape.data.tables import Table, check_distinct
from inscape.data.text import read_text

# Rows of a sheet that are looked at to find out whether the first one holds names.
_LOOKED_AT: Final = 200


def read_arrow_file(path: Path, reading: Reading) -> Table:
    """Read a .parquet, .feather or .arrow file.

    Raises
    ------
    MissingDependencyError
        If pyarrow is not installed.
    DamagedFileError
        If the file is cut short or is of another kind.
    """
    what = {".parquet": "Parquet"}.get(path.suffix.lower(), "Feather or Arrow")
    try:
        import pyarrow
    except ImportError as error:
        raise missing_dependency("pyarrow", f"Reading {what}", "data") from error
    try:
        table = _read_arrow(path)
    except (OSError, pyarrow.ArrowException) as error:
        raise DamagedFileError(
            f"{path} must be a whole {what} file; it is damaged or cut short: write it again."
        ) from error
    found = read_frame(table, name=str(path))
    return replace(found, digest=_files.sha256(path))


def _read_arrow(path: Path) -> Any:
    import pyarrow
    import pyarrow.parquet

    if path.suffix.lower() == ".parquet":
        # By the file and not by its folders' names; and columns of one name are told, not refused.
        return pyarrow.parquet.ParquetFile(path).read()
    with pyarrow.OSFile(str(path), "rb") as file:
        try:
            return pyarrow.ipc.open_file(file).read_all()
        except pyarrow.ArrowInvalid:
            file.seek(0)
            return pyarrow.ipc.open_stream(file).read_all()


def read_excel(path: Path, reading: Reading) -> Table:
    """Read the first sheet of an .xlsx file, whose first row may hold names.

    Raises
    ------
    MissingDependencyError
        If openpyxl is not installed.
    DamagedFileError
        If the file is cut short or is not .xlsx.
    InvalidDataError
        If the sheet holds no rows below its names.
    """
    try:
        import openpyxl
    except ImportError as error:
        raise missing_dependency("openpyxl", "Reading .xlsx", "excel") from error
    try:
        with path.open("rb") as file:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            sheets = book.sheetnames
            rows = [list(row) for row in book[sheets[0]].iter_rows(values_only=True)]
    except (zipfile.BadZipFile, KeyError, OSError, ValueError) as error:
        raise DamagedFileError(
            f"{path} must be a whole .xlsx file; it is damaged or cut short: save it again."
        ) from error
    lines = [i for i, row in enumerate(rows) if any(cell is not None for cell in row)]
    rows = [rows[i] for i in lines]
    cells = [
        ["" if cell is None else str(cell).strip() for cell in row] for row in rows[:_LOOKED_AT]
    ]
    has_header = bool(cells) and is_header(cells[0], cells[1:], reading)
    if len(rows) < 1 + has_header:
        raise InvalidDataError(
            f"{path} must hold rows of numbers; its sheet {sheets[0]!r} holds none: check how it "
            "was written."
        )
    first = cells[0] if has_header else [""] * len(cells[0])
    names = [cell or f"x{i}" for i, cell in enumerate(first)]
    check_distinct(names, str(path))
    body = rows[has_header:]
    columns: dict[str, Column] = {}
    for i, name in enumerate(names):
        columns[name] = column_of_array(name, object_array([row[i] for row in body]))
    told = [f"sheet {sheets[0]!r} of {len(sheets)}"] if len(sheets) > 1 else []
    told.append(told_header(cells[0], has_header, reading))
    index = names[0] if has_header and not first[0] and len(names) > 1 else None
    return Table(
        name=str(path),
        columns=columns,
        index=index,
        told=tuple(told),
        digest=_files.sha256(path),
        place=lambda row: f"row {row}, line {lines[row + has_header] + 1}",
    )


TABLE_READERS: dict[str, Callable[[Path, Reading], Table]] = {
    ".csv": read_text,
    ".tsv": read_text,
    ".parquet": read_arrow_file,
    ".feather": read_arrow_file,
    ".arrow": read_arrow_file,
    ".xlsx": read_excel,
}
