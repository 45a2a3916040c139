"""The rows of a search for clusters, and their labels, if they have any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inscape._typing import FloatArray, ImageShape
from inscape.data import Reading, load
from inscape.data.files import read
from inscape.data.named import NAMED
from inscape.runs.config import ClustersConfig, FitConfig
from inscape.runs.run import Run, check_fit


@dataclass(frozen=True, eq=False)
class Table:
    """The rows, in their order.

    Parameters
    ----------
    name : str
        Of the data.
    X : ndarray, shape (n_samples, n_features)
        All rows; of a named data set the training rows and then the test rows.
    labels : ndarray of str, shape (n_samples,), or None
        What they are known to be.
    feature_names : sequence of str
        Of the columns.
    image_shape : tuple of int, or None
        Of pictures.
    """

    name: str
    X: FloatArray
    labels: np.ndarray | None
    feature_names: Sequence[str]
    image_shape: ImageShape | None


def read_table(config: ClustersConfig) -> Table:
    """Return the rows that a config names.

    A file is read as it was for the run whose model encodes it.

    Raises
    ------
    InscapeError
        If the data, or the run, cannot be read.
    """
    reading = Reading(target=config.target)
    if config.model is not None:
        run = Run(Path(config.model))
        check_fit(run, "encode rows")
        asked = run.config
        assert isinstance(asked, FitConfig)
        if config.target is None and asked.data == config.data:
            reading = asked.reading()
    if config.data in NAMED:
        dataset = load(config.data)
        parts, names = [dataset.train, dataset.test], dataset.class_names
        columns, shape = dataset.feature_names, dataset.image_shape
    else:
        contents = read(config.data, reading=reading)
        parts = [part for part in (contents.all_or_train, contents.test) if part is not None]
        told = contents.description
        names, columns, shape = told.class_names, told.feature_names, told.image_shape
    name = config.data.rstrip("/").rpartition("/")[2]
    X = np.concatenate([part.X for part in parts])
    found = [part.y for part in parts if part.y is not None]
    labels = None
    if len(found) == len(parts):
        y = np.concatenate(found)
        # Numbers that are not whole are no kinds.
        if names is not None or (y == np.floor(y)).all():
            words = [f"{value:g}" for value in y] if names is None else [names[int(i)] for i in y]
            labels = np.array(words)
    return Table(name, X, labels, columns, shape)


def data_of(run: str) -> str | None:
    """Return the data that a run was fitted on, or None where the path is of no run of a fit.

    Parameters
    ----------
    run : str
        A path, or the name of a data set.
    """
    if run in NAMED or not (Path(run) / "config.toml").is_file():
        return None
    found = Run(Path(run))
    check_fit(found, "encode rows")
    asked = found.config
    assert isinstance(asked, FitConfig)
    return asked.data
