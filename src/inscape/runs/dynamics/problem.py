"""What a deep linear network is asked to learn: a tree, a file with two arrays, or a table."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from inscape._checks import check_inputs_and_targets, check_widths, find_name
from inscape._errors import (
    DamagedFileError,
    DataNotFoundError,
    InvalidDataError,
    InvalidParameterError,
)
from inscape._typing import FloatArray
from inscape.data import Reading, Tree, tree
from inscape.data.dataset import checksum
from inscape.data.files import read, suffix_of
from inscape.data.frame_files import TABLE_READERS
from inscape.data.tables import listed
from inscape.dynamics import whiten
from inscape.runs.config import TREE, DynamicsConfig

_ABOUT_TREES = ("levels", "branches", "flip", "n_features", "feature", "item")
_ABOUT_TABLES = ("target", "drop", "categories")
# What the two arrays of an archive are called, in the order in which they are looked for.
_PAIRS = (("inputs", "targets"), ("X", "y"), ("X", "Y"))
_WRITE = "write it with numpy.savez(file, inputs=X, targets=Y)"
_BONES = (-1, 1, 1, 1, -1, -1, -1, -1)


@dataclass(frozen=True, eq=False)
class Problem:
    """What is learned.

    Parameters
    ----------
    name : str
        Of the data.
    inputs, targets : ndarray
        One sample a row.
    tree : Tree or None
        Where the samples are its items.
    item_names : tuple of str
        Of the samples.
    output_names : tuple of str
        Of the features or outputs.
    rows, columns : list of int
        The samples and outputs whose prediction may be followed.
    told : str
        What was read as what.
    """

    name: str
    inputs: FloatArray
    targets: FloatArray
    tree: Tree | None
    item_names: tuple[str, ...]
    output_names: tuple[str, ...]
    rows: list[int]
    columns: list[int]
    told: str = ""

    def output_name(self, output: int) -> str:
        """Return the name of a feature or an output."""
        return self.output_names[output]

    def describe(self) -> dict[str, Any]:
        """Return what an environment says of the data."""
        return {
            "name": self.name,
            "checksum": checksum([self.inputs, self.targets]),
            "n_samples": len(self.inputs),
            "n_inputs": self.inputs.shape[1],
            "n_outputs": self.targets.shape[1],
            "told": self.told,
        }


def read_problem(config: DynamicsConfig) -> Problem:
    """Grow the tree, or read the file, that a config names.

    Raises
    ------
    InscapeError
        If an option or the file cannot hold.
    """
    if config.data == TREE:
        _refuse(config, _ABOUT_TABLES, "table")
    problem = _grow(config) if config.data == TREE else _read(config)
    return replace(problem, inputs=whiten(problem.inputs)) if config.whiten else problem


def _refuse(config: DynamicsConfig, names: tuple[str, ...], what: str) -> None:
    for option in fields(config):
        given = getattr(config, option.name)
        if option.name in names and given != option.default:
            raise InvalidParameterError(
                f"`{option.name}` must be left out for {config.data}, which is no {what}; got "
                f"{given!r}."
            )


def _grow(config: DynamicsConfig) -> Problem:
    children = check_widths("branches", config.branches, fewest=1)
    one = len(children) == 1
    levels = config.levels if config.levels is not None else 3 if one else len(children)
    grown = tree(
        levels,
        children[0] if one else children,
        config.flip,
        config.n_features,
        random_state=config.random_state,
    )
    if config.feature is not None:
        grown = grown.add_feature(*_read_feature(config.feature))
    elif grown.branches == (2, 2, 2):
        grown = grown.rename({"Goldfish": "Shark"}).add_feature("has_bones", _BONES)
    rows, columns = [*range(grown.n_items)], [*range(grown.targets.shape[1])]
    if config.item is not None:
        rows = [find_name("item", config.item, grown.item_names)]
    if grown.added:
        columns = [grown.n_generated]
    names = (grown.item_names, grown.feature_names)
    return Problem(TREE, grown.inputs, grown.targets, grown, *names, rows, columns)


def _read_feature(text: str) -> tuple[str, list[float]]:
    """Read NAME=1,-1,... ; what the values must be is the tree's to say."""
    name, _, values = text.rpartition("=")
    try:
        return name.strip(), [float(value) for value in values.split(",")]
    except ValueError as error:
        raise InvalidParameterError(
            f"`feature` must be a name and a value for each item, such as has_fins=1,1,-1,-1; got "
            f"{text!r}."
        ) from error


def _read(config: DynamicsConfig) -> Problem:
    _refuse(config, _ABOUT_TREES, "tree")
    path, told = Path(config.data).expanduser(), ""
    if suffix_of(path) in TABLE_READERS and path.is_file():
        X, Y, outputs, told = _read_table(config, path)
    else:
        _refuse(config, _ABOUT_TABLES, "table")
        X, Y = _read_archive(path)
        outputs = tuple(f"output {i}" for i in range(len(Y.T)))
    names = tuple(f"sample {i}" for i in range(len(X)))
    return Problem(
        path.name, X, Y, None, names, outputs, [*range(len(X))], [*range(len(Y.T))], told
    )


def _read_table(
    config: DynamicsConfig, path: Path
) -> tuple[FloatArray, FloatArray, tuple[str, ...], str]:
    """Return inputs and targets of a table, the names of the latter, and what was chosen."""
    if not config.target:
        raise InvalidParameterError(
            f"`target` must name the columns of {path.name} that are predicted; got none: add "
            "--target NAME, once for each."
        )
    predicted = read(path, reading=Reading(columns=config.target, categories="one_hot"))
    # As they were found: one text may have named several.
    columns = predicted.description.columns
    assert columns is not None
    targets = tuple(source.name for source in columns.sources)
    others = Reading(drop=(*config.drop, *targets), categories=config.categories)
    known = read(path, reading=others)
    X, Y = check_inputs_and_targets(known.all_or_train.X, predicted.all_or_train.X)
    names = predicted.description.feature_names
    return X, Y, names, "; ".join([*known.told, f"predicted are {listed(list(names))}"])


def _read_archive(path: Path) -> tuple[FloatArray, FloatArray]:
    if not path.is_file():
        raise DataNotFoundError(
            f"{path} must be {TREE!r}, a .npz file with the arrays inputs and targets, or a table; "
            "there is none: check the path."
        )
    try:
        # Opened here, because NumPy leaves a damaged archive open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            names = archive.files
            pair = next((pair for pair in _PAIRS if set(pair) <= set(names)), ())
            arrays = [archive[name] for name in pair]
    except (ValueError, EOFError, OSError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise DamagedFileError(
            f"{path} must be a whole .npz file of numbers, or a table; it is damaged, cut short or "
            f"something else: {_WRITE}."
        ) from error
    if not arrays:
        raise InvalidDataError(
            f"{path} must hold the arrays inputs and targets, or X and y; got "
            f"{', '.join(names) or 'none'}: {_WRITE}."
        )
    inputs, targets = arrays
    return check_inputs_and_targets(inputs, targets[:, None] if targets.ndim == 1 else targets)
