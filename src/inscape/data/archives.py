"""Files of arrays: .npy, .npz, and folders of IDX files such as torchvision's MNIST."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from inscape import _files
from inscape._errors import DamagedFileError, InvalidDataError
from inscape.data.arrays import Contents, from_arrays
from inscape.data.dataset import checksum
from inscape.data.frames import read_frame
from inscape.data.idx import read_idx
from inscape.data.reading import Reading
from inscape.data.rows import table_contents

_X_KEYS: Final = ("x", "data", "arr_0")
_Y_KEYS: Final = ("y", "labels", "target", "arr_1")
# The parts of an IDX set, as MNIST and its successors call them.
_IDX_PARTS: Final = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


def read_npy(path: Path, reading: Reading) -> Contents:
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
    if values.dtype.names is not None and values.ndim == 1:
        table = read_frame(np.asarray(values), name=str(path))
        return table_contents(replace(table, digest=_files.sha256(path)), reading)
    return from_arrays(values, digest=_files.sha256(path), reading=reading)


def read_npz(path: Path, reading: Reading) -> Contents:
    """Read a .npz file with X and y, or with x_train, y_train, x_test, y_test as Keras has it.

    Also accepted for X: data, arr_0; for y: labels, target, arr_1; in either case.

    Raises
    ------
    DamagedFileError
        If the file is cut short or is not .npz.
    InvalidDataError
        If it holds none of these names, Python objects, or a sparse array of SciPy.
    """
    try:
        # Opened here, because NumPy leaves a damaged archive open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            keys = {key.lower(): key for key in archive.files}
            if {"format", "shape", "data"} <= keys.keys():
                raise _sparse(path, archive["format"])
            wanted = [*_X_KEYS, *_Y_KEYS, "x_train", "y_train", "x_test", "y_test"]
            arrays = {key: archive[keys[key]] for key in wanted if key in keys}
    except InvalidDataError:
        raise
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
            reading=reading,
        )
    X = next((arrays[key] for key in _X_KEYS if key in arrays), None)
    y = next((arrays[key] for key in _Y_KEYS if key in arrays), None)
    if X is None:
        raise InvalidDataError(
            f"{path} must hold an array named X (or data, or x_train and x_test); it holds "
            f"{', '.join(map(repr, keys.values())) or 'nothing'}: save it with np.savez(file, "
            "X=X, y=y)."
        )
    return from_arrays(X, y, digest=digest, reading=reading)


def _sparse(path: Path, kind: np.ndarray) -> InvalidDataError:
    word = kind.item()
    word = word.decode() if isinstance(word, bytes) else word
    return InvalidDataError(
        f"{path} must hold dense arrays; it holds a sparse one of SciPy ({word}): save it with "
        "np.savez(file, X=scipy.sparse.load_npz(file).toarray())."
    )


def _damaged(path: Path, wanted: str) -> DamagedFileError:
    return DamagedFileError(
        f"{path} must be {wanted}; it is damaged or cut short: restore it from a copy."
    )


def _objects(path: Path) -> InvalidDataError:
    return InvalidDataError(
        f"{path} must hold numbers; it holds Python objects, which are never unpickled: save it "
        "with a number type."
    )


ARRAY_READERS: dict[str, Callable[[Path, Reading], Contents]] = {
    ".npy": read_npy,
    ".npz": read_npz,
}


# --------------------------------------------------------------------------- IDX


def find_idx(folder: Path) -> dict[str, Path]:
    """Return the IDX files of a folder, or of the folder raw below it, by what they hold.

    Examples
    --------
    >>> find_idx(Path("there-is-none"))
    {}
    """
    for root in (folder, folder / "raw", *folder.glob("*/raw")):
        found = {
            name: path
            for names in _IDX_PARTS.values()
            for name in names
            for form in (name, name.replace("-idx", ".idx"))
            for path in (root / form, root / f"{form}.gz")
            if path.is_file()
        }
        if any(images in found for images, _ in _IDX_PARTS.values()):
            return found
    return {}


def read_idx_folder(folder: Path, reading: Reading) -> Contents:
    """Read a folder that holds IDX files as MNIST has them; the test part may be missing.

    Raises
    ------
    DamagedFileError
        If a file is cut short or is not IDX.
    InvalidDataError
        If there are no training images.
    """
    found = find_idx(folder)
    if _IDX_PARTS["train"][0] not in found:
        raise InvalidDataError(
            f"{folder} must hold {_IDX_PARTS['train'][0]}[.gz]; it holds {', '.join(found)}: bring "
            "the training images."
        )
    arrays = {name: read_idx(path) for name, path in found.items()}
    (images, labels), (test_images, test_labels) = _IDX_PARTS["train"], _IDX_PARTS["test"]
    return from_arrays(
        arrays[images],
        arrays.get(labels),
        X_test=arrays.get(test_images),
        y_test=arrays.get(test_labels),
        digest=checksum(_files.sha256(path) for path in found.values()),
        reading=reading,
    )


def read_idx_file(path: Path, reading: Reading) -> Contents:
    """Read one IDX file of images."""
    return from_arrays(read_idx(path), digest=_files.sha256(path), reading=reading)
