"""Run a recipe into a directory: results.json, figures, a page."""

from __future__ import annotations

import importlib
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from tqdm.auto import tqdm

from inscape._checks import look_up
from inscape._files import claim_directory
from inscape._typing import FloatArray, ImageShape, IntArray
from inscape.data import Dataset, Split
from inscape.data import load as load_data
from inscape.estimators import DeadUnitWarning
from inscape.estimators.base import NetworkEstimator
from inscape.figures import map_and_grid, reconstructions
from inscape.measures import reconstruct
from inscape.recipes import RECIPES
from inscape.recipes.results import Result
from inscape.runs.config import ReproductionConfig
from inscape.runs.environment import default_threads, describe_environment, torch_threads
from inscape.runs.page import heading, table
from inscape.runs.writer import RunWriter
from inscape.training import Report, TrainingState

# Rows to train and to test on in the quick form; a recipe that names others takes those.
QUICK_ROWS = (2000, 1000)

_HEADER = ("Experiment", "Metric", "Reference", "Measured", "Deviation", "Ours")
_Estimator = TypeVar("_Estimator", bound=NetworkEstimator)
_Epochs = TypeVar("_Epochs")


@dataclass
class Reproduction:
    """A recipe while it runs: its data, and what it has found.

    Parameters
    ----------
    name : str
        The recipe's.
    quick : bool
        Whether it runs on part of the data, so that its numbers prove nothing.
    dataset : Dataset or None
        The rows, in the quick form the first of them; None where a recipe makes its own.
    results : list of Result
        The numbers.
    figures : dict of str to (Figure, str)
        File name to figure and caption, in the order of reading.
    overview : tuple of (header, rows) or None
        A table of texts in place of one with a line for each result.
    """

    name: str
    quick: bool
    dataset: Dataset | None = None
    results: list[Result] = field(default_factory=list)
    figures: dict[str, tuple[Any, str]] = field(default_factory=dict)
    overview: tuple[list[str], list[list[str]]] | None = None

    # ----------------------------------------------------------------------- what it runs on

    @property
    def X_train(self) -> FloatArray:
        """The training rows."""
        return self._data.train.X

    @property
    def X_test(self) -> FloatArray:
        """The test rows."""
        return self._data.test.X

    @property
    def y_train(self) -> IntArray:
        """The labels of the training rows."""
        assert self._data.train.y is not None
        return self._data.train.y

    @property
    def y_test(self) -> IntArray:
        """The labels of the test rows."""
        assert self._data.test.y is not None
        return self._data.test.y

    @property
    def image_shape(self) -> ImageShape:
        """The (height, width) of a row."""
        assert self._data.image_shape is not None
        return self._data.image_shape

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """The names of the classes, where they have any."""
        return self._data.class_names

    @property
    def _data(self) -> Dataset:
        assert self.dataset is not None
        return self.dataset

    def epochs(self, full: _Epochs, *, quick: _Epochs) -> _Epochs:
        """Return how many epochs to train for: in full, or in the quick form."""
        return quick if self.quick else full

    # ----------------------------------------------------------------------- what it finds

    def add(
        self,
        experiment: str,
        metric: str,
        reference: float,
        measured: float,
        *,
        source: str,
        ours: float | None = None,
    ) -> None:
        """Add a `Result`."""
        self.results.append(
            Result(experiment, metric, source, float(reference), float(measured), ours)
        )

    def keep(self, file: str, drawn: Any, caption: str) -> None:
        """Keep a figure under its file name."""
        self.figures[file] = (drawn, caption)

    def keep_reconstructions(
        self, file: str, representations: Mapping[str, Any], caption: str
    ) -> None:
        """Keep what comes back of the test pictures, a row for each fitted representation.

        What would be a bad sign is added to the caption.
        """
        caption += " A bad sign: a row in which all pictures are alike."
        back = {name: reconstruct(each, self.X_test) for name, each in representations.items()}
        self.keep(file, reconstructions(self.X_test, back, image_shape=self.image_shape), caption)

    def keep_map(self, file: str, representation: Any, caption: str, **options: Any) -> None:
        """Keep where two components put the test pictures, and what each place decodes to.

        `options` are those of `inscape.figures.map_and_grid`; what would be a bad sign is added to
        the caption.
        """
        caption += " Bad signs: all rows on one line, or the same picture everywhere."
        drawn = map_and_grid(
            representation,
            np.asarray(representation.transform(self.X_test)),
            self.y_test,
            image_shape=self.image_shape,
            values=(0.0, 1.0),
            class_names=self.class_names,
            **options,
        )
        self.keep(file, drawn, caption)

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Return header and rows as texts: the overview, or all results."""
        if self.overview is not None:
            return self.overview
        left_out = {"Ours"} if all(result.ours is None for result in self.results) else set()
        if self.quick:
            # Of part of the data: how far it lies from the reference tells nothing.
            left_out.add("Deviation")
        shown = [i for i, name in enumerate(_HEADER) if name not in left_out]
        rows = [result.as_row() for result in self.results]
        return [_HEADER[i] for i in shown], [[row[i] for i in shown] for row in rows]


# --------------------------------------------------------------------------- trainings


def fit_quietly(
    model: _Estimator,
    X: FloatArray,
    y: IntArray | None = None,
    *,
    watch: Callable[[Report, TrainingState], object] | None = None,
) -> _Estimator:
    """Fit without a warning of dead units: a recipe counts them in its results.

    Parameters
    ----------
    model : Autoencoder or VariationalAutoencoder
        Untrained.
    X : ndarray, shape (n_samples, n_features)
        Training rows.
    y : ndarray, shape (n_samples,), or None
        Labels, where the model is told them.
    watch : callable or None
        Is given each report with the live state, as `iter_fit` yields them.

    Returns
    -------
    estimator
        The model.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeadUnitWarning)
        for report, state in model.iter_fit(X, y):
            if watch is not None:
                watch(report, state)
    return model


def dead_units(model: Any) -> str:
    """Return in words how many units of a fitted model are dead, and from which seed."""
    return f"seed {model.random_state}: {len(model.dead_units_)} of {model.n_components} units dead"


def curve(model: Any, name: str) -> tuple[FloatArray, FloatArray]:
    """Return the epochs of a training, and of each a number or a term by its name in `history_`."""
    entries = [entry | entry.get("terms", {}) for entry in model.history_ if entry["epoch"]]
    return np.array([entry["epoch"] for entry in entries]), np.array(
        [entry[name] for entry in entries]
    )


# --------------------------------------------------------------------------- the run


def reproduce(
    name: str,
    path: str | Path | None = None,
    *,
    quick: bool = False,
    overwrite: bool = False,
    progress: bool = False,
) -> tuple[Reproduction, Path]:
    """Run a published experiment, and set its numbers beside those of its source.

    Each recipe's ``LEAD`` tells its protocol and what in it is not the source's, and opens the
    report.

    Parameters
    ----------
    name : str
        A name in `RECIPES`.
    path : path-like or None
        A new directory; None takes the next free one below ``runs/``.
    quick : bool
        A short form on part of the data: it shows that everything runs, and nothing more.
    overwrite : bool
        Whether a directory that is there may be replaced.
    progress : bool
        Whether to draw a progress bar on a terminal.

    Returns
    -------
    tuple of (Reproduction, Path)
        What was found, and the run with ``results.json``, ``figures/`` and ``report.html``.

    Raises
    ------
    InvalidParameterError
        If there is no recipe of that name.
    RunExistsError
        If something is at `path` already.
    """
    module = importlib.import_module(look_up("name", name, RECIPES))
    given = None if path is None else Path(path)
    with claim_directory(given, Path("runs") / name, overwrite=overwrite) as path:
        return _run(module, name, path, quick=quick, overwrite=overwrite, progress=progress), path


def _run(
    module: Any, name: str, path: Path, *, quick: bool, overwrite: bool, progress: bool
) -> Reproduction:
    # A recipe without a dataset makes its own data, and fewer of them where it is to be quick.
    dataset = None if module.DATA is None else load_data(module.DATA)
    if quick and dataset is not None:
        dataset = _part_of(dataset, *getattr(module, "QUICK_ROWS", QUICK_ROWS))
    found = Reproduction(name, quick, dataset)
    n_threads = default_threads()
    environment = describe_environment(dataset, n_threads=n_threads, device="cpu")
    writer = RunWriter(path, ReproductionConfig(name, quick), environment)
    started = time.perf_counter()
    with torch_threads(n_threads), writer.staged(overwrite=overwrite) as run:
        for _ in _with_bar(module.run(found), total=module.N_STEPS, progress=progress):
            pass
        run.add_to_environment(seconds=time.perf_counter() - started)
        _write(run, found, module)
    return found


def _with_bar(steps: Iterator[str], *, total: int, progress: bool) -> Iterator[str]:
    with tqdm(total=total, disable=None if progress else True, unit="experiment") as bar:
        for step in steps:
            bar.set_postfix_str(step)
            bar.update(1)
            yield step


def _write(run: RunWriter, found: Reproduction, module: Any) -> None:
    run.add_metrics([result.as_json() for result in found.results])
    for file, (drawn, caption) in found.figures.items():
        run.add_figure(file, drawn, caption)
    note = " A quick form on part of the data: its numbers prove nothing." if found.quick else ""
    run.finish(
        title=module.TITLE,
        lead=module.LEAD + note,
        body=[heading("Beside the expected numbers"), table(*found.table())],
    )


def _part_of(dataset: Dataset, n_train: int, n_test: int) -> Dataset:
    def first(split: Split, n: int) -> Split:
        return Split(split.X[:n], None if split.y is None else split.y[:n])

    return Dataset(
        name=dataset.name,
        train=first(dataset.train, n_train),
        test=first(dataset.test, n_test),
        image_shape=dataset.image_shape,
        feature_names=dataset.feature_names,
        class_names=dataset.class_names,
        checksum=dataset.checksum,
    )
