"""How many principal components a table has: those above chance, and those that hold elsewhere."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from inscape._checks import (
    check_enough_samples,
    check_generator,
    check_integer,
    check_matrix,
    check_number,
)
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape._typing import FloatArray

# Below this share of the first, a variance is what rounding leaves.
_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class ParallelAnalysis:
    """Principal components beside those of rows whose columns know nothing of each other.

    Parameters
    ----------
    variances : ndarray, shape (min(n_samples - 1, n_features),)
        Variance along each component, the largest first.
    thresholds : ndarray of the same shape
        What the component of the same place may reach by chance.
    level : float
        The probability that one reaches more by chance.

    Examples
    --------
    >>> ParallelAnalysis(np.array([3.0, 0.5]), np.array([1.2, 0.8]), 0.05).n_components
    1
    """

    variances: FloatArray
    thresholds: FloatArray
    level: float

    @property
    def n_components(self) -> int:
        """The number of leading components above chance."""
        below = np.flatnonzero(self.variances <= self.thresholds)
        return int(below[0]) if len(below) else len(self.variances)


def parallel_analysis(
    X: Any,
    *,
    n_permutations: int = 99,
    level: float = 0.05,
    random_state: int | np.random.Generator | None = None,
) -> ParallelAnalysis:
    r"""Count the principal components that are above chance.

    Each column is permuted by itself, which leaves its spread and takes away what it has to do
    with the others; the variance along the k-th component has to lie above that of so many such
    tables that no more than `level` of them would reach it.

    Parameters
    ----------
    X : array-like, shape (n_samples, n_features)
        Rows; columns of unlike units are to be brought to one spread first.
    n_permutations : int, default 99
        Permuted tables, at least 1 / level - 1.
    level : float, default 0.05
        Between 0 and 1.
    random_state : int, numpy.random.Generator or None, default None
        What the permutations come from; None gives others each time.

    Returns
    -------
    ParallelAnalysis

    Raises
    ------
    InvalidParameterError
        If an option cannot hold, or permutations are too few for the level.
    InvalidDataError
        If X is no finite matrix of two different rows.

    Notes
    -----
    J. L. Horn (1965), Psychometrika 30, 179-185; with permuted columns in place of normal numbers:
    A. Buja and N. Eyuboglu (1992), Multivariate Behavioral Research 27, 509-540. The threshold of
    the k-th component does not know of the k - 1 before it, whose variance it spreads over all:
    weak components behind strong ones are missed, and the count is rather too low than too high.

    Examples
    --------
    >>> generator = np.random.default_rng(0)
    >>> X = generator.normal(size=(300, 2)) @ generator.normal(size=(2, 10))
    >>> parallel_analysis(X + 0.5 * generator.normal(size=(300, 10)), random_state=0).n_components
    2
    """
    rows = _checked(X, name="X")
    level = check_number("level", level, above=0, below=1)
    n_permutations = check_integer("n_permutations", n_permutations, minimum=1)
    # The rank among all tables, the given one included, that no more than the level lie above.
    rank = math.ceil((1 - level) * (n_permutations + 1) - 1e-9)
    if rank > n_permutations:
        raise InvalidParameterError(
            f"`n_permutations` must be at least {math.ceil(1 / level) - 1} for level={level:g}; "
            f"got {n_permutations}: give more, or a larger level."
        )
    generator = check_generator("random_state", random_state)
    variances = _variances(rows)
    # Of all permuted tables the largest are needed, so many as lie at the rank or above.
    largest = np.full((n_permutations - rank + 1, len(variances)), -np.inf)
    for _ in range(n_permutations):
        found = _variances(generator.permuted(rows, axis=0))
        place = largest.argmin(axis=0)
        columns = np.arange(len(found))
        largest[place, columns] = np.maximum(largest[place, columns], found)
    thresholds = largest.min(axis=0)
    # What rounding leaves is above nothing.
    thresholds = np.maximum(thresholds, _ROUNDING * variances[0])
    return ParallelAnalysis(variances, thresholds, level)


@dataclass(frozen=True, eq=False)
class HeldOutSpectrum:
    """What principal components of some rows are worth on others.

    Parameters
    ----------
    squared_errors : ndarray, shape (n_sizes + 1, n_test)
        Of each test row, the mean over features, with 0, 1, 2, ... components. It can only fall.
    log_likelihoods : ndarray, shape (n_sizes + 1, n_test)
        Nats of each test row under probabilistic PCA with 0, 1, 2, ... components. It has a
        maximum: noise that was learned as a component costs.

    Examples
    --------
    >>> HeldOutSpectrum(np.array([[2.0], [1.0]]), np.array([[-4.0], [-3.0]])).n_components
    1
    """

    squared_errors: FloatArray
    log_likelihoods: FloatArray

    @property
    def n_components(self) -> int:
        """The smallest number of components that is not clearly less likely than the best."""
        return smallest_as_good(-self.log_likelihoods)


def held_out_spectrum(X: Any, X_test: Any) -> HeldOutSpectrum:
    r"""Return what the principal components of X are worth on other rows, for every number of them.

    With the variances :math:`\lambda_i` along the components, and the mean
    :math:`\sigma^2` of those left out, probabilistic PCA is the normal distribution with
    covariance :math:`\sum_{i \le k} (\lambda_i - \sigma^2) v_i v_i^\top + \sigma^2 I`.

    Parameters
    ----------
    X : array-like, shape (n_samples, n_features)
        Rows that the components are found in; a constant column is to be left out first.
    X_test : array-like, shape (n_test, n_features)
        Other rows.

    Returns
    -------
    HeldOutSpectrum
        For 0 to min(n_samples - 2, n_features - 1) components: with more nothing is left whose
        variance could be told.

    Raises
    ------
    InvalidDataError
        If the two are no finite matrices with the same columns, or X has not three different rows
        and two columns.

    Notes
    -----
    M. E. Tipping and C. M. Bishop (1999), J. R. Stat. Soc. B 61, 611-622. With more rows than
    columns the values are those of scikit-learn's ``PCA(k).score_samples``; with fewer it divides
    the variance that is left by the directions that the rows span, the paper by all.

    Examples
    --------
    >>> generator = np.random.default_rng(0)
    >>> X = generator.normal(size=(300, 2)) @ generator.normal(size=(2, 10))
    >>> X += 0.5 * generator.normal(size=(300, 10))
    >>> held_out_spectrum(X[:200], X[200:]).n_components
    2
    """
    rows = _checked(X, name="X")
    others = check_matrix(X_test, name="X_test", n_columns=rows.shape[1])
    centred, test = _centred(rows, rows), _centred(others, rows)
    n, p = centred.shape
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    variances = np.square(sizes) / (n - 1)
    # Of directions along which nothing varies there is no density.
    rank = int((variances > _ROUNDING * variances[0]).sum())
    n_sizes = min(n - 2, p - 1, rank - 1)
    if n_sizes < 1:
        raise InvalidDataError(
            f"X must vary along two directions at least; got rank {rank} of {n} rows and {p} "
            "columns: give more rows, or other columns."
        )
    squares = np.square(test @ directions[:n_sizes].T)
    whole = np.square(test).sum(axis=1)
    explained = np.concatenate([np.zeros((1, len(test))), np.cumsum(squares.T, axis=0)])
    left = np.maximum(whole - explained, 0.0)
    kept = np.arange(n_sizes + 1)
    noise = np.maximum(variances.sum() - np.concatenate([[0.0], np.cumsum(variances[:n_sizes])]), 0)
    noise = noise / (p - kept)
    logarithms = np.concatenate([[0.0], np.cumsum(np.log(variances[:n_sizes]))])
    weighed = (squares / variances[:n_sizes]).T
    distances = np.concatenate([np.zeros((1, len(test))), np.cumsum(weighed, axis=0)])
    volume = p * math.log(2 * math.pi) + logarithms + (p - kept) * np.log(noise)
    likelihoods = -0.5 * (volume[:, None] + distances + left / noise[:, None])
    return HeldOutSpectrum(left / p, likelihoods)


def smallest_as_good(costs: Any) -> int:
    """Return the first of several sizes that is not clearly worse than the best one.

    Clearly is by more than one standard error of the rows' paired differences (Breiman et al.
    1984, section 3.4.3, there for trees).

    Parameters
    ----------
    costs : array-like, shape (n_sizes, n_samples)
        What each row costs at each size, sizes rising.

    Returns
    -------
    int
        Its place.

    Raises
    ------
    InvalidDataError
        If there is none, or they are not finite.

    Examples
    --------
    >>> smallest_as_good([[3.0, 5.0], [1.0, 2.0], [0.9, 2.1]])
    1
    """
    costs = check_matrix(costs, name="costs").astype(np.float64)
    best = int(costs.mean(axis=1).argmin())
    lost = costs - costs[best]
    n = costs.shape[1]
    error = lost.std(axis=1, ddof=1) / math.sqrt(n) if n > 1 else np.zeros(len(costs))
    return int(np.flatnonzero(lost.mean(axis=1) <= error)[0])


def _checked(X: Any, *, name: str) -> FloatArray:
    rows = check_matrix(X, name=name)
    check_enough_samples(len(rows))
    if (rows == rows[0]).all():
        raise InvalidDataError(
            f"{name} must hold two different rows; got {len(rows)} equal ones: nothing varies."
        )
    return rows


def _variances(rows: FloatArray) -> FloatArray:
    """Return the variance along each principal component, the largest first."""
    centred = _centred(rows, rows)
    n, p = centred.shape
    gram = centred @ centred.T if n <= p else centred.T @ centred
    found = np.linalg.eigvalsh(gram)[::-1][: min(n - 1, p)] / (n - 1)
    return np.maximum(found, 0.0)


def _centred(rows: FloatArray, of: FloatArray) -> FloatArray:
    """Return rows less the mean of others, in float64 before anything is taken away."""
    wide = of.astype(np.float64)
    mean = wide.mean(axis=0)
    # Twice: a sum of many rows that are far off their zero has lost its last digits.
    mean = mean + (wide - mean).mean(axis=0)
    return rows.astype(np.float64) - mean
