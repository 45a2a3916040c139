"""How far off the nearest training rows are, and how densely they lie."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

from inscape._checks import check_choice, check_integer
from inscape._typing import FloatArray
from inscape.uses.anomalies.rows import Rows, Source
from inscape.uses.anomalies.scores.reconstruction import default_autoencoder
from inscape.uses.anomalies.scores.score import AnomalyScore, FittedScore


@dataclass(frozen=True)
class Neighbors(AnomalyScore):
    """The distance to the k-th nearest training row, or code.

    Source: Ramaswamy, Rastogi and Shim 2000, SIGMOD.

    Parameters
    ----------
    n_neighbors : int
        Which one, counted from 1; the farthest where there are fewer.
    space : {"codes", "rows"} or None
        What is compared; None is codes where a representation is given, else rows.
    """

    n_neighbors: int = 5
    space: str | None = None

    def __post_init__(self) -> None:
        _check(self)

    def learns_networks(self, source: Source) -> bool:
        """Return whether a representation has to be fitted first."""
        return _compares_codes(self.space, source) and not source.fixed

    def fit(self, rows: Rows, source: Source) -> NeighborsFitted:
        """Keep the rows, or their codes."""
        representation, points = _learn_points(self.space, rows, source)
        return NeighborsFitted(representation, points, min(self.n_neighbors, len(points)))


@dataclass(frozen=True, eq=False)
class NeighborsFitted(FittedScore):
    """The points.

    Parameters
    ----------
    representation : Any
        Fitted, or None where rows are compared as they are, with columns of one spread.
    points : ndarray, shape (n_training, n)
        Rows or codes.
    n_neighbors : int
        Which neighbour.
    """

    representation: Any
    points: FloatArray
    n_neighbors: int

    def __post_init__(self) -> None:
        found = NearestNeighbors(n_neighbors=self.n_neighbors).fit(self.points)
        object.__setattr__(self, "_found", found)

    def anomaly(self, rows: Rows) -> FloatArray:
        points = _points(self.representation, rows)
        return vars(self)["_found"].kneighbors(points)[0][:, -1]


@dataclass(frozen=True)
class Local(AnomalyScore):
    """The local outlier factor: how much sparser it is here than around the neighbours.

    Source: Breunig, Kriegel, Ng and Sander 2000, SIGMOD; scikit-learn's `LocalOutlierFactor`.

    Parameters
    ----------
    n_neighbors : int
        How many neighbours; all where there are fewer.
    space : {"codes", "rows"} or None
        What is compared; None is codes where a representation is given, else rows.
    """

    n_neighbors: int = 20
    space: str | None = None

    def __post_init__(self) -> None:
        _check(self)

    def learns_networks(self, source: Source) -> bool:
        """Return whether a representation has to be fitted first."""
        return _compares_codes(self.space, source) and not source.fixed

    def fit(self, rows: Rows, source: Source) -> LocalFitted:
        """Keep the rows, or their codes."""
        representation, points = _learn_points(self.space, rows, source)
        return LocalFitted(representation, points, min(self.n_neighbors, max(1, len(points) - 1)))


@dataclass(frozen=True, eq=False)
class LocalFitted(FittedScore):
    """The points.

    Parameters
    ----------
    representation : Any
        Fitted, or None where rows are compared as they are, with columns of one spread.
    points : ndarray, shape (n_training, n)
        Rows or codes.
    n_neighbors : int
        How many neighbours.
    """

    representation: Any
    points: FloatArray
    n_neighbors: int

    def __post_init__(self) -> None:
        if len(self.points) > 1:
            found = LocalOutlierFactor(n_neighbors=self.n_neighbors, novelty=True)
            with warnings.catch_warnings():
                # Many copies of a row make its neighbourhood dense, which is what is told.
                warnings.filterwarnings("ignore", message="Duplicate values are leading")
                object.__setattr__(self, "_found", found.fit(self.points))

    def anomaly(self, rows: Rows) -> FloatArray:
        points = _points(self.representation, rows)
        if len(self.points) == 1:
            return np.linalg.norm(points - self.points, axis=1)
        return -vars(self)["_found"].score_samples(points)


def _check(part: Neighbors | Local) -> None:
    check_integer("n_neighbors", part.n_neighbors, minimum=1)
    if part.space is not None:
        check_choice("space", part.space, ("codes", "rows"))


def _compares_codes(space: str | None, source: Source) -> bool:
    return source.representation is not None if space is None else space == "codes"


def _learn_points(space: str | None, rows: Rows, source: Source) -> tuple[Any, FloatArray]:
    representation = (
        source.learn(rows, default_autoencoder) if _compares_codes(space, source) else None
    )
    return representation, _points(representation, rows)


def _points(representation: Any, rows: Rows) -> FloatArray:
    if representation is None:
        return rows.standard
    return np.asarray(representation.transform(rows.given), dtype=np.float64)
