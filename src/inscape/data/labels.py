"""Labels: numbers stay numbers, everything else becomes class numbers with names."""

from __future__ import annotations

import datetime
import decimal
import math
import numbers
import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from inscape._checks import abridged, check_dense, check_finite, check_unmasked, tensor_numbers
from inscape._errors import InvalidDataError
from inscape.data.columns import EXACT, Column, is_missing_word, is_number, natural, told_date

_INTEGER: Final = re.compile(r"-?(0|[1-9]\d*)", re.A)
_LEADING_ZERO: Final = re.compile(r"[+-]?0\d", re.A)


def is_missing(cell: Any) -> bool:
    """Return whether a cell says that its value is missing: None, pandas.NA, NaT or NaN."""
    # pandas.NA by its name: pandas need not be installed, and NA == NA has no truth value.
    if cell is None or type(cell).__name__ == "NAType":
        return True
    differs = cell != cell
    return isinstance(differs, (bool, np.bool_)) and bool(differs)


def unmasked(values: np.ma.MaskedArray[Any, Any]) -> np.ndarray:
    """Return an array in which None stands for what a mask hides, if it hides something."""
    if not np.ma.is_masked(values):
        return values.data
    plain = values.data.astype(object)
    plain[np.ma.getmaskarray(values)] = None
    return plain


def as_float(cell: Any) -> float:
    """Return a number as a float; what is larger than all of them is infinite."""
    try:
        return float(cell)
    except OverflowError:
        return math.inf if cell > 0 else -math.inf


def is_exact(cell: Any) -> bool:
    """Return whether an integer is itself as a float, too."""
    number = as_float(cell)
    return math.isfinite(number) and int(number) == int(cell)


def objects_to_numbers(values: np.ndarray, *, name: str = "The array") -> np.ndarray:
    """Return an array of Python numbers as float64, what is missing as NaN.

    Integers that floats merge stay integers where there is a type for them. Any other array, and
    one that holds texts or dates, is returned as it is.

    Raises
    ------
    InvalidDataError
        If there is no type for them.

    Examples
    --------
    >>> objects_to_numbers(np.array([1, None], dtype=object))
    array([ 1., nan])
    """
    if values.dtype.kind != "O":
        return values
    cells = [np.nan if is_missing(cell) else cell for cell in values.flat]
    if not all(isinstance(cell, (numbers.Real, decimal.Decimal, np.bool_)) for cell in cells):
        return values
    merged = [c for c in cells if isinstance(c, numbers.Integral) and not is_exact(c)]
    if not merged:
        return np.array([as_float(cell) for cell in cells]).reshape(values.shape)
    if all(isinstance(c, numbers.Integral) and -(2**63) <= int(c) < 2**63 for c in cells):
        return np.array([int(cell) for cell in cells], dtype=np.int64).reshape(values.shape)
    raise InvalidDataError(
        f"{name} must hold numbers that floats tell apart; got integers past 2^53, which floats "
        f"merge, such as {abridged(merged[0])}: take what is common off them, or leave them out."
    )


@dataclass(frozen=True, eq=False)
class Labels:
    """One label a row.

    Parameters
    ----------
    values : ndarray, shape (n_samples,)
        Numbers (int64 or float64), or places in `names`.
    names : tuple of str or None
        What the classes are called, where they have names.
    """

    values: np.ndarray
    names: tuple[str, ...] | None = None

    def texts(self) -> np.ndarray:
        """Return each label as text."""
        if self.names is None:
            return self.values.astype(str).astype(object)
        return np.array(self.names, dtype=object)[self.values]


def join_labels(
    train: Labels | None, test: Labels | None
) -> tuple[np.ndarray | None, np.ndarray | None, tuple[str, ...] | None]:
    """Return the labels of two parts in the same numbers, and the names of the classes.

    Examples
    --------
    >>> a, b = (read_labels(words, 2, name="y") for words in (["u", "w"], ["v", "u"]))
    >>> join_labels(a, b)
    (array([0, 2]), array([1, 0]), ('u', 'v', 'w'))
    """
    present = [part for part in (train, test) if part is not None]
    if not any(part.names for part in present) or len({part.names for part in present}) == 1:
        names = present[0].names if present else None
        return (
            None if train is None else train.values,
            None if test is None else test.values,
            names,
        )
    words = {str(word): None for part in present for word in (part.names or part.texts())}
    names = tuple(sorted(words, key=natural))
    rank = {word: i for i, word in enumerate(names)}
    found = [
        None if part is None else np.array([rank[w] for w in part.texts()], dtype=np.int64)
        for part in (train, test)
    ]
    return found[0], found[1], names


def read_labels(y: Any, n_samples: int, *, name: str) -> Labels:
    """Return labels as they come: numbers, texts, dates, categories, or rows with a single 1.

    Parameters
    ----------
    y : array-like, shape (n_samples,), or (n_samples, n_classes) of zeros with a 1
        The labels.
    n_samples : int
        How many there must be.
    name : str
        What errors call them.

    Raises
    ------
    InvalidDataError
        If there is not one label a row, or labels are missing.

    Examples
    --------
    >>> read_labels(["b", "a10", "a2"], 3, name="y")
    Labels(values=array([2, 1, 0]), names=('a2', 'a10', 'b'))
    """
    check_dense(y, name=name)
    check_unmasked(y, name=name)
    ordered = getattr(getattr(y, "dtype", None), "ordered", None)
    categories = [str(word) for word in y.dtype.categories] if ordered else None
    array = y if isinstance(y, np.ndarray) else np.asarray(_detached(y, name))
    if array.dtype.kind in "SU" and not hasattr(y, "dtype"):
        # NumPy has made the text "nan" of what was no text.
        array = np.array(list(y), dtype=object)
    if array.ndim == 2:
        array = _single_column(array)
    if array.shape != (n_samples,):
        raise InvalidDataError(
            f"{name} must hold one label a row, {n_samples} in all; got shape {array.shape}: give "
            "it as many labels as there are rows."
        )
    _check_none_missing(array, name)
    if categories is not None:
        used = [word for word in categories if word in set(map(str, array))]
        return Labels(
            np.array([used.index(str(cell)) for cell in array], dtype=np.int64), tuple(used)
        )
    if array.dtype.kind == "O" and all(isinstance(cell, numbers.Integral) for cell in array):
        # Not by way of floats, which have no room for large ones.
        if all(-(2**63) <= int(cell) < 2**63 for cell in array):
            return Labels(np.array([int(cell) for cell in array], dtype=np.int64))
        return _named(array)
    array = objects_to_numbers(array, name=name)
    if array.dtype.kind in "bi" or (array.dtype.kind == "u" and array.max(initial=0) < 2**63):
        return Labels(array.astype(np.int64))
    if array.dtype.kind == "f":
        values = array.astype(np.float64)
        check_finite(values, name=name)
        whole = (values == np.round(values)).all() and (np.abs(values) < EXACT).all()
        return Labels(values.astype(np.int64) if whole else values)
    return _named(array)


def _detached(y: Any, name: str) -> Any:
    return tensor_numbers(y, name=name) if hasattr(y, "detach") else y


def _single_column(array: np.ndarray) -> np.ndarray:
    if array.shape[1] == 1:
        return array[:, 0]
    if array.dtype.kind in "biuf" and array.size:
        ones = (array == 1).sum(axis=1) == 1
        if (ones & ((array != 0).sum(axis=1) == 1)).all():
            return array.argmax(axis=1)
    return array


def _check_none_missing(array: np.ndarray, name: str) -> None:
    """Ask for a label in each row; a text that says it is none is none."""
    if array.dtype.kind == "f":
        return  # told with its place below
    if array.dtype.kind == "M":
        missing = np.isnat(array).tolist()
    elif array.dtype.kind in "OSU":
        missing = [
            is_missing(cell) or str(cell).strip() in ("", "nan", "NaT", "<NA>") for cell in array
        ]
    else:
        return
    if any(missing):
        first, count = missing.index(True), sum(missing)
        raise InvalidDataError(
            f"{name} must have no missing label; row {first} has none ({count} in all): remove "
            "these rows or label them."
        )


def label_text(cell: Any) -> str:
    """Return a label that is no number as text: dates as ISO has them, bytes decoded.

    Examples
    --------
    >>> label_text(b"u"), label_text(np.datetime64("2020-01-02T00:00"))
    ('u', '2020-01-02')
    """
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "backslashreplace")
    if isinstance(cell, np.datetime64):
        return told_date(cell)
    if isinstance(cell, datetime.datetime):
        return cell.isoformat().removesuffix("T00:00:00")
    return str(cell)


def written_label(value: Any) -> str:
    """Return a label as people write it: 3 and not 3.0, 1000001 and not 1e+06.

    Examples
    --------
    >>> [written_label(value) for value in (3.0, 0.5, 1000001.0, "u")]
    ['3', '0.5', '1000001', 'u']
    """
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def plain_labels(y: Any, *, name: str = "y") -> np.ndarray:
    """Return labels as an array of numbers or texts, which any file can hold.

    Parameters
    ----------
    y : array-like of any shape
        Labels; dates, bytes and other objects become texts.
    name : str
        What errors call them.

    Raises
    ------
    InvalidDataError
        If a label is missing.

    Examples
    --------
    >>> plain_labels([b"u", b"v"])
    array(['u', 'v'], dtype='<U1')
    """
    check_dense(y, name=name)
    check_unmasked(y, name=name)
    array = np.asarray(_detached(y, name))
    if array.dtype.kind in "SU" and not hasattr(y, "dtype") and array.ndim:
        array = np.array(y, dtype=object)
    if array.ndim == 2:
        array = _single_column(array)
    if array.ndim == 1:
        _check_none_missing(array, name)
    if array.dtype.kind == "f":
        check_finite(array, name=name)
    if array.dtype.kind in "biufU":
        return array
    if array.dtype.kind == "O" and all(isinstance(cell, numbers.Integral) for cell in array.flat):
        return array.astype(np.int64)
    array = objects_to_numbers(array, name=name)
    if array.dtype.kind in "fi":
        check_finite(array, name=name)
        return array
    return np.array([label_text(cell) for cell in array.flat]).reshape(array.shape)


def _named(array: np.ndarray) -> Labels:
    texts = [label_text(cell) for cell in array]
    words = sorted(set(texts), key=natural)
    rank = {word: i for i, word in enumerate(words)}
    return Labels(np.array([rank[text] for text in texts], dtype=np.int64), tuple(words))


# --------------------------------------------------------------------------- a table's column


def column_labels(column: Column) -> Labels:
    """Return the labels that a column without missing values holds.

    In a text file 7 and 07 are two words, and 1e3 and 1000 too: where words would merge as
    numbers, they stay words.
    """
    if column.written is not None:
        return _written_labels(*column.written)
    if column.kind == "text":
        return Labels(column.values.astype(np.int64), column.words)
    return read_labels(column.values, len(column.values), name=f"Column {column.name!r}")


def _written_labels(places: np.ndarray, words: tuple[str, ...]) -> Labels:
    used = sorted(set(places.tolist()))
    words = tuple(words[i] for i in used)
    places = np.searchsorted(used, places)
    if all(map(_INTEGER.fullmatch, words)) and all(-(2**63) <= int(w) < 2**63 for w in words):
        return Labels(np.array([int(word) for word in words], dtype=np.int64)[places])
    if all(is_number(word) and not _LEADING_ZERO.match(word) for word in words):
        values = np.array([float(word) for word in words])
        if not (values == np.round(values)).all():
            return Labels(values[places])
        if len(set(values.tolist())) == len(words) and (np.abs(values) < EXACT).all():
            return Labels(values.astype(np.int64)[places])
    order = sorted(range(len(words)), key=lambda i: natural(words[i]))
    rank = np.empty(len(words), dtype=np.int64)
    rank[order] = np.arange(len(words))
    return Labels(rank[places], tuple(words[i] for i in order))


def missing_labels(column: Column) -> np.ndarray:
    """Return which rows have no label, shape (n_samples,)."""
    if column.written is None:
        return column.missing
    places, words = column.written
    return np.array([is_missing_word(word) for word in words], dtype=bool)[places]
