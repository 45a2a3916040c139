"""Several scores as one, by their p-values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from inscape._typing import FloatArray
from inscape.uses.anomalies.rows import Rows, Source
from inscape.uses.anomalies.scores.score import AnomalyScore, FittedScore, Folds
from inscape.uses.anomalies.thresholds import GeneralizedPareto


@dataclass(frozen=True)
class Combination(AnomalyScore):
    r"""The mean of the logarithms of several scores' p-values.

    .. math:: -\frac{1}{m} \sum_{j=1}^m \log p_j(x)

    which is high where all find a row unusual, or one finds it very unusual. The p-values follow
    the shape of the tail, so that far rows do not tie. Source: Fisher 1932, "Statistical Methods
    for Research Workers", section 21.1.

    Parameters
    ----------
    parts : tuple of AnomalyScore
        The scores.
    """

    parts: tuple[AnomalyScore, ...]

    def learns_networks(self, source: Source) -> bool:
        """Return whether one of them does."""
        return any(part.learns_networks(source) for part in self.parts)

    def fit(self, rows: Rows, source: Source) -> CombinationFitted:
        """Learn each score; p-values are of rows that it has seen."""
        fitted = tuple(part.fit(rows, source) for part in self.parts)
        return _combine(fitted, [one.anomaly(rows) for one in fitted])[0]

    def cross_fit(
        self, rows: Rows, folds: Folds, source: Source
    ) -> tuple[CombinationFitted, FloatArray]:
        """Learn each score; p-values are of rows that it has not seen."""
        found = [part.cross_fit(rows, folds, source) for part in self.parts]
        return _combine(tuple(fitted for fitted, _ in found), [unseen for _, unseen in found])


@dataclass(frozen=True, eq=False)
class CombinationFitted(FittedScore):
    """The scores, and what their p-values are taken from.

    Parameters
    ----------
    scores : tuple of FittedScore
        The scores.
    calibrations : tuple of ndarray
        Anomalies by each, in rising order.
    """

    scores: tuple[FittedScore, ...]
    calibrations: tuple[FloatArray, ...]

    @cached_property
    def _tails(self) -> list[GeneralizedPareto]:
        return [GeneralizedPareto(calibration) for calibration in self.calibrations]

    def anomaly(self, rows: Rows) -> FloatArray:
        return _mean_log([one.anomaly(rows) for one in self.scores], self._tails)


def _combine(
    scores: tuple[FittedScore, ...], anomalies: list[FloatArray]
) -> tuple[CombinationFitted, FloatArray]:
    calibrations = tuple(np.sort(found) for found in anomalies)
    fitted = CombinationFitted(scores, calibrations)
    return fitted, _mean_log(anomalies, fitted._tails)


def _mean_log(anomalies: list[FloatArray], tails: list[GeneralizedPareto]) -> FloatArray:
    smallest = np.finfo(np.float64).tiny
    logs = [
        np.log(np.maximum(tail.p_values(found), smallest))
        for found, tail in zip(anomalies, tails, strict=True)
    ]
    return -np.mean(logs, axis=0)
