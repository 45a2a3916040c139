"""Ways to find clusters, each a small immutable part.

| file | what lives there |
|---|---|
| `deep_embedded` | clusters that an encoder is trained on, made sharper again and again |
| `gaussian_mixture` | clusters that are Gaussians of any width and slant |
| `hdbscan` | clusters that are denser than what is between them; what is nowhere dense is noise |
| `k_means` | clusters around centres |
| `method` | the base of every way to find clusters |
| `neighborhood` | codes that belong where their neighbours belong |
| `spectral` | clusters that a walk along the graph of neighbours seldom leaves |
| `umap` | Gaussians on a map that draws neighbours together |
| `variational` | clusters that are the Gaussians of a variational model's prior |
"""

from inscape._parts import Family
from inscape.uses.clusters.methods.deep_embedded import DEC, IDEC
from inscape.uses.clusters.methods.gaussian_mixture import GaussianMixture
from inscape.uses.clusters.methods.hdbscan import HDBSCAN
from inscape.uses.clusters.methods.k_means import KMeans
from inscape.uses.clusters.methods.method import (
    ClusteringMethod,
    CodeGraph,
    FittedClusters,
    Learned,
)
from inscape.uses.clusters.methods.spectral import Spectral
from inscape.uses.clusters.methods.umap import UMAP
from inscape.uses.clusters.methods.variational import VADE

METHODS = Family(
    ClusteringMethod,
    {
        "spectral": Spectral,
        "kmeans": KMeans,
        "gaussian_mixture": GaussianMixture,
        "hdbscan": HDBSCAN,
        "umap": UMAP,
        "dec": DEC,
        "idec": IDEC,
        "vade": VADE,
    },
)

__all__ = [
    "DEC",
    "HDBSCAN",
    "IDEC",
    "METHODS",
    "UMAP",
    "VADE",
    "ClusteringMethod",
    "CodeGraph",
    "FittedClusters",
    "GaussianMixture",
    "KMeans",
    "Learned",
    "Spectral",
]
