"""Gaussians on a map that draws neighbours together."""

from __future__ import annotations

import importlib.util
import warnings
from dataclasses import dataclass

import numpy as np

from inscape._checks import check_integer, missing_dependency
from inscape._typing import FloatArray
from inscape.uses.clusters.methods.gaussian_mixture import fit_gaussians
from inscape.uses.clusters.methods.method import ClusteringMethod, CodeGraph, FittedClusters
from inscape.uses.clusters.methods.neighborhood import Neighborhood


@dataclass(frozen=True)
class UMAP(ClusteringMethod):
    """Gaussians on a map that draws neighbours together: slower than "spectral".

    The package umap-learn (extra `umap`) maps the codes; a new row belongs where its neighbours
    among the codes belong.

    Source: McConville, Santos-Rodríguez, Piechocki and Craddock 2020, ICPR, "N2D".

    Parameters
    ----------
    n_dimensions : int or None
        Of the map; None is as many as the codes have, or as many as clusters where these are fewer.
    n_neighbors : int
        Neighbours of each code.
    """

    n_dimensions: int | None = None
    n_neighbors: int = 15

    def __post_init__(self) -> None:
        if self.n_dimensions is not None:
            check_integer("n_dimensions", self.n_dimensions, minimum=1)
        check_integer("n_neighbors", self.n_neighbors, minimum=2)

    def check_installed(self) -> None:
        """Ask for umap-learn."""
        if importlib.util.find_spec("umap") is None:
            raise missing_dependency("umap-learn", "method='umap'", "umap")

    def fit(self, graph: CodeGraph, n_clusters: int) -> tuple[FittedClusters, FloatArray]:
        """Map the codes, and find Gaussians there."""
        codes = graph.codes - graph.codes.mean(axis=0)
        n_dimensions = self.n_dimensions or min(codes.shape[1], n_clusters)
        with warnings.catch_warnings():
            # It tells what else could be installed, that a seed means one thread, and that few rows
            # have few neighbours.
            warnings.simplefilter("ignore")
            from umap import UMAP as Map

            mapped = Map(
                n_neighbors=self.n_neighbors,
                n_components=n_dimensions,
                min_dist=0.0,
                # The spectrum of so few rows is no start.
                init="spectral" if len(codes) > n_dimensions + 2 else "random",
                random_state=graph.seed,
            ).fit_transform(codes.astype(np.float32))
        mapped = np.asarray(mapped, dtype=np.float64)
        gaussians = fit_gaussians(mapped, n_clusters, n_starts=5, seed=graph.seed)
        memberships = gaussians.memberships(mapped)
        return Neighborhood(graph.codes, memberships), memberships
