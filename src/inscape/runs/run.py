"""A run: the directory that holds one finished or interrupted fit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inscape._errors import RunNotFoundError
from inscape._files import MANIFEST, read_json, verify_manifest
from inscape.estimators import load
from inscape.runs.config import FitConfig, read_config


@dataclass(frozen=True)
class Run:
    """A run directory, opened.

    Parameters
    ----------
    path : Path
        The directory.

    Raises
    ------
    RunNotFoundError
        If there is no run at `path`.
    """

    path: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))
        if not (self.path / "config.toml").is_file():
            raise RunNotFoundError(
                f"{self.path} must be a run (a directory with a config.toml); there is none: "
                "check the path."
            )

    @property
    def config(self) -> FitConfig:
        """Everything that was asked for."""
        return read_config(self.path / "config.toml")

    @property
    def environment(self) -> dict[str, Any]:
        """What it was made with."""
        return read_json(self.path / "environment.json")

    @property
    def metrics(self) -> dict[str, Any]:
        """The final numbers, with the baselines beside them."""
        return read_json(self.path / "metrics.json")

    @property
    def history(self) -> list[dict[str, Any]]:
        """One entry an epoch."""
        lines = (self.path / "history.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    @property
    def figures(self) -> tuple[Path, ...]:
        """The pictures."""
        return tuple(sorted((self.path / "figures").glob("*.png")))

    @property
    def finished(self) -> bool:
        """Whether everything has been written."""
        return (self.path / MANIFEST).is_file()

    def verify(self) -> None:
        """Check every file against MANIFEST.

        Raises
        ------
        RunNotFoundError
            If the run is not finished.
        DamagedFileError
            If a file is missing or was changed; it is named.
        """
        verify_manifest(self.path)

    def load(self) -> Any:
        """Return the fitted estimator."""
        return load(self.path)

    def snapshots(self) -> Iterator[tuple[float, Any]]:
        """Yield (epoch, estimator as it was then) for each recorded moment of the training."""
        from inscape.runs.checkpoint import load_snapshots

        model = self.load()
        for snapshot in load_snapshots(self.path):
            yield snapshot.epoch, model.at(snapshot)
