"""The user's own data: which reader takes which source, and how rows become two parts."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from inscape import _files
from inscape._checks import check_enough_samples
from inscape._errors import (
    DamagedFileError,
    DataNotFoundError,
    InvalidDataError,
    InvalidParameterError,
)
from inscape.data.arrays import Contents, from_arrays
from inscape.data.dataset import Split
from inscape.data.images import read_images
from inscape.data.tables import from_frame, is_frame, read_csv, read_parquet

_X_KEYS = ("x", "data", "arr_0")
_Y_KEYS = ("y", "labels", "target", "arr_1")


def read(source: Any, *, y: Any = None, target: str | None = None) -> Contents:
    """Read any source but a named set, in its own order and not split.

    Parameters
    ----------
    source : path, array, frame or pair (X, y)
        As in `inscape.data.load`.
    y : array of shape (n_samples,) or None
        Labels of an array or a frame.
    target : str or None
        The column of a table that holds the labels.

    Returns
    -------
    Contents
        The rows as float32.

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
    if isinstance(source, tuple) and len(source) == 2:
        _refuse(y is not None, "y", "a pair (X, y) brings its own labels")
        source, y = source
    _refuse(y is not None and target is not None, "target", "labels were given as `y` too")
    if isinstance(source, (str, Path)):
        return _read_path(Path(source).expanduser(), y, target)
    if is_frame(source):
        return from_frame(source, y, target=target)
    _refuse(target is not None, "target", "only a table has named columns")
    return from_arrays(source, y)


def _refuse(given: bool, option: str, reason: str) -> None:
    if given:
        raise InvalidParameterError(f"`{option}` must be None here; {reason}: leave it out.")


def _read_path(path: Path, y: Any, target: str | None) -> Contents:
    _refuse(y is not None, "y", "a file brings its own labels")
    if not path.exists():
        raise DataNotFoundError(
            f"{path} must be an existing file or folder; there is none: check the path."
        )
    if path.is_dir():
        _refuse(target is not None, "target", "the subfolders of images are their labels")
        return read_images(path)
    suffix = path.suffix.lower()
    if suffix in TABLE_READERS:
        return TABLE_READERS[suffix](path, target=target)
    if suffix in ARRAY_READERS:
        _refuse(target is not None, "target", "only a table has named columns")
        return ARRAY_READERS[suffix](path)
    raise InvalidDataError(
        f"{path} must be one of {', '.join(ARRAY_READERS | TABLE_READERS)} or a folder of images; "
        f"got {suffix or 'no suffix'}: convert it, or load it yourself and give the array."
    )


def read_npy(path: Path) -> Contents:
    """Read a .npy file as a memory map; float32 in C order stays mapped.

    Raises
    ------
    DamagedFileError
        If the file is cut short or is not .npy.
    InvalidDataError
        If it holds Python objects, which would need pickle.
    """
    with path.open("rb") as file:
        if file.read(6) != b"\x93NUMPY":
            raise _damaged(path, "a whole .npy file")
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        if "object" in str(error).lower():
            raise _objects(path) from error
        raise _damaged(path, "a whole .npy file") from error
    return from_arrays(values, digest=_files.sha256(path))


def read_npz(path: Path) -> Contents:
    """Read a .npz file with X and y, or with x_train, y_train, x_test, y_test as Keras has it.

    Also accepted for X: data, arr_0; for y: labels, target, arr_1; in either case.

    Raises
    ------
    DamagedFileError
        If the file is cut short or is not .npz.
    InvalidDataError
        If it holds none of these names, or Python objects.
    """
    try:
        # Opened here, because NumPy leaves a damaged archive open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            keys = {key.lower(): key for key in archive.files}
            wanted = [*_X_KEYS, *_Y_KEYS, "x_train", "y_train", "x_test", "y_test"]
            arrays = {key: archive[keys[key]] for key in wanted if key in keys}
    except (ValueError, EOFError, OSError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        if "object arrays" in str(error).lower():
            raise _objects(path) from error
        raise _damaged(path, "a whole .npz file") from error
    digest = _files.sha256(path)
    if "x_train" in arrays:
        return from_arrays(
            arrays["x_train"],
            arrays.get("y_train"),
            X_test=arrays.get("x_test"),
            y_test=arrays.get("y_test"),
            digest=digest,
        )
    X = next((arrays[key] for key in _X_KEYS if key in arrays), None)
    y = next((arrays[key] for key in _Y_KEYS if key in arrays), None)
    if X is None:
        raise InvalidDataError(
            f"{path} must hold an array named X (or data, or x_train and x_test); it holds "
            f"{', '.join(map(repr, keys.values())) or 'nothing'}: save it with np.savez(file, "
            "X=X, y=y)."
        )
    return from_arrays(X, y, digest=digest)


def _damaged(path: Path, wanted: str) -> DamagedFileError:
    return DamagedFileError(
        f"{path} must be {wanted}; it is damaged or cut short: restore it from a copy."
    )


def _objects(path: Path) -> InvalidDataError:
    return InvalidDataError(
        f"{path} must hold numbers; it holds Python objects, which are never unpickled: save it "
        "with a number type."
    )


ARRAY_READERS: dict[str, Callable[[Path], Contents]] = {".npy": read_npy, ".npz": read_npz}
TABLE_READERS: dict[str, Callable[..., Contents]] = {".csv": read_csv, ".parquet": read_parquet}


def split_rows(rows: Split, *, test_fraction: float, random_state: int) -> tuple[Split, Split]:
    """Split rows into a training part and a test part.

    Memory maps are split in order, the last rows being the test, so that both parts stay mapped;
    everything else is split by a random permutation.

    Parameters
    ----------
    rows : Split
        All rows.
    test_fraction : float
        The fraction of rows in the test part, in (0, 1); at least one row is in each part.
    random_state : int
        The seed of the permutation.

    Returns
    -------
    train, test : Split
        Each in the order of the source.

    Raises
    ------
    InvalidDataError
        If there are fewer than two rows.

    Examples
    --------
    >>> import numpy as np
    >>> rows = Split(np.zeros((10, 1), dtype=np.float32))
    >>> split_rows(rows, test_fraction=0.2, random_state=0)
    (Split(8 rows of 1 features), Split(2 rows of 1 features))
    """
    check_enough_samples(rows.n_samples)
    n_test = min(max(1, round(test_fraction * rows.n_samples)), rows.n_samples - 1)
    n_train = rows.n_samples - n_test
    train: Any = slice(0, n_train)
    test: Any = slice(n_train, None)
    if not isinstance(rows.X, np.memmap):
        order = np.random.default_rng(random_state).permutation(rows.n_samples)
        train, test = np.sort(order[:n_train]), np.sort(order[n_train:])
    return _part(rows, train), _part(rows, test)


def _part(rows: Split, where: Any) -> Split:
    return Split(rows.X[where], None if rows.y is None else rows.y[where])
