"""From whatever holds numbers to float32 rows: the checks that every source goes through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from inscape._checks import check_finite
from inscape._errors import InvalidDataError
from inscape._typing import FloatArray, ImageShape
from inscape.data.dataset import Split, checksum, numbered_names, pixel_names
from inscape.data.labels import objects_to_numbers, with_labels


@dataclass(frozen=True, eq=False)
class Contents:
    """What a source holds, before it is split.

    Parameters
    ----------
    all_or_train : Split
        All rows, or the training rows where the source has a test part of its own.
    test : Split or None
        The source's own test part.
    image_shape, feature_names, class_names, checksum
        As in `Dataset`.
    """

    all_or_train: Split
    test: Split | None
    image_shape: ImageShape | None
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...] | None
    checksum: str


def from_arrays(
    X: Any, y: Any = None, *, X_test: Any = None, y_test: Any = None, digest: str | None = None
) -> Contents:
    """Take arrays as they come.

    Parameters
    ----------
    X : array of shape (n_samples, n_features) or (n_samples, height, width[, channels])
        Rows of numbers, or images; images of uint8 are divided by 255.
    y : array of shape (n_samples,) or None
        Labels: numbers or texts.
    X_test, y_test : array or None
        The same of a test part.
    digest : str or None
        The checksum, if the source has one; else it is taken of the arrays.

    Returns
    -------
    Contents
        The rows as float32; a memory map of float32 in C order stays one.

    Raises
    ------
    InvalidDataError
        If the arrays are empty, hold no real finite numbers, or do not fit together.

    Examples
    --------
    >>> import numpy as np
    >>> from_arrays(np.zeros((5, 2, 2), dtype=np.uint8)).image_shape
    (2, 2)
    """
    raw = as_numbers(X, name="X")
    shape = image_shape_of(raw)
    train = Split(to_rows(raw), None)
    test = None
    parts: list[Any] = [raw, y if y is None else np.asarray(y)]
    if X_test is not None:
        raw_test = as_numbers(X_test, name="X_test")
        if raw_test.shape[1:] != raw.shape[1:]:
            raise InvalidDataError(
                f"X_test must have the features of X, {raw.shape[1:]}; got {raw_test.shape[1:]}: "
                "give both parts the same columns."
            )
        test = Split(to_rows(raw_test, name="X_test"), None)
        parts += [raw_test, y_test if y_test is None else np.asarray(y_test)]
    train, test, class_names = with_labels(train, y, test, y_test)
    if digest is None:
        digest = checksum(part.astype(str) if _is_text(part) else part for part in parts)
    names = numbered_names(train.n_features) if shape is None else pixel_names(shape)
    return Contents(train, test, shape, names, class_names, digest)


def _is_text(part: Any) -> bool:
    return isinstance(part, np.ndarray) and part.dtype.kind in "OSUT"


def from_columns(
    columns: Mapping[str, np.ndarray], labels: Any = None, *, digest: str | None = None
) -> Contents:
    """Take a table by its columns.

    Parameters
    ----------
    columns : mapping of str to array of shape (n_samples,)
        The features, in order.
    labels : array of shape (n_samples,) or None
        Labels: numbers or texts.
    digest : str or None
        The checksum, if the source has one; else it is taken of the names and values.

    Returns
    -------
    Contents
        The rows as float32.

    Raises
    ------
    InvalidDataError
        If a column is no numbers, a value is missing, or there are no columns or rows.
    """
    if not columns:
        raise InvalidDataError(
            "The table must have at least one column of numbers; got none: check how it was read."
        )
    names = tuple(columns)
    matrix = np.column_stack([_column(name, values) for name, values in columns.items()])
    split, _, class_names = with_labels(Split(to_rows(matrix)), labels)
    if digest is None:
        text = None if labels is None else np.asarray(labels).astype(str)
        digest = checksum([*names, matrix, text])
    return Contents(split, None, None, names, class_names, digest)


def _column(name: str, values: np.ndarray) -> np.ndarray:
    values = objects_to_numbers(values)
    if values.dtype.kind not in "biuf" or values.ndim != 1:
        raise InvalidDataError(
            f"Column {name!r} must hold numbers; it holds {_kind(values)}: name it with target= "
            "if it is the label, or leave it out."
        )
    return values


def _kind(values: np.ndarray) -> str:
    if values.dtype.kind == "O":
        is_text = any(isinstance(cell, (str, bytes)) for cell in values.flat)
        return "text" if is_text else "Python objects"
    return "text" if values.dtype.kind in "SUT" else str(values.dtype)


def as_numbers(values: Any, *, name: str) -> np.ndarray:
    """Return an array of real numbers with rows and columns, not converted yet.

    Raises
    ------
    InvalidDataError
        If it is sparse, ragged, text, complex, empty, or has fewer than two dimensions.
    """
    if hasattr(values, "toarray"):
        raise InvalidDataError(
            f"{name} must be a dense array; got {type(values).__name__}: convert it with "
            ".toarray()."
        )
    try:
        array = values if isinstance(values, np.ndarray) else np.asarray(values)
    except (TypeError, ValueError) as error:
        raise InvalidDataError(
            f"{name} must be a table whose rows are equally long; got {type(values).__name__} "
            "that is not: mend the rows that differ."
        ) from error
    array = objects_to_numbers(array)
    if array.dtype.kind not in "biuf":
        raise InvalidDataError(
            f"{name} must hold real numbers; got {_kind(array)}: encode them as numbers first."
        )
    if array.ndim < 2:
        raise InvalidDataError(
            f"{name} must have rows and columns; got shape {array.shape}: "
            "reshape(-1, 1) makes one feature of it."
        )
    if array.size == 0:
        raise InvalidDataError(
            f"{name} must not be empty; got shape {array.shape}: check how the data were read."
        )
    return array


def image_shape_of(array: np.ndarray) -> ImageShape | None:
    """Return (height, width[, channels]) of an array of images; None for a table.

    Raises
    ------
    InvalidDataError
        If there are more than four dimensions, or the channels come first.
    """
    if array.ndim == 2:
        return None
    if array.ndim > 4:
        raise InvalidDataError(
            f"X must have 2 dimensions, or 3 or 4 for images; got shape {array.shape}: flatten it."
        )
    shape = tuple(int(length) for length in array.shape[1:])
    if array.ndim == 4 and shape[-1] > 4 and shape[0] in (1, 3, 4):
        raise InvalidDataError(
            f"Images must have their channels last, (n, height, width, channels); got shape "
            f"{array.shape}: transpose it with X.transpose(0, 2, 3, 1)."
        )
    # One channel is no axis to a figure.
    return shape[:2] if shape[2:] == (1,) else shape


def to_rows(array: np.ndarray, *, name: str = "X") -> FloatArray:
    """Flatten to (n_samples, n_features) float32 in C order, and check that it is finite.

    Raises
    ------
    InvalidDataError
        If a value is NaN or infinite, or too large for float32; it is named by row and column.
    """
    flat = array.reshape(len(array), -1)
    if array.ndim > 2 and array.dtype == np.uint8:
        return np.divide(flat, np.float32(255), dtype=np.float32)
    if flat.dtype.kind == "f":
        check_finite(flat, name=name)
    if flat.dtype == np.float32 and flat.dtype.isnative and flat.flags.c_contiguous:
        return flat
    with np.errstate(over="ignore"):
        rows = np.ascontiguousarray(flat, dtype=np.float32)
    if flat.dtype.kind == "f" and not np.isfinite(rows.sum(dtype=np.float64)):
        bad = np.argwhere(~np.isfinite(rows))
        row, column = (int(i) for i in bad[0])
        raise InvalidDataError(
            f"{name} must fit float32 (below 3.4e38); got {float(flat[row, column]):g} at row "
            f"{row}, column {column}: rescale the data."
        )
    return rows
