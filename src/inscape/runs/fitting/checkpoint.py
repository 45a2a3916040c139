"""What an interrupted run leaves behind so that it can go on with the same bits.

A checkpoint proves itself: it carries a checksum over all that it holds, and tells which run it is
of, what was asked for, which snapshots belong to it, and what it was trained with.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from inscape._errors import DamagedFileError, InvalidParameterError, RunWarning
from inscape._files import check_format, damaged, read_tensors, sha256, write_tensors
from inscape.data.dataset import checksum
from inscape.estimators.persistence import write_history
from inscape.runs.environment import describe_arithmetic
from inscape.training import Recorder, Snapshot, TrainingState

_STATE = Path("checkpoint") / "state.safetensors"
_RECORDER = Path("recorder")
FORMAT = 2
# All that a checkpoint of format 1 says: it has no checksum.
_FORMAT_1 = {"state", "curve"}
# What `environment.json` is told of the config file, and what it is told at the end.
CONFIG_DIGEST = "config_sha256"
RESUMED_WITH = "resumed_with"


@dataclass(frozen=True)
class Origin:
    """Which run a checkpoint is of, and what it was trained with.

    Parameters
    ----------
    identity : str or None
        The run's; None where it was made before runs had one.
    config, environment : str
        The sha256 of what was asked for, and of what the run was made with.
    trained_with : tuple of dict
        What the bits hang on, once for each time that it became another.
    """

    identity: str | None
    config: str
    environment: str
    trained_with: tuple[dict[str, str], ...]


def make_origin(
    config: bytes, environment: Mapping[str, Any], *, trained_with: tuple[dict[str, str], ...] = ()
) -> Origin:
    """Return where the checkpoints of this process come from.

    Parameters
    ----------
    config : bytes
        The config file's content.
    environment : mapping
        What the run was made with.
    trained_with : tuple of dict
        What it was trained with so far.
    """
    now = describe_arithmetic(environment["device"])
    if trained_with[-1:] != (now,):
        trained_with = (*trained_with, now)
    told = {key: value for key, value in environment.items() if key != RESUMED_WITH}
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    return Origin(
        environment.get("identity"), hashlib.sha256(config).hexdigest(), digest, trained_with
    )


@dataclass
class Checkpoints:
    """Who writes the checkpoints of one run.

    Parameters
    ----------
    path : Path
        The run.
    origin : Origin
        Which run that is.
    written : dict of str to (Snapshot, str)
        What lies in each file of the recorder, and its sha256, by its name.
    """

    path: Path
    origin: Origin
    written: dict[str, tuple[Snapshot, str]] = field(default_factory=dict)

    def save(self, state: TrainingState, recorder: Recorder) -> None:
        """Write the training state, the history and the recorder's new snapshots.

        The state is written after what it tells of, and whole; what it does not tell of any more
        goes last. So the run always holds one state to go on from.
        """
        write_history(self.path / "history.jsonl", state.history)
        self._save_recorder(recorder)
        arrays, metadata = state.to_arrays()
        metadata |= {
            "curve": json.dumps(recorder.curve),
            "format": str(FORMAT),
            "origin": json.dumps(vars(self.origin)),
            "snapshots": json.dumps({name: digest for name, (_, digest) in self.written.items()}),
        }
        metadata["sha256"] = _digest(arrays, metadata)
        write_tensors(self.path / _STATE, arrays, metadata)
        for file in (self.path / _RECORDER).glob("*.safetensors"):
            if file.name not in self.written:
                file.unlink()

    def _save_recorder(self, recorder: Recorder) -> None:
        """Write the snapshots that are not there yet, and forget those that were let go."""
        before, self.written = self.written, {}
        for snapshot in recorder.snapshots:
            file = self.path / _RECORDER / f"step-{snapshot.step:08d}.safetensors"
            there, digest = before.get(file.name, (None, ""))
            if there is not snapshot:
                # One entry: several have no fixed order in the file, and equal runs have equal
                # bytes.
                place = {"step": snapshot.step, "epoch": snapshot.epoch}
                # The file has an order of its own, and layers are known by theirs.
                told = json.dumps(place | {"names": list(snapshot.weights)})
                write_tensors(file, dict(snapshot.weights), {"snapshot": told})
                digest = sha256(file)
            self.written[file.name] = (snapshot, digest)


@dataclass(frozen=True)
class Checkpoint:
    """A state to go on from.

    Parameters
    ----------
    state : pair of (arrays, metadata)
        As `TrainingState.to_arrays` gave it.
    recorder : Recorder
        As it was then.
    written : dict of str to (Snapshot, str)
        Its files, for `Checkpoints`.
    trained_with : tuple of dict
        What it was trained with so far.
    """

    state: tuple[dict[str, np.ndarray], dict[str, str]]
    recorder: Recorder
    written: dict[str, tuple[Snapshot, str]]
    trained_with: tuple[dict[str, str], ...]


def load_checkpoint(path: Path, environment: Mapping[str, Any]) -> Checkpoint | None:
    """Return the last state of a run, or None where there is none yet.

    Parameters
    ----------
    path : Path
        The run.
    environment : mapping
        What it was made with.

    Raises
    ------
    DamagedFileError
        If a file is not as it was written, or of another run.
    InvalidParameterError
        If the config is not the one that the run was started with.

    Warns
    -----
    RunWarning
        If the state has no checksum, for it is of format 1.
    """
    config = (path / "config.toml").read_bytes()
    asked = environment.get(CONFIG_DIGEST)
    if asked is not None:
        _check_config(path, config, asked)
    file = path / _STATE
    if not file.is_file():
        return None
    arrays, metadata = read_tensors(file)
    if metadata.keys() == _FORMAT_1:
        return _load_format_1(path, arrays, metadata, environment)
    try:
        check_format(file, int(metadata["format"]), FORMAT)
        told = metadata.pop("sha256")
        if told != _digest(arrays, metadata):
            raise damaged(file)
        origin = Origin(**json.loads(metadata["origin"]))
        recorder = Recorder()
        recorder.curve = json.loads(metadata["curve"])
        snapshots = json.loads(metadata["snapshots"])
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, InvalidParameterError):
            raise
        raise damaged(file) from error
    here = make_origin(config, environment)
    if origin.identity != here.identity:
        raise DamagedFileError(
            f"{file} must be of the run that it lies in; it is of another one (identity "
            f"{origin.identity}, not {here.identity}): bring its own back, or make the run again."
        )
    _check_config(path, config, origin.config)
    if origin.environment != here.environment:
        raise damaged(path / "environment.json")
    room = path / _RECORDER
    written = {name: (_load_snapshot(room / name, told), told) for name, told in snapshots.items()}
    recorder.snapshots = [snapshot for snapshot, _ in written.values()]
    return Checkpoint((arrays, metadata), recorder, written, tuple(origin.trained_with))


def _check_config(path: Path, config: bytes, digest: str) -> None:
    if hashlib.sha256(config).hexdigest() != digest:
        raise InvalidParameterError(
            f"{path / 'config.toml'} must be as the run was started with; it was edited since: "
            "bring it back, or start another run with inscape fit --config."
        )


def _load_format_1(
    path: Path,
    arrays: dict[str, np.ndarray],
    metadata: dict[str, str],
    environment: Mapping[str, Any],
) -> Checkpoint:
    """Take a state as it is, and say so."""
    warnings.warn(
        f"{path / _STATE} is of format 1, which has no checksum: if it was damaged, is of another "
        "run, or its config.toml was edited, nobody can tell.",
        RunWarning,
        stacklevel=4,
    )
    recorder = Recorder()
    try:
        step = int(json.loads(metadata["state"])["step"])
        recorder.curve = json.loads(metadata["curve"])
    except (KeyError, ValueError) as error:
        raise damaged(path / _STATE) from error
    files = sorted((path / _RECORDER).glob("step-*.safetensors"))
    recorder.snapshots = [s for s in load_snapshots(files) if s.step <= step]
    packages = environment.get("packages", {})
    now = describe_arithmetic(environment["device"])
    before = {name: packages.get(name, version) for name, version in now.items()}
    return Checkpoint((arrays, metadata), recorder, {}, (before,))


def tell_changes(path: Path, before: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Say what a training goes on with that it was not trained with so far.

    Parameters
    ----------
    path : Path
        The run.
    before, now : mapping
        What its bits hang on, of the checkpoint and of this process.

    Warns
    -----
    RunWarning
        If there is a difference.
    """
    changed = [name for name in now if before.get(name, now[name]) != now[name]]
    if changed:
        differ = "the training itself" if "inscape" in changed else "the last digits"
        warnings.warn(
            f"{path} was trained so far with {_listed(before, changed)}, and goes on with "
            f"{_listed(now, changed)}: {differ} may differ from a run that never stopped.",
            RunWarning,
            stacklevel=3,
        )


def _listed(told: Mapping[str, str], names: list[str]) -> str:
    return ", ".join(f"{name} {told[name]}" for name in names)


def load_snapshots(files: Iterable[Path]) -> list[Snapshot]:
    """Return the snapshots of the weights that files of a recorder hold.

    Parameters
    ----------
    files : iterable of Path
        In their order.

    Raises
    ------
    DamagedFileError
        If one is not as it was written.
    """
    return [_load_snapshot(file) for file in files]


def _load_snapshot(file: Path, digest: str | None = None) -> Snapshot:
    if digest is not None and (not file.is_file() or sha256(file) != digest):
        raise damaged(file)
    weights, metadata = read_tensors(file)
    try:
        place = json.loads(metadata["snapshot"])
        # Format 1 told no order.
        weights = {name: weights[name] for name in place.get("names", weights)}
        return Snapshot(int(place["step"]), float(place["epoch"]), weights)
    except (KeyError, ValueError) as error:
        raise damaged(file) from error


def _digest(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> str:
    """Return one sha256 over all that a checkpoint holds, in whatever order."""
    parts: list[Any] = []
    for name in sorted(arrays):
        parts += [name, arrays[name]]
    return checksum([*parts, json.dumps(dict(metadata), sort_keys=True)])
