"""Anomaly scores: ways to tell how far a row is from what is normal, each a small immutable part.

| file | what lives there |
|---|---|
| `deep_svdd` | how far from a middle a network maps a row, that maps normal ones there |
| `denoising` | how far a denoiser moves a row, by how far it moves rows that it has not seen |
| `likelihood` | how improbable a row is under a variational model |
| `mahalanobis` | how far the code of a row, and what it leaves, are off |
| `neighbors` | how far off the nearest training rows are, and how densely they lie |
| `reconstruction` | what a representation leaves of a row |
| `score` | the base of every anomaly score |
"""

from inscape._parts import Family
from inscape.uses.anomalies.scores.deep_svdd import DeepSVDD, DeepSVDDFitted
from inscape.uses.anomalies.scores.denoising import Denoising, DenoisingFitted
from inscape.uses.anomalies.scores.likelihood import Likelihood, LikelihoodFitted
from inscape.uses.anomalies.scores.mahalanobis import Mahalanobis, MahalanobisFitted
from inscape.uses.anomalies.scores.neighbors import (
    Local,
    LocalFitted,
    Neighbors,
    NeighborsFitted,
)
from inscape.uses.anomalies.scores.reconstruction import Reconstruction, ReconstructionFitted
from inscape.uses.anomalies.scores.score import AnomalyScore, FittedScore

SCORES = Family(
    AnomalyScore,
    {
        "denoising": Denoising,
        "reconstruction": Reconstruction,
        "likelihood": Likelihood,
        "mahalanobis": Mahalanobis,
        "neighbors": Neighbors,
        "local": Local,
        "deep_svdd": DeepSVDD,
    },
)

__all__ = [
    "SCORES",
    "AnomalyScore",
    "DeepSVDD",
    "DeepSVDDFitted",
    "Denoising",
    "DenoisingFitted",
    "FittedScore",
    "Likelihood",
    "LikelihoodFitted",
    "Local",
    "LocalFitted",
    "Mahalanobis",
    "MahalanobisFitted",
    "Neighbors",
    "NeighborsFitted",
    "Reconstruction",
    "ReconstructionFitted",
]
