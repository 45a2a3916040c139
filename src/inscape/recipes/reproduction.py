"""Run a recipe into a directory: results.json, figures, a page."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from inscape._checks import look_up
from inscape._files import next_free, prepare_directory
from inscape.data import Dataset, Split
from inscape.data import load as load_data
from inscape.recipes import RECIPES
from inscape.recipes.results import Result
from inscape.runs.config import ReproductionConfig
from inscape.runs.environment import default_threads, describe_environment, torch_threads
from inscape.runs.page import heading, table
from inscape.runs.writer import RunWriter

_HEADER = ("Experiment", "Metric", "Reference", "Measured", "Deviation", "Ours")
_QUICK_TRAIN, _QUICK_TEST = 2000, 1000


@dataclass
class Reproduction:
    """What a recipe has found.

    Parameters
    ----------
    name : str
        The recipe's.
    quick : bool
        Whether it ran on part of the data, so that its numbers prove nothing.
    results : list of Result
        The numbers.
    figures : dict of str to (Figure, str)
        File name to figure and caption, in the order of reading.
    overview : tuple of (header, rows) or None
        A table of texts in place of one with a line for each result.
    """

    name: str
    quick: bool
    results: list[Result] = field(default_factory=list)
    figures: dict[str, tuple[Any, str]] = field(default_factory=dict)
    overview: tuple[list[str], list[list[str]]] | None = None

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Return header and rows as texts: the overview, or all results."""
        if self.overview is not None:
            return self.overview
        shown = len(_HEADER) - all(result.ours is None for result in self.results)
        return list(_HEADER[:shown]), [result.as_row()[:shown] for result in self.results]


def reproduce(
    name: str,
    path: str | Path | None = None,
    *,
    quick: bool = False,
    overwrite: bool = False,
    progress: bool = False,
) -> tuple[Reproduction, Path]:
    """Run a published experiment with its own protocol and with our default training.

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
    path = next_free(Path("runs") / name) if path is None else Path(path)
    prepare_directory(path, overwrite=overwrite)
    # A recipe without a dataset makes its own data, and fewer of them where it is to be quick.
    dataset = None if module.DATA is None else load_data(module.DATA)
    if quick and dataset is not None:
        dataset = _part_of(dataset)
    found = Reproduction(name, quick)
    n_threads = default_threads()
    environment = describe_environment(dataset, n_threads=n_threads, device="cpu")
    writer = RunWriter(path, ReproductionConfig(name, quick), environment)
    started = time.perf_counter()
    with torch_threads(n_threads), writer.staged(overwrite=overwrite) as run:
        for _ in _shown(module.run(found, dataset), total=module.N_STEPS, progress=progress):
            pass
        run.add_to_environment(seconds=time.perf_counter() - started)
        _write(run, found, module)
    return found, path


def _shown(steps: Iterator[str], *, total: int, progress: bool) -> Iterator[str]:
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


def _part_of(dataset: Dataset) -> Dataset:
    def first(split: Split, n: int) -> Split:
        return Split(split.X[:n], None if split.y is None else split.y[:n])

    return Dataset(
        name=dataset.name,
        train=first(dataset.train, _QUICK_TRAIN),
        test=first(dataset.test, _QUICK_TEST),
        image_shape=dataset.image_shape,
        feature_names=dataset.feature_names,
        class_names=dataset.class_names,
        checksum=dataset.checksum,
    )
