"""How far off the nearest training rows are, and how densely they lie."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

from inscape._checks import check_integer
from inscape._typing import FloatArray
from inscape.uses.anomalies.rows import Rows, Source
from inscape.uses.anomalies.scores.score import AnomalyScore, FittedScore


@dataclass(frozen=True)
class Neighbors(AnomalyScore):
    """The distance to the k-th nearest training row, or code where a representation is given.

    Source: Ramaswamy, Rastogi and Shim 2000, SIGMOD.

    Parameters
    ----------
    n_neighbors : int
        Which one, counted from 1; the farthest where there are fewer.
    """

    n_neighbors: int = 5

    def __post_init__(self) -> None:
        check_integer("n_neighbors", self.n_neighbors, minimum=1)

    def learns_networks(self, source: Source) -> bool:
        """Return whether a representation has to be fitted first."""
        return source.representation is not None and not source.fixed

    def fit(self, rows: Rows, source: Source) -> NeighborsFitted:
        """Keep the rows, or their codes."""
        representation, points = _learn_points(rows, source)
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
    """

    n_neighbors: int = 20

    def __post_init__(self) -> None:
        check_integer("n_neighbors", self.n_neighbors, minimum=1)

    def learns_networks(self, source: Source) -> bool:
        """Return whether a representation has to be fitted first."""
        return source.representation is not None and not source.fixed

    def fit(self, rows: Rows, source: Source) -> LocalFitted:
        """Keep the rows, or their codes."""
        representation, points = _learn_points(rows, source)
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


def _learn_points(rows: Rows, source: Source) -> tuple[Any, FloatArray]:
    if source.representation is None:
        return None, rows.standard
    representation = source.learn(rows, lambda n_features, seed: None)
    return representation, _points(representation, rows)


def _points(representation: Any, rows: Rows) -> FloatArray:
    if representation is None:
        return rows.standard
    return np.asarray(representation.transform(rows.given), dtype=np.float64)
