"""Means and intervals over seeds, and who is clearly the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from inscape.measures import mean_interval

CONFIDENCE: Final = 0.95


@dataclass(frozen=True)
class Measure:
    """One column of the table.

    Parameters
    ----------
    name : str
        Over the column.
    meaning : str
        What it is, in words.
    decimals : int
        With which it is told.
    better : str
        "less" or "more"; empty where nobody is to be the best.
    """

    name: str
    meaning: str
    decimals: int
    better: str = ""


MEASURES: Final[Mapping[str, Measure]] = {
    "error": Measure(
        "Error",
        "what does not come back of test rows, in standard deviations of the training rows (root "
        "of the mean square)",
        3,
        "less",
    ),
    "trustworthiness": Measure("Trust", "trustworthiness: 1 without false neighbours", 3, "more"),
    "continuity": Measure("Continuity", "1 without neighbours that were lost", 3, "more"),
    "neighbors": Measure(
        "Neighbours",
        "which share of the nearest stay so, beyond chance (area under R_NX over all sizes)",
        3,
        "more",
    ),
    "probe": Measure("Probe", "share of labels that a linear probe of the codes finds", 3, "more"),
    "clusters": Measure(
        "Clusters",
        "normalised mutual information of labels and k-means of the codes",
        3,
        "more",
    ),
    "seconds": Measure("Seconds", "of fitting", 1),
    "parameters": Measure("Parameters", "numbers that were learned", 0),
}


@dataclass(frozen=True)
class Row:
    """One model with one width of code.

    Parameters
    ----------
    model : str
        Its name, or that of a run.
    n_components : int
        The width.
    seeds : tuple of int or None
        Of its trainings; None where no seed changes anything.
    values : mapping of str to list of float
        By the names of `MEASURES`, one a training; what cannot be measured is not there.
    """

    model: str
    n_components: int
    seeds: tuple[int, ...] | None
    values: Mapping[str, Sequence[float]]

    def mean(self, measure: str) -> float | None:
        """Return the mean over trainings; None where it was not measured."""
        found = self.values.get(measure)
        return None if found is None else float(np.mean(found))

    def half(self, measure: str) -> float | None:
        """Return half the width of the interval; None where there is none."""
        found = self.values.get(measure)
        if found is None or len(found) < 2:
            return None
        interval = mean_interval(found, confidence=CONFIDENCE)
        return interval.high - interval.value

    def told(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "model": self.model,
            "n_components": self.n_components,
            "seeds": None if self.seeds is None else list(self.seeds),
            "values": {name: list(values) for name, values in self.values.items()},
            "mean": {name: self.mean(name) for name in self.values},
            "half": {name: self.half(name) for name in self.values},
        }


def clearly_best(rows: Sequence[Row], measure: str) -> int | None:
    """Return the place of the row that is better than all others, as far as seeds can tell.

    Its interval has to lie on the better side of all others', rounded as they are told. What hangs
    on no seed is its own interval; one training alone has none, and is never the best, but
    must be beaten like the others.

    Parameters
    ----------
    rows : sequence of Row
        Of one width.
    measure : str
        A name in `MEASURES`.
    """
    kind = MEASURES[measure]
    measured = [i for i, row in enumerate(rows) if measure in row.values]
    if not kind.better or len(measured) < 2 or not any(rows[i].half(measure) for i in measured):
        return None
    sign = 1.0 if kind.better == "more" else -1.0
    ends = {}
    for i in measured:
        mean, half = rows[i].mean(measure), rows[i].half(measure) or 0.0
        assert mean is not None
        ends[i] = tuple(sign * round(mean + s * sign * half, kind.decimals) for s in (-1.0, 1.0))
    best = max(measured, key=lambda i: ends[i][0])
    has_interval = rows[best].seeds is None or rows[best].half(measure) is not None
    beats_all = all(ends[best][0] > ends[i][1] for i in measured if i != best)
    return best if has_interval and beats_all else None


def best_places(rows: Sequence[Row]) -> set[tuple[int, str]]:
    """Return the places of rows that are clearly the best of their width, with the measure."""
    found = set()
    for size in {row.n_components for row in rows}:
        places = [i for i, row in enumerate(rows) if row.n_components == size]
        for measure in MEASURES:
            best = clearly_best([rows[i] for i in places], measure)
            if best is not None:
                found.add((places[best], measure))
    return found
