"""Data: bundled, found or fetched by name, or the user's own.

| file | what lives there |
|---|---|
| `dataset` | `Dataset` and `Split`: what everything here returns |
| `named` | the table of named data sets |
| `places` | where Fashion-MNIST may lie, and how it is fetched |
| `idx` | the format that the MNIST family is published in |
| `files` | which reader takes which source; .npy and .npz; the split |
| `tables` | .csv, .parquet, frames of pandas and polars |
| `images` | folders of images |
| `arrays` | the checks and conversions that every source goes through |
| `labels` | labels: numbers stay, texts become class numbers |
| `scaling` | scalers that travel with a model |
| `hierarchy` | `tree`: generated data with known truth |
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from inscape._checks import check_integer, check_number, did_you_mean
from inscape._errors import DataNotFoundError, InvalidParameterError
from inscape.data.dataset import Dataset, Split
from inscape.data.files import read, split_rows
from inscape.data.hierarchy import Tree, tree
from inscape.data.named import NAMED, DatasetInfo, available
from inscape.data.scaling import Scaler, fit_scaler

__all__ = [
    "Dataset",
    "DatasetInfo",
    "Scaler",
    "Split",
    "Tree",
    "available",
    "fit_scaler",
    "load",
    "tree",
]


def load(
    source: Any,
    *,
    y: Any = None,
    target: str | None = None,
    test_fraction: float = 0.2,
    random_state: int = 0,
) -> Dataset:
    """Load a data set by its name, from a file or folder, or from an object in memory.

    Parameters
    ----------
    source : str, path, array, frame, pair or Dataset
        - a name: "mnist" (bundled), "fashion-mnist" (found or fetched) or "digits"; a file or
          folder of the same name is reached as "./mnist" inside a `Path` or with its full path;
        - a file: .npy (memory-mapped, and kept so if it is float32 in C order), .npz, .csv or
          .parquet;
        - a folder of images: subfolders are classes, `train` and `test` are the two parts;
        - an array (n_samples, n_features), or images (n_samples, height, width[, channels]),
          which are divided by 255 if they are uint8;
        - a frame of pandas or polars; a pair (X, y); a `Dataset`, which is returned as it is.
    y : array of shape (n_samples,) or None, default None
        Labels of an array or frame: numbers, or texts that become class numbers.
    target : str or None, default None
        The column of a table that holds the labels.
    test_fraction : float, default 0.2
        The fraction of rows kept for testing, where the source has no test part of its own.
    random_state : int, default 0
        The seed of the permutation that chooses them. Memory maps are split in order, the last
        rows being the test, so that they stay mapped.

    Returns
    -------
    Dataset
        With `train` and `test`, float32.

    Raises
    ------
    DataNotFoundError
        If there is no set, file or folder of that name.
    DamagedFileError
        If a file is cut short or is not what was published.
    InvalidDataError
        If the data are empty, or not finite numbers; the first bad cell is located.
    InvalidParameterError
        If an option cannot hold for this source.
    MissingDependencyError
        If a format needs a package that is not installed.

    Examples
    --------
    >>> load("digits")
    Dataset('digits', 1438 train + 359 test rows of images of 8 x 8, 10 classes)
    >>> import numpy as np
    >>> load(np.eye(5), y=["a", "b", "a", "b", "a"]).class_names
    ('a', 'b')
    """
    fraction = check_number("test_fraction", test_fraction, above=0, below=1)
    seed = check_integer("random_state", random_state, minimum=0)
    whole = isinstance(source, Dataset) or (isinstance(source, str) and source in NAMED)
    if whole and (y is not None or target is not None):
        raise InvalidParameterError(
            "`y` and `target` must be None for a named set or a Dataset, which have their own "
            "labels; leave them out."
        )
    if isinstance(source, Dataset):
        return source
    if isinstance(source, str):
        if source in NAMED:
            return NAMED[source].read()
        _check_known(source)
    contents = read(source, y=y, target=target)
    train, test = contents.all_or_train, contents.test
    if test is None:
        train, test = split_rows(train, test_fraction=fraction, random_state=seed)
    return Dataset(
        name=_name(source),
        train=train,
        test=test,
        image_shape=contents.image_shape,
        feature_names=contents.feature_names,
        class_names=contents.class_names,
        checksum=contents.checksum,
    )


def _check_known(source: str) -> None:
    """Refuse a text that is neither a name nor looks like a path."""
    path = Path(source).expanduser()
    if path.exists() or path.suffix or len(path.parts) > 1:
        return
    raise DataNotFoundError(
        f"The data must be one of {', '.join(map(repr, NAMED))}, or a path that exists; got "
        f"{source!r}." + did_you_mean(source, list(NAMED))
    )


def _name(source: Any) -> str:
    if isinstance(source, (str, Path)):
        return Path(source).expanduser().resolve().stem
    return "array" if isinstance(source, tuple) or not hasattr(source, "columns") else "frame"
