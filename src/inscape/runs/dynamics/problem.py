"""What a deep linear network is asked to learn: a tree of items, or a file with two arrays."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass, fields
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
from inscape.data import Tree, tree
from inscape.data.dataset import checksum
from inscape.runs.config import TREE, DynamicsConfig

_ABOUT_TREES = ("levels", "branches", "flip", "n_features", "feature", "item")
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
    rows, columns : list of int
        The samples and outputs whose prediction may be followed.
    """

    name: str
    inputs: FloatArray
    targets: FloatArray
    tree: Tree | None
    item_names: tuple[str, ...]
    rows: list[int]
    columns: list[int]

    def output_name(self, output: int) -> str:
        """Return the name of a feature or an output."""
        return f"output {output}" if self.tree is None else self.tree.feature_names[output]

    def describe(self) -> dict[str, Any]:
        """Return what an environment says of the data."""
        return {
            "name": self.name,
            "checksum": checksum([self.inputs, self.targets]),
            "n_samples": len(self.inputs),
            "n_inputs": self.inputs.shape[1],
            "n_outputs": self.targets.shape[1],
        }


def read_problem(config: DynamicsConfig) -> Problem:
    """Grow the tree, or read the file, that a config names.

    Raises
    ------
    InscapeError
        If an option or the file cannot hold.
    """
    if config.data == TREE:
        return _grow(config)
    for option in fields(config):
        given = getattr(config, option.name)
        if option.name in _ABOUT_TREES and given != option.default:
            raise InvalidParameterError(
                f"`{option.name}` must be left out for {config.data}, which is no tree; got "
                f"{given!r}."
            )
    X, Y = _read_file(Path(config.data).expanduser())
    names = tuple(f"sample {i}" for i in range(len(X)))
    return Problem(Path(config.data).name, X, Y, None, names, [*range(len(X))], [*range(len(Y.T))])


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
    return Problem(TREE, grown.inputs, grown.targets, grown, grown.item_names, rows, columns)


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


def _read_file(path: Path) -> tuple[FloatArray, FloatArray]:
    if not path.is_file():
        raise DataNotFoundError(
            f"{path} must be {TREE!r} or a .npz file with the arrays inputs and targets; there is "
            "none: check the path."
        )
    try:
        # Opened here, because NumPy leaves a damaged archive open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            names = archive.files
            arrays = {name: archive[name] for name in ("inputs", "targets") if name in names}
    except (ValueError, EOFError, OSError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise DamagedFileError(
            f"{path} must be a whole .npz file of numbers; it is damaged, cut short or something "
            "else: write it with numpy.savez(file, inputs=X, targets=Y)."
        ) from error
    if len(arrays) < 2:
        raise InvalidDataError(
            f"{path} must hold the arrays inputs and targets; got {', '.join(names) or 'none'}: "
            "write it with numpy.savez(file, inputs=X, targets=Y)."
        )
    return check_inputs_and_targets(arrays["inputs"], arrays["targets"])
