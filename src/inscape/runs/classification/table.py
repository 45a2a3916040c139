"""The rows of a classification, and the labels of some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from inscape._checks import did_you_mean
from inscape._errors import InvalidParameterError
from inscape.data.columns import is_missing_word, natural
from inscape.data.files import suffix_of
from inscape.data.frame_files import TABLE_READERS
from inscape.data.named import NAMED
from inscape.data.tables import listed
from inscape.runs import tables
from inscape.runs.config import ClassificationConfig
from inscape.runs.tables import read_rows, written_labels

_MOST_NAMED = 10


@dataclass(frozen=True, eq=False, kw_only=True)
class Table(tables.Table):
    """The rows of a classification; from those that are `held_out` nothing is learned.

    Parameters
    ----------
    labels : ndarray of object, shape (n_samples,)
        Texts, or integers where all are; None where a row has no label.
    """

    labels: np.ndarray

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


def read_table(config: ClassificationConfig) -> Table:
    """Return the rows that a config names, and their labels.

    Raises
    ------
    InvalidParameterError
        If there are no labels, or what stands for none is none of them.
    InscapeError
        If the data cannot be read.
    """
    found, words = _read(config)
    labels = _without(words, config.unlabeled)
    return Table(**vars(found), labels=labels).filled(~found.held_out)


def _read(config: ClassificationConfig) -> tuple[tables.Table, list[Any]]:
    """Return the rows, and of each its label as it is written, or None."""
    source, target, reading = config.data or "", config.target, config.reading()
    path = Path(source).expanduser()
    if source in NAMED or suffix_of(path) not in TABLE_READERS or not path.is_file():
        found = read_rows(source, config.model, reading)
        words = written_labels(found.rows)
        if words is None:
            raise InvalidParameterError(
                "The data must hold labels; got rows without any: name the column of a table with "
                "--target, or bring an array y."
            )
        return found, words
    if target is None:
        raise InvalidParameterError(
            f"`target` must name the column of {path.name} that holds the labels; got none: add "
            "--target NAME."
        )
    # Kept beside the rows, as it is written: a column of labels may have empty cells.
    beside = replace(reading, target=None, keep=(*reading.keep, target))
    found = read_rows(source, config.model, beside)
    if found.model is not None:
        _check_no_feature(target, found.model)
    cells = [None if is_missing_word(word) else word for word in found.rows.kept[target]]
    return _with_target(found, target, cells), cells


def _with_target(found: tables.Table, target: str, cells: list[Any]) -> tables.Table:
    """Return a table that tells of its labels, which were kept beside its rows, as such."""
    kept = {name: values for name, values in found.rows.kept.items() if name != target}
    others = (f"{listed(list(kept))} kept beside the rows",) if kept else ()
    as_kept = f"{listed(list(found.rows.kept))} kept beside the rows"
    known = [cell for cell in cells if cell is not None]
    told = (
        *(text for text in found.told if text != as_kept),
        *(others if as_kept in found.told else ()),
        f"the labels are {target!r} ({len(set(known))} classes, {len(known)} of {len(cells)} rows)",
    )
    return replace(found, rows=replace(found.rows, kept=kept), told=told)


def _check_no_feature(target: str, model: Any) -> None:
    """A representation that has seen the labels would tell what it was told."""
    columns = getattr(model.description_, "columns", None)
    if columns is not None and target in {source.name for source in columns.sources}:
        raise InvalidParameterError(
            f"`target` must be no feature of the model; got {target!r}, which it was fitted with: "
            f"fit one with inscape fit DATA --target {target}."
        )


def as_objects(cells: list[Any]) -> np.ndarray:
    """Return labels as an array of objects, none changed."""
    array = np.empty(len(cells), dtype=object)
    array[:] = cells
    return array


def _without(words: Sequence[Any], unlabeled: str | None) -> np.ndarray:
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
