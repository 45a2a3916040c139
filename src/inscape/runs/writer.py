"""Who fills a run directory, of whatever kind: config and environment first, MANIFEST last."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inscape import figures
from inscape._files import refuse_in_run, staged_directory, write_atomic, write_json, write_manifest
from inscape.runs.config import Config
from inscape.runs.page import figure, heading, lines, listing, page


@dataclass
class RunWriter:
    """What writes one run.

    A job that ends in one go fills a `staged` directory, so that nothing is left behind where it
    fails. One that can be resumed lets its directory `appear` first, and fills that.

    Parameters
    ----------
    path : Path
        The run's directory.
    config : Config
        What was asked for; its class is the run's kind.
    environment : dict
        What the run is made with.
    """

    path: Path
    config: Config
    environment: dict[str, Any]
    _captions: dict[str, str] = field(default_factory=dict, init=False)

    @contextlib.contextmanager
    def staged(self, *, overwrite: bool) -> Iterator[RunWriter]:
        """Give the writer of a temporary neighbour, renamed to `path` when all went well."""
        refuse_in_run(self.path)
        with staged_directory(self.path, overwrite=overwrite) as stage:
            writer = RunWriter(stage, self.config, self.environment)
            write_atomic(stage / "config.toml", self.config.to_toml(self.path))
            writer.add_to_environment()
            yield writer

    def appear(self, *, overwrite: bool) -> None:
        """Make the directory, with config and environment, by one rename."""
        with self.staged(overwrite=overwrite):
            pass

    def add_to_environment(self, **facts: Any) -> None:
        """Write ``environment.json``, with what is known only now."""
        self.environment |= facts
        write_json(self.path / "environment.json", self.environment)

    def add_metrics(self, metrics: Any) -> None:
        """Write the final numbers."""
        write_json(self.path / self.config.metrics_file, metrics)

    def add_figure(self, name: str, drawn: Any, caption: str) -> None:
        """Write a figure below ``figures/``; the page shows all in the order of their coming.

        Parameters
        ----------
        name : str
            Of the file, such as loss.png.
        drawn : Figure
            From `inscape.figures`.
        caption : str
            Beside it on the page.
        """
        self._add(f"figures/{name}", figures.png(drawn), caption)

    def add_film(self, name: str, film: bytes, caption: str) -> None:
        """Write an animation, such as similarity.gif; the page shows it among the figures."""
        self._add(name, film, caption)

    def _add(self, name: str, content: bytes, caption: str) -> None:
        write_atomic(self.path / name, content)
        self._captions[name] = caption

    def finish(self, *, title: str, lead: str, body: Sequence[str]) -> None:
        """Write ``report.html`` and, last of all, MANIFEST.

        Parameters
        ----------
        title, lead : str
            Of the page.
        body : sequence of str
            Pieces of HTML from `inscape.runs.page`; figures, config and environment follow.
        """
        body = [
            *body,
            *(figure(self.path / name, caption) for name, caption in self._captions.items()),
            heading("Asked for (config.toml)"),
            listing((self.path / "config.toml").read_text(encoding="utf-8")),
            heading("Made with"),
            listing(lines(self.environment)),
        ]
        write_atomic(self.path / "report.html", page(title=title, lead=lead, body=body))
        write_manifest(self.path, patterns=self.config.files)
