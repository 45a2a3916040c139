"""The rows of a classification, and the labels of some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from inscape._checks import did_you_mean
from inscape._errors import InvalidParameterError
from inscape._typing import FloatArray, ImageShape
from inscape.data import Reading, load
from inscape.data.columns import is_missing_word, natural
from inscape.data.files import read, read_for, suffix_of
from inscape.data.frame_files import TABLE_READERS
from inscape.data.named import NAMED
from inscape.runs.config import ClassificationConfig

_MOST_NAMED = 10


@dataclass(frozen=True, eq=False)
class Table:
    """The rows of a classification, in their order.

    Parameters
    ----------
    name : str
        Of the data.
    X : ndarray, shape (n_samples, n_features)
        All rows.
    labels : ndarray of object, shape (n_samples,)
        Texts, or integers where all are; None where a row has no label.
    held_out : ndarray of bool, shape (n_samples,)
        Which rows are the test part of the data, from which nothing is learned.
    image_shape : tuple of int, or None
        Of pictures.
    """

    name: str
    X: FloatArray
    labels: np.ndarray
    held_out: np.ndarray
    image_shape: ImageShape | None

    @property
    def known(self) -> np.ndarray:
        """Which rows have a label."""
        return np.array([label is not None for label in self.labels], dtype=bool)

    @property
    def classes(self) -> list[Any]:
        """The different labels, in the order in which people sort them."""
        return sorted({label for label in self.labels if label is not None}, key=_order)


def _order(label: Any) -> Any:
    return natural(label) if isinstance(label, str) else label


def read_table(config: ClassificationConfig, *, reading: Reading, model: Any) -> Table:
    """Return the rows that a config names, and their labels.

    Parameters
    ----------
    config : ClassificationConfig
        What is asked for, with its data.
    reading : Reading
        How the data are read.
    model : estimator or None
        What is to encode the rows: columns of a table are found by its names.

    Raises
    ------
    InvalidParameterError
        If there are no labels, or what stands for none is none of them.
    InscapeError
        If the data cannot be read.
    """
    assert config.data is not None
    if config.data in NAMED:
        dataset = load(config.data)
        parts, names, shape = (
            [dataset.train, dataset.test],
            dataset.class_names,
            dataset.image_shape,
        )
        words = [_words(part.y, names) for part in parts]
    else:
        parts, words, shape = _read_own(config.data, config.target, reading, model)
    labels = _without(np.concatenate(words), config.unlabeled)
    X = np.concatenate([part.X for part in parts])
    held_out = np.arange(len(X)) >= len(parts[0].X)
    name = config.data.rstrip("/").rpartition("/")[2]
    return Table(name, X, labels, held_out, shape)


def _read_own(
    source: str, target: str | None, reading: Reading, model: Any
) -> tuple[Any, Any, Any]:
    """Return parts, their labels as texts, and the shape of pictures, of the user's own data."""
    path = Path(source).expanduser()
    if suffix_of(path) not in TABLE_READERS or not path.is_file():
        contents = read(source, reading=replace(reading, target=target))
        parts = [part for part in (contents.all_or_train, contents.test) if part is not None]
        described = contents.description
        words = [_words(part.y, described.class_names) for part in parts]
        return parts, words, described.image_shape
    if target is None:
        raise InvalidParameterError(
            f"`target` must name the column of {path.name} that holds the labels; got none: add "
            "--target NAME."
        )
    # Kept beside the rows, as it is written: a column of labels may have empty cells.
    kept = replace(reading, target=None, keep=(*reading.keep, target))
    if model is None:
        rows = read(source, reading=kept).all_or_train
    else:
        _check_no_feature(target, model)
        rows = read_for(source, model.description_, kept).all_or_train
    cells = [None if is_missing_word(word) else word for word in rows.kept[target]]
    return [rows], [as_objects(cells)], None


def _check_no_feature(target: str, model: Any) -> None:
    """A representation that has seen the labels would tell what it was told."""
    columns = getattr(model.description_, "columns", None)
    if columns is not None and target in {source.name for source in columns.sources}:
        raise InvalidParameterError(
            f"`target` must be no feature of the model; got {target!r}, which it was fitted with: "
            f"fit one with inscape fit DATA --target {target}."
        )


def _words(y: Any, names: Sequence[str] | None) -> np.ndarray:
    if y is None:
        raise InvalidParameterError(
            "The data must hold labels; got rows without any: name the column of a table with "
            "--target, or bring an array y."
        )
    return as_objects([str(value) if names is None else names[int(value)] for value in y.tolist()])


def as_objects(cells: list[Any]) -> np.ndarray:
    """Return labels as an array of objects, none changed."""
    array = np.empty(len(cells), dtype=object)
    array[:] = cells
    return array


def _without(words: np.ndarray, unlabeled: str | None) -> np.ndarray:
    """Return labels, None for the one that stands for none; whole numbers as such."""
    known = sorted({word for word in words if word is not None}, key=natural)
    if unlabeled is not None and unlabeled not in known:
        shown = ", ".join(known[:_MOST_NAMED]) + (", ..." if len(known) > _MOST_NAMED else "")
        raise InvalidParameterError(
            f"`unlabeled` must be a label of the data ({shown}); got {unlabeled!r}."
            + did_you_mean(unlabeled, known)
        )
    left = [word for word in known if word != unlabeled]
    whole = all(_is_integer(word) for word in left)
    found = {word: int(word) if whole else word for word in left}
    return as_objects([found.get(word) for word in words])


def _is_integer(word: str) -> bool:
    digits = word.removeprefix("-")
    return digits.isdecimal() and digits.isascii() and str(int(word)) == word and len(word) < 19
