"""What an interrupted run leaves behind so that it can go on with the same bits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from inscape._files import damaged, read_tensors, write_tensors
from inscape.estimators.persistence import write_history
from inscape.training import Recorder, Snapshot, TrainingState

_STATE = Path("checkpoint") / "state.safetensors"
_RECORDER = Path("recorder")


def save_checkpoint(path: Path, state: TrainingState, recorder: Recorder) -> None:
    """Write the training state, the history and the recorder's new snapshots.

    The state is written last and whole, so that the run always holds one state to go on from.
    """
    write_history(path / "history.jsonl", state.history)
    save_recorder(path, recorder)
    arrays, metadata = state.to_arrays()
    write_tensors(path / _STATE, arrays, metadata | {"curve": json.dumps(recorder.curve)})


def save_recorder(path: Path, recorder: Recorder) -> None:
    """Write snapshots that are not there yet, and remove those that were let go."""
    kept = {_snapshot_path(path, snapshot.step): snapshot for snapshot in recorder.snapshots}
    for file, snapshot in kept.items():
        if not file.is_file():
            # One entry: several have no fixed order in the file, and equal runs have equal bytes.
            place = json.dumps({"step": snapshot.step, "epoch": snapshot.epoch})
            write_tensors(file, dict(snapshot.weights), {"snapshot": place})
    for file in (path / _RECORDER).glob("*.safetensors"):
        if file not in kept:
            file.unlink()


def load_checkpoint(
    path: Path,
) -> tuple[tuple[dict[str, np.ndarray], dict[str, str]], Recorder] | None:
    """Return the last state and the recorder as it was then, or None where there is none yet.

    Raises
    ------
    DamagedFileError
        If the file is not as it was written.
    """
    if not (path / _STATE).is_file():
        return None
    arrays, metadata = read_tensors(path / _STATE)
    try:
        step = int(json.loads(metadata["state"])["step"])
        recorder = Recorder()
        recorder.curve = json.loads(metadata["curve"])
    except (KeyError, ValueError) as error:
        raise damaged(path / _STATE) from error
    recorder.snapshots = [s for s in load_snapshots(path) if s.step <= step]
    return (arrays, metadata), recorder


def load_snapshots(path: Path) -> list[Snapshot]:
    """Return a run's snapshots of the weights, in order.

    Raises
    ------
    DamagedFileError
        If one is not as it was written.
    """
    snapshots = []
    for file in sorted((path / _RECORDER).glob("*.safetensors")):
        weights, metadata = read_tensors(file)
        try:
            place = json.loads(metadata["snapshot"])
            snapshots.append(Snapshot(int(place["step"]), float(place["epoch"]), weights))
        except (KeyError, ValueError) as error:
            raise damaged(file) from error
    return snapshots


def _snapshot_path(path: Path, step: int) -> Path:
    return path / _RECORDER / f"step-{step:08d}.safetensors"
