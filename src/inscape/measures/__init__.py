"""Measures: a representation or an array in, a number out; pure functions."""

from inscape.measures.codes import dead_units
from inscape.measures.reconstruction import (
    binary_cross_entropy,
    code_directions,
    explained_variance,
    reconstruct,
    squared_error,
)

__all__ = [
    "binary_cross_entropy",
    "code_directions",
    "dead_units",
    "explained_variance",
    "reconstruct",
    "squared_error",
]
