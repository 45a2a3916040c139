"""What becomes of a table's columns in rows of numbers: kept with a model, for the next table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from inscape._typing import FloatArray
from inscape.data.columns import Column, Kind

# In microseconds.
_DAY: Final = 86_400_000_000
_BLOCK: Final = 512


@dataclass(frozen=True)
class Source:
    """A column of the table that features come from.

    Parameters
    ----------
    name : str
        The column.
    kind : {"number", "text", "date"}
        What it holds.
    categories : tuple of str
        The words of a column of text, each a feature.
    """

    name: str
    kind: Kind
    categories: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """The features that come from it."""
        if self.kind == "text":
            return tuple(f"{self.name}={word}" for word in self.categories)
        return (self.name,)

    def numbers(self, column: Column) -> FloatArray:
        """Return a column as features, float64 of shape (n_samples, n_features), NaN missing."""
        if column.missing.all():
            return np.full((len(column.values), len(self.features)), np.nan)
        if self.kind == "date":
            days = column.values.astype("M8[us]").astype(np.int64) / _DAY
            return np.where(column.missing, np.nan, days)[:, None]
        if self.kind == "number":
            return column.values.astype(np.float64, copy=False)[:, None]
        rank = {word: i for i, word in enumerate(self.categories)}
        place = np.array([rank.get(word, -1) for word in column.words] + [-1])
        found = np.eye(len(rank) + 1)[place[column.values], :-1]
        found[column.missing] = np.nan
        return found


@dataclass(frozen=True)
class Columns:
    """How the columns of a table become features: kept with a model, to read the next table.

    Parameters
    ----------
    sources : tuple of Source
        In the order of the features.
    left_out : tuple of str
        Columns of the first table that are no features: labels, ids, what was dropped.
    """

    sources: tuple[Source, ...]
    left_out: tuple[str, ...] = ()

    @property
    def feature_names(self) -> tuple[str, ...]:
        """One name a feature."""
        return tuple(name for source in self.sources for name in source.features)

    def numbers(self, table: Mapping[str, Column]) -> FloatArray:
        """Return a table as features, float64 of shape (n_samples, n_features), NaN missing."""
        found = [source.numbers(table[source.name]) for source in self.sources]
        places = np.cumsum([0, *(part.shape[1] for part in found)]).tolist()
        joined = np.empty((len(found[0]) if found else 0, places[-1]))
        # By some rows at a time, which stay in the processor's memory while columns cross them.
        for start in range(0, len(joined), _BLOCK):
            rows = slice(start, start + _BLOCK)
            for part, first, last in zip(found, places[:-1], places[1:], strict=True):
                joined[rows, first:last] = part[rows]
        return joined

    def describe(self) -> dict[str, Any]:
        """Return plain data from which `restore_columns` makes the same again."""
        return {
            "sources": [[s.name, s.kind, list(s.categories)] for s in self.sources],
            "left_out": list(self.left_out),
        }


def restore_columns(described: dict[str, Any] | None) -> Columns | None:
    """Return the columns that `Columns.describe` told of."""
    if described is None:
        return None
    return Columns(
        tuple(Source(name, kind, tuple(words)) for name, kind, words in described["sources"]),
        tuple(described["left_out"]),
    )
