"""Frames of pandas and polars and tables of pyarrow, without importing any of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from inscape._errors import InvalidDataError
from inscape.data.columns import Column, natural
from inscape.data.objects import column_of_array, flattened, object_array
from inscape.data.tables import Table, check_distinct


def _library(source: Any) -> str:
    return type(source).__module__.partition(".")[0]


def is_frame(source: Any) -> bool:
    """Return whether `source` is a table with named columns, or a mapping of columns."""
    if isinstance(source, np.ndarray):
        return source.dtype.names is not None and source.ndim == 1
    if isinstance(source, Mapping):
        return bool(source) and all(np.ndim(column) == 1 for column in source.values())
    if _library(source) == "polars":
        return hasattr(source, "collect") or hasattr(source, "columns")
    if _library(source) == "pyarrow":
        return hasattr(source, "column_names")
    return all(hasattr(source, name) for name in ("columns", "dtypes", "to_numpy"))


def read_frame(frame: Any, *, name: str = "The table") -> Table:
    """Read a frame of pandas or polars, a table of pyarrow, or a mapping of columns.

    Parameters
    ----------
    frame : frame of pandas or polars, pyarrow.Table, mapping, or array with named fields
        The table.
    name : str
        What errors call it.

    Raises
    ------
    InvalidDataError
        If columns share a name, or have different lengths.

    Examples
    --------
    >>> read_frame({"a": [1, 2], "b": ["u", None]}).columns["b"].values
    array([ 0, -1])
    """
    if isinstance(frame, np.ndarray):
        frame = {field: frame[field] for field in frame.dtype.names or ()}
    if _library(frame) == "polars":
        frame = frame.collect() if hasattr(frame, "collect") else frame
        found = _polars_columns(frame)
        names = list(frame.columns)
    elif _library(frame) == "pyarrow":
        names = list(frame.column_names)
        found = _arrow_columns(frame)
    elif isinstance(frame, Mapping):
        names = list(frame)
        lengths = {len(column) for column in frame.values()}
        if len(lengths) > 1:
            raise InvalidDataError(
                f"The columns of a table must be equally long; got lengths {sorted(lengths)}: "
                "give each row a value, or None."
            )
        found = ((_told_name(n), object_array(values)) for n, values in frame.items())
    else:
        names = list(frame.columns)
        found = _pandas_columns(frame)
    check_distinct([_told_name(n) for n in names], name)
    return _table(name, found, _index_of(frame))


def _told_name(name: Any) -> str:
    return "_".join(map(str, name)) if isinstance(name, tuple) else str(name)


def _table(name: str, found: Iterator[tuple[str, Any]], index: tuple[str, ...]) -> Table:
    columns: list[Column] = []
    told = []
    for label, values in found:
        if isinstance(values, Column):
            columns.append(values)
            continue
        parts = flattened(label, values)
        if len(parts) > 1 or label not in parts:
            told.append(
                f"lists in {label!r} became {len(parts)} columns, {next(iter(parts))!r}, ..."
            )
        columns += [column_of_array(key, part) for key, part in parts.items()]
    names = [column.name for column in columns]
    check_distinct(names, name)
    by_name = dict(zip(names, columns, strict=True))
    return Table(name=name, columns=by_name, left_out=index, told=tuple(told))


def _index_of(frame: Any) -> tuple[str, ...]:
    """Return the columns that pandas kept its row labels in."""
    if _library(frame) != "pyarrow":
        return ()
    kept = json.loads((frame.schema.metadata or {}).get(b"pandas", b"{}")).get("index_columns", [])
    named = {name for name in kept if isinstance(name, str)}
    return tuple(
        name for name in frame.column_names if name in named or name.startswith("__index_level_")
    )


# --------------------------------------------------------------------------- each library


def _pandas_columns(frame: Any) -> Iterator[tuple[str, Any]]:
    kinds = list(frame.dtypes)
    found: dict[int, Any] = {}
    for kind in {kind for kind in kinds if isinstance(kind, np.dtype) and kind.kind in "biuf"}:
        # As one block: a column at a time would take seconds where there are ten thousands.
        places = [i for i, its in enumerate(kinds) if its == kind]
        block = frame.iloc[:, places].to_numpy()
        found |= {place: block[:, i] for i, place in enumerate(places)}
    for i, name in enumerate(frame.columns):
        values = found[i] if i in found else _pandas_values(_told_name(name), frame.iloc[:, i])
        yield _told_name(name), values


def _pandas_values(name: str, series: Any) -> Any:
    kind = series.dtype
    if hasattr(kind, "categories") and hasattr(kind, "ordered"):
        words = [str(word) for word in kind.categories]
        return _coded(name, np.asarray(series.cat.codes), words, ordered=bool(kind.ordered))
    code = getattr(kind, "kind", "O")
    # pyarrow's dates have neither time nor zone.
    if code == "M" and not str(kind).startswith(("date32", "date64")):
        plain = series.dt.tz_convert("UTC").dt.tz_localize(None) if series.dt.tz else series
        return plain.to_numpy(dtype="M8[us]")
    if code in "biuf":
        if series.isna().any():
            return series.to_numpy(dtype=np.float64, na_value=np.nan)
        return series.to_numpy(dtype={"b": np.bool_, "i": np.int64, "u": np.uint64}.get(code))
    return np.asarray(series, dtype=object)


def _polars_columns(frame: Any) -> Iterator[tuple[str, Any]]:
    for name in frame.columns:
        yield name, _polars_values(name, frame[name])


def _polars_values(name: str, series: Any) -> Any:
    kind = (
        type(series.dtype).__name__
        if not isinstance(series.dtype, type)
        else (series.dtype.__name__)
    )
    if kind in ("Date", "Datetime"):
        stamps = series.dt.timestamp("us")
        gone = series.is_null().to_numpy()
        return np.where(gone, np.datetime64("NaT"), stamps.fill_null(0).to_numpy().astype("M8[us]"))
    if kind == "Enum":
        words = list(series.dtype.categories)
        places = {word: i for i, word in enumerate(words)}
        codes = np.array([-1 if w is None else places[w] for w in series.to_list()], dtype=np.int64)
        return _coded(name, codes, words, ordered=True)
    if kind in (
        "Int128",
        "UInt128",
        "Decimal",
        "Object",
        "String",
        "Categorical",
        "List",
        "Array",
        "Null",
        "Struct",
    ):
        return object_array(series.to_list())
    if kind == "Boolean":
        return object_array(series.to_list()) if series.null_count() else series.to_numpy()
    return series.to_numpy()


def _arrow_columns(table: Any) -> Iterator[tuple[str, Any]]:
    for i, name in enumerate(table.column_names):
        yield name, _arrow_values(name, table.column(i))


def _arrow_values(name: str, column: Any) -> Any:
    import pyarrow
    from pyarrow import types

    kind = column.type
    if types.is_dictionary(kind):
        found = column.combine_chunks()
        found = found.chunk(0) if isinstance(found, pyarrow.ChunkedArray) else found
        words = [str(word) for word in found.dictionary.to_pylist()]
        codes = found.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        return _coded(name, codes, words, ordered=kind.ordered)
    if types.is_timestamp(kind) or types.is_date(kind):
        stamps = column.cast(pyarrow.timestamp("us"), safe=False)
        return stamps.to_numpy().astype("M8[us]")
    plain = types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)
    if plain and (not types.is_boolean(kind) or not column.null_count):
        return column.to_numpy()
    return object_array(column.to_pylist())


def _coded(name: str, codes: np.ndarray, words: list[str], *, ordered: bool) -> Column:
    """Return a column of categories; those that no row has are no category of these rows."""
    if len(set(words)) < len(words):
        twice = next(word for i, word in enumerate(words) if word in words[:i])
        problem = f"two categories that are both written {twice!r}"
        return Column(name, "other", codes, problem=problem)
    used = sorted(
        set(codes[codes >= 0].tolist()), key=None if ordered else lambda i: natural(words[i])
    )
    rank = np.full(len(words) + 1, -1)
    rank[used] = np.arange(len(used))
    return Column(name, "text", rank[codes], tuple(words[i] for i in used), ordered)
