"""From a table to rows of floats: features, labels, what is kept, and what was chosen, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np

from inscape._errors import InvalidDataError
from inscape._typing import FloatArray
from inscape.data.arrays import Contents
from inscape.data.dataset import Description, Split, checksum
from inscape.data.encoding import Columns
from inscape.data.features import find_columns, match_columns
from inscape.data.floats import fill_missing, merged_columns, to_rows
from inscape.data.labels import column_labels, join_labels, missing_labels, read_labels
from inscape.data.reading import OF_TEXT, Reading
from inscape.data.tables import Roles, Table, find_roles, listed

# What people call the column of the labels.
_LABELS: Final = ("label", "labels", "target", "class", "y", "species", "category")


def table_contents(table: Table, reading: Reading, y: Any = None) -> Contents:
    """Take a table as rows to learn from.

    Parameters
    ----------
    table : Table
        As it was read.
    reading : Reading
        Which column is what, and what becomes of text, dates and missing values.
    y : array of shape (n_samples,) or None
        Labels that are not in the table.

    Raises
    ------
    InvalidDataError
        If columns cannot be features or values are missing; all of them are told at once.
    InvalidParameterError
        If an option names a column that there is not.
    """
    reading.refuse("a table holds no pictures", but=OF_TEXT)
    roles = find_roles(table, reading)
    target = None if roles.target is None else table.columns[roles.target]
    unlabelled = None if target is None else missing_labels(target)
    columns = find_columns(table, roles, reading, unlabelled=unlabelled)
    told = [*table.told, *_told_roles(table, roles, columns)]
    n_rows = table.n_samples
    table, places = _without_missing(table, columns, unlabelled, reading, told)
    labels = None
    if roles.target is not None:
        labels = column_labels(table.columns[roles.target])
        told.append(_told_labels(roles.target, labels))
    elif y is not None:
        labels = read_labels(y, n_rows, name="y")
        if places is not None:
            raise InvalidDataError(
                "y must be a column of the table where rows with missing values are dropped; got "
                "an array: name the column with target."
            )
    numbers, _, class_names = join_labels(labels, None)
    X, more = _floats(table, columns, reading)
    digest = table.digest and checksum(
        [table.digest, roles.target, *(() if _is_plain(reading) else (repr(reading),))]
    )
    return Contents(
        Split(X, numbers, kept={name: table.columns[name].texts() for name in roles.kept}),
        None,
        Description(columns.feature_names, None, class_names, columns),
        digest or checksum([*columns.feature_names, X, None if numbers is None else numbers]),
        (*told, *more),
        fill=reading.missing == "mean",
        places=places,
    )


def _is_plain(reading: Reading) -> bool:
    return not set(reading.chosen()) - {"target"}


def encode_table(table: Table, description: Description, reading: Reading) -> Contents:
    """Take a table as rows for a model that was fitted with another one.

    Its columns may come in any order; labels and ids that the first table had are passed over.

    Parameters
    ----------
    table : Table
        As it was read.
    description : Description
        Of the table that the model was fitted with; it has `columns`.
    reading : Reading
        What is the label, and what is to be kept or dropped besides.

    Returns
    -------
    Contents
        All rows, with labels if `target` names them.

    Raises
    ------
    InvalidDataError
        If columns are missing, new, or hold something else; all of these are told at once.
    """
    columns, means = description.columns, description.means
    assert columns is not None
    roles = find_roles(table, reading)
    target = None if roles.target is None else table.columns[roles.target]
    unlabelled = None if target is None else missing_labels(target)
    table = match_columns(table, columns, reading, fills=means is not None, unlabelled=unlabelled)
    told = list(table.told)
    known = {source.name for source in columns.sources}
    others = {roles.target, *roles.kept}
    passed = [name for name in table.columns if name not in known and name not in others]
    if passed:
        told.append(f"passed over {listed(passed)}")
    fills = means is not None and reading.missing != "drop"
    asked = replace(reading, missing="mean") if fills else reading
    table, places = _without_missing(table, columns, unlabelled, asked, told)
    X, _ = _floats(table, columns, asked)
    if means is not None:
        gaps = int(np.isnan(X).sum())
        told += [f"{gaps} missing values are the means of the training rows"] if gaps else []
        X = fill_missing(X, np.array(means))
    labels = None
    if roles.target is not None:
        labels = column_labels(table.columns[roles.target])
        told.append(_told_labels(roles.target, labels))
    numbers, _, class_names = join_labels(labels, None)
    kept = {name: table.columns[name].texts() for name in roles.kept}
    return Contents(
        Split(X, numbers, kept=kept),
        None,
        replace(description, class_names=class_names),
        table.digest or checksum([*columns.feature_names, X]),
        tuple(told),
        places=places,
    )


def _without_missing(
    table: Table,
    columns: Columns,
    unlabelled: np.ndarray | None,
    reading: Reading,
    told: list[str],
) -> tuple[Table, np.ndarray | None]:
    """Return the rows that are whole, where others are to be dropped, and which they are."""
    if reading.missing != "drop":
        return table, None
    gone = np.zeros(table.n_samples, dtype=bool) if unlabelled is None else unlabelled.copy()
    for source in columns.sources:
        gone |= table.columns[source.name].missing
    if gone.all():
        raise InvalidDataError(
            f"{table.name} must have rows without missing values; got none: drop the columns "
            "that have most, or take missing='mean'."
        )
    if not gone.any():
        return table, None
    places = np.flatnonzero(~gone)
    told.append(f"{int(gone.sum())} rows with missing values are dropped")
    return table.take(places), places


def _floats(table: Table, columns: Columns, reading: Reading) -> tuple[FloatArray, list[str]]:
    numbers = columns.numbers(table.columns)
    X = to_rows(numbers, missing=reading.missing)
    if X.dtype != np.float64:
        return X, []
    names = [columns.feature_names[i] for i in np.flatnonzero(merged_columns(numbers))]
    return X, [f"float64, for float32 has not the digits of {listed(names)}"]


def _told_roles(table: Table, roles: Roles, columns: Columns) -> list[str]:
    """Say in words what the columns are taken for."""
    n_plain = sum(source.kind == "number" for source in columns.sources)
    found = [f"{n_plain} columns of numbers" if n_plain != 1 else "1 column of numbers"]
    texts = [source for source in columns.sources if source.kind == "text"]
    dates = [source.name for source in columns.sources if source.kind == "date"]
    if texts:
        shown = listed(texts, lambda source: f"{source.name!r} ({len(source.categories)})")
        found.append(f"one-hot {shown}")
    if dates:
        found.append(f"days since 1970 in {listed(dates)}")
    if roles.index is not None:
        found.append(f"{roles.index!r} names the rows")
    if roles.kept:
        found.append(f"{listed(roles.kept)} kept beside the rows")
    if roles.dropped:
        found.append(f"left out {listed(roles.dropped)}")
    labels = [source.name for source in columns.sources if source.name.lower() in _LABELS]
    if labels and roles.target is None:
        found.append(f"{listed(labels)} is a feature: name it with target if it is the label")
    counting = [
        s.name for s in columns.sources if s.kind == "number" and _counts_rows(table, s.name)
    ]
    if counting:
        found.append(f"{listed(counting)} only counts the rows: drop it, or keep it as a name")
    return found


def _counts_rows(table: Table, name: str) -> bool:
    values = table.columns[name].values
    if len(values) < 5 or values[0] not in (0, 1):
        return False
    return bool((np.diff(values.astype(np.float64)) == 1).all())


def _told_labels(target: str, labels: Any) -> str:
    if labels.names is not None:
        return f"the labels are {target!r} ({len(labels.names)} classes)"
    return f"the labels are {target!r} ({len(np.unique(labels.values))} different numbers)"
