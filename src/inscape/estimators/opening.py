"""Whatever holds rows, opened: frames, mappings, what `inscape.data.load` returns."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from inscape._checks import check_unmasked
from inscape._errors import InvalidDataError
from inscape._typing import ImageShape
from inscape.data import Dataset, Description, Split
from inscape.data.arrays import as_array, as_numbers
from inscape.data.dataset import numbered_names
from inscape.data.encoding import Columns, Source
from inscape.data.features import find_columns, match_columns
from inscape.data.files import data_key
from inscape.data.frames import is_frame, read_frame
from inscape.data.labels import objects_to_numbers
from inscape.data.reading import Reading
from inscape.data.tables import Table, find_roles


class Opened(NamedTuple):
    """Rows that are an array, or were made one.

    Parameters
    ----------
    values : array-like
        The rows.
    names : tuple of str or None
        What their columns are called.
    description : Description or None
        What their columns are.
    named_by_user : bool
        Whether the names are those of a frame, all of them texts.
    """

    values: Any
    names: tuple[str, ...] | None = None
    description: Description | None = None
    named_by_user: bool = False


def open_rows(X: Any, known: Description | None, *, reset: bool, gaps: bool = False) -> Opened:
    """Return rows as an array, by the names of their columns where both have names.

    Parameters
    ----------
    X : array-like, frame, mapping, Split or Dataset
        The rows.
    known : Description or None
        What the fitted model knows of its columns.
    reset : bool
        True in `fit`.
    gaps : bool
        Whether entries may be missing, as NaN or by a mask; they become NaN.

    Raises
    ------
    InvalidDataError
        If columns are missing, new or no numbers; all of these are told at once.
    """
    if type(X) is np.ndarray and (X.dtype.names is None or X.ndim != 1):
        return Opened(_whole(X))
    if isinstance(X, np.ma.MaskedArray) and X.dtype.names is None:
        if gaps:
            return Opened(_whole(np.ma.filled(X.astype(np.float64), np.nan)))
        check_unmasked(X, name="X")
        return Opened(as_array(X, name="X"))
    if hasattr(X, "toarray") or hasattr(X, "detach"):
        return Opened(_whole(as_array(X, name="X")))
    if isinstance(X, Dataset):
        if not reset:
            raise InvalidDataError(
                "X must be rows; got a Dataset, which has two parts: give its .train or its .test."
            )
        X = X.train
    if isinstance(X, Split):
        return _open_split(X, known)
    if isinstance(X, Mapping) and (key := data_key(X)) is not None:
        return _open_mapping(X, key, known, reset=reset, gaps=gaps)
    if is_frame(X):
        return _open_frame(X, known, gaps=gaps)
    if isinstance(X, Mapping):
        raise InvalidDataError(
            "X must be an array, a frame, or a mapping with X (or data), or with columns of one "
            f"dimension; got a mapping of {', '.join(map(repr, list(X)[:5])) or 'nothing'}: "
            "give X=X."
        )
    return Opened(_whole(as_array(X, name="X")))


def _whole(X: np.ndarray) -> np.ndarray:
    """Return an array of numbers that floats tell apart; no texts, dates or complex numbers."""
    if X.dtype.kind in "OSUT":
        # float("1_000") is a number, and no plain one.
        odd = [cell for cell in X.flat if isinstance(cell, (str, bytes, datetime.date))]
        if odd:
            kind = "dates" if isinstance(odd[0], datetime.date) else "text"
            raise InvalidDataError(
                f"X must hold numbers; got {kind} (such as {str(odd[0])!r}): encode such columns "
                "as numbers, or drop them."
            )
    if X.dtype.kind in "mM":
        raise InvalidDataError(
            f"X must hold numbers; got {X.dtype}: say in which unit, as in "
            "(X - X.min()) / numpy.timedelta64(1, 'D')."
        )
    if X.dtype.kind == "c":
        raise InvalidDataError(
            f"X must hold real numbers; got {X.dtype} (Complex data not supported): give .real and "
            ".imag as columns of their own."
        )
    if X.dtype.kind == "V":
        return as_numbers(X, name="X")
    X = objects_to_numbers(X, name="X")
    if X.dtype.kind in "iuf" and X.dtype.itemsize >= 8 and X.ndim == 2 and X.size:
        # float64 needs no look, and is most of what comes.
        return X if X.dtype.kind == "f" and X.dtype.itemsize == 8 else as_numbers(X, name="X")
    return X


def _open_split(X: Split, known: Description | None) -> Opened:
    found = X.description
    if found is None:
        return Opened(X.X)
    if known is not None and found.image_shape and known.image_shape:
        if found.image_shape != known.image_shape:
            raise _other_pictures(found.image_shape, known.image_shape)
    elif known is not None and _has_names(found) and _has_names(known):
        if set(found.feature_names) != set(known.feature_names):
            raise _other_columns(found.feature_names, known.feature_names)
        if found.feature_names != known.feature_names:
            place = {name: i for i, name in enumerate(found.feature_names)}
            order = [place[name] for name in known.feature_names]
            return Opened(X.X[:, order], known.feature_names, known)
    return Opened(X.X, found.feature_names, found)


def _has_names(described: Description) -> bool:
    """Return whether columns have names of their own, and not numbers that stand for names."""
    names = described.feature_names
    numbered = described.columns is None and names == numbered_names(len(names))
    return described.image_shape is None and not numbered


def _other_pictures(shape: ImageShape, known: ImageShape) -> InvalidDataError:
    got, wanted = (" x ".join(map(str, each)) for each in (shape, known))
    return InvalidDataError(
        f"X must be pictures of {wanted}, as the model was fitted with; got {got}: bring them to "
        "that size with image_size, in colours or without."
    )


def _other_columns(names: tuple[str, ...], known: tuple[str, ...]) -> InvalidDataError:
    new = [name for name in names if name not in known][:5]
    lacking = [name for name in known if name not in names][:5]
    told = [f"no {lacking}"] * bool(lacking) + [f"{new}, which it has not seen"] * bool(new)
    return InvalidDataError(
        f"X must have the {len(known)} columns that the model was fitted with; got "
        f"{' and '.join(told)}: give it the same columns."
    )


def _open_mapping(
    X: Mapping[str, Any], key: str, known: Description | None, *, reset: bool, gaps: bool
) -> Opened:
    opened = open_rows(X[key], known, reset=reset, gaps=gaps)
    if opened.names is not None or X.get("feature_names") is None:
        return opened
    names = tuple(map(str, X["feature_names"]))
    classes = X.get("target_names")
    pictures = np.shape(X.get("images", ()))[1:]
    description = Description(
        names,
        tuple(pictures) if pictures and np.prod(pictures) == len(names) else None,
        None if classes is None else tuple(map(str, classes)),
    )
    return Opened(opened.values, names, description)


def _open_frame(X: Any, known: Description | None, *, gaps: bool) -> Opened:
    table = read_frame(X, name="X")
    fills = gaps or (known is not None and known.means is not None)
    if known is None or known.columns is None:
        reading = Reading(missing="mean" if fills else "refuse")
        columns = find_columns(table, find_roles(table, reading), reading, by="data.load, ")
        if known is not None and set(columns.feature_names) == set(known.feature_names):
            columns = Columns(tuple(Source(name, "number") for name in known.feature_names))
    else:
        columns = known.columns
        table = match_columns(table, columns, Reading(), fills=fills)
    values = columns.numbers(table.columns)
    values = values.astype(_kind(table, columns), copy=False)
    names = columns.feature_names
    # scikit-learn takes names for names where all of a frame's are texts.
    texts = [isinstance(name, str) for name in X.columns] if hasattr(X, "iloc") else [True]
    own = len(names) == len(columns.sources) and all(texts)
    return Opened(values, names, Description(names, None, None, columns), own)


def _kind(table: Table, columns: Columns) -> Any:
    kinds = {table.columns[source.name].values.dtype for source in columns.sources}
    return np.float32 if kinds == {np.dtype(np.float32)} else np.float64


def open_labels(X: Any, y: Any) -> Any:
    """Return `y`, or where it is None the labels that `X` brings along.

    Parameters
    ----------
    X : array-like, frame, mapping, Split or Dataset
        The rows.
    y : array-like or None
        What was given beside them.
    """
    if y is not None:
        return y
    if isinstance(X, (Dataset, Split)):
        return (X.train if isinstance(X, Dataset) else X).y
    if isinstance(X, Mapping) and not hasattr(X, "toarray") and data_key(X) is not None:
        return next((X[key] for key in ("target", "y") if key in X), None)
    return None


def names_of_labels(X: Any) -> tuple[str, ...] | None:
    """Return what labels 0, 1, ... are called that rows bring along, if they say so."""
    if isinstance(X, Dataset):
        return X.class_names
    if isinstance(X, Split):
        return None if X.description is None else X.description.class_names
    if isinstance(X, Mapping) and X.get("target_names") is not None:
        return tuple(map(str, X["target_names"]))
    return None
