"""From the columns of a table to features: what can be one, what cannot, and all of it at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from inscape._errors import InvalidDataError
from inscape.data.columns import (
    Column,
    as_text,
    is_missing_word,
    is_number,
    told_date,
)
from inscape.data.encoding import Columns, Source
from inscape.data.reading import Reading
from inscape.data.tables import Roles, Table, check_distinct, find_roles, listed

# With so many words a column of numbers with some words in it is no column of categories.
_MOST_CATEGORIES: Final = 20
_THOUSANDS: Final = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?", re.A)
_DECIMAL_COMMA: Final = re.compile(r"[+-]?\d*,\d+", re.A)
_POINTS: Final = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d*)?", re.A)
# What people write around numbers: minus signs of printers, spaces, percent, money.
_MARKS: Final = str.maketrans(
    "\u2212\u2013", "--", " \u00a0\u202f\u2009'\u2019_%$\u20ac\u00a3\u00a5"
)
# Nobody knows whether 02/03/2020 is in February or in March.
_UNCLEAR_DATE: Final = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}( .*)?", re.A)
_KINDS: Final = {"number": "numbers", "text": "text", "date": "dates", "other": "Python objects"}


def find_columns(
    table: Table,
    roles: Roles,
    reading: Reading,
    *,
    unlabelled: np.ndarray | None = None,
    by: str = "",
) -> Columns:
    """Return how the columns of a table become features.

    Parameters
    ----------
    table, roles, reading : Table, Roles, Reading
        The columns, what each is for, and what becomes of text, dates and missing values.
    unlabelled : ndarray of shape (n_samples,) or None
        Which rows have no label.
    by : str
        Where the options are, if not where the table was given: "data.load, ".

    Raises
    ------
    InvalidDataError
        If there are none, or some cannot be features; all of these are told at once.
    """
    features = [table.columns[name] for name in roles.features]
    empty = [column for column in features if column.missing.all() and not column.problem]
    if not features:
        raise InvalidDataError(
            f"{table.name} must have at least one column of numbers; got none: check how it was "
            "read."
        )
    if not table.n_samples:
        raise InvalidDataError(
            f"{table.name} must hold rows; got none, in {len(table.columns)} columns: check how it "
            "was read."
        )
    there = [column for column in features if column not in empty]
    odd = _odd_features(table, there, reading)
    if empty:
        odd.append((f"no value at all in {listed(empty, lambda c: repr(c.name))}", ""))
    gone = missing_values(table, [column.name for column in there], reading, unlabelled)
    if odd or gone:
        told, remedies = zip(*odd, *gone, strict=True)
        ways = list(dict.fromkeys(way for way in remedies if way))
        raise InvalidDataError(
            f"{table.name} must hold numbers in every feature"
            f"{', and no missing values' if gone else ''}; got {'; '.join(told)}: "
            f"{'with ' if by else ''}{by}{', '.join(ways)}{', or ' * bool(ways)}leave columns "
            "out with drop."
        )
    columns = Columns(tuple(Source(c.name, c.kind, c.words) for c in features), roles.left_out)
    check_distinct(columns.feature_names, table.name)
    return columns


def _odd_features(
    table: Table, columns: Sequence[Column], reading: Reading
) -> list[tuple[str, str]]:
    """Tell of everything but missing values that keeps columns from being features.

    Returns
    -------
    list of (str, str)
        What came, and how to mend it.
    """
    texts = [c for c in columns if c.kind == "text" and not _is_mostly_numbers(c)]
    typos = [c for c in columns if c.kind == "text" and _is_mostly_numbers(c)]
    dates = [c for c in columns if c.kind == "date"]
    odd = [c for c in columns if c.problem]
    told = []
    if reading.categories == "one_hot":
        typos = [c for c in typos if 2 * len(c.words) > min(len(c.values), 2 * _MOST_CATEGORIES)]
        texts = [c for c in texts if _is_hardly_repeated(c)]
        if texts:
            shown = listed(texts, _described_text)
            told.append((f"words that hardly repeat in {shown}", "keep such names with keep"))
    elif texts:
        way = "name the label with target, take categories='one_hot'"
        unclear = [c for c in texts if all(map(_UNCLEAR_DATE.fullmatch, c.words))]
        way += ", write dates as 2020-12-31" if unclear else ""
        told.append((f"text in {listed(texts, _described_text)}", way))
    if typos:
        shown = listed(typos, lambda c: _described_typo(table, c, reading.decimal))
        told.append((f"text among numbers in {shown}", _mending(typos, reading)))
    if dates and reading.dates == "refuse":
        told.append((f"dates in {listed(dates, _described_date)}", "take dates='days'"))
    infinite = [c for c in columns if c.kind == "number" and _is_infinite(c.values)]
    if infinite:
        shown = listed(infinite, lambda c: _described_cells(table, c, np.isinf(c.values)))
        told.append((f"infinite values in {shown}", "mend these cells"))
    if odd:
        shown = listed(odd, lambda c: f"{c.problem} in {c.name!r}")
        told.append((shown, "make numbers of them, keep such names with keep"))
    return told


def _is_infinite(values: np.ndarray) -> bool:
    with np.errstate(over="ignore", invalid="ignore"):
        return not np.isfinite(values.sum(dtype=np.float64)) and bool(np.isinf(values).any())


def _is_hardly_repeated(column: Column) -> bool:
    """Return whether a column of words is one of names: each would be a feature of one row."""
    return len(column.words) > max(_MOST_CATEGORIES, len(column.values) // 2)


def missing_values(
    table: Table, features: Sequence[str], reading: Reading, unlabelled: np.ndarray | None
) -> list[tuple[str, str]]:
    """Tell of missing values that are not to be filled or dropped.

    Parameters
    ----------
    table, features, reading
        The columns, those that are features, and what is done with missing values.
    unlabelled : ndarray of shape (n_samples,) or None
        Which rows have no label.

    Returns
    -------
    list of (str, str)
        What came, the first row of each column; and how to mend it.
    """
    told = []
    drop = "missing='drop', which leaves out their rows"
    if reading.missing == "refuse":
        gone = [table.columns[name] for name in features if table.columns[name].missing.any()]
        if gone:
            shown = listed(gone, lambda c: _described_gap(table, c))
            told.append((f"missing values in {shown}", f"take missing='mean' or {drop}"))
    if unlabelled is not None and unlabelled.any() and reading.missing != "drop":
        where = table.place(int(unlabelled.argmax()))
        way = "" if told else f"take {drop}"
        told.append((f"no label in {int(unlabelled.sum())} rows, first in {where}", way))
    return told


def _described_gap(table: Table, column: Column) -> str:
    word = f"; {column.missing_as!r} was read as missing" if column.missing_as else ""
    return _described_cells(table, column, column.missing, word)


def _described_cells(table: Table, column: Column, which: np.ndarray, more: str = "") -> str:
    first = table.place(int(which.argmax()))
    return f"{column.name!r} ({int(which.sum())}, first in {first}{more})"


def _described_text(column: Column) -> str:
    shown = f", such as {column.words[0]!r}" if column.words else ""
    words = f"{len(column.words)} word{'s' * (len(column.words) != 1)}"
    return f"{column.name!r} ({words}{shown})"


def _described_date(column: Column) -> str:
    values = column.values[~column.missing]
    return f"{column.name!r} ({told_date(values.min())} to {told_date(values.max())})"


def _wrong(column: Column, decimal: str) -> list[tuple[int, str]]:
    """Return the rows whose cell is a word where most are numbers."""
    if column.written is None:
        return []
    places, words = column.written
    bad = np.array([not is_number(w, decimal) and not is_missing_word(w) for w in words])[places]
    return [(int(row), words[places[row]]) for row in np.flatnonzero(bad)]


def _is_mostly_numbers(column: Column) -> bool:
    if column.written is None:
        return False
    numbers = sum(is_number(_without_marks(word)) for word in column.words)
    return numbers > 0 and 2 * numbers >= len(column.words)


def _without_marks(word: str) -> str:
    """Return what is left of a number without the marks that people write around it."""
    plain = word.translate(_MARKS)
    if plain.startswith("(") and plain.endswith(")"):
        plain = f"-{plain[1:-1]}"
    plain = plain.replace(",", "")
    return plain.replace(".", "") if plain.count(".") > 1 else plain


def _mending(columns: Sequence[Column], reading: Reading) -> str:
    """Return how cells that are no numbers are mended."""
    odd = [w for column in columns for _, w in _wrong(column, reading.decimal)]
    commas = [word for word in odd if "," in word]
    thousands = "write numbers without a mark between thousands"
    ways, left = [], [word for word in odd if "," not in word]
    if reading.decimal == "," or any(_POINTS.fullmatch(word) for word in commas):
        if any(_POINTS.fullmatch(word) for word in odd):
            ways.append(thousands)
        if reading.decimal == "." and commas:
            ways.append("say decimal=','")
        left = [w for w in left if not _POINTS.fullmatch(w)]
    elif commas and all(map(_THOUSANDS.fullmatch, commas)):
        either = all(map(_DECIMAL_COMMA.fullmatch, commas))
        ways.append("say decimal=',' if a comma stands before the fraction, else " * either)
        ways[-1] += thousands
    elif commas and all(map(_DECIMAL_COMMA.fullmatch, commas)):
        ways.append("say decimal=','")
    else:
        left = odd
    marked = [word for word in left if is_number(_without_marks(word))]
    if marked:
        ways.append(f"write plain numbers, without the marks of {marked[0]!r}")
    if len(marked) < len(left):
        ways.append("mend these cells")
    return ", ".join(ways)


def _described_typo(table: Table, column: Column, decimal: str) -> str:
    wrong = _wrong(column, decimal)
    row, word = wrong[0]
    more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    return f"{column.name!r} ({word!r} in {table.place(row)}{more})"


def match_columns(
    table: Table,
    columns: Columns,
    reading: Reading,
    *,
    fills: bool,
    unlabelled: np.ndarray | None = None,
) -> Table:
    """Return a table that has the columns of the first one, in whatever order.

    Words that happen to be numbers are words where the first table had others too.

    Parameters
    ----------
    table, columns, reading : Table, Columns, Reading
        The table, what the first one's columns became, and what is kept or dropped besides.
    fills : bool
        Whether means stand for what is missing.
    unlabelled : ndarray of shape (n_samples,) or None
        Which rows have no label.

    Raises
    ------
    InvalidDataError
        If some are missing, new, or hold something else; all of these are told at once.
    """
    roles = find_roles(table, reading)
    known = {source.name: source for source in columns.sources}
    words = {
        name: as_text(column)
        for name, column in table.columns.items()
        if name in known and known[name].kind == "text" != column.kind
    }
    table = replace(table, columns={**table.columns, **words})
    passed = {*roles.left_out, *columns.left_out}
    lacking = [name for name in known if name not in table.columns]
    new = [name for name in roles.features if name not in known and name not in passed]
    told, remedies = [], []
    unwanted = [name for name in roles.dropped if name in known and name in reading.drop]
    if unwanted:
        told.append(f"{listed(unwanted)} among those to drop")
        remedies.append("keep what the model was fitted with")
    if lacking:
        told.append(f"no {listed(lacking)}")
        remedies.append("bring back what is missing")
    if new:
        told.append(f"{listed(new)}, which the model has not seen")
        remedies.append("leave out what is new with drop")
    for name, source in known.items():
        column = table.columns.get(name)
        if column is None or (column.missing.all() and not column.problem):
            continue
        if column.kind != source.kind or column.problem:
            got = column.problem or _KINDS[column.kind]
            told.append(f"{got} in {name!r}, which held {_KINDS[source.kind]}")
            remedies.append("mend these cells")
        elif source.kind == "text" and (
            strange := [w for w in column.words if w not in source.categories]
        ):
            told.append(f"{listed(strange)} in {name!r}, which had {listed(source.categories)}")
            remedies.append("leave out rows of new categories")
    present = [name for name in known if name in table.columns]
    asked = reading
    if reading.missing != "drop":
        asked = replace(reading, missing="mean" if fills else "refuse")
    for gap, _ in missing_values(table, present, asked, unlabelled):
        told.append(gap)
        remedies.append("take missing='drop', for the model was fitted without missing='mean'")
    if told:
        raise InvalidDataError(
            f"{table.name} must have the {len(known)} columns that the model was fitted with; got "
            f"{'; '.join(told)}: {', '.join(dict.fromkeys(remedies))}."
        )
    return table
