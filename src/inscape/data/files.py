"""The user's own data: which reader takes which source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from inscape._checks import check_dense
from inscape._errors import DataNotFoundError, InvalidDataError, InvalidParameterError
from inscape.data.archives import ARRAY_READERS, find_idx, read_idx_file, read_idx_folder
from inscape.data.arrays import Contents, from_arrays
from inscape.data.dataset import Description, Split
from inscape.data.first_lines import COMPRESSED
from inscape.data.floats import fill_missing
from inscape.data.frame_files import TABLE_READERS
from inscape.data.frames import is_frame, read_frame
from inscape.data.images import SUFFIXES, read_images
from inscape.data.reading import OF_ARRAYS, OF_PICTURES, OF_TABLES, OF_TEXT, Reading
from inscape.data.rows import encode_table, table_contents
from inscape.data.signatures import HEAD, check_signature
from inscape.data.tables import Table

_PLAIN: Final = Reading()
# How people bring files of other kinds.
_CONVERT: Final = {
    ".txt": "rename it to .csv if it is a table in text",
    ".dat": "rename it to .csv if it is a table in text",
    ".data": "rename it to .csv if it is a table in text",
    ".tab": "rename it to .tsv",
    ".gif": "save each of its pictures as a .png of its own, and give their folder",
    ".h5": "pandas.read_hdf(file).to_parquet(...), or np.save of one of h5py's arrays",
    ".hdf5": "np.save of one of h5py's arrays",
    ".mat": "np.save of one of the arrays of scipy.io.loadmat",
    ".pkl": "a pickle is never loaded; load it yourself and save it with np.save or to_parquet",
    ".pickle": "a pickle is never loaded; load it yourself and save it with np.save or to_parquet",
    ".pt": "a pickle is never loaded; load it yourself and save tensor.numpy() with np.save",
    ".json": "pandas.read_json(file).to_parquet(...)",
    ".jsonl": "pandas.read_json(file, lines=True).to_parquet(...)",
    ".xls": "save it as .xlsx or .csv",
    ".ods": "save it as .xlsx or .csv",
    ".zip": "unpack it first",
    ".tar": "unpack it first",
    ".tgz": "unpack it first",
    ".arff": "pandas.DataFrame(scipy.io.arff.loadarff(file)[0]).to_parquet(...)",
    ".sas7bdat": "pandas.read_sas(file).to_parquet(...)",
    ".dta": "pandas.read_stata(file).to_parquet(...)",
    ".rds": "write.csv in R",
    ".orc": "pandas.read_orc(file).to_parquet(...)",
}


def read(source: Any, *, y: Any = None, reading: Reading = _PLAIN) -> Contents:
    """Read any source but a named set, in its own order and not split.

    Parameters
    ----------
    source : path, array, frame, mapping or pair (X, y)
        As in `inscape.data.load`.
    y : array of shape (n_samples,) or None
        Labels of an array or a frame.
    reading : Reading
        How it is read.

    Returns
    -------
    Contents
        The rows as floats.

    Raises
    ------
    DataNotFoundError, DamagedFileError, InvalidDataError, InvalidParameterError
        As in `inscape.data.load`.

    Examples
    --------
    >>> import numpy as np
    >>> read(np.zeros((3, 2))).all_or_train
    Split(3 rows of 2 features)
    """
    names, classes = None, None
    check_dense(source, name="X")
    if isinstance(source, tuple) and len(source) == 2:
        _refuse_labels(y, "a pair (X, y) brings its own labels")
        source, y = source
    elif (
        isinstance(source, Mapping)
        and not hasattr(source, "toarray")
        and (key := data_key(source)) is not None
    ):
        whole = source
        y = next((whole[k] for k in ("target", "y") if k in whole), None) if y is None else y
        names = whole.get("feature_names")
        names = None if names is None else tuple(map(str, names))
        classes = whole.get("target_names")
        source = whole[key]
    if y is not None and reading.target is not None:
        raise InvalidParameterError(
            "`target` must be left out here; labels were given as `y` too: leave one out."
        )
    if isinstance(source, (str, Path)):
        _refuse_labels(y, "a file brings its own labels")
        return _read_path(Path(source).expanduser(), reading)
    if isinstance(source, Split):
        y = source.y if y is None else y
        source = source.X
    if is_frame(source):
        reading.refuse("a frame is no text file", but=OF_TABLES)
        return _with_classes(table_contents(read_frame(source), reading, y), classes)
    if isinstance(source, Mapping):
        raise InvalidDataError(
            "A mapping must hold an array X (or data), or columns of one dimension; it holds "
            f"{', '.join(map(repr, list(source)[:5])) or 'nothing'}: give it as {{'X': X, 'y': y}}."
        )
    return _with_classes(from_arrays(source, y, reading=reading, names=names), classes)


def _with_classes(contents: Contents, names: Any) -> Contents:
    """Return what was read with the names of classes 0, 1, 2, ... that came beside it."""
    y = contents.all_or_train.y
    described = contents.description
    if names is None or y is None or y.dtype != np.int64 or described.class_names is not None:
        return contents
    if not (y.min() >= 0 and y.max() < len(names)):
        return contents
    named = replace(described, class_names=tuple(map(str, names)))
    return replace(contents, description=named)


def data_key(source: Mapping[str, Any]) -> str | None:
    """Return under which name a mapping, such as a Bunch of scikit-learn, holds its rows."""
    for key in ("X", "data"):
        if key in source and (np.ndim(source[key]) > 1 or is_frame(source[key])):
            return key
    return None


def _refuse_labels(y: Any, reason: str) -> None:
    if y is not None:
        raise InvalidParameterError(f"`y` must be None here; {reason}: leave it out.")


def _read_path(path: Path, reading: Reading) -> Contents:
    if not there_is(path):
        raise DataNotFoundError(
            f"{path} must be an existing file or folder; there is none: check the path."
        )
    if path.is_dir() and find_idx(path):
        reading.refuse("IDX files hold pictures and their labels", but=OF_ARRAYS)
        return read_idx_folder(path, reading)
    if path.is_dir():
        reading.refuse("a folder of images has no columns", but=OF_PICTURES)
        return read_images(path, reading)
    suffix = suffix_of(path)
    if suffix in TABLE_READERS:
        return table_contents(read_table(path, reading), reading)
    if suffix in ARRAY_READERS:
        _check_kind(path, suffix)
        return ARRAY_READERS[suffix](path, reading)
    if path.name.removesuffix(".gz").endswith("-ubyte"):
        return read_idx_file(path, reading)
    how = _CONVERT.get(suffix, "convert it, or load it yourself and give the array")
    how = "give the folder that it is in" if suffix in SUFFIXES else how
    raise InvalidDataError(
        f"{path} must be one of {', '.join([*ARRAY_READERS, *TABLE_READERS])} or a folder of "
        f"images; got {suffix or 'no suffix'}: {how}."
    )


def there_is(path: Path) -> bool:
    """Return whether there is something at a path; a name that is too long names nothing."""
    try:
        return path.exists()
    except OSError:
        return False


def _check_kind(path: Path, suffix: str) -> None:
    """Refuse what is compressed and no text, and what is of another kind than its name says."""
    if path.suffix.lower() in COMPRESSED:
        raise InvalidDataError(
            f"{path} must be text where it is compressed; got {suffix}: unpack it first."
        )
    with path.open("rb") as file:
        check_signature(path, suffix, file.read(HEAD))


def suffix_of(path: Path) -> str:
    """Return the suffix that tells a file's kind, without that of its compression."""
    suffix = path.suffix.lower()
    return Path(path.stem).suffix.lower() if suffix in COMPRESSED else suffix


def read_table(path: Path, reading: Reading) -> Table:
    """Read a file that holds a table, as it is."""
    suffix = suffix_of(path)
    reading.refuse("a table holds no pictures", but=OF_TEXT)
    allowed = OF_TEXT if suffix in (".csv", ".tsv", ".xlsx") else OF_TABLES
    reading.refuse(f"a {suffix} file says it itself", but=allowed)
    if suffix not in (".csv", ".tsv"):
        _check_kind(path, suffix)
    return TABLE_READERS[suffix](path, reading)


# --------------------------------------------------------------------------- for a fitted model


def read_for(source: Any, description: Description | None, reading: Reading = _PLAIN) -> Contents:
    """Read rows for a model that was fitted with others: its columns by their names.

    Parameters
    ----------
    source : path, array, frame or mapping
        As in `inscape.data.load`.
    description : Description or None
        What the model knows of its columns.
    reading : Reading
        How the source is read; what becomes of its cells is the model's.

    Returns
    -------
    Contents
        All rows, not split, with what is kept beside them.

    Raises
    ------
    InvalidDataError
        If columns are missing, new, or hold something else; all of these are told at once.
    """
    if description is None:
        return read(source, reading=reading)
    path = Path(source).expanduser() if isinstance(source, (str, Path)) else None
    is_table = suffix_of(path) in TABLE_READERS and path.is_file() if path else is_frame(source)
    if description.columns is not None and is_table:
        # As words, and not first as numbers: 07 is no 7.
        sources = description.columns.sources
        words = tuple(source.name for source in sources if source.kind == "text")
        as_words = replace(reading, keep=(*reading.keep, *words))
        table = read_table(path, as_words) if path else read_frame(source)
        return encode_table(table, description, reading)
    shape = description.image_shape
    if path and path.is_dir() and shape and not find_idx(path):
        if description.crop is not None and reading.image_size is None:
            reading = replace(reading, image_size=shape[0], crop=description.crop)
        reading.refuse("a folder of images has no columns", but=OF_PICTURES)
        return read_images(path, reading, colours=len(shape) == 3)
    if description.means is None or reading.missing == "drop":
        return read(source, reading=reading)
    return _filled(read(source, reading=replace(reading, missing="mean")), description.means)


def _filled(contents: Contents, means: tuple[float, ...]) -> Contents:
    """Return rows in which the means of others stand for what is missing."""
    if contents.all_or_train.n_features != len(means):
        return contents
    parts = [part for part in (contents.all_or_train, contents.test) if part is not None]
    gaps = sum(int(np.isnan(part.X).sum()) for part in parts)
    told = (f"{gaps} missing values are the means of the training rows",) if gaps else ()
    first, *others = (replace(part, X=fill_missing(part.X, np.array(means))) for part in parts)
    return replace(
        contents,
        all_or_train=first,
        test=others[0] if others else None,
        told=(*contents.told, *told),
        fill=False,
    )
