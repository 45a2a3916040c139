"""From whatever holds numbers to rows of floats: the checks that every source goes through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Number
from typing import Any, Final

import numpy as np

from inscape._checks import check_dense, first_place, tensor_numbers
from inscape._errors import InvalidDataError
from inscape._typing import ImageShape
from inscape.data.columns import merged_integers
from inscape.data.dataset import Description, Split, checksum, numbered_names, pixel_names
from inscape.data.floats import merged_columns, to_rows
from inscape.data.labels import join_labels, label_text, objects_to_numbers, read_labels, unmasked
from inscape.data.reading import OF_ARRAYS, Reading

_PLAIN: Final = Reading()


@dataclass(frozen=True, eq=False)
class Contents:
    """What a source holds, before it is split.

    Parameters
    ----------
    all_or_train : Split
        All rows, or the training rows where the source has a test part of its own. Missing values
        are NaN where the mean of the training rows is to stand for them.
    test : Split or None
        The source's own test part.
    description : Description
        What the columns are.
    checksum : str
        As in `Dataset`.
    told : tuple of str
        What was chosen in reading it.
    own : bool
        Whether the rows were made here, and are nobody else's.
    fill : bool
        Whether means of the training rows stand for what is missing, now or in later rows.
    places : ndarray of int or None
        Where the rows stood in the source, one part after the other, if some were dropped.
    """

    all_or_train: Split
    test: Split | None
    description: Description
    checksum: str
    told: tuple[str, ...] = ()
    own: bool = True
    fill: bool = False
    places: np.ndarray | None = None

    def whole(self) -> Split:
        """Return all rows, one part after the other."""
        first, second = self.all_or_train, self.test
        if second is None:
            return replace(first, description=self.description)
        labels = [part.y for part in (first, second) if part.y is not None]
        return Split(
            np.concatenate([first.X, second.X]),
            np.concatenate(labels) if len(labels) == 2 else None,
            description=self.description,
        )


def from_arrays(
    X: Any,
    y: Any = None,
    *,
    X_test: Any = None,
    y_test: Any = None,
    digest: str | None = None,
    reading: Reading = _PLAIN,
    names: tuple[str, ...] | None = None,
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
    reading : Reading
        What is done with missing values.
    names : tuple of str or None
        What the columns are called.

    Returns
    -------
    Contents
        The rows as floats; a memory map of float32 in C order stays one.

    Raises
    ------
    InvalidDataError
        If the arrays are empty, hold no real finite numbers, or do not fit together.

    Examples
    --------
    >>> import numpy as np
    >>> from_arrays(np.zeros((5, 2, 2), dtype=np.uint8)).description.image_shape
    (2, 2)
    """
    reading.refuse("only a table has named columns", but=OF_ARRAYS)
    raw = as_numbers(X, name="X")
    shape = image_shape_of(raw)
    parts = [(raw, y, "X", "y")]
    if X_test is not None:
        raw_test = as_numbers(X_test, name="X_test")
        if raw_test.shape[1:] != raw.shape[1:]:
            raise InvalidDataError(
                f"X_test must have the features of X, {raw.shape[1:]}; got {raw_test.shape[1:]}: "
                "give both parts the same columns."
            )
        parts.append((raw_test, y_test, "X_test", "y_test"))
    told: list[str] = [] if shape is None else [f"rows are pictures of {_crossed(shape)}"]
    rows, labels, kept = [], [], []
    for values, its_labels, name, label_name in parts:
        found = to_rows(values, name=name, missing=reading.missing)
        read = None if its_labels is None else read_labels(its_labels, len(found), name=label_name)
        whole: Any = np.ones(len(found), dtype=bool)
        if reading.missing == "drop":
            whole = ~np.isnan(found).any(axis=1)
            if not whole.all():
                told.append(f"{int((~whole).sum())} rows with missing values are dropped")
                found = found[whole]
        rows.append(found)
        kept.append(whole)
        labels.append(None if read is None else type(read)(read.values[whole], read.names))
    if digest is None:
        digest = checksum(_digested(part) for pair in parts for part in pair[:2])
    if len({part.dtype for part in rows}) > 1:
        rows = [part.astype(np.float64, copy=False) for part in rows]
    if rows[0].dtype == np.float64:
        told.append("kept in float64, for float32 has not their digits")
    y_train, y_held, class_names = join_labels(labels[0], labels[1] if len(labels) > 1 else None)
    if names is None:
        names = numbered_names(rows[0].shape[1]) if shape is None else pixel_names(shape)
    return Contents(
        Split(rows[0], y_train),
        Split(rows[1], y_held) if len(rows) > 1 else None,
        Description(names, shape, class_names),
        digest,
        tuple(told),
        own=not np.may_share_memory(rows[0], raw),
        fill=reading.missing == "mean",
        places=None if np.all(whole := np.concatenate(kept)) else np.flatnonzero(whole),
    )


def _crossed(shape: ImageShape) -> str:
    return " x ".join(map(str, shape))


def _digested(part: Any) -> Any:
    if part is None:
        return None
    array = tensor_numbers(part, name="y") if hasattr(part, "detach") else np.asarray(part)
    if array.dtype.kind in "OS" and any(isinstance(cell, bytes) for cell in array.flat):
        return np.array([label_text(cell) for cell in array.flat])
    return array.astype(str) if array.dtype.kind in "OUTM" else array


def as_numbers(values: Any, *, name: str) -> np.ndarray:
    """Return an array of real numbers with rows and columns, not converted yet.

    What a mask hides is NaN.

    Raises
    ------
    InvalidDataError
        If it is sparse, ragged, text, complex, empty, or has fewer than two dimensions.
    """
    array = as_array(values, name=name)
    if array.dtype.kind not in "biuf":
        raise InvalidDataError(
            f"{name} must hold real numbers; got {_kind(array)}: {_remedy(array)}."
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
    rows = array.reshape(len(array), -1)
    problem = merged_integers(array.reshape(-1)) if array.dtype.itemsize == 8 else ""
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        array, problem = _as_doubles(array, name), f"{array.dtype} that float64 merges"
    if problem and merged_columns(rows, np.float64).any():
        raise InvalidDataError(
            f"{name} must hold numbers that floats tell apart; got {problem}: take what is common "
            "off them, or leave the column out."
        )
    return array


def _as_doubles(array: np.ndarray, name: str) -> np.ndarray:
    """Return floats of more than 64 bits as float64."""
    with np.errstate(over="ignore"):
        held = array.astype(np.float64)
    beyond = np.isinf(held) & np.isfinite(array)
    if beyond.any():
        place = first_place(beyond)
        raise InvalidDataError(
            f"{name} must fit float64 (below 1.8e308); got {array[place]!s} at row {place[0]}: "
            "rescale the data."
        )
    return held


def as_array(values: Any, *, name: str) -> np.ndarray:
    """Return what holds numbers as an array: tensors without their gradients, masks as NaN.

    Raises
    ------
    InvalidDataError
        If it is sparse or ragged, or a list of tables.
    """
    check_dense(values, name=name)
    if isinstance(values, (list, tuple)) and values and hasattr(values[0], "columns"):
        raise InvalidDataError(
            f"{name} must be one table; got a {type(values).__name__} of {len(values)}: join them "
            "first, as pandas.concat does."
        )
    if isinstance(values, (list, tuple)) and values and isinstance(values[0], Mapping):
        raise InvalidDataError(
            f"{name} must be a table; got a {type(values).__name__} of mappings: "
            f"pandas.DataFrame({name}) makes one of them."
        )
    if not hasattr(values, "__array__") and not isinstance(values, (Sequence, Mapping, Number)):
        raise InvalidDataError(
            f"{name} must be an array, a frame or a sequence of rows; got {type(values).__name__}: "
            "make an array of it."
        )
    if hasattr(values, "detach"):
        return tensor_numbers(values, name=name)
    if isinstance(values, (list, tuple)) and any(hasattr(row, "detach") for row in values):
        values = [
            tensor_numbers(row, name=name) if hasattr(row, "detach") else row for row in values
        ]
    try:
        if isinstance(values, (list, tuple)) and any(map(np.ma.is_masked, values)):
            values = np.ma.stack(values)
    except (TypeError, ValueError) as error:
        raise InvalidDataError(
            f"{name} must be a table whose rows are equally long; got masked rows that are not: "
            "mend the rows that differ."
        ) from error
    if isinstance(values, np.ma.MaskedArray):
        return objects_to_numbers(unmasked(values), name=name)
    try:
        # A memory map stays one; a matrix, which is always of two dimensions, does not.
        plain = isinstance(values, np.ndarray) and not isinstance(values, np.matrix)
        array = values if plain else np.asarray(values)
    except (TypeError, ValueError) as error:
        raise InvalidDataError(
            f"{name} must be a table whose rows are equally long; got {type(values).__name__} "
            "that is not: mend the rows that differ."
        ) from error
    return objects_to_numbers(array, name=name)


def _remedy(values: np.ndarray) -> str:
    if values.dtype.kind == "c":
        return "give .real and .imag as columns of their own"
    if values.dtype.kind in "mM":
        return "say in which unit, as in (X - X.min()) / numpy.timedelta64(1, 'D')"
    if values.dtype.names is not None:
        return "give a table, an array of one dimension with such fields"
    return "encode them as numbers first"


def _kind(values: np.ndarray) -> str:
    if values.dtype.kind == "O":
        is_text = any(isinstance(cell, (str, bytes)) for cell in values.flat)
        return "text" if is_text else "Python objects"
    if values.dtype.names is not None:
        return f"fields named {', '.join(map(repr, values.dtype.names[:3]))}"
    return "text" if values.dtype.kind in "SUT" else str(values.dtype)


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
