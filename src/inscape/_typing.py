"""Names for the types that cross rooms, and the words that the options accept.

The words live here, not beside their classes, so that the command line can print its help
without loading torch; a test asserts that the tables in `networks`, `objectives` and `training`
have exactly these keys.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.floating[Any]]
IntArray: TypeAlias = NDArray[np.integer[Any]]
ImageShape: TypeAlias = tuple[int, ...]

ActivationName: TypeAlias = Literal[
    "relu",
    "prelu",
    "leaky_relu",
    "elu",
    "gelu",
    "silu",
    "softplus",
    "sigmoid",
    "tanh",
    "identity",
]
LinearInitializationName: TypeAlias = Literal["scaled_normal", "orthogonal", "balanced"]
ScheduleName: TypeAlias = Literal["linear", "cosine", "constant"]
BiasName: TypeAlias = Literal["data_mean", "mean_row", "torch_default"]
AnimationName: TypeAlias = Literal["gif", "mp4", "none"]
PrecisionName: TypeAlias = Literal["float32", "float64", "bfloat16"]
ConditionalName: TypeAlias = Literal["labels", "continuous"]
ScalerName: TypeAlias = Literal["minmax", "standard"]
CategoriesName: TypeAlias = Literal["refuse", "one_hot"]
DatesName: TypeAlias = Literal["refuse", "days"]
MissingName: TypeAlias = Literal["refuse", "mean", "drop"]
SimilarityName: TypeAlias = Literal["dot", "cosine", "correlation"]
DissimilarityName: TypeAlias = Literal["correlation", "cosine", "euclidean", "squared_euclidean"]
AlignmentName: TypeAlias = Literal["debiased", "plain"]
SecondOrderName: TypeAlias = Literal["spearman", "kendall", "cosine"]
