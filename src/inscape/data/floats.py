"""Rows of floats: what float32 keeps and what it would merge; what stands for missing values."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from inscape._checks import check_finite
from inscape._errors import InvalidDataError
from inscape._typing import FloatArray

# Rows, evenly spread, from which the spread of a column is taken.
_SEEN: Final = 2000
# The share of a column's spread that a rounding may be.
_ROUNDING: Final = 2.0**-16
_REMEDY: Final = "take missing='mean' or missing='drop' for what is missing, or mend them first"


def to_rows(array: np.ndarray, *, name: str = "X", missing: str = "refuse") -> FloatArray:
    """Flatten to (n_samples, n_features) floats in C order, and check that they are finite.

    They are float32, or float64 where float32 would lose what tells the rows of a column apart.

    Raises
    ------
    InvalidDataError
        If a value is NaN (and missing values are refused) or infinite, or too large for float32; it
        is named by row and column.
    """
    flat = array.reshape(len(array), -1)
    if array.ndim > 2 and array.dtype == np.uint8:
        return np.divide(flat, np.float32(255), dtype=np.float32)
    if flat.dtype.kind == "f":
        seen = flat if missing == "refuse" else np.where(np.isnan(flat), 0, flat)
        check_finite(seen, name=name, remedy=_REMEDY)
    if flat.dtype == np.float32 and flat.dtype.isnative and is_plain(flat):
        return flat
    if flat.dtype.kind == "f" and flat.dtype.itemsize > 4:
        _check_fits(flat, name)
    kind = np.float64 if merged_columns(flat).any() else np.float32
    rows = np.empty(flat.shape, dtype=kind)
    rows[:] = flat
    return rows


def is_plain(array: np.ndarray) -> bool:
    """Return whether an array lies in memory in C order, forwards, as torch wants it."""
    return array.flags.c_contiguous and all(stride >= 0 for stride in array.strides)


def _check_fits(flat: np.ndarray, name: str) -> None:
    most = np.finfo(np.float32).max
    with np.errstate(invalid="ignore"):
        low, high = np.nanmin(flat, initial=0), np.nanmax(flat, initial=0)
        if max(-low, high) <= most:
            return
        row, column = (int(i) for i in np.argwhere(np.abs(flat) > most)[0])
    raise InvalidDataError(
        f"{name} must fit float32 (below 3.4e38); got {float(flat[row, column]):g} at row "
        f"{row}, column {column}: rescale the data."
    )


def merged_columns(values: np.ndarray, kind: type[Any] = np.float32) -> np.ndarray:
    """Return the columns (n_features,) of which a type of floats loses what tells rows apart.

    Those are the ones in which a rounding is no small share of the spread between the quartiles,
    such as timestamps a second apart, or masses of electrons in kilograms, squared.

    Examples
    --------
    >>> merged_columns(np.array([[1.7e9, 0.1], [1.7e9 + 1, 0.2]]))
    array([ True, False])
    """
    n_samples, n_features = values.shape
    found = np.zeros(n_features, dtype=bool)
    if values.dtype.kind == "b" or values.dtype.itemsize < 4 or values.dtype == np.float32:
        return found
    some = values[:: max(1, -(-n_samples // _SEEN))].astype(np.float64)
    with np.errstate(invalid="ignore"):
        largest = np.nanmax(np.abs(some), axis=0, initial=0)
    # At a magnitude of one spread no type of floats is too short: most columns end here.
    spread = _spread(some)
    facts = np.finfo(kind)
    # Nor where a spread is far from the smallest numbers that the type has.
    tiny = (largest > 0) & (largest < float(facts.smallest_normal) / _ROUNDING)
    doubtful = np.flatnonzero((largest * 4 * facts.eps > _ROUNDING * spread) | tiny)
    for column in doubtful:
        cells = values[:, column]
        if (cells == cells[0]).all():
            continue  # There is nothing to tell apart.
        held = cells.astype(kind).astype(np.float64)
        if values.dtype.kind in "iu":
            error: float = max(
                abs(int(a) - int(b)) for a, b in zip(cells.tolist(), held.tolist(), strict=True)
            )
        else:
            error = float(np.nanmax(np.abs(cells - held), initial=0))
        found[column] = error > _ROUNDING * _spread(cells[:, None].astype(np.float64))[0]
    return found


def _spread(values: np.ndarray) -> np.ndarray:
    """Return the distance between quartiles, or where that is 0 the whole range."""
    ordered = np.sort(values, axis=0)  # what is missing comes last
    counts = (~np.isnan(values)).sum(axis=0)
    places = np.stack([0 * counts, counts // 4, 3 * counts // 4, counts - 1]).clip(min=0)
    low, first, third, high = np.take_along_axis(ordered, places, axis=0)
    return np.nan_to_num(np.where(third > first, third - first, high - low))


def fill_missing(rows: FloatArray, means: FloatArray) -> FloatArray:
    """Return rows with the means of columns in the place of NaN."""
    return np.where(np.isnan(rows), means.astype(rows.dtype), rows)


def column_means(rows: FloatArray, names: tuple[str, ...]) -> FloatArray:
    """Return the means (n_features,) of what is there, in float64.

    Raises
    ------
    InvalidDataError
        If a column has nothing.
    """
    there = ~np.isnan(rows)
    counts = there.sum(axis=0)
    if not counts.all():
        empty = [names[i] for i in np.flatnonzero(counts == 0)[:5]]
        raise InvalidDataError(
            f"Every column must have a value among the training rows; got none in "
            f"{', '.join(map(repr, empty))}: leave the column out with drop."
        )
    return np.where(there, rows, 0).sum(axis=0, dtype=np.float64) / counts
