"""Data: bundled, found or fetched by name, or the user's own.

| file | what lives there |
|---|---|
| `dataset` | `Dataset` and `Split`: what everything here returns |
| `named` | the table of named data sets |
| `places` | where Fashion-MNIST may lie, and how it is fetched |
| `idx` | the format that the MNIST family is published in |
| `reading` | the options of how a source is read |
| `files` | which reader takes which source |
| `splitting` | rows in two parts, and the means that stand for what is missing |
| `archives` | .npy and .npz, folders of IDX files |
| `text` | .csv and .tsv: all rows, by columns |
| `signatures` | what the first bytes of a file say that it is |
| `first_lines` | delimiter and header of a table in text |
| `frames` | frames of pandas, polars and pyarrow |
| `frame_files` | .parquet, .feather, .arrow, .xlsx; the table of readers of tables |
| `tables` | a table as it was read, and what each column is for |
| `columns` | a column, and how it was written |
| `objects` | a column out of an array, or of Python objects |
| `encoding` | what becomes of columns in rows of numbers, kept with a model |
| `features` | what can be a feature, what cannot, and all of it at once |
| `rows` | from a table to rows |
| `images` | folders of images: which there are, and their classes |
| `pictures` | one image: its pixels, or why it cannot be read as it is |
| `arrays` | the checks that every source goes through |
| `floats` | what float32 keeps and what it would merge; means of what is there |
| `labels` | labels: numbers stay, everything else becomes class numbers |
| `scaling` | scalers that travel with a model |
| `hierarchy` | `tree`: generated data with known truth |
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inscape._checks import check_integer, check_number, did_you_mean
from inscape._errors import DataNotFoundError, InvalidParameterError
from inscape._typing import CategoriesName, DatesName, MissingName
from inscape.data.dataset import Dataset, Description, Split
from inscape.data.files import read, there_is
from inscape.data.first_lines import COMPRESSED
from inscape.data.frames import is_frame
from inscape.data.hierarchy import Tree, tree
from inscape.data.named import NAMED, DatasetInfo, available
from inscape.data.reading import Reading
from inscape.data.scaling import Scaler, fit_scaler
from inscape.data.splitting import split_contents

__all__ = [
    "Dataset",
    "DatasetInfo",
    "Description",
    "Reading",
    "Scaler",
    "Split",
    "Tree",
    "available",
    "fit_scaler",
    "load",
    "load_reading",
    "tree",
]


def load(
    source: Any,
    *,
    y: Any = None,
    target: str | None = None,
    header: bool | None = None,
    index: str | None = None,
    columns: Sequence[str] = (),
    drop: Sequence[str] = (),
    keep: Sequence[str] = (),
    categories: CategoriesName = "refuse",
    dates: DatesName = "refuse",
    missing: MissingName = "refuse",
    delimiter: str | None = None,
    decimal: str = ".",
    image_size: int | None = None,
    crop: bool = False,
    test_fraction: float = 0.2,
    random_state: int = 0,
) -> Dataset:
    """Load a data set by its name, from a file or folder, or from an object in memory.

    Parameters
    ----------
    source : str, path, array, frame, mapping, pair or Dataset
        - a name: "mnist" (bundled), "fashion-mnist" (found or fetched) or "digits"; a file or
          folder of the same name is reached as "./mnist" inside a `Path` or with its full path;
        - a file: .npy (memory-mapped, and kept so if it is float32 in C order), .npz, .csv or .tsv
          (also .gz), .parquet, .feather, .arrow or .xlsx;
        - a folder of images: subfolders are classes, `train` and `test` are the two parts; or a
          folder of IDX files, as MNIST has them;
        - an array (n_samples, n_features), or images (n_samples, height, width[, channels]),
          which are divided by 255 if they are uint8;
        - a frame of pandas or polars, a table of pyarrow, a mapping of columns; a mapping with X
          and y, or a Bunch of scikit-learn; a pair (X, y); a `Dataset`, which is returned as it is.
    y : array of shape (n_samples,) or None, default None
        Labels of an array or frame: numbers, or texts that become class numbers.
    target : str or None, default None
        The column of a table that holds the labels.
    header : bool or None, default None
        Whether the first line of a text file holds names; None finds out.
    index : str or None, default None
        The column that names the rows and is no feature; None takes the index that pandas or R
        wrote, "none" takes none.
    columns : sequence of str, default ()
        The columns that are features, in this order; () is all others.
    drop : sequence of str, default ()
        Columns that are left out.
    keep : sequence of str, default ()
        Columns that are no features and go with their rows, such as an id: `Split.kept`.
    categories : {"refuse", "one_hot"}, default "refuse"
        What columns of text are.
    dates : {"refuse", "days"}, default "refuse"
        What columns of dates are; days are counted from 1970.
    missing : {"refuse", "mean", "drop"}, default "refuse"
        What is done with missing values: the mean of the training rows, or their rows dropped.
    delimiter : str or None, default None
        Between the cells of a text file; None finds out.
    decimal : {".", ","}, default "."
        Before the fraction of a number in a text file.
    image_size : int or None, default None
        Height and width to which pictures are brought, in pixels.
    crop : bool, default False
        Whether that is the middle square of each picture; else its whole, stretched.
    test_fraction : float, default 0.2
        The fraction of rows kept for testing, where the source has no test part of its own.
    random_state : int, default 0
        The seed of the permutation that chooses them. Memory maps are split in order, the last
        rows being the test, so that they stay mapped.

    Returns
    -------
    Dataset
        With `train` and `test`; `told` says what was read as what.

    Raises
    ------
    DataNotFoundError
        If there is no set, file or folder of that name.
    DamagedFileError
        If a file is cut short or is not what was published.
    InvalidDataError
        If the data are empty, or not finite numbers; all that is wrong is told at once.
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
    >>> load({"a": [1, 2, 3], "kind": ["u", "v", "u"]}, target="kind").told
    "1 column of numbers; the labels are 'kind' (2 classes)"
    """
    reading = Reading(
        target=target,
        header=header,
        index=index,
        columns=tuple(columns) if not isinstance(columns, str) else (columns,),
        drop=tuple(drop) if not isinstance(drop, str) else (drop,),
        keep=tuple(keep) if not isinstance(keep, str) else (keep,),
        categories=categories,
        dates=dates,
        missing=missing,
        delimiter=delimiter,
        decimal=decimal,
        image_size=image_size,
        crop=crop,
    )
    return load_reading(
        source, reading, y=y, test_fraction=test_fraction, random_state=random_state
    )


def load_reading(
    source: Any, reading: Reading, *, y: Any = None, test_fraction: float, random_state: int
) -> Dataset:
    """Load a data set as `load` does, given how it is read as one object.

    Parameters
    ----------
    source, y, test_fraction, random_state
        As in `load`.
    reading : Reading
        The options of how it is read.
    """
    fraction = check_number("test_fraction", test_fraction, above=0, below=1)
    seed = check_integer("random_state", random_state, minimum=0)
    whole = isinstance(source, Dataset) or (isinstance(source, str) and source in NAMED)
    if whole and (y is not None or reading.target is not None):
        raise InvalidParameterError(
            "`y` and `target` must be None for a named set or a Dataset, which have their own "
            "labels; leave them out."
        )
    if whole:
        reading.refuse("a named set or a Dataset is read already")
    if isinstance(source, Dataset):
        return source
    if isinstance(source, str):
        if source in NAMED:
            return NAMED[source].read()
        _check_known(source)
    contents = read(source, y=y, reading=reading)
    train, test, means = split_contents(contents, test_fraction=fraction, random_state=seed)
    described = contents.description
    return Dataset(
        name=_name(source),
        train=train,
        test=test,
        image_shape=described.image_shape,
        feature_names=described.feature_names,
        class_names=described.class_names,
        checksum=contents.checksum,
        columns=described.columns,
        crop=described.crop,
        means=means,
        told="; ".join(contents.told),
    )


def _check_known(source: str) -> None:
    """Refuse a text that is neither a name nor looks like a path."""
    path = Path(source).expanduser()
    if "://" in source:
        raise DataNotFoundError(
            f"The data must be on this machine; got the address {source}: fetch it first."
        )
    if source.strip() and (there_is(path) or path.suffix or len(path.parts) > 1):
        return
    raise DataNotFoundError(
        f"The data must be one of {', '.join(map(repr, NAMED))}, or a path that exists; got "
        f"{source!r}." + did_you_mean(source, list(NAMED))
    )


def _name(source: Any) -> str:
    if isinstance(source, (str, Path)):
        path = Path(source).expanduser().resolve()
        return path.with_suffix("").stem if path.suffix in COMPRESSED else path.stem
    return "frame" if is_frame(source) else "array"
