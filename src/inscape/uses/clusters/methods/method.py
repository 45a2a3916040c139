"""The base of every way to find clusters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from tqdm.auto import tqdm

from inscape._parts import Part
from inscape._representations import code_space
from inscape._typing import FloatArray
from inscape.uses.clusters.number import Candidate, weigh_candidates
from inscape.uses.clusters.spectrum import Spectrum, find_spectrum
from inscape.uses.graph import neighbor_graph
from inscape.uses.representations import fit_representation

# Directions of the graph from which the number of clusters is chosen.
_WEIGHED = 60


class FittedClusters(ABC):
    """What tells which cluster a code belongs to; a dataclass of arrays."""

    @abstractmethod
    def memberships(self, codes: FloatArray) -> FloatArray:
        """Return how much each code (n, n_dimensions) belongs to each cluster.

        (n, n_clusters), none below 0; what a row lacks to 1 is how much it is noise.
        """


@dataclass(frozen=True, eq=False)
class Learned:
    """What a method learned from some rows.

    Parameters
    ----------
    representation : Any
        Fitted: rows to codes and back.
    clusters : FittedClusters
        Codes to clusters.
    memberships : ndarray, shape (n_samples, n_clusters)
        Of the rows it was learned from.
    candidates : tuple of Candidate
        Numbers of clusters, the best supported first; none where the number was given, or is the
        method's own.
    """

    representation: Any
    clusters: FittedClusters
    memberships: FloatArray
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class ClusteringMethod(Part):
    """A way to find clusters.

    One of your own extends this class, is a frozen dataclass, and gives `fit`.

    Attributes
    ----------
    trains_its_own : bool
        Whether it learns a network of its own, and takes no representation.
    finds_the_number : bool
        Whether it tells by itself how many clusters there are, and cannot be told.
    """

    trains_its_own: ClassVar[bool] = False
    finds_the_number: ClassVar[bool] = False

    def check_installed(self) -> None:
        """Ask for the packages that it needs.

        Raises
        ------
        MissingDependencyError
            If one is missing.
        """

    def learn(
        self,
        X: Any,
        representation: Any,
        *,
        n_clusters: int | None,
        fixed: bool,
        seed: int,
        verbose: bool = False,
    ) -> Learned:
        """Learn from rows.

        Parameters
        ----------
        X : array or frame, shape (n_samples, n_features)
            Rows.
        representation : Any
            What they are encoded by.
        n_clusters : int or None
            How many; None finds it.
        fixed : bool
            Whether the representation is fitted already, and used as it is.
        seed : int
            Of every draw.
        verbose : bool
            Whether to draw progress bars on a terminal.
        """
        with tqdm(
            total=3, desc="Clusters", unit="step", leave=False, disable=None if verbose else True
        ) as bar:
            fitted = representation
            if not fixed:
                fitted = fit_representation(representation, X, verbose=verbose)
            bar.update()
            graph = CodeGraph(encode(fitted, X), seed)
            candidates: tuple[Candidate, ...] = ()
            if n_clusters is None and not self.finds_the_number:
                candidates = graph.candidates()
                n_clusters = candidates[0].n_clusters
            bar.update()
            clusters, memberships = self.fit(graph, n_clusters or 0)
            bar.update()
        return Learned(fitted, clusters, memberships, candidates)

    @abstractmethod
    def fit(self, graph: CodeGraph, n_clusters: int) -> tuple[FittedClusters, FloatArray]:
        """Find clusters of codes.

        Parameters
        ----------
        graph : CodeGraph
            The codes, and which lie beside which.
        n_clusters : int
            How many; 0 where the method `finds_the_number`.

        Returns
        -------
        clusters, memberships
            What tells of other codes, and that of these, (n_samples, n_clusters).
        """


class CodeGraph:
    """Codes, and the graph of their neighbours, which is found when somebody asks.

    Parameters
    ----------
    codes : ndarray, shape (n_samples, n_dimensions)
        In flat space.
    seed : int
        Of every draw.
    """

    def __init__(self, codes: FloatArray, seed: int) -> None:
        self.codes = codes
        self.seed = seed
        self._graph: Any = None
        self._spectrum: Spectrum | None = None

    def weights(self) -> Any:
        """Return the fuzzy weights, (n_samples, n_samples)."""
        if self._graph is None:
            self._graph = neighbor_graph(self.codes)
        return self._graph

    def spectrum(self, n_values: int) -> Spectrum:
        """Return so many slow directions, or more."""
        if self._spectrum is None or len(self._spectrum.values) < min(
            n_values, len(self.codes) - 1
        ):
            self._spectrum = find_spectrum(self.weights(), n_values, seed=self.seed)
        return self._spectrum

    def candidates(self) -> tuple[Candidate, ...]:
        """Return numbers of clusters, the best supported first."""
        return weigh_candidates(self.spectrum(_WEIGHED), seed=self.seed)


def encode(representation: Any, X: Any) -> FloatArray:
    """Return the codes of rows in flat space, where distances are those of vectors."""
    codes = np.asarray(representation.transform(X), dtype=np.float64)
    space = code_space(representation)
    if space is None or space.kind == "euclidean":
        return codes
    import torch

    return space.flatten(torch.from_numpy(codes)).numpy()
