"""Labels: numbers stay numbers, texts become class numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from inscape._checks import check_finite
from inscape._errors import InvalidDataError
from inscape.data.dataset import Split


def is_missing(cell: Any) -> bool:
    """Return whether a cell says that its value is missing: None, pandas.NA or NaN."""
    # pandas.NA by its name: pandas need not be installed, and NA == NA has no truth value.
    return cell is None or type(cell).__name__ == "NAType" or bool(cell != cell)


def objects_to_numbers(values: np.ndarray) -> np.ndarray:
    """Return an array of Python numbers as float64, what is missing as NaN.

    Any other array, and one that holds texts, is returned as it is.

    Examples
    --------
    >>> objects_to_numbers(np.array([1, None], dtype=object))
    array([ 1., nan])
    """
    if values.dtype.kind != "O":
        return values
    cells = [np.nan if is_missing(cell) else cell for cell in values.flat]
    if any(isinstance(cell, (str, bytes)) for cell in cells):
        return values
    try:
        return np.array(cells, dtype=np.float64).reshape(values.shape)
    except (TypeError, ValueError):
        return values


def with_labels(
    train: Split, y: Any, test: Split | None = None, y_test: Any = None
) -> tuple[Split, Split | None, tuple[str, ...] | None]:
    """Give the parts their labels; texts become class numbers, the same in both parts.

    Returns
    -------
    train, test : Split
        With labels; `test` is None if it was.
    class_names : tuple of str or None
        The sorted texts, if the labels were texts.

    Raises
    ------
    InvalidDataError
        If there is not one label a row, or a label is missing.
    """
    labels = None if y is None else _labels(y, len(train.X), name="y")
    test_labels = None
    if test is not None and y_test is not None:
        test_labels = _labels(y_test, len(test.X), name="y_test")
    class_names = None
    present = [part for part in (labels, test_labels) if part is not None]
    if any(part.dtype.kind == "U" for part in present):
        words = np.unique(np.concatenate([part.astype(str) for part in present]))
        class_names = tuple(str(word) for word in words)
        if labels is not None:
            labels = np.searchsorted(words, labels.astype(str)).astype(np.int64)
        if test_labels is not None:
            test_labels = np.searchsorted(words, test_labels.astype(str)).astype(np.int64)
    return (
        Split(train.X, labels),
        None if test is None else Split(test.X, test_labels),
        class_names,
    )


def _labels(y: Any, n_samples: int, *, name: str) -> np.ndarray:
    """Return labels as int64, float64 or text, (n_samples,)."""
    array = np.asarray(y)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.shape != (n_samples,):
        raise InvalidDataError(
            f"{name} must hold one label a row, {n_samples} in all; got shape {array.shape}: give "
            "it as many labels as there are rows."
        )
    if array.dtype.kind == "O":
        missing = [i for i, cell in enumerate(array) if is_missing(cell)]
        if missing:
            raise InvalidDataError(
                f"{name} must have no missing label; row {missing[0]} has none ({len(missing)} in "
                "all): remove these rows or label them."
            )
        array = objects_to_numbers(array)
    if array.dtype.kind in "biu":
        return array.astype(np.int64)
    if array.dtype.kind == "f":
        values = array.astype(np.float64)
        check_finite(values, name=name)
        whole = (values == np.round(values)).all() and (np.abs(values) < 2**53).all()
        return values.astype(np.int64) if whole else values
    if array.dtype.kind == "S":
        return np.char.decode(array, "utf-8")
    return array.astype(str)
