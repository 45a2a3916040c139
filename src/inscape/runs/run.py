"""A run: the directory that holds one finished or interrupted piece of work, of any kind."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inscape._errors import RunNotFoundError
from inscape._files import (
    MANIFEST,
    damaged,
    find_again,
    read_json,
    read_manifest,
    verify_file,
    verify_manifest,
)
from inscape.runs.config import Config, FitConfig, ReproductionConfig
from inscape.runs.kinds import read_config
from inscape.uses import load


@dataclass(frozen=True)
class Run:
    """A run directory, opened; each file of a finished one is proved before it is read.

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
        find_again(self.path)
        old = (ReproductionConfig.metrics_file, "environment.json")
        if not self._has_config and not all(map(self._has, old)):
            raise RunNotFoundError(
                f"{self.path} must be a run (a directory with a config.toml); there is none: "
                "check the path."
            )

    def _proved(self, name: str) -> Path:
        """Return the path of a file once MANIFEST has proved it, where the run has one yet."""
        return verify_file(self.path, name) if self.finished else self.path / name

    def _listed(self, below: str) -> list[str]:
        return [name for name in read_manifest(self.path).files if name.startswith(below)]

    def _has(self, name: str) -> bool:
        return (self.path / name).is_file()

    @property
    def _has_config(self) -> bool:
        return self._has("config.toml")

    @property
    def kind(self) -> str:
        """What it is a run of, such as fit or clusters: a key of `KINDS`."""
        return self.config.kind

    @property
    def config(self) -> Config:
        """Everything that was asked for."""
        if self._has_config:
            return read_config(self._proved("config.toml"))
        # A reproduction of format 1 told it among what it was made with.
        try:
            return ReproductionConfig(self.environment["recipe"], self.environment["quick"])
        except KeyError as error:
            raise damaged(self.path / "environment.json") from error

    @property
    def environment(self) -> dict[str, Any]:
        """What it was made with."""
        return read_json(self._proved("environment.json"))

    @property
    def metrics(self) -> Any:
        """The final numbers: by name, or for a reproduction the list of its results.

        Raises
        ------
        RunNotFoundError
            If the run is not finished: nothing proves its numbers.
        """
        return read_json(verify_file(self.path, self.config.metrics_file))

    @property
    def figures(self) -> tuple[Path, ...]:
        """The pictures."""
        if self.finished:
            listed = self._listed("figures/")
            return tuple(self._proved(name) for name in sorted(listed) if name.endswith(".png"))
        return tuple(sorted((self.path / "figures").glob("*.png")))

    @property
    def finished(self) -> bool:
        """Whether everything has been written."""
        return self._has(MANIFEST)

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

    @property
    def history(self) -> list[dict[str, Any]]:
        """One entry an epoch of a fit."""
        check_fit(self, "have a history")
        path = self._proved("history.jsonl")
        try:
            return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        except ValueError as error:
            raise damaged(path) from error

    def load(self, *, parts: Iterable[type[Any]] = ()) -> Any:
        """Return what was fitted: an estimator, or a use of one.

        Parameters
        ----------
        parts : iterable of type
            The classes of your own parts, as for `inscape.load`.

        Raises
        ------
        RunNotFoundError
            If the run is of a kind that holds no model, or holds none yet.
        """
        if not self.config.holds_model:
            check_fit(self, "hold a model")
        return load(self.path, parts=parts)

    def snapshots(self) -> Iterator[tuple[float, Any]]:
        """Yield (epoch, estimator as it was then) for each recorded moment of a fit's training.

        Raises
        ------
        RunNotFoundError
            If the run is not a finished one of a fit.
        """
        from inscape.runs.fitting.checkpoint import load_snapshots

        check_fit(self, "have snapshots")
        model = self.load()
        files = [self._proved(name) for name in self._listed("recorder/")]
        return ((found.epoch, model.at(found)) for found in load_snapshots(files))


def check_fit(run: Run, to: str) -> None:
    """Make sure that a run is one of a fit, the kind that holds a model.

    Parameters
    ----------
    run : Run
        The run.
    to : str
        What it has to be one for, such as "hold a model".

    Raises
    ------
    RunNotFoundError
        If it is of another kind.
    """
    if run.kind != FitConfig.kind:
        raise RunNotFoundError(
            f"{run.path} must be a run of kind {FitConfig.kind!r} to {to}; it is of kind "
            f"{run.kind!r}: choose one that inscape fit has made."
        )
