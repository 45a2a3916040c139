"""Clusters that are denser than what is between them; what is nowhere dense is noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sklearn.cluster import HDBSCAN as ScikitHDBSCAN

from inscape._checks import check_integer
from inscape._typing import FloatArray
from inscape.uses.clusters.methods.method import ClusteringMethod, CodeGraph, FittedClusters
from inscape.uses.clusters.methods.neighborhood import Neighborhood, memberships_of

# Of the rows: no cluster of the default is smaller.
_SMALLEST_SHARE, _SMALLEST = 0.005, 5


@dataclass(frozen=True)
class HDBSCAN(ClusteringMethod):
    """Clusters that are denser than what is between them; rows that are nowhere dense are noise.

    It finds by itself how many there are, maybe none.

    Source: Campello, Moulavi and Sander 2013, PAKDD; scikit-learn's.

    Parameters
    ----------
    min_cluster_size : int or None
        The fewest rows of a cluster; None is 5, or 0.5% of the rows where that is more.
    """

    min_cluster_size: int | None = None
    finds_the_number: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.min_cluster_size is not None:
            check_integer("min_cluster_size", self.min_cluster_size, minimum=2)

    def fit(self, graph: CodeGraph, n_clusters: int) -> tuple[FittedClusters, FloatArray]:
        """Find dense places."""
        n_codes = len(graph.codes)
        smallest = self.min_cluster_size or max(_SMALLEST, round(_SMALLEST_SHARE * n_codes))
        # More than there are rows cannot be asked for.
        found = ScikitHDBSCAN(min_cluster_size=max(2, min(smallest, n_codes)), copy=True).fit(
            graph.codes
        )
        memberships = memberships_of(found.labels_, int(found.labels_.max()) + 1)
        return Neighborhood(graph.codes, memberships), memberships
