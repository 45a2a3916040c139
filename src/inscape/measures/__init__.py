"""Measures: a representation or an array in, a number out; pure functions."""

from inscape.measures.codes import dead_units
from inscape.measures.comparison import (
    Estimate,
    centered_kernel_alignment,
    procrustes_distance,
    second_order_similarity,
)
from inscape.measures.geometry import dissimilarity, dissimilarity_vectors, similarity
from inscape.measures.reconstruction import (
    binary_cross_entropy,
    code_directions,
    explained_variance,
    reconstruct,
    squared_error,
)

__all__ = [
    "Estimate",
    "binary_cross_entropy",
    "centered_kernel_alignment",
    "code_directions",
    "dead_units",
    "dissimilarity",
    "dissimilarity_vectors",
    "explained_variance",
    "procrustes_distance",
    "reconstruct",
    "second_order_similarity",
    "similarity",
    "squared_error",
]
