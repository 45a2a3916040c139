"""Whether a run, or whatever else we wrote as a directory, is what it was; every fault is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inscape._errors import InscapeError, RunNotFoundError
from inscape._files import (
    MANIFEST,
    Manifest,
    find_again,
    leftovers,
    read_json,
    read_manifest,
    sha256,
    unlisted,
)
from inscape._locks import writer_of
from inscape.estimators.persistence import FORMAT, model_directory, read_model
from inscape.runs.config import FitConfig
from inscape.runs.fitting.checkpoint import load_checkpoint
from inscape.runs.run import Run


@dataclass(frozen=True)
class Verification:
    """What was found.

    Parameters
    ----------
    holds : str
        One sentence on what holds.
    faults : tuple of str
        One sentence a fault; where there are any, nothing else is promised.
    """

    holds: str
    faults: tuple[str, ...]


def verify(path: str | Path) -> Verification:
    """Check all that a directory promises: a run of any kind, a model, an export.

    Parameters
    ----------
    path : path-like
        The directory.

    Raises
    ------
    RunNotFoundError
        If there is nothing of ours at `path`.
    """
    path = Path(path)
    find_again(path)
    writer = writer_of(path)
    if writer is not None:
        return _fault(f"{path} is being written by {writer}: ask again when it is done.")
    if (path / MANIFEST).is_file():
        return _verify_finished(path)
    if all((path / name).is_file() for name in ("config.toml", "environment.json")):
        return _verify_unfinished(Run(path))
    return _verify_model(path)


def _verify_finished(path: Path) -> Verification:
    try:
        manifest = read_manifest(path)
    except InscapeError as error:
        return _fault(str(error))
    faults = [*_changed(path, manifest)]
    # What a reader would refuse for another reason than a checksum.
    if not faults:
        faults += _refused(path, manifest)
    parts = [f"{path} holds: {len(manifest.files)} files are as they were written"]
    if manifest.format == 1:
        parts.append("its MANIFEST is of format 1, and would not notice if it was cut itself")
    strange = unlisted(path)
    if strange:
        more = f" and {len(strange) - 1} more" if len(strange) > 1 else ""
        parts.append(f"not its own: {strange[0]}{more}")
    return Verification("; ".join([*parts, *_left(path)]) + ".", tuple(faults))


def _fault(told: str) -> Verification:
    return Verification("", (told,))


def _changed(path: Path, manifest: Manifest) -> Iterator[str]:
    for name, digest in manifest.files.items():
        if not (path / name).is_file():
            yield f"{path / name} must be there, as MANIFEST lists it; it is missing."
        elif sha256(path / name) != digest:
            yield f"{path / name} must be as it was written; it was changed or damaged."


def _refused(path: Path, manifest: Manifest) -> Iterator[str]:
    checks: list[Callable[[], Any]] = []
    if "config.toml" in manifest.files:
        checks.append(lambda: Run(path).config)
        if "checkpoint/state.safetensors" in manifest.files:
            checks.append(lambda: load_checkpoint(path, Run(path).environment))
    if (model_directory(path) / "model.safetensors").is_file():
        checks.append(lambda: read_model(path))
    for check in checks:
        try:
            check()
        except InscapeError as error:
            yield str(error)


def _verify_unfinished(run: Run) -> Verification:
    try:
        if run.kind != FitConfig.kind:
            return _fault(f"{run.path} must have a MANIFEST, as every {run.kind} run; it is gone.")
        found = load_checkpoint(run.path, run.environment)
    except InscapeError as error:
        return _fault(str(error))
    where = "it has no checkpoint yet, and starts anew"
    if found is not None:
        state = json.loads(found.state[1]["state"])
        where = f"its checkpoint at step {state['step']:,} is as it was written"
    told = f"{run.path} is not finished; {where} with inscape fit --resume"
    return Verification("; ".join([told, *_left(run.path)]) + ".", ())


def _verify_model(path: Path) -> Verification:
    directory = model_directory(path)
    if not (directory / "model.safetensors").is_file():
        raise RunNotFoundError(
            f"{path} must be a run, a model or an export; there is none: check the path."
        )
    try:
        read_model(path)
    except InscapeError as error:
        return _fault(str(error))
    told = read_json(directory / "config.json")["format"]
    if told < FORMAT:
        return _fault(
            f"{directory} must be of format {FORMAT} to prove itself without a MANIFEST; it is of "
            f"format {told}: nobody can tell."
        )
    return Verification(f"{directory} holds: it is as the checksums that it tells.", ())


def _left(path: Path) -> list[str]:
    return [f"a process that was killed left {left.name} beside it" for left in leftovers(path)]
