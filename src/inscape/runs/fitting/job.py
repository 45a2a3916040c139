"""The main job: data in, a finished run directory out; killed at any moment, it can go on.

The directory appears whole, with the config and the environment, once every check has passed and
before training starts. After that each file is written whole or not at all, and MANIFEST last.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from tqdm.auto import tqdm

from inscape._checks import check_integer
from inscape._errors import InscapeError, InvalidDataError, InvalidParameterError
from inscape._files import claim_directory, hold_directory, remove_unfinished
from inscape._parts import resolve_part, spell_part
from inscape._typing import FloatArray
from inscape.data import Dataset, load_reading
from inscape.estimators.inputs import choose_device
from inscape.estimators.persistence import save_model
from inscape.measures import codebook_usage, reconstruct, unexplained_by_column
from inscape.networks import INITIALIZATIONS, Dense, Quantizer
from inscape.runs.comparison import compare, fit_baselines
from inscape.runs.config import AUTOENCODER, CONDITIONAL, FitConfig
from inscape.runs.environment import default_threads, describe_environment, torch_threads
from inscape.runs.fitting.building import build_estimator
from inscape.runs.fitting.checkpoint import (
    CONFIG_DIGEST,
    RESUMED_WITH,
    Checkpoint,
    Checkpoints,
    load_checkpoint,
    make_origin,
    tell_changes,
)
from inscape.runs.fitting.conditions import check_told, told
from inscape.runs.fitting.labels import tell_labels
from inscape.runs.fitting.learning import floors, follow_held_out
from inscape.runs.fitting.pictures import add_figures
from inscape.runs.fitting.seeds import add_spread, tell_spread
from inscape.runs.fitting.summary import write_page
from inscape.runs.kinds import read_config
from inscape.runs.run import Run, check_fit
from inscape.runs.writer import RunWriter
from inscape.training import Recorder, Report
from inscape.training.progress import with_progress

# Who looks at the estimator as it is at a report, and says whether it is trained on.
Watch: TypeAlias = Callable[[Report, Any], bool]

# The options that a config tells as words with all their options.
_SPELLED = [
    "network",
    "likelihood",
    "optimizer",
    "bottleneck",
    "corruption",
    "penalty",
    "posterior",
    "prior",
    "divergence",
    "bound",
]
# Columns that come back worst are named where there are more than a few.
_WORST, _FEW_COLUMNS = 3, 4
# A checkpoint after each epoch, but not more often than this, in seconds.
_CHECKPOINT_INTERVAL = 1.0


def fit(
    config: FitConfig,
    path: str | Path | None = None,
    *,
    data: Dataset | None = None,
    overwrite: bool = False,
    progress: bool = False,
    watch: Watch | None = None,
) -> Run:
    """Fit an autoencoder, and keep everything about it in a run directory.

    Parameters
    ----------
    config : FitConfig
        What is asked for.
    path : path-like or None
        A new directory; None takes the next free one below ``runs/``.
    data : Dataset or None
        In place of the data that `config` names; such a run cannot be resumed from the command
        line.
    overwrite : bool
        Whether a run that is there may be replaced; it stays until training is about to start.
    progress : bool
        Whether to draw a progress bar on a terminal.
    watch : callable or None
        Called with each report and the estimator as it is then, its network in training mode; it
        may take its time. Once it answers False, training ends with the pass over the rows, and the
        run can be resumed. What it raises ends training at once, and so can the run then.

    Returns
    -------
    Run
        Finished, unless `watch` ended it.

    Raises
    ------
    RunExistsError
        If something is at `path` already.
    StorageError
        If another process is writing there.
    InscapeError
        If an option, the data or the place cannot hold; nothing is left behind then.
    """
    given = None if path is None else Path(path)
    with claim_directory(given, first_path(config), overwrite=overwrite) as path:
        dataset = load_data(config) if data is None else data
        environment = describe_environment(
            dataset, n_threads=default_threads(), device=str(choose_device(config.device))
        )
        writer = RunWriter(path, config, environment)
        job = _Job(writer, config, dataset, progress, watch=watch)
        return job.execute(overwrite=overwrite)


def resume(path: str | Path, *, data: Dataset | None = None, progress: bool = False) -> Run:
    """Go on with an interrupted run; it ends with the same bits as one that never stopped.

    Parameters
    ----------
    path : path-like
        A run; where it is finished already, nothing is done.
    data : Dataset or None
        The data, where the run was started with an object.
    progress : bool
        Whether to draw a progress bar on a terminal.

    Raises
    ------
    RunNotFoundError
        If there is no run at `path`, or one of another kind.
    InvalidDataError
        If the data are not those that the run was started with.
    InvalidParameterError
        If the config is not.
    StorageError
        If another process is writing it.
    DamagedFileError
        If the state to go on from is not as it was written, or of another run.

    Warns
    -----
    RunWarning
        If it goes on with other versions, or from a state that has no checksum.
    """
    run = Run(Path(path))
    check_fit(run, "be resumed")
    if run.finished:
        return run
    with hold_directory(run.path):
        # Who held it until now may have finished it.
        return run if run.finished else _go_on(run, data, progress)


def _go_on(run: Run, data: Dataset | None, progress: bool) -> Run:
    remove_unfinished(run.path)
    environment = run.environment
    checkpoint = load_checkpoint(run.path, environment)
    config = read_config(run.path / "config.toml", FitConfig)
    dataset = load_data(config) if data is None else data
    if dataset.checksum != environment["data"]["checksum"]:
        raise InvalidDataError(
            f"The data must be those that {run.path} was started with; {dataset.name} has another "
            "checksum: bring back the old data, or start a new run."
        )
    writer = RunWriter(run.path, config, environment)
    return _Job(writer, config, dataset, progress, checkpoint).execute()


def first_path(config: FitConfig) -> Path:
    """Return the name below ``runs/`` of a run that is given none; the next free one is taken."""
    return Path("runs") / f"{Path(config.data).stem}-{_short(config.model)}{config.n_components}"


def _short(model: str) -> str:
    return "ae" if model == AUTOENCODER else f"{model.lower().replace(' ', '-')}-"


def load_data(config: FitConfig) -> Dataset:
    """Return the data that a config names, read as it says.

    Parameters
    ----------
    config : FitConfig
        What is asked for.
    """
    return load_reading(
        config.data,
        config.reading(),
        test_fraction=config.test_fraction,
        random_state=config.random_state,
    )


@dataclasses.dataclass
class _Job:
    """One fit on its way into one directory."""

    writer: RunWriter
    config: FitConfig
    dataset: Dataset
    progress: bool
    checkpoint: Checkpoint | None = None
    watch: Watch | None = None

    def execute(self, *, overwrite: bool | None = None) -> Run:
        """Train, measure, draw, and write MANIFEST; `overwrite` is None where a run goes on."""
        asked = self.config
        check_integer("seeds", asked.seeds, minimum=1)
        estimator = build_estimator(asked, self.dataset.image_shape)
        check_told(self.dataset, getattr(estimator, "conditional", False), asked.model)
        path = self.writer.path
        with torch_threads(self.writer.environment["n_threads"]):
            recorder = self._train(estimator, overwrite)
            if recorder is None:
                return Run(path)
            # Before it is saved: what is told of columns calls them by the names of the data.
            estimator.diagnosis(feature_names=self.dataset.feature_names)
            save_model(estimator, path / "model")
            others = self._train_others(asked)
            with tqdm(total=2, leave=False, disable=None if self.progress else True) as bar:
                bar.set_description("comparing with PCA and NMF")
                metrics, representations = self._measure(estimator, recorder, others)
                self.writer.add_metrics(metrics)
                bar.update()
                bar.set_description("drawing figures")
                baselines = dict(list(representations.items())[1:])
                add_figures(self.writer, self.dataset, estimator, baselines, recorder, metrics)
                add_spread(self.writer, metrics)
        write_page(self.writer, self.config, metrics)
        return Run(path)

    def _train(self, estimator: Any, overwrite: bool | None) -> Recorder | None:
        """Train, and write checkpoints; return None where it was stopped on the way.

        `overwrite` is None where a run goes on.
        """
        found = self.checkpoint
        recorder = Recorder() if found is None else found.recorder
        pairs = estimator.iter_fit(
            self.dataset.train, checkpoint=None if found is None else found.state
        )
        # Every check has been made when the first pair comes.
        first = next(pairs) if found is None else self._restored(pairs)
        if overwrite is not None:
            self._appear(estimator, overwrite)
        checkpoints = self._checkpoints()
        saved = time.monotonic()
        stopped = False
        for report, state in self._with_bar(itertools.chain([first], pairs)):
            recorder.observe(report, state.network)
            goes_on = self.watch is None or self.watch(report, estimator)
            stopped = stopped or not goes_on
            due = stopped or time.monotonic() - saved > _CHECKPOINT_INTERVAL
            if report.epoch_done and (due or report.step == report.n_steps):
                checkpoints.save(state, recorder)
                saved = time.monotonic()
            if stopped and (report.epoch_done or report.step == 0):
                return None
        trained_with = checkpoints.origin.trained_with
        if len(trained_with) > 1:
            self.writer.add_to_environment(**{RESUMED_WITH: trained_with[1:]})
        return recorder

    def _appear(self, estimator: Any, overwrite: bool) -> None:
        self.config = self.writer.config = resolve_config(self.config, estimator)
        text = self.config.to_toml(self.writer.path)
        self.writer.environment |= {CONFIG_DIGEST: hashlib.sha256(text.encode()).hexdigest()}
        self.writer.appear(overwrite=overwrite)

    def _checkpoints(self) -> Checkpoints:
        config = (self.writer.path / "config.toml").read_bytes()
        found = self.checkpoint
        if found is None:
            return Checkpoints(self.writer.path, make_origin(config, self.writer.environment))
        origin = make_origin(config, self.writer.environment, trained_with=found.trained_with)
        tell_changes(self.writer.path, found.trained_with[-1], origin.trained_with[-1])
        return Checkpoints(self.writer.path, origin, found.written)

    def _restored(self, pairs: Any) -> Any:
        """Return the first pair of a training that goes on."""
        try:
            return next(pairs)
        except InscapeError:
            raise
        except (IndexError, KeyError, RuntimeError, ValueError) as error:
            # A state that has a checksum and the config's cannot come here.
            raise InvalidParameterError(
                f"{self.writer.path / 'config.toml'} must ask for what the checkpoint is of; they "
                "do not go together: bring the config back, or start another run."
            ) from error

    def _with_bar(self, pairs: Any) -> Any:
        return with_progress(pairs, label=self.writer.path.name) if self.progress else pairs

    def _train_others(self, asked: FitConfig) -> dict[int, Any]:
        """Return by their seeds the models of further trainings on the same rows."""
        others = {}
        for seed in range(asked.random_state + 1, asked.random_state + asked.seeds):
            one = dataclasses.replace(asked, random_state=seed)
            other = build_estimator(one, self.dataset.image_shape)
            pairs = other.iter_fit(self.dataset.train)
            if self.progress:
                label = f"{self.writer.path.name}, seed {seed}"
                pairs = with_progress(pairs, label=label, leave=False)
            for _ in pairs:
                pass
            others[seed] = other
        return others

    def _measure(
        self, estimator: Any, recorder: Recorder, others: dict[int, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        train, test, y = self.dataset.train.X, self.dataset.test.X, self.dataset.test.y
        plain = told(estimator, y)
        baselines, seconds, missing = fit_baselines(
            train,
            n_components=estimator.n_components_,
            random_state=self.config.random_state,
            scaler=estimator.scaler_,
            X_test=test,
        )
        name = "Autoencoder" if self.config.model == AUTOENCODER else self.config.model
        representations: dict[str, Any] = {name: plain, **baselines}
        seconds[name] = sum(entry["seconds"] for entry in estimator.history_)
        table = compare(representations, test)
        # What is told the labels says nothing of how well they can be read from codes.
        asked = representations if estimator.conditions_ is None else baselines
        of_labels, labels = tell_labels(asked, self.dataset, estimator.scaler_)
        for key, row in table.items():
            row |= {"fit_seconds": seconds[key], **of_labels.get(key, {})}
        seeds = self._spread(others, name, table)
        curve, overfits = follow_held_out(estimator, recorder, test, y)
        report = getattr(estimator, "latent_report_", None)
        log_likelihood = estimator.score(test, y)
        return {
            "n_components": estimator.n_components_,
            "test": table,
            "labels": labels,
            "missing": missing,
            "seeds": seeds,
            "told": None if estimator.conditions_ is None else self.config.conditional,
            "worst_columns": self._worst_columns(plain),
            "learning": {
                "scaled": estimator.scaler_ is not None,
                "held_out": [asdict(moment) for moment in curve],
                "floors": floors(baselines, test, estimator.scaler_),
                "overfits": overfits,
            },
            "log_likelihood": {
                "nats_per_sample": log_likelihood,
                "nats_per_feature": log_likelihood / test.shape[1],
            },
            "dead_units": list(estimator.dead_units_),
            "diagnosis": estimator.diagnosis(),
            "length": estimator.length_,
            "latent": None if report is None else {**asdict(report), "told": report.told},
            "codebook": _codebook(estimator, test),
            "epochs": estimator.history_[-1]["epoch"],
            "steps": estimator.history_[-1]["step"],
        }, representations

    def _spread(
        self, others: dict[int, Any], name: str, table: dict[str, dict[str, float]]
    ) -> dict[str, Any] | None:
        """Return what each seed gave, beside what the model that is kept did; None for one seed."""
        if not others:
            return None
        test, y = self.dataset.test.X, self.dataset.test.y
        plain = {str(seed): told(other, y) for seed, other in others.items()}
        rows = compare(plain, test)
        asked = plain if next(iter(others.values())).conditions_ is None else {}
        scaler = next(iter(others.values())).scaler_
        of_labels = tell_labels(asked, self.dataset, scaler)[0] if asked else {}
        for (seed, other), row in zip(others.items(), rows.values(), strict=True):
            seconds = sum(entry["seconds"] for entry in other.history_)
            row |= {"fit_seconds": seconds, **of_labels.get(str(seed), {})}
        found = zip(others, rows.values(), strict=True)
        return tell_spread({self.config.random_state: table[name], **dict(found)})

    def _worst_columns(self, representation: Any) -> list[dict[str, Any]]:
        """Return the columns of a table that come back worst, and what is left of each."""
        names, X = self.dataset.feature_names, self.dataset.test.X
        if self.dataset.image_shape is not None or X.shape[1] < _FEW_COLUMNS:
            return []
        left = np.nan_to_num(unexplained_by_column(X, reconstruct(representation, X)), nan=-1.0)
        worst = np.argsort(-left, kind="stable")[:_WORST]
        return [
            {"column": names[j] if names else str(j), "unexplained": float(left[j])}
            for j in worst
            if left[j] >= 0
        ]


def resolve_config(config: FitConfig, estimator: Any) -> FitConfig:
    """Return the config with every value that was left to a default, as the estimator has it.

    Parameters
    ----------
    config : FitConfig
        What was asked for.
    estimator : NetworkEstimator
        Whose training is about to start.
    """
    parts: dict[str, Any] = {
        field.name: getattr(estimator.parts_, field.name)
        for field in dataclasses.fields(estimator.parts_)
        if field.name in _SPELLED
    }
    if config.network is None and isinstance(parts["network"], Dense):
        # Told by its own options.
        del parts["network"]
    spelled: dict[str, Any] = {
        name: tuple(map(spell_part, part)) if isinstance(part, tuple) else spell_part(part)
        for name, part in parts.items()
        if part is not None
    }
    start = resolve_part("initialization", config.initialization, INITIALIZATIONS)
    words = {value: word for word, value in CONDITIONAL.items()}
    spelled["conditional"] = words.get(getattr(estimator, "conditional", False))
    return dataclasses.replace(
        config, **spelled, **estimator.training_, schedule=None, initialization=spell_part(start)
    )


def _codebook(estimator: Any, test: FloatArray) -> dict[str, Any] | None:
    """Return how much of its codebook a quantised representation uses; None for any other."""
    found = [m for m in estimator.network_.modules() if isinstance(m, Quantizer)]
    if not found:
        return None
    size, width = found[0].codebook.shape
    symbols = estimator.transform(test).reshape(-1, width)
    usage = codebook_usage(symbols, codebook_size=size)
    return {"size": size, "used": usage.n_used, "perplexity": usage.perplexity}
