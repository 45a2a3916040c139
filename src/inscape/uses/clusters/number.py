"""How many clusters there are, and how sure that is."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import adjusted_rand_score

from inscape._typing import FloatArray
from inscape.uses.clusters.partition import partition
from inscape.uses.clusters.spectrum import REGULARIZED, Spectrum

MOST_CLUSTERS = 20
# Directions of the graph for each cluster.
PER_CLUSTER = 3
# Halves of the rows on which the partition is looked for again, and rows that are taken at most.
_REPETITIONS, _ROWS = 4, 2000
# Times the support of the next, from which on a number is clearly better.
_CLEARLY = 1.25


@dataclass(frozen=True)
class Candidate:
    """A number of clusters, and what speaks for it.

    Parameters
    ----------
    n_clusters : int
        How many.
    eigengap : float
        How much more quickly the first direction is crossed that would part a cluster than the
        last one between clusters, in [0, 1]: 1 where clusters do not touch, and about 0.63 where
        eigenvalues grow evenly, whatever the number.
    stability : float
        The mean adjusted Rand index of partitions that were found on random halves of the rows: 1
        where all agree, 0 where they agree by chance.
    """

    n_clusters: int
    eigengap: float
    stability: float

    @property
    def support(self) -> float:
        """The product of both."""
        return self.eigengap * max(self.stability, 0.0)


def weigh_candidates(spectrum: Spectrum, *, seed: int) -> tuple[Candidate, ...]:
    r"""Return numbers of clusters from 2 on, the best supported first.

    The eigengap of k clusters is :math:`1 - (\lambda_{k-1} / \lambda_{k})^k`, counted from
    :math:`\lambda_0 = 0`, less what regularization adds to each:
    whether one cluster is enough cannot be told so.

    Source: von Luxburg 2007, Statistics and Computing 17, section 8.3, on the gap; Ben-Hur,
    Elisseeff and Guyon 2002, Pacific Symposium on Biocomputing, on stability.

    Parameters
    ----------
    spectrum : Spectrum
        Of the rows' graph.
    seed : int
        Of the halves.
    """
    values = spectrum.values
    random = np.random.default_rng(seed)
    candidates = []
    for n_clusters in range(2, min(MOST_CLUSTERS, len(values)) + 1):
        low, high = np.maximum(values[n_clusters - 2 : n_clusters] - REGULARIZED, 1e-9)
        points = spectrum.embed(PER_CLUSTER * n_clusters)
        stability = _find_stability(points, n_clusters, random)
        candidates.append(Candidate(n_clusters, float(1 - (low / high) ** n_clusters), stability))
    # Without a third row there is nothing to choose.
    candidates = candidates or [Candidate(min(2, len(values) + 1), 0.0, 0.0)]
    return tuple(sorted(candidates, key=lambda one: -one.support))


def _find_stability(points: FloatArray, n_clusters: int, random: np.random.Generator) -> float:
    n_points = len(points)
    if n_points < 2 * n_clusters:
        return 0.0
    judged = points[random.permutation(n_points)[:_ROWS]]
    found = []
    for _ in range(_REPETITIONS):
        half = points[random.permutation(n_points)[: max(n_clusters, min(_ROWS, n_points // 2))]]
        centers = partition(half, n_clusters, seed=int(random.integers(2**31)), restarts=3).centers
        gaps = np.square(centers).sum(axis=1) - 2 * judged @ centers.T
        found.append(gaps.argmin(axis=1))
    pairs = itertools.combinations(found, 2)
    return float(np.mean([adjusted_rand_score(one, other) for one, other in pairs]))


def tell_doubt(candidates: Sequence[Candidate]) -> str:
    """Return in a sentence how sure a number is.

    Parameters
    ----------
    candidates : sequence of Candidate
        The best supported first, which is taken.
    """
    best = candidates[0]
    said = (
        f"{best.n_clusters} clusters were found (eigengap {best.eigengap:.2f}, stability "
        f"{best.stability:.2f})"
    )
    if len(candidates) == 1:
        return f"{said}; no other number was possible."
    second = candidates[1]
    said = (
        f"{said}; the next is {second.n_clusters} (eigengap {second.eigengap:.2f}, stability "
        f"{second.stability:.2f})"
    )
    if best.support < _CLEARLY * second.support:
        return f"{said}, which is nearly as well supported: set `n_clusters` if you know it."
    return f"{said}, which has clearly less support."
