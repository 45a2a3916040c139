"""Labels as they came: which rows have one, and which classes there are."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from inscape._checks import abridged, check_unmasked
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape._typing import IntArray
from inscape.data.labels import is_missing

# What stands in `places` where there is no label.
NONE = -1
_KINDS = {"b": "a boolean", "i": "a number", "u": "a number", "f": "a number"}
_KINDS |= {"U": "text", "S": "bytes", "M": "a date"}


@dataclass(frozen=True, eq=False)
class Targets:
    """The classes of some rows.

    Parameters
    ----------
    classes : ndarray, shape (n_classes,)
        The different labels, sorted, of the type in which they came.
    places : ndarray of int, shape (n_samples,)
        Of each row's label among these; -1 where it has none.
    """

    classes: np.ndarray
    places: IntArray

    @property
    def known(self) -> np.ndarray:
        """Which rows have a label."""
        return self.places != NONE


def read_targets(y: Any, *, n_samples: int, unlabeled: Any) -> Targets:
    """Return the classes of rows, and which rows have none.

    Parameters
    ----------
    y : array-like, shape (n_samples,)
        Labels: texts, numbers, booleans, dates, or objects that are all text.
    n_samples : int
        How many there must be.
    unlabeled : Any
        The label that stands for none; NaN stands for whatever says that it is missing, and None
        for no label at all.

    Raises
    ------
    InvalidDataError
        If there is not one label a row, labels are of several kinds or missing, or are no classes.
    InvalidParameterError
        If what stands for none is of another kind than the labels.

    Examples
    --------
    >>> read_targets(["b", "", "a"], n_samples=3, unlabeled="")
    Targets(classes=array(['a', 'b'], dtype='<U1'), places=array([ 1, -1,  0]))
    """
    array = _as_labels(y, n_samples)
    known = ~_without_label(array, unlabeled)
    labels = _of_one_kind(array[known], rows=np.flatnonzero(known))
    if labels.dtype.kind == "O" and getattr(getattr(y, "dtype", None), "kind", "") != "O":
        labels = np.array(labels.tolist())
    if not len(labels):
        raise InvalidDataError(
            f"y must hold a label in some rows; got {n_samples} rows without one (`unlabeled` is "
            f"{abridged(unlabeled)}): label some of each class."
        )
    if known.all() and unlabeled is not None and not is_missing(unlabeled):
        _check_kind(labels, unlabeled)
    try:
        check_classification_targets(labels)
    except (TypeError, ValueError) as error:
        raise InvalidDataError(
            f"y must hold classes; got {str(error).split('.')[0]}: give each class one label."
        ) from error
    classes, found = np.unique(labels, return_inverse=True)
    places = np.full(n_samples, NONE, dtype=np.intp)
    places[known] = found
    return Targets(classes, places)


def _as_labels(y: Any, n_samples: int) -> np.ndarray:
    """Return labels as a 1-D array in which no value has changed its type."""
    if y is None:
        raise InvalidDataError(
            "y must hold a label a row, for PretrainedClassifier requires y to be passed, but the "
            "target y is None: give the labels, and say with `unlabeled` what stands for none."
        )
    check_unmasked(y, name="y")
    y = y.detach().cpu().numpy() if hasattr(y, "detach") else y
    if hasattr(y, "dtype") and not isinstance(y.dtype, np.dtype):
        # Those of pandas: integers beside one that is missing would become floats.
        y = np.asarray(y, dtype=object)
    if isinstance(y, (list, tuple)):
        # As objects: NumPy would make texts, or numbers, of all where one is.
        cells = np.empty(len(y), dtype=object)
        cells[:] = y
        y = np.asarray(y) if any(np.ndim(cell) for cell in cells) else cells
    try:
        array = column_or_1d(y, warn=True)
    except ValueError as error:
        raise InvalidDataError(
            f"y must be a column of labels; got shape {np.shape(y)} ({error}): give one label a "
            "row."
        ) from error
    if len(array) != n_samples:
        raise InvalidDataError(
            f"y must hold one label a row, {n_samples} in all; got {len(array)}, inconsistent "
            "numbers of samples: give it as many labels as there are rows."
        )
    return array


def _without_label(array: np.ndarray, unlabeled: Any) -> np.ndarray:
    """Return which cells stand for no label."""
    if unlabeled is None:
        return np.zeros(len(array), dtype=bool)
    if is_missing(unlabeled):
        return np.array([is_missing(cell) for cell in array], dtype=bool)
    if array.dtype.kind != "O":
        # Where they are of two kinds, True would be 1.
        same = _kind(array.dtype.type()) == _kind(unlabeled)
        return array == unlabeled if same else np.zeros(len(array), dtype=bool)
    kind = _kind(unlabeled)
    return np.array([_kind(cell) == kind and bool(cell == unlabeled) for cell in array], dtype=bool)


def _of_one_kind(labels: np.ndarray, *, rows: IntArray) -> np.ndarray:
    """Return labels that are there and of one kind; objects that are no text as what they are."""
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        first = rows[~np.isfinite(labels)][0]
        raise InvalidDataError(
            f"y must have a finite label in each row; row {first} has none (NaN or infinity): say "
            "with `unlabeled`, such as float('nan'), what stands for no label."
        )
    if labels.dtype.kind != "O":
        return labels
    for row, cell in zip(rows, labels, strict=True):
        if is_missing(cell) or (isinstance(cell, float) and not np.isfinite(cell)):
            raise InvalidDataError(
                f"y must have no missing label; row {row} has none ({cell}): say with "
                "`unlabeled=float('nan')` that this stands for no label."
            )
    kinds = list(dict.fromkeys(map(_kind, labels)))
    if len(kinds) > 1:
        raise InvalidDataError(
            f"y must hold labels of one kind; got {' and '.join(kinds)}: write all alike."
        )
    # Texts in an array of objects stay objects, as scikit-learn leaves them.
    return labels if kinds == ["text"] else np.array(labels.tolist())


def _kind(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "a boolean"
    if isinstance(value, numbers.Real):
        return "a number"
    if isinstance(value, str):
        return "text"
    found = np.asarray(value).dtype.kind
    return _KINDS.get(found, type(value).__name__)


def _check_kind(labels: np.ndarray, unlabeled: Any) -> None:
    kind, wanted = _kind(unlabeled), _kind(labels[0])
    if kind != wanted:
        raise InvalidParameterError(
            f"`unlabeled` must be of the kind of the labels, {wanted}; got {abridged(unlabeled)}, "
            f"{kind}: write it as it stands in y, or leave it out where every row has a label."
        )
