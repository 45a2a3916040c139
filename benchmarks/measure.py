"""A clock, a table, and what must stand beside every figure: machine, versions, load."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any


class Stopwatch:
    """Seconds on the wall, and seconds that the core really worked for this process."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.cpu_seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the time inside the block."""
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - wall
            self.cpu_seconds += time.process_time() - cpu

    @property
    def share(self) -> float:
        """How much of the core this process had; below 0.97 somebody else was at work."""
        return self.cpu_seconds / self.seconds


@dataclass
class Table:
    """What a benchmark has to say.

    Parameters
    ----------
    title : str
        What was measured.
    columns : tuple of str
        Their heads.
    rows : list of tuple of str
        Formatted cells.
    ratios : dict of str to list of float
        For each named ratio one number a seed or round.
    notes : list of str
        What a reader must know to judge the figures.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    ratios: dict[str, list[float]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return the table as aligned plain text, followed by the ratios and notes."""
        lines = [self.columns, *self.rows]
        widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
        body = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        ]
        body.insert(1, "  ".join("-" * width for width in widths))
        ratios = [f"ratio, {name}: {spread(values)}" for name, values in self.ratios.items()]
        return "\n".join([self.title, *body, *ratios, *(f"({note})" for note in self.notes)])

    def contents(self) -> dict[str, Any]:
        """Return everything as plain values, for a JSON file."""
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return {"title": self.title, "rows": rows, "ratios": self.ratios, "notes": self.notes}


def spread(values: Sequence[float], digits: int = 3) -> str:
    """Return the median, and from where to where the values go if there are several.

    Examples
    --------
    >>> spread([1.0, 2.5, 2.0])
    '2 (1 .. 2.5)'
    """
    median = f"{statistics.median(values):.{digits}g}"
    if len(values) == 1:
        return median
    return f"{median} ({min(values):.{digits}g} .. {max(values):.{digits}g})"


def machine() -> dict[str, str]:
    """Return what the figures depend on: processor, versions, threads, and how busy it was."""
    names = ("torch", "numpy", "scikit-learn", "inscape")
    load = f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "unknown"
    return {
        "processor": _processor(),
        "python": platform.python_version(),
        "versions": ", ".join(f"{name} {version(name)}" for name in names),
        "threads": "1, on one core",
        "load before the run": load,
    }


def _processor() -> str:
    """Return the processor's name and the widest vectors that matter here."""
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor() or platform.machine()
    text = info.read_text()
    named = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    vectors = [word for word in ("avx2", "avx512f", "amx_bf16") if word in text]
    return ", ".join([*named[:1], *vectors])
