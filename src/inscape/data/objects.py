"""A column out of an array, or of Python objects: numbers, dates, texts, lists."""

from __future__ import annotations

import datetime
import decimal
import numbers
from collections.abc import Callable
from typing import Any

import numpy as np

from inscape._checks import abridged
from inscape.data.columns import Column, as_dates, column_of_words, merged_integers, natural
from inscape.data.labels import as_float, is_exact, is_missing, unmasked

_DATES = (datetime.date, datetime.datetime, np.datetime64)


def object_array(values: Any) -> np.ndarray:
    """Return an array of Python objects, (n_samples,); an array is returned as it is.

    What a mask hides is missing.
    """
    if isinstance(values, np.ma.MaskedArray):
        return unmasked(values)
    if isinstance(values, np.ndarray):
        return values
    array = np.empty(len(values), dtype=object)
    array[:] = list(values)
    return array


def flattened(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    """Return a column, or the columns that equally long lists in its cells make."""
    if values.ndim > 1:
        block = values.reshape(len(values), -1)
        return {f"{name}_{i}": block[:, i] for i in range(block.shape[1])}
    if values.dtype.kind != "O" or not len(values):
        return {name: values}
    if not all(isinstance(cell, (list, tuple, np.ndarray)) for cell in values):
        return {name: values}
    try:
        block = np.array([np.asarray(cell) for cell in values]).reshape(len(values), -1)
    except ValueError:
        return {name: values}
    if block.dtype.kind not in "biuf":
        return {name: values}
    return {f"{name}_{i}": block[:, i] for i in range(block.shape[1])}


def column_of_array(name: str, values: np.ndarray) -> Column:
    """Return the column that an array of numbers, dates, texts or Python objects is.

    Examples
    --------
    >>> column_of_array("a", np.array([1, None], dtype=object)).values
    array([ 1., nan])
    """
    if values.dtype.kind in "biuf":
        return Column(name, "number", values, problem=merged_integers(values))
    if values.dtype.kind == "M":
        return Column(name, "date", values.astype("M8[us]"))
    if values.dtype.kind in "SUT":
        values = values.astype(object)
    if values.dtype.kind != "O" or values.ndim != 1:
        return Column(name, "other", values, problem=str(values.dtype))
    gone = np.array([is_missing(cell) for cell in values], dtype=bool)
    there = values[~gone]
    for holds, build in _OBJECTS:
        if all(map(holds, there)):
            return build(name, values, gone)
    if all(_is_number(cell) or _is_text(cell) or _is_date(cell) for cell in there):
        return _mixed(name, values, gone)
    words = sorted({type(cell).__name__ for cell in there})
    lists = all(isinstance(cell, (list, tuple, np.ndarray)) for cell in there)
    problem = "lists of different lengths" if lists else f"Python objects ({', '.join(words[:3])})"
    return Column(name, "other", values, problem=problem)


def _mixed(name: str, values: np.ndarray, gone: np.ndarray) -> Column:
    """Return a column of numbers, texts and dates: what a text file with the same cells holds."""
    texts = ["" if no else _text(cell) for cell, no in zip(values, gone, strict=True)]
    words = list(dict.fromkeys(text.strip() for text in texts))
    place = {word: i for i, word in enumerate(words)}
    return column_of_words(name, np.array([place[text.strip()] for text in texts]), words)


def _text(cell: Any) -> str:
    return cell.decode("utf-8", "backslashreplace") if isinstance(cell, bytes) else str(cell)


def _is_number(cell: Any) -> bool:
    return isinstance(cell, (numbers.Real, decimal.Decimal, np.bool_))


def _is_date(cell: Any) -> bool:
    return isinstance(cell, _DATES)


def _is_text(cell: Any) -> bool:
    return isinstance(cell, (str, bytes))


def _numbers(name: str, values: np.ndarray, gone: np.ndarray) -> Column:
    whole = [cell for cell in values[~gone] if isinstance(cell, numbers.Integral)]
    merged = [cell for cell in whole if not is_exact(cell)]
    cells = [np.nan if no else as_float(cell) for cell, no in zip(values, gone, strict=True)]
    problem = (
        f"integers past 2^53, which floats merge, such as {abridged(merged[0])}" if merged else ""
    )
    found = np.array(cells, dtype=np.float64)
    if len(whole) == len(values) and all(-(2**63) <= int(cell) < 2**63 for cell in whole):
        # As labels they keep all their digits.
        found = np.array([int(cell) for cell in whole], dtype=np.int64)
    return Column(name, "number", found, problem=problem)


def _stamp(cell: Any) -> np.datetime64:
    if getattr(cell, "tzinfo", None) is not None:
        cell = cell.astimezone(datetime.UTC).replace(tzinfo=None)
    return np.datetime64(cell, "us")


def _dates(name: str, values: np.ndarray, gone: np.ndarray) -> Column:
    stamps = [
        np.datetime64("NaT", "us") if no else _stamp(cell)
        for cell, no in zip(values, gone, strict=True)
    ]
    return Column(name, "date", np.array(stamps, dtype="M8[us]"))


def _texts(name: str, values: np.ndarray, gone: np.ndarray) -> Column:
    texts = ["" if no else _text(cell) for cell, no in zip(values, gone, strict=True)]
    words = sorted({text for text, no in zip(texts, gone, strict=True) if not no}, key=natural)
    rank = {word: i for i, word in enumerate(words)}
    codes = [-1 if no else rank[text] for text, no in zip(texts, gone, strict=True)]
    return as_dates(Column(name, "text", np.array(codes, dtype=np.int64), tuple(words)))


_OBJECTS: tuple[tuple[Callable[[Any], bool], Callable[..., Column]], ...] = (
    (_is_number, _numbers),
    (_is_date, _dates),
    (_is_text, _texts),
)
