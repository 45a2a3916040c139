"""The rows of a search for clusters, and their labels, if they have any."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inscape.runs import tables
from inscape.runs.config import ClustersConfig
from inscape.runs.tables import read_rows, written_labels


@dataclass(frozen=True, eq=False, kw_only=True)
class Table(tables.Table):
    """The rows, all of which are learned from.

    Parameters
    ----------
    labels : ndarray of str, shape (n_samples,), or None
        What they are known to be.
    """

    labels: np.ndarray | None


def read_table(config: ClustersConfig) -> Table:
    """Return the rows that a config names.

    Raises
    ------
    InscapeError
        If the data, or the run, cannot be read.
    """
    found = read_rows(config.data, config.model, config.reading())
    y, words = found.rows.y, written_labels(found.rows)
    labels = None
    # Numbers that are not whole are no kinds.
    if y is not None and (found.description.class_names is not None or (y == np.floor(y)).all()):
        labels = np.array(words)
    return Table(**vars(found), labels=labels).filled(np.ones(len(found.X), bool))
