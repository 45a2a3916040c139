"""Thresholds that hold what they say, from scores of rows that the scorer has not seen."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.stats import genpareto

from inscape._typing import FloatArray

# The share of the calibration rows that the tail is fitted to.
_TAIL = 0.1


@dataclass(frozen=True, eq=False)
class Calibration(ABC):
    """Anomalies of rows that are normal, and that the scorer has not seen.

    Parameters
    ----------
    anomalies : ndarray, shape (n,)
        In rising order.
    """

    anomalies: FloatArray

    @abstractmethod
    def p_values(self, anomalies: FloatArray) -> FloatArray:
        """Return how probable it is that a normal row is at least as far off, (n_samples,)."""

    @abstractmethod
    def threshold(self, rate: float) -> float:
        """Return the anomaly above which rows are told off, so that normal ones are at `rate`."""


class Conformal(Calibration):
    r"""P-values by the rank among the calibration rows, which hold whatever the distribution.

    .. math:: p(x) = \frac{1 + \#\{i : a_i \ge a(x)\}}{n + 1}

    For exchangeable rows an alarm at :math:`p \le \alpha` is false at most with the probability
    :math:`\alpha` (Vovk, Gammerman and Shafer 2005, "Algorithmic Learning in a Random World").
    """

    def p_values(self, anomalies: FloatArray) -> FloatArray:
        n = len(self.anomalies)
        as_far = n - np.searchsorted(self.anomalies, anomalies, side="left")
        return (1 + as_far) / (n + 1)

    def threshold(self, rate: float) -> float:
        # Of n + 1 equally likely ranks, those of an alarm; a hair for products such as 0.29 x 100.
        n_alarms = math.floor(rate * (len(self.anomalies) + 1) * (1 + 1e-12))
        # With fewer rows than the rate can be told from, whatever is farther off than all of them.
        return float(self.anomalies[-max(1, n_alarms)])


class GeneralizedPareto(Calibration):
    r"""P-values by the rank, and in the tail by a generalised Pareto distribution.

    .. math:: p(x) = q \, \Big(1 + \xi \frac{a(x) - u}{\sigma}\Big)^{-1/\xi}

    beyond the threshold :math:`u` that a tenth :math:`q` of the calibration rows exceed: it tells
    rates that are smaller than one in the number of rows, and takes the tail's shape for granted.
    Source: Pickands 1975, Annals of Statistics 3; Siffer et al. 2017, KDD.
    """

    @cached_property
    def _tail(self) -> tuple[float, float, float, float]:
        """Return the share beyond the threshold, the threshold, the shape and the scale."""
        n = len(self.anomalies)
        n_beyond = max(1, math.floor(_TAIL * n))
        start = float(self.anomalies[max(0, n - n_beyond - 1)])
        excesses = self.anomalies[n - n_beyond :] - start
        size = float(excesses.mean())
        if size <= 0 or n_beyond < 3:
            # Too few to tell a shape: exponential, as the excesses' mean has it.
            return n_beyond / n, start, 0.0, max(size, np.finfo(float).tiny)
        shape, _, scale = genpareto.fit(excesses / size, floc=0)
        return n_beyond / n, start, float(shape), float(scale) * size

    def p_values(self, anomalies: FloatArray) -> FloatArray:
        share, start, shape, scale = self._tail
        ranks = Conformal(self.anomalies).p_values(anomalies)
        beyond = share * genpareto.sf(np.maximum(anomalies - start, 0) / scale, shape)
        return np.where(anomalies > start, beyond, ranks)

    def threshold(self, rate: float) -> float:
        share, start, shape, scale = self._tail
        if rate >= share:
            return Conformal(self.anomalies).threshold(rate)
        return start + scale * float(genpareto.isf(rate / share, shape))


CALIBRATIONS: dict[str, Callable[[FloatArray], Calibration]] = {
    "conformal": Conformal,
    "generalized_pareto": GeneralizedPareto,
}
