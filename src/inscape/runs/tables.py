"""The rows that a run of a use is asked about: read once, in one way, whatever the use."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import numpy as np

from inscape._errors import InvalidParameterError
from inscape._files import write_atomic
from inscape._typing import FloatArray, ImageShape
from inscape.data import Description, Reading, Split, load
from inscape.data.arrays import Contents
from inscape.data.files import read, read_for
from inscape.data.floats import column_means, fill_missing
from inscape.data.labels import written_label
from inscape.data.named import NAMED
from inscape.estimators.opening import open_rows
from inscape.runs.config import AnomaliesConfig, ClassificationConfig, ClustersConfig, FitConfig
from inscape.runs.places import same_place
from inscape.runs.run import Run
from inscape.uses.loading import load_representation

UseConfig = TypeVar("UseConfig", AnomaliesConfig, ClassificationConfig, ClustersConfig)
# What is looked at where nothing is named.
_DATA: Final = "mnist"


@dataclass(frozen=True, eq=False, kw_only=True)
class Table:
    """Rows in their order, with what is kept beside them.

    Parameters
    ----------
    name : str
        Of the data.
    rows : Split
        All rows, with what is kept beside them and what their columns are.
    held_out : ndarray of bool, shape (n_samples,)
        Which rows are the test part of the data.
    places : ndarray of int, shape (n_samples,)
        Where each row stands in the source, some of whose rows may have been dropped.
    fills : bool
        Whether means are still to stand for what is missing.
    told : tuple of str
        What was chosen in reading them.
    model : Any
        What encodes them: the model of a run, or None.
    """

    name: str
    rows: Split
    held_out: np.ndarray
    places: np.ndarray
    fills: bool = False
    told: tuple[str, ...] = ()
    model: Any = None

    @property
    def X(self) -> FloatArray:
        """All rows, (n_samples, n_features)."""
        return self.rows.X

    @property
    def description(self) -> Description:
        """What their columns are."""
        assert self.rows.description is not None
        return self.rows.description

    @property
    def image_shape(self) -> ImageShape | None:
        """Of pictures."""
        return self.description.image_shape

    @property
    def header(self) -> list[str]:
        """What stands over `beside`."""
        return ["row", *self.rows.kept]

    def beside(self) -> list[list[Any]]:
        """Return for each row where it stands in the source, and what is kept."""
        kept = list(zip(*self.rows.kept.values(), strict=True)) or [()] * len(self.places)
        return [[place, *words] for place, words in zip(self.places.tolist(), kept, strict=True)]

    def named(self, i: int) -> dict[str, Any]:
        """Return by what a row is known: where it stands in the source, and what is kept."""
        kept = {name: str(values[i]) for name, values in self.rows.kept.items()}
        return {"row": int(self.places[i]), "kept": kept}

    def part(self, which: np.ndarray) -> Split:
        """Return some rows with what their columns are, for a use to learn from."""
        return Split(self.X[which], description=self.description)

    def filled(self, learned: np.ndarray) -> Self:
        """Return rows in which the means of those learned from stand for what is missing.

        Raises
        ------
        InvalidDataError
            If a column has no value in these.
        """
        if not self.fills:
            return self
        means = column_means(self.X[learned], self.description.feature_names)
        described = replace(self.description, means=tuple(means.tolist()))
        gaps = int(np.isnan(self.X).sum())
        told = (f"{gaps} missing values are the means of the rows learned from",) if gaps else ()
        rows = replace(self.rows, X=fill_missing(self.X, means), description=described)
        return replace(self, rows=rows, fills=False, told=(*self.told, *told))


def with_run(config: UseConfig) -> UseConfig:
    """Return a config with what it leaves to the run of its model.

    That are the data, and where these are the run's own, how they are read. Without a run it is
    the data that are looked at where none are named.
    """
    run = None if config.model is None else Path(config.model)
    if run is None or not (run / "config.toml").is_file():
        return replace(config, data=config.data or _DATA)
    asked = Run(run).config
    # What encodes no rows is refused when it is loaded.
    if not isinstance(asked, FitConfig):
        return replace(config, data=config.data or _DATA)
    if config.data is not None and not same_place(config.data, asked.data, words=NAMED):
        return config
    chosen = asked.reading().chosen()
    left: dict[str, Any] = {
        name: getattr(asked, name) for name in chosen if name not in config.reading().chosen()
    }
    return replace(config, data=asked.data, **left)


def read_rows(source: str | None, run: str | None, reading: Reading) -> Table:
    """Return the rows of a source; with the model of a run, columns are found by its names.

    Parameters
    ----------
    source : str
        A named data set, a file or a folder.
    run : str or None
        Where the model is that encodes them.
    reading : Reading
        How they are read.

    Raises
    ------
    RunNotFoundError
        If there is no model, or it does not encode.
    InscapeError
        If the data cannot be read, or are not those of the model.
    """
    assert source is not None
    model = None if run is None else load_representation(run)
    if getattr(model, "conditions_", None) is not None:
        raise InvalidParameterError(
            f"`model` must be a run whose model is told nothing beside the rows; {run} holds a "
            "conditional one: bind it with given(y) in Python, or give another run."
        )
    contents = _contents(source, model, reading)
    rows = contents.whole()
    if model is not None:
        # Pictures of its size, and columns in its order; classes are the data's.
        opened = open_rows(rows, model.description_, reset=False)
        described = opened.description or contents.description
        described = replace(described, class_names=contents.description.class_names)
        rows = replace(rows, X=opened.values, description=described)
    places = np.arange(rows.n_samples)
    return Table(
        name=source.rstrip("/").rpartition("/")[2],
        rows=rows,
        held_out=places >= contents.all_or_train.n_samples,
        places=places if contents.places is None else contents.places,
        fills=contents.fill,
        told=contents.told,
        model=model,
    )


def _contents(source: str, model: Any, reading: Reading) -> Contents:
    if source in NAMED:
        reading.refuse("a named set is read already")
        dataset = load(source)
        return Contents(dataset.train, dataset.test, dataset.description, dataset.checksum)
    if model is None:
        return read(source, reading=reading)
    return read_for(source, model.description_, reading)


def written_labels(rows: Split) -> list[str] | None:
    """Return labels as people write them: 3 and not 3.0, 1000001 and not 1e+06; None without any.

    Examples
    --------
    >>> written_labels(Split(np.zeros((3, 1)), np.array([3.0, 0.5, 1000001.0])))
    ['3', '0.5', '1000001']
    """
    if rows.y is None:
        return None
    names = None if rows.description is None else rows.description.class_names
    if names is not None:
        return [names[int(value)] for value in rows.y]
    return [written_label(value) for value in rows.y.tolist()]


def write_lines(path: Path, header: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    """Write a .csv file; floats have as many digits as come back to the same bits."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    write_atomic(path, buffer.getvalue())
