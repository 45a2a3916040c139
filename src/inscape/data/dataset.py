"""What `inscape.data.load` returns: a data set in two parts, with the names of its features."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from inscape._typing import FloatArray, ImageShape
from inscape.data.encoding import Columns, restore_columns


@dataclass(frozen=True)
class Description:
    """What the columns of rows are: it goes with the rows into a model, and is saved with it.

    Parameters
    ----------
    feature_names : tuple of str
        One name a column.
    image_shape : tuple of int or None
        (height, width) or (height, width, channels) where a row is an image in C order.
    class_names : tuple of str or None
        The name of class 0, 1, ... where the classes have names.
    columns : Columns or None
        How the columns of a table became features.
    crop : bool or None
        How pictures were brought to their shape: by their middle square, or stretched; None is as
        they came.
    means : tuple of float or None
        For each feature what missing values become, where they may be missing.
    """

    feature_names: tuple[str, ...]
    image_shape: ImageShape | None = None
    class_names: tuple[str, ...] | None = None
    columns: Columns | None = None
    crop: bool | None = None
    means: tuple[float, ...] | None = None

    def describe(self) -> dict[str, Any]:
        """Return plain data from which `restore_description` makes the same again."""
        told = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        listed = {k: list(v) if isinstance(v, tuple) else v for k, v in told.items()}
        return listed | {"columns": None if self.columns is None else self.columns.describe()}


def restore_description(described: dict[str, Any] | None) -> Description | None:
    """Return the description that `Description.describe` told of."""
    if described is None:
        return None
    names, shape, classes, means = (
        None if described.get(key) is None else tuple(described[key])
        for key in ("feature_names", "image_shape", "class_names", "means")
    )
    columns = restore_columns(described["columns"])
    return Description(names or (), shape, classes, columns, described["crop"], means)


# Equality is identity: comparing arrays element by element would have no single truth value.
@dataclass(frozen=True, eq=False)
class Split:
    """One part of a data set.

    Parameters
    ----------
    X : ndarray or memmap of shape (n_samples, n_features), C-contiguous
        The rows: float32, or float64 where float32 would lose what tells them apart.
    y : ndarray of shape (n_samples,) or None
        One label a row: a class number (int64) or any other number.
    kept : mapping of str to ndarray of shape (n_samples,)
        Columns that are no features and go with their rows, such as an id, as text.
    description : Description or None
        What the columns are; a model that is fitted with it remembers it.

    Examples
    --------
    >>> import numpy as np
    >>> Split(np.zeros((3, 2), dtype=np.float32))
    Split(3 rows of 2 features)
    """

    X: FloatArray
    y: np.ndarray | None = None
    kept: Mapping[str, np.ndarray] = field(default_factory=dict)
    description: Description | None = None

    @property
    def n_samples(self) -> int:
        """The number of rows."""
        return int(self.X.shape[0])

    @property
    def n_features(self) -> int:
        """The number of columns."""
        return int(self.X.shape[1])

    def __repr__(self) -> str:
        labels = "" if self.y is None else ", with labels"
        return f"Split({self.n_samples} rows of {self.n_features} features{labels})"


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set in a training part and a test part.

    Parameters
    ----------
    name : str
        The name it was loaded by, or the stem of its file.
    train, test : Split
        The two parts; they have the same features.
    image_shape : tuple of int or None
        (height, width) or (height, width, channels) where a row is an image in C order.
    feature_names : tuple of str
        One name a column: "pixel_r_c" for images, the header of a table, else "x0", "x1", ...
    class_names : tuple of str or None
        The name of class 0, 1, ... where the classes have names.
    checksum : str
        A sha256 in hexadecimal that changes when the data change.
    columns : Columns or None
        How the columns of a table became features.
    crop : bool or None
        How pictures were brought to their shape, as in `Description`.
    means : tuple of float or None
        What missing values became, as in `Description`.
    told : str
        What was read as what, and what was chosen in reading it; empty where nothing was.

    Examples
    --------
    >>> import numpy as np
    >>> from inscape.data import load
    >>> load(np.arange(20.0).reshape(10, 2))
    Dataset('array', 8 train + 2 test rows of 2 features)
    """

    name: str
    train: Split
    test: Split
    image_shape: ImageShape | None
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...] | None
    checksum: str
    columns: Columns | None = None
    crop: bool | None = None
    means: tuple[float, ...] | None = None
    told: str = ""

    def __post_init__(self) -> None:
        # Whoever is given a part alone is to know what its columns are.
        for name in ("train", "test"):
            part = dataclasses.replace(getattr(self, name), description=self.description)
            object.__setattr__(self, name, part)

    @property
    def description(self) -> Description:
        """What the columns are."""
        return Description(
            self.feature_names,
            self.image_shape,
            self.class_names,
            self.columns,
            self.crop,
            self.means,
        )

    @property
    def n_features(self) -> int:
        """The number of columns."""
        return self.train.n_features

    def __repr__(self) -> str:
        parts = [f"{self.train.n_samples} train + {self.test.n_samples} test rows"]
        if self.image_shape is not None:
            parts.append("images of " + " x ".join(map(str, self.image_shape)))
        else:
            parts.append(f"{self.n_features} features")
        classes = "" if self.class_names is None else f", {len(self.class_names)} classes"
        return f"Dataset({self.name!r}, {' of '.join(parts)}{classes})"


def pixel_names(image_shape: ImageShape) -> tuple[str, ...]:
    """Return the feature names of flattened images.

    Parameters
    ----------
    image_shape : tuple of int
        (height, width) or (height, width, channels).

    Returns
    -------
    tuple of str
        "pixel_r_c", or "pixel_r_c_k" with the channel, in C order.

    Examples
    --------
    >>> pixel_names((1, 2))
    ('pixel_0_0', 'pixel_0_1')
    """
    return tuple("pixel_" + "_".join(map(str, place)) for place in np.ndindex(*image_shape))


def numbered_names(n_features: int) -> tuple[str, ...]:
    """Return "x0", "x1", ...: the names of features that have none.

    Examples
    --------
    >>> numbered_names(2)
    ('x0', 'x1')
    """
    return tuple(f"x{i}" for i in range(n_features))


def checksum(parts: Iterable[Any]) -> str:
    """Return one sha256 over texts and arrays, in order; of arrays the type and shape count too.

    Parameters
    ----------
    parts : iterable of str, ndarray or None
        What to digest.

    Returns
    -------
    str
        The sha256 in hexadecimal.

    Examples
    --------
    >>> checksum(["a"]) == checksum(["a"]) != checksum(["b"])
    True
    """
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            digest.update(f"{part.dtype.str} {part.shape}\n".encode())
            digest.update(np.ascontiguousarray(part).reshape(-1).view(np.uint8).data)
        else:
            digest.update(f"{part}\n".encode())
    return digest.hexdigest()
