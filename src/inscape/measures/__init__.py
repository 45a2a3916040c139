"""Measures: a representation or an array in, a number out; pure functions.

| file | what lives there |
|---|---|
| `reconstruction` | how well a representation gives back what it encoded |
| `codes` | units that died |
| `codebook` | how much of a codebook is used |
| `latents` | which units of a latent space are used, what they tell, how the prior fits |
| `geometry` | similarity of samples within one representation |
| `neighbors` | which rows are nearest to which, and how far |
| `ranks` | how well codes keep who is near whom |
| `comparison` | how alike two representations are, with intervals |
| `dimension` | how many dimensions rows fill |
| `disentanglement` | whether a unit tells of one known factor, and a factor is told by one unit |
| `features` | what a small classifier of labels sees in rows, to compare samples in |
| `samples` | how what a model draws is like what it learned from, and whether it is a copy |
| `overview` | two representations by every measure, many by one |
| `resampling` | the same over many draws of samples, from which the intervals come |
| `spectrum` | how many principal components there are: above chance, and on other rows |
| `intervals` | the mean of a few repetitions, with its interval |
| `partitions` | how well clusters agree with labels |
| `structure` | whether a unit's weights, seen as a picture, hold a pattern |
"""

from inscape.measures.codebook import CodebookUsage, codebook_usage
from inscape.measures.codes import dead_units
from inscape.measures.comparison import (
    Estimate,
    centered_kernel_alignment,
    procrustes_distance,
    second_order_similarity,
)
from inscape.measures.dimension import intrinsic_dimension
from inscape.measures.disentanglement import Disentanglement, disentanglement
from inscape.measures.features import LabelFeatures
from inscape.measures.geometry import dissimilarity, dissimilarity_vectors, similarity
from inscape.measures.intervals import mean_interval
from inscape.measures.latents import AggregatePosterior, active_units, aggregate_posterior
from inscape.measures.neighbors import nearest_neighbors, squared_distances
from inscape.measures.overview import Comparison, alignment_matrix, compare
from inscape.measures.partitions import cluster_purity, clustering_accuracy, count_together
from inscape.measures.ranks import RankPreservation, rank_preservation
from inscape.measures.reconstruction import (
    binary_cross_entropy,
    code_directions,
    explained_variance,
    peak_signal_to_noise_ratio,
    reconstruct,
    squared_error,
    unexplained_by_column,
)
from inscape.measures.samples import (
    NearestRows,
    SampleCoverage,
    frechet_distance,
    nearest_rows,
    sample_coverage,
)
from inscape.measures.spectrum import (
    HeldOutSpectrum,
    ParallelAnalysis,
    held_out_spectrum,
    parallel_analysis,
    smallest_as_good,
)
from inscape.measures.structure import SpatialStructure, spatial_structure

__all__ = [
    "AggregatePosterior",
    "CodebookUsage",
    "Comparison",
    "Disentanglement",
    "Estimate",
    "HeldOutSpectrum",
    "LabelFeatures",
    "NearestRows",
    "ParallelAnalysis",
    "RankPreservation",
    "SampleCoverage",
    "SpatialStructure",
    "active_units",
    "aggregate_posterior",
    "alignment_matrix",
    "binary_cross_entropy",
    "centered_kernel_alignment",
    "cluster_purity",
    "clustering_accuracy",
    "code_directions",
    "codebook_usage",
    "compare",
    "count_together",
    "dead_units",
    "disentanglement",
    "dissimilarity",
    "dissimilarity_vectors",
    "explained_variance",
    "frechet_distance",
    "held_out_spectrum",
    "intrinsic_dimension",
    "mean_interval",
    "nearest_neighbors",
    "nearest_rows",
    "parallel_analysis",
    "peak_signal_to_noise_ratio",
    "procrustes_distance",
    "rank_preservation",
    "reconstruct",
    "sample_coverage",
    "second_order_similarity",
    "similarity",
    "smallest_as_good",
    "spatial_structure",
    "squared_distances",
    "squared_error",
    "unexplained_by_column",
]
