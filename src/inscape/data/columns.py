"""Columns of a table as they were read: numbers, texts and dates, and how they were written."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

import numpy as np

Kind = Literal["number", "text", "date", "other"]

# What people write for a value that is not there; what C writes; Excel, of a formula without one.
_MISSING: Final = frozenset(
    [
        *("", "na", "n/a", "#n/a", "#na", "#n/a n/a", "nan", "-nan", "null", "none", "<na>", "nat"),
        *("?", "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan"),
        *("#div/0!", "#value!", "#ref!", "#num!", "#name?", "#null!"),
    ]
)
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?", re.I | re.A)
_INTEGER: Final = re.compile(r"[+-]?\d+", re.A)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}.*)?", re.A)
_TRUTH: Final = {"false": 0.0, "true": 1.0}
# What float64 tells apart.
EXACT: Final = 2**53


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
        What it is called.
    kind : {"number", "text", "date", "other"}
        What it holds.
    values : ndarray, shape (n_samples,)
        Numbers (missing: NaN), datetime64[us] (missing: NaT), or the places of each row's text in
        `words` (missing: -1).
    words : tuple of str
        The different texts, sorted as people sort them, or in an order of their own.
    ordered : bool
        Whether that order is the table's own.
    written : tuple of (ndarray, tuple of str) or None
        The same cells as they stood in a text file: places, and words.
    problem : str
        Why it cannot be a feature, if that is so.
    missing_as : str
        The word by which missing values were told, if it may have meant something else.
    """

    name: str
    kind: Kind
    values: np.ndarray
    words: tuple[str, ...] = ()
    ordered: bool = False
    written: tuple[np.ndarray, tuple[str, ...]] | None = None
    problem: str = ""
    missing_as: str = ""

    @functools.cached_property
    def missing(self) -> np.ndarray:
        """Which rows have no value, shape (n_samples,)."""
        if self.kind == "text":
            return self.values < 0
        if self.kind == "date":
            return np.isnat(self.values)
        if self.kind == "number" and self.values.dtype.kind == "f":
            return np.isnan(self.values)
        return np.zeros(len(self.values), dtype=bool)

    def texts(self) -> np.ndarray:
        """Return each row's cell as text, as it was written where it was; missing ones are ''."""
        if self.written is not None:
            places, words = self.written
            return np.array(words, dtype=object)[places]
        if self.kind == "text":
            return np.array([*self.words, ""], dtype=object)[self.values]
        if self.kind == "date":
            return np.array(
                ["" if np.isnat(v) else told_date(v) for v in self.values], dtype=object
            )
        gone, values = self.missing, self.values
        there = values[~gone]
        if values.dtype.kind == "f" and (there == np.round(there)).all() and _is_exact(there):
            # Integers beside one that is missing came as floats: 3 is not 3.0.
            values = np.where(gone, 0, values).astype(np.int64)
        return np.array(
            ["" if no else str(v) for v, no in zip(values.tolist(), gone, strict=True)],
            dtype=object,
        )

    def take(self, rows: np.ndarray) -> Column:
        """Return the column of some rows."""
        written = None if self.written is None else (self.written[0][rows], self.written[1])
        return Column(
            self.name,
            self.kind,
            self.values[rows],
            self.words,
            self.ordered,
            written,
            self.problem,
            self.missing_as,
        )


def _is_exact(numbers: np.ndarray) -> bool:
    return bool((np.abs(numbers) < EXACT).all())


def told_date(value: Any) -> str:
    """Return a date as text, without a time of day that is midnight."""
    text = str(np.datetime64(value, "s") if value == value.astype("M8[s]") else value)
    return text.removesuffix("T00:00:00")


def natural(text: str) -> tuple[Any, ...]:
    """Return the key by which people sort texts: 2 comes before 10.

    Examples
    --------
    >>> sorted(["b", "a10", "a2", "-1"], key=natural)
    ['-1', 'a2', 'a10', 'b']
    """
    if re.fullmatch(r"-\d+", text, re.A):
        return ((0, int(text), ""),), text
    pieces = [piece for piece in re.split(r"(\d+)", text, flags=re.A) if piece]
    return tuple((0, int(p), "") if p[0].isdecimal() else (1, 0, p) for p in pieces), text


def column_of_words(
    name: str, places: np.ndarray, words: Sequence[str], *, decimal: str = "."
) -> Column:
    """Return the column that cells of a text file stand for.

    Parameters
    ----------
    name : str
        What it is called.
    places : ndarray, shape (n_samples,), int
        Where each row's cell is among the words.
    words : sequence of str
        The different cells, stripped.
    decimal : str
        Before the fraction of a number.

    Examples
    --------
    >>> column_of_words("a", np.array([0, 1, 0]), ["1.5", "NA"]).values
    array([1.5, nan, 1.5])
    >>> column_of_words("a", np.array([0, 1]), ["b", "a"]).words
    ('a', 'b')
    """
    written = (places, tuple(words))
    gone = [word.lower() in _MISSING for word in words]
    there = [word for word, no in zip(words, gone, strict=True) if not no]
    # Where a comma stands before the fraction, a point stands between thousands, and is no number.
    plain = [_with_point(word) if decimal == "," else word for word in words]
    used = [word for word, no in zip(plain, gone, strict=True) if not no]
    values: Any
    if all(_NUMBER.fullmatch(word) for word in used):
        values = [np.nan if no else float(w) for w, no in zip(plain, gone, strict=True)]
        numbers = np.array(values, dtype=np.float64)
        return Column(
            name, "number", numbers[places], written=written, problem=_merged_integers(used)
        )
    if all(word.lower() in _TRUTH for word in there):
        values = [_TRUTH.get(word.lower(), np.nan) for word in words]
        return Column(name, "number", np.array(values)[places], written=written)
    dates = [None if no else _date(w) for w, no in zip(words, gone, strict=True)]
    if all(no or date is not None for no, date in zip(gone, dates, strict=True)):
        values = [np.datetime64("NaT") if date is None else date for date in dates]
        return Column(name, "date", np.array(values, dtype="M8[us]")[places], written=written)
    order = sorted(set(there), key=natural)
    rank = {word: i for i, word in enumerate(order)}
    codes = np.array([-1 if no else rank[w] for w, no in zip(words, gone, strict=True)])
    told = next((w for w, no in zip(words, gone, strict=True) if no and w), "")
    return Column(name, "text", codes[places], tuple(order), written=written, missing_as=told)


def _with_point(word: str) -> str:
    return word.replace(".", " ").replace(",", ".")


def as_text(column: Column) -> Column:
    """Return a column as the words that it was written with.

    Examples
    --------
    >>> as_text(Column("a", "number", np.array([10, 2, 10]))).words
    ('2', '10')
    """
    texts = ["" if is_missing_word(text) else text for text in column.texts().tolist()]
    words = tuple(sorted(set(texts) - {""}, key=natural))
    rank = {word: i for i, word in enumerate(words)} | {"": -1}
    return Column(column.name, "text", np.array([rank[t] for t in texts], dtype=np.int64), words)


def as_dates(column: Column) -> Column:
    """Return a column of text as dates where all of its words are, else as it is."""
    dates = [_date(word) for word in column.words]
    if not dates or None in dates:
        return column
    stamps = np.array([*dates, np.datetime64("NaT")], dtype="M8[us]")
    return Column(column.name, "date", stamps[column.values])


def _date(word: str) -> datetime | None:
    if not _DATE.fullmatch(word):
        return None
    try:
        found = datetime.fromisoformat(word)
    except ValueError:
        return None
    return found if found.tzinfo is None else found.astimezone(UTC).replace(tzinfo=None)


def is_number(cell: str, decimal: str = ".") -> bool:
    """Return whether a cell is a number, written plainly: no 1_000 and no 0x10."""
    return _NUMBER.fullmatch(_with_point(cell) if decimal == "," else cell) is not None


def is_missing_word(cell: str) -> bool:
    """Return whether a cell says that its value is missing."""
    return cell.lower() in _MISSING


def _merged_integers(words: Sequence[str]) -> str:
    """Tell of integers that float64 cannot tell apart from their neighbours."""
    for word in words:
        if len(word) > 15 and _INTEGER.fullmatch(word) and int(word) != int(float(word)):
            return f"integers past 2^53, which floats merge, such as {word}"
    return ""


def merged_integers(values: np.ndarray) -> str:
    """Tell of an integer array that float64 cannot hold."""
    if values.dtype.kind not in "iu" or values.dtype.itemsize < 8 or not values.size:
        return ""
    if max(abs(int(values.min())), abs(int(values.max()))) <= EXACT:
        return ""
    back = values.astype(np.float64)
    for value, held in zip(values.tolist(), back.tolist(), strict=True):
        if int(held) != value:
            return f"integers past 2^53, which floats merge, such as {value}"
    return ""
