"""Covariances of columns, and what they say of entries that are missing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotri

from inscape._typing import FloatArray

# Bytes that the matrices of a block of rows may take.
ROOM = 2**25


class Seen(ABC):
    """What is known of some rows by the entries that are there; all arrays have 0 elsewhere."""

    log_determinants: FloatArray

    @abstractmethod
    def solve(self, apart: FloatArray) -> FloatArray:
        """Return the inverse of the covariance of what is there, times that, (n_rows, k, n)."""

    @abstractmethod
    def left(self) -> FloatArray:
        """Return the variance of each entry that is left, (n_rows, n), 0 where it is there."""


class Covariance(ABC):
    """A covariance of columns."""

    @abstractmethod
    def given(self, there: np.ndarray) -> Seen:
        """Return what is known by the entries (n_rows, n) that are there."""

    @abstractmethod
    def times(self, vectors: FloatArray) -> FloatArray:
        """Return the covariance times vectors, (..., n)."""

    @abstractmethod
    def draw(self, n_rows: int, random: np.random.Generator) -> FloatArray:
        """Draw rows about 0, (n_rows, n)."""

    @property
    @abstractmethod
    def block(self) -> int:
        """Rows that are looked at together."""


@dataclass(frozen=True, eq=False)
class FullCovariance(Covariance):
    """A covariance as it is.

    Parameters
    ----------
    matrix : ndarray, shape (n_features, n_features)
        Positive definite.
    """

    matrix: FloatArray

    def given(self, there: np.ndarray) -> SeenByFull:
        # Rows of many tables lack the same entries.
        patterns, which = np.unique(there, axis=0, return_inverse=True)
        which = which.reshape(-1)
        inverses = np.zeros((len(patterns), *self.matrix.shape))
        logs = np.zeros(len(patterns))
        for inverse, pattern, i in zip(inverses, patterns, range(len(patterns)), strict=True):
            own = np.ix_(pattern, pattern)
            if not pattern.any():
                continue
            root, failed = dpotrf(self.matrix[own], lower=1)
            half, failed = dpotri(root, lower=1) if not failed else (root, failed)
            if failed:
                raise np.linalg.LinAlgError(failed)
            logs[i] = 2 * np.log(np.diag(root)).sum()
            inverse[own] = np.tril(half) + np.tril(half, -1).T
        return SeenByFull(self.matrix, there, inverses, which, logs[which])

    def times(self, vectors: FloatArray) -> FloatArray:
        return vectors @ self.matrix

    def draw(self, n_rows: int, random: np.random.Generator) -> FloatArray:
        root = np.linalg.cholesky(self.matrix)
        return random.normal(size=(n_rows, len(root))) @ root.T

    @property
    def block(self) -> int:
        return max(1, ROOM // (8 * self.matrix.size))


@dataclass(frozen=True, eq=False)
class SeenByFull(Seen):
    """What is known of rows by a whole matrix; each pattern of entries is inverted once."""

    matrix: FloatArray
    there: np.ndarray
    inverses: FloatArray
    which: np.ndarray
    log_determinants: FloatArray

    def solve(self, apart: FloatArray) -> FloatArray:
        return apart @ self.inverses[self.which]

    def left(self) -> FloatArray:
        known = self.matrix @ self.inverses
        told = np.einsum("pij,ji->pi", known, self.matrix)
        return np.where(self.there, 0.0, np.diag(self.matrix) - told[self.which])

    def inverses_together(self) -> FloatArray:
        """Return the sum over rows of the inverses of what is there, (n, n)."""
        counts = np.bincount(self.which).astype(float)
        return np.tensordot(counts, self.inverses, axes=1)


@dataclass(frozen=True, eq=False)
class LowRankCovariance(Covariance):
    """Few directions and a variance for each column: loadings times their transpose, plus noise.

    Parameters
    ----------
    loadings : ndarray, shape (n_features, rank)
        Of the directions.
    noise : ndarray, shape (n_features,)
        Above 0.
    """

    loadings: FloatArray
    noise: FloatArray

    def given(self, there: np.ndarray) -> SeenByLowRank:
        n, rank = self.loadings.shape
        products = np.einsum("ij,ik->ijk", self.loadings, self.loadings / self.noise[:, None])
        inner = (there.astype(np.float64) @ products.reshape(n, -1)).reshape(-1, rank, rank)
        inner[:, np.arange(rank), np.arange(rank)] += 1
        logs = np.linalg.slogdet(inner)[1] + there @ np.log(self.noise)
        return SeenByLowRank(self, there, np.linalg.inv(inner), logs)

    def times(self, vectors: FloatArray) -> FloatArray:
        return (vectors @ self.loadings) @ self.loadings.T + vectors * self.noise

    def draw(self, n_rows: int, random: np.random.Generator) -> FloatArray:
        n, rank = self.loadings.shape
        common = random.normal(size=(n_rows, rank)) @ self.loadings.T
        return common + random.normal(size=(n_rows, n)) * np.sqrt(self.noise)

    @property
    def block(self) -> int:
        n, rank = self.loadings.shape
        return max(1, ROOM // (8 * (rank * rank + 4 * n)))


@dataclass(frozen=True, eq=False)
class SeenByLowRank(Seen):
    """What is known of rows by few directions, of whose places `inverses` are the covariances."""

    covariance: LowRankCovariance
    there: np.ndarray
    inverses: FloatArray
    log_determinants: FloatArray

    def directions(self, apart: FloatArray) -> FloatArray:
        """Return where rows are most likely along the directions, (n_rows, k, rank)."""
        scaled = self.covariance.loadings / self.covariance.noise[:, None]
        return apart @ scaled @ self.inverses

    def solve(self, apart: FloatArray) -> FloatArray:
        loadings, noise = self.covariance.loadings, self.covariance.noise
        left = apart - self.directions(apart) @ loadings.T
        return np.where(self.there[:, None], left, 0.0) / noise

    def left(self) -> FloatArray:
        loadings = self.covariance.loadings
        told = ((loadings @ self.inverses) * loadings).sum(axis=2) + self.covariance.noise
        return np.where(self.there, 0.0, told)
