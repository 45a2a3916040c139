"""Imputation methods: ways to tell what is missing, each a small immutable part.

| file | what lives there |
|---|---|
| `auto` | whichever way tells hidden entries best |
| `gaussian` | one Gaussian, learned by expectation-maximisation |
| `kernel` | a Gaussian about each row |
| `method` | the base of every way to tell what is missing |
| `mixture` | several Gaussians of one covariance, of columns that may be bent |
| `reconstruction` | what a representation makes of rows that a Gaussian has filled |
| `search` | ways of learning Gaussians, and the search for the one that tells hidden entries best |
"""

from inscape._parts import Family
from inscape.uses.imputation.methods.auto import Auto
from inscape.uses.imputation.methods.gaussian import Gaussian
from inscape.uses.imputation.methods.kernel import Kernel
from inscape.uses.imputation.methods.method import (
    FittedImputation,
    ImputationMethod,
    RowsWithGaps,
)
from inscape.uses.imputation.methods.mixture import Mixture
from inscape.uses.imputation.methods.reconstruction import Reconstruction, ReconstructionFitted
from inscape.uses.imputation.methods.search import GaussianFitted

IMPUTATION_METHODS = Family(
    ImputationMethod,
    {
        "auto": Auto,
        "gaussian": Gaussian,
        "mixture": Mixture,
        "kernel": Kernel,
        "reconstruction": Reconstruction,
    },
)

__all__ = [
    "IMPUTATION_METHODS",
    "Auto",
    "FittedImputation",
    "Gaussian",
    "GaussianFitted",
    "ImputationMethod",
    "Kernel",
    "Mixture",
    "Reconstruction",
    "ReconstructionFitted",
    "RowsWithGaps",
]
