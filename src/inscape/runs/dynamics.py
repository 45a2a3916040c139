"""The job of ``inscape dynamics``: one exact training of a deep linear network, told and drawn.

The directory appears whole: config, environment, metrics, trajectory, figures, a page, and MANIFEST
last. Where anything is refused, nothing is left behind.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from tqdm.auto import tqdm

from inscape import figures
from inscape._checks import (
    check_choice,
    check_inputs_and_targets,
    check_recorded,
    check_widths,
    find_name,
)
from inscape._errors import (
    DamagedFileError,
    DataNotFoundError,
    InscapeError,
    InvalidDataError,
    InvalidParameterError,
    TrainingDivergedError,
)
from inscape._files import (
    next_free,
    prepare_directory,
    staged_directory,
    write_atomic,
    write_json,
    write_manifest,
    write_tensors,
)
from inscape._typing import FloatArray
from inscape.data import Tree, tree
from inscape.data.dataset import checksum
from inscape.dynamics import (
    IllusoryCorrelations,
    Sweep,
    Trajectory,
    illusory_correlations,
    simulate,
    sweep,
)
from inscape.dynamics.modes import half_rise
from inscape.dynamics.simulation import THEORIES, recorded_epochs
from inscape.figures.similarities import MOST_CHOSEN
from inscape.runs.config import DynamicsConfig
from inscape.runs.environment import describe_software
from inscape.runs.page import figure, heading, lines, listing, page, paragraph, table

HEADER: Final = (
    "Mode",
    "Singular value",
    "Limit",
    "Half-rise epoch",
    "Discrete map",
    "Gradient flow",
)
TREE: Final = "tree"
_ABOUT_TREES = ("levels", "branches", "flip", "n_features", "feature", "item")
_BONES = (-1, 1, 1, 1, -1, -1, -1, -1)
_FEWEST_RECORDS = 2
_LARGEST = 5
# Two half-rises nearer than this share of the training look alike.
_APART = 0.05
_SWEEP_RATES = np.logspace(-1, 1, 20)
_SWEEP_GAMMAS = np.logspace(-12, 0, 17)


def run_dynamics(
    config: DynamicsConfig,
    path: str | Path | None = None,
    *,
    overwrite: bool = False,
    progress: bool = False,
) -> Path:
    """Train a deep linear network exactly, and keep what there is to see in a run directory.

    Parameters
    ----------
    config : DynamicsConfig
        What is asked for.
    path : path-like or None
        A new directory; None takes the next free one below ``runs/``.
    overwrite : bool
        Whether a run that is there may be replaced.
    progress : bool
        Whether to draw a progress bar on a terminal.

    Returns
    -------
    Path
        The directory with ``metrics.json``, ``trajectory.safetensors``, ``figures/`` and
        ``report.html``.

    Raises
    ------
    RunExistsError
        If something is at `path` already.
    TrainingDivergedError
        If training diverged so early that there is nothing to draw.
    InscapeError
        If an option, the data or the place cannot hold; nothing is left behind then.
    """
    path = next_path(config) if path is None else Path(path)
    prepare_directory(path, overwrite=overwrite)
    job = _Job(config, _read_problem(config))
    steps = job.execute(path, overwrite=overwrite)
    with tqdm(steps, total=job.n_steps, leave=False, disable=None if progress else True) as bar:
        for step in bar:
            bar.set_description(step)
    return path


def next_path(config: DynamicsConfig) -> Path:
    """Return the first free name below ``runs/``; a run is never overwritten unasked."""
    return next_free(Path("runs") / f"{Path(config.data).stem}-dynamics")


def table_rows(metrics: Mapping[str, Any], *, most: int | None = None) -> list[list[str]]:
    """Return the modes as texts under `HEADER`, for a page or a terminal.

    Parameters
    ----------
    metrics : mapping
        As in ``metrics.json``.
    most : int or None
        Show the strongest modes only.
    """
    return [
        [
            str(mode["mode"]),
            f"{mode['singular_value']:.4g}",
            f"{mode['limit']:.4g}",
            *("-" if epoch is None else f"{epoch:,}" for epoch in mode["half_rise"].values()),
        ]
        for mode in metrics["modes"][:most]
    ]


# --------------------------------------------------------------------------- what is learned


@dataclass(frozen=True, eq=False)
class _Problem:
    """Samples, targets and their names; `rows` and `columns` are what may be followed."""

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


def _read_problem(config: DynamicsConfig) -> _Problem:
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
    return _Problem(Path(config.data).name, X, Y, None, names, [*range(len(X))], [*range(len(Y.T))])


def _grow(config: DynamicsConfig) -> _Problem:
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
    return _Problem(TREE, grown.inputs, grown.targets, grown, grown.item_names, rows, columns)


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


# --------------------------------------------------------------------------- the job


@dataclass
class _Job:
    """One training on its way into one directory."""

    config: DynamicsConfig
    problem: _Problem
    warnings: list[str] = field(default_factory=list)
    captions: dict[str, str] = field(default_factory=dict)

    @property
    def n_steps(self) -> int:
        """How many steps `execute` tells."""
        return 4 + self.config.sweep

    def execute(self, path: Path, *, overwrite: bool) -> Iterator[str]:
        """Train, measure, draw, and write MANIFEST; tell each step before it is taken."""
        self._check()
        yield "training"
        course = self.course
        if len(course.epochs) < _FEWEST_RECORDS:
            told = str(course.divergence)
            raise TrainingDivergedError(
                f"There must be {_FEWEST_RECORDS} records to draw; {told[:1].lower()}{told[1:]}"
            )
        if course.divergence is not None:
            self.warnings.append(str(course.divergence))
        elif self.config.learning_rate > course.stable_learning_rate:
            self.warnings.append(
                f"learning_rate {self.config.learning_rate:.4g} is above "
                f"{course.stable_learning_rate:.4g}, where the best solution stops being stable: "
                "the loss may swing for ever; take a smaller one."
            )
        if course.divergence is None and (course.half_rise < 0).all():
            self.warnings.append(
                f"No mode was half learned in {course.epochs[-1]:,} epochs: raise gamma, epochs or "
                f"learning_rate (up to {course.stable_learning_rate:.4g})."
            )
        yield "measuring"
        _ = self.illusions, self.theories, self.similarity
        with staged_directory(path, overwrite=overwrite) as stage:
            write_atomic(stage / "config.toml", self.config.to_toml())
            write_json(stage / "environment.json", self.environment)
            write_tensors(stage / "trajectory.safetensors", self._tensors(), self._metadata())
            # In the order in which the report shows them.
            yield "drawing figures"
            self._draw(stage)
            if self.similarity is not None and self.config.animation != "none":
                yield "animating"
                self._animate(stage, self.similarity[:, -1])
            self._draw_illusion(stage)
            if self.config.sweep:
                yield "sweeping"
                self._sweep(stage)
            metrics = self._metrics()
            write_json(stage / "metrics.json", metrics)
            self._report(stage, metrics)
            write_manifest(stage)

    def _check(self) -> None:
        """Refuse before training what would be refused after it."""
        config = self.config
        check_choice("animation", config.animation, ("gif", "mp4", "none"))
        planned = recorded_epochs(config.epochs, config.record_every).tolist()
        for epoch in config.similarity_at:
            check_recorded("similarity_at", epoch, planned)
        if len(set(config.similarity_at)) > MOST_CHOSEN:
            raise InvalidParameterError(
                f"`similarity_at` must hold at most {MOST_CHOSEN} epochs; got "
                f"{len(set(config.similarity_at))}: choose fewer."
            )
        if config.similarity_at and not config.hidden:
            raise InvalidParameterError(
                "`similarity_at` must be left out where there is no hidden layer; got "
                f"{config.similarity_at}."
            )
        if config.sweep and len(set(config.hidden)) > 1:
            raise InvalidParameterError(
                f"`hidden` must be of one width for a sweep; got {config.hidden}: make the layers "
                "equal, or leave the sweep out."
            )

    # ----------------------------------------------------------------------- what came of it

    @cached_property
    def course(self) -> Trajectory:
        """The training."""
        config = self.config
        return simulate(
            self.problem.inputs,
            self.problem.targets,
            hidden=config.hidden,
            gamma=config.gamma,
            initialization=config.initialization,
            learning_rate=config.learning_rate,
            epochs=config.epochs,
            record_every=config.record_every,
            random_state=config.random_state,
        )

    @cached_property
    def illusions(self) -> IllusoryCorrelations:
        """Every prediction that goes astray."""
        return illusory_correlations(self.course)

    @cached_property
    def theories(self) -> dict[str, FloatArray]:
        """What each theory says of the modes; nothing where theory refuses."""
        try:
            with np.errstate(all="ignore"):
                found = {kind: self.course.theoretical_modes(kind) for kind in THEORIES}
            if not all(np.isfinite(modes).all() for modes in found.values()):
                raise InvalidDataError("the modes of theory grow beyond all bounds.")
        except InscapeError as error:
            if self.config.theory:
                told = str(error)
                self.warnings.append(f"Theory is left out: {told[:1].lower()}{told[1:]}")
            return {}
        return found

    @cached_property
    def similarity(self) -> FloatArray | None:
        """Similarity of the samples in every hidden layer, where there is one."""
        if not self.config.hidden:
            return None
        try:
            return self.course.similarity
        except InvalidParameterError as error:
            self.warnings.append(f"Similarity is left out: {error}")
            return None

    @cached_property
    def followed(self) -> tuple[int, int]:
        """The (sample, output) that goes astray farthest, of those that may be followed."""
        size = self.illusions.wrong_sign.size[np.ix_(self.problem.rows, self.problem.columns)]
        row, column = np.unravel_index(int(size.argmax()), size.shape)
        return self.problem.rows[row], self.problem.columns[column]

    def _half_rises(self) -> dict[str, list[int | None]]:
        """Return by whom, measured or a theory, and then for each mode, the half-rise epoch."""
        course = self.course
        found = {"measured": course.half_rise}
        for kind in THEORIES:
            # A theory that refuses predicts nothing.
            modes = self.theories.get(kind, np.zeros(course.modes.shape))
            found[kind] = half_rise(course.epochs, modes, course.mode_limits)
        return {name: [_or_none(epoch) for epoch in epochs] for name, epochs in found.items()}

    def _metrics(self) -> dict[str, Any]:
        course, (row, column) = self.course, self.followed
        half_rises = self._half_rises()
        modes = [
            {
                "mode": k + 1,
                "singular_value": float(course.singular_values[k]),
                "limit": float(course.mode_limits[k]),
                "half_rise": {name: epochs[k] for name, epochs in half_rises.items()},
            }
            for k in range(len(course.mode_limits))
        ]
        return {
            "epochs": int(course.epochs[-1]),
            "loss": {"initial": float(course.loss[0]), "final": float(course.loss[-1])},
            "modes": modes,
            "divergence": None if course.divergence is None else str(course.divergence),
            "followed": {
                "item": self.problem.item_names[row],
                "feature": self.problem.output_name(column),
            },
            "illusory_correlations": {
                kind: self._told(getattr(self.illusions, kind))
                for kind in ("wrong_sign", "overshoot")
            },
            "warnings": self.warnings,
        }

    def _told(self, found: Any) -> dict[str, Any]:
        largest = [
            {
                "item": self.problem.item_names[pair[0]],
                "feature": self.problem.output_name(pair[1]),
                "size": float(found.size[pair]),
                "onset": _or_none(found.onset[pair]),
                "peak": _or_none(found.peak[pair]),
                "decay": _or_none(found.decay[pair]),
            }
            for pair in found.largest(_LARGEST)
        ]
        return {"count": found.n_found, "of": found.size.size, "largest": largest}

    # ----------------------------------------------------------------------- what is written

    @cached_property
    def environment(self) -> dict[str, Any]:
        problem = self.problem
        return describe_software() | {
            "data": {
                "name": problem.name,
                "checksum": checksum([problem.inputs, problem.targets]),
                "n_samples": len(problem.inputs),
                "n_inputs": problem.inputs.shape[1],
                "n_outputs": problem.targets.shape[1],
            }
        }

    def _tensors(self) -> dict[str, np.ndarray]:
        course = self.course
        tensors = {
            "epochs": course.epochs,
            "loss": course.loss,
            "modes": course.modes,
            "sorted_modes": course.sorted_modes,
            "predictions": course.predict(slice(None), self.followed[1])[..., 0],
        }
        if self.similarity is not None:
            tensors["similarity"] = self.similarity
        return tensors | {f"modes_{kind}": modes for kind, modes in self.theories.items()}

    def _metadata(self) -> dict[str, str]:
        return {"predictions": f"of {self.problem.output_name(self.followed[1])}, for each sample"}

    def _draw(self, stage: Path) -> None:
        course, problem = self.course, self.problem
        if problem.tree is not None:
            drawn = figures.hierarchy(
                problem.targets, item_names=problem.item_names, branches=problem.tree.branches
            )
            self._keep(stage, "tree", drawn, "The items, what is true of them, how alike they are.")
        drawn = figures.learning_curves(course.epochs, course.loss)
        self._keep(stage, "loss", drawn, "The loss, epoch by epoch.")
        drawn = figures.learning_curves(
            course.epochs, course.loss, course.modes, singular_values=course.mode_limits
        )
        self._keep(
            stage, "loss_and_modes", drawn, "The loss, and the modes that are learned meanwhile."
        )
        if self.config.theory and self.theories:
            self._draw_theory(stage)
        if self.similarity is not None:
            drawn = figures.similarity_over_training(
                course.epochs,
                self.similarity[:, -1],
                course.loss,
                chosen=self._chosen(),
                item_names=problem.item_names,
            )
            self._keep(stage, "similarity", drawn, "How alike the items are to the last layer.")

    def _draw_theory(self, stage: Path) -> None:
        open_modes = self.course.mode_limits > 0
        theories = {
            name.replace("_", " "): modes[:, open_modes] for name, modes in self.theories.items()
        }
        drawn = figures.modes_over_theory(
            self.course.epochs, self.course.modes[:, open_modes], theories
        )
        self._keep(stage, "modes_over_theory", drawn, "Theory knows the initial weights alone.")

    def _draw_illusion(self, stage: Path) -> None:
        course, (row, column) = self.course, self.followed
        theory = None
        if self.config.theory and self.theories:
            modes = self.theories["discrete_map"]
            theory = course.theoretical_predictions(modes, row, column)[:, 0, 0]
        item, feature = self.problem.item_names[row], self.problem.output_name(column)
        drawn = figures.illusory_correlation(
            course.epochs,
            course.predict(row, column)[:, 0, 0],
            target=float(self.problem.targets[row, column]),
            modes=course.modes,
            singular_values=course.mode_limits,
            theory=theory,
            item=item,
            feature=feature,
        )
        self._keep(
            stage, "illusory_correlation", drawn, f"What the network answers: {item}, {feature}."
        )

    def _chosen(self) -> list[int]:
        """Return the epochs whose similarity is drawn."""
        epochs = self.course.epochs
        first, last = int(epochs[0]), int(epochs[-1])
        asked = [epoch for epoch in self.config.similarity_at if epoch <= last]
        if asked:
            return asked
        chosen = [first]
        for epoch in sorted(self.course.half_rise.tolist()):
            if epoch - chosen[-1] >= _APART * (last - first):
                chosen.append(epoch)
        return [*chosen[: MOST_CHOSEN - 1], last]

    def _sweep(self, stage: Path) -> None:
        config = self.config
        grid = sweep(
            self.problem.inputs,
            self.problem.targets,
            learning_rates=config.learning_rate * _SWEEP_RATES,
            gammas=_SWEEP_GAMMAS,
            seeds=(config.random_state,),
            depths=(len(config.hidden),),
            width=config.hidden[0] if config.hidden else 1,
            initialization=config.initialization,
            epochs=config.epochs,
        )
        names = ("learning_rates", "gammas", "time_to_learn", "n_plateaus", "diverged_at", "loss")
        write_tensors(
            stage / "sweep.safetensors", {name: np.asarray(getattr(grid, name)) for name in names}
        )
        self._draw_sweep(stage, grid)

    def _draw_sweep(self, stage: Path, grid: Sweep) -> None:
        place = (..., 0, 0)
        common = {
            "learning_rates": grid.learning_rates,
            "gammas": grid.gammas,
            "diverged": grid.diverged_at[place] >= 0,
            "unlearned": grid.time_to_learn[place] < 0,
        }
        drawn = figures.sweep_map(
            grid.time_to_learn[place],
            label="epochs to learn",
            title="Time to learn",
            **common,
        )
        self._keep(stage, "sweep_time_to_learn", drawn, "When 95% of the loss is learned.")
        # More plateaus than modes are those of a loss that swings: they would hide all others.
        n_modes = len(self.course.mode_limits)
        drawn = figures.sweep_map(
            np.minimum(grid.n_plateaus[place], n_modes),
            label="plateaus",
            title="Plateaus of the loss",
            **common,
        )
        self._keep(
            stage,
            "sweep_plateaus",
            drawn,
            f"How many plateaus the loss has; one that swings counts as {n_modes}.",
        )

    def _animate(self, stage: Path, similarity: FloatArray) -> None:
        kind = self.config.animation
        film = figures.animate_similarity(
            self.course.epochs,
            similarity,
            self.course.loss,
            item_names=self.problem.item_names,
            kind=kind,
        )
        write_atomic(stage / f"similarity.{kind}", film)
        self.captions[f"similarity.{kind}"] = "The same, moving."

    def _keep(self, stage: Path, name: str, drawn: Any, caption: str) -> None:
        write_atomic(stage / "figures" / f"{name}.png", figures.png(drawn))
        self.captions[f"figures/{name}.png"] = caption

    def _report(self, stage: Path, metrics: Mapping[str, Any]) -> None:
        problem, course = self.problem, self.course
        body = [
            *(paragraph(text, warning=True) for text in self.warnings),
            heading("Modes, and the epoch at which each is at half its limit"),
            table(HEADER, table_rows(metrics)),
            *(paragraph(text) for text in tell_illusions(metrics)),
            *(figure(stage / name, text) for name, text in self.captions.items()),
            heading("Asked for (config.toml)"),
            listing(self.config.to_toml()),
            heading("Made with"),
            listing(lines(self.environment)),
        ]
        name = f"a {problem.name}" if problem.tree is not None else problem.name
        text = page(
            title=f"How a deep linear network learns {name}",
            lead=f"{len(problem.inputs):,} samples with {problem.targets.shape[1]:,} outputs; "
            f"{course.n_layers} layer{'s' * (course.n_layers > 1)}; loss {course.loss[0]:.3g} "
            f"to {course.loss[-1]:.3g} in {course.epochs[-1]:,} epochs.",
            body=body,
        )
        write_atomic(stage / "report.html", text)


def tell_illusions(metrics: Mapping[str, Any]) -> list[str]:
    """Return sentences on the predictions that went astray.

    Parameters
    ----------
    metrics : mapping
        As in ``metrics.json``.
    """
    found = metrics["illusory_correlations"]["wrong_sign"]
    told = f"{found['count']:,} of {found['of']:,} predictions had the wrong sign for a while"
    if not found["largest"]:
        return [f"{told}."]
    worst = found["largest"][0]
    return [
        f"{told}; farthest went {worst['item']}, {worst['feature']}, by {worst['size']:.2g} at "
        f"epoch {worst['peak']:,}."
    ]


def _or_none(epoch: Any) -> int | None:
    return int(epoch) if epoch >= 0 else None
