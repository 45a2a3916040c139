"""Columns as the Gaussian sees them: of one spread and, where asked for, bent to be like a bell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inscape._typing import FloatArray

# Powers that are tried: coarsely, then around the best.
_POWERS = np.arange(-3.0, 5.25, 0.5)
_AROUND = np.arange(-0.4, 0.45, 0.1)
# Of Gauss and Hermite: the mean of a bent Gaussian to more digits than anybody knows it.
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(11)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


@dataclass(frozen=True, eq=False)
class Marginals:
    r"""The way of each column to one that is like a bell, and back.

    .. math::

        z = \frac{\psi_p\left((x - m) / s\right) - a}{b}

    with the power transform :math:`\psi` of Yeo and Johnson 2000 (Biometrika 87 (4)), which leaves
    a column as it is where p = 1.

    Parameters
    ----------
    mean, spread : ndarray, shape (n_features,)
        m and s, of what is there; a constant column has the spread 1.
    power : ndarray, shape (n_features,)
        p.
    shift, scale : ndarray, shape (n_features,)
        a and b.
    low, high : ndarray, shape (n_features,)
        Between which z goes back where a column is bent: the least and the greatest seen.
    """

    mean: FloatArray
    spread: FloatArray
    power: FloatArray
    shift: FloatArray
    scale: FloatArray
    low: FloatArray
    high: FloatArray

    @property
    def bends(self) -> bool:
        """Whether a column is bent."""
        return bool((self.power != 1).any())

    def apply(self, X: FloatArray) -> FloatArray:
        """Return what the Gaussian sees of rows; NaN stays NaN."""
        rows = (X.astype(np.float64) - self.mean) / self.spread
        return (_bend(rows, self.power) - self.shift) / self.scale

    def undo(self, Z: FloatArray) -> FloatArray:
        """Return the rows of which `apply` made these."""
        bent = self.power != 1
        Z = np.where(bent, np.clip(Z, self.low, self.high), Z)
        return _unbend(Z * self.scale + self.shift, self.power) * self.spread + self.mean

    def undo_moments(self, mean: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return mean and standard deviation of rows whose z are Gaussian with such moments."""
        deviation = np.sqrt(variance)
        if not self.bends:
            return self.undo(mean), deviation * self.scale * self.spread
        first, second = np.zeros(mean.shape), np.zeros(mean.shape)
        # About the middle: a square of something far off its zero would lose its last digits.
        middle = self.undo(mean)
        for node, weight in zip(_NODES, _WEIGHTS, strict=True):
            apart = self.undo(mean + node * deviation) - middle
            first += weight * apart
            second += weight * np.square(apart)
        return middle + first, np.sqrt(np.maximum(second - np.square(first), 0.0))


def fit_marginals(X: FloatArray, *, bend: bool) -> Marginals:
    """Return the way of columns with NaN.

    A column in which one value fills half of what is there is left as it is, but for its spread.

    Parameters
    ----------
    X : ndarray, shape (n_samples, n_features)
        Rows; no column is all NaN.
    bend : bool
        Whether the power of each column is the likeliest one for a Gaussian; else it is 1.
    """
    mean, spread = _moments(X.astype(np.float64))
    spread = np.where(spread > 0, spread, 1.0)
    ones, zeros = np.ones(len(mean)), np.zeros(len(mean))
    plain = Marginals(mean, spread, ones, zeros, ones, zeros, zeros)
    if not bend:
        return plain
    rows = plain.apply(X)
    # A column of which nothing is there is a constant one.
    rows = np.where(np.isnan(rows).all(axis=0), 0.0, rows)
    power = np.where(_half_the_same(rows), 1.0, _likeliest(rows))
    bent = _bend(rows, power)
    shift, scale = _moments(bent)
    scale = np.where(scale > 0, scale, 1.0)
    low, high = ((end(bent, axis=0) - shift) / scale for end in (np.nanmin, np.nanmax))
    return Marginals(mean, spread, power, shift, scale, low, high)


def _moments(X: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and spread of what is there of each column; of a constant one the spread 0."""
    there = ~np.isnan(X)
    counts = np.maximum(there.sum(axis=0), 1)
    mean = np.where(there, X, 0.0).sum(axis=0) / counts
    apart = np.where(there, X - mean, 0.0)
    # Twice: a sum of many rows that are far off their zero has lost its last digits.
    rest = apart.sum(axis=0) / counts
    mean, apart = mean + rest, np.where(there, apart - rest, 0.0)
    size = np.abs(apart).max(axis=0)
    # A column that is constant but for roundings is constant.
    size[size <= 1e-13 * np.abs(mean)] = 0
    safe = np.where(size > 0, size, 1.0)
    spread = safe * np.sqrt(np.square(apart / safe).sum(axis=0) / counts)
    return mean, np.where(size > 0, spread, 0.0)


def _half_the_same(rows: FloatArray) -> np.ndarray:
    ordered = np.sort(rows, axis=0)  # what is missing comes last
    half = np.maximum((~np.isnan(rows)).sum(axis=0) // 2, 1)
    ahead = np.arange(len(rows))[:, None] + half
    later = np.take_along_axis(ordered, np.minimum(ahead, len(rows) - 1), axis=0)
    return np.asarray(((ordered == later) & (ahead < len(rows))).any(axis=0))


def _likeliest(rows: FloatArray) -> FloatArray:
    best = np.ones(rows.shape[1])
    # The derivative's logarithm, per unit of the power.
    slope = np.nanmean(np.sign(rows) * np.log1p(np.abs(rows)), axis=0)
    for powers in (_POWERS, _AROUND):
        found = np.full(rows.shape[1], -np.inf)
        around = best.copy() if powers is _AROUND else np.zeros(rows.shape[1])
        for power in powers:
            tried = power + around
            variance = np.nanvar(_bend(rows, tried), axis=0)
            with np.errstate(divide="ignore"):
                likelihood = -0.5 * np.log(variance) + (tried - 1) * slope
            better = likelihood > found
            found, best = np.where(better, likelihood, found), np.where(better, tried, best)
    return best


def _bend(rows: FloatArray, power: FloatArray) -> FloatArray:
    above = _box_cox(np.maximum(rows, 0.0), power)
    below = -_box_cox(np.maximum(-rows, 0.0), 2 - power)
    bent = np.where(rows >= 0, above, below)
    return np.where(np.isnan(rows) | (power == 1), rows, bent)


def _unbend(rows: FloatArray, power: FloatArray) -> FloatArray:
    above = _undo_box_cox(np.maximum(rows, 0.0), power)
    below = -_undo_box_cox(np.maximum(-rows, 0.0), 2 - power)
    back = np.where(rows >= 0, above, below)
    return np.where(np.isnan(rows) | (power == 1), rows, back)


def _box_cox(rows: FloatArray, power: FloatArray) -> FloatArray:
    """Return ((1 + x)^p - 1) / p for x from 0, or the logarithm of 1 + x where p is 0."""
    flat = np.abs(power) < 1e-8
    safe = np.where(flat, 1.0, power)
    logs = np.log1p(rows)
    return np.where(flat, logs, np.expm1(safe * logs) / safe)


def _undo_box_cox(rows: FloatArray, power: FloatArray) -> FloatArray:
    flat = np.abs(power) < 1e-8
    safe = np.where(flat, 1.0, power)
    # Beyond the end of what can be reached only by roundings.
    logs = np.where(flat, rows, np.log1p(np.maximum(safe * rows, -1 + 1e-12)) / safe)
    return np.expm1(logs)
