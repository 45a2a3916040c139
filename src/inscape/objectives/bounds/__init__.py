"""Bounds: how draws from the posterior become one number below the log-likelihood.

| file | what lives there |
|---|---|
| `bound` | the base of every bound |
| `evidence_lower_bound` | the evidence lower bound |
| `importance_weighted` | importance-weighted bounds |
"""

from inscape._parts import Family
from inscape.objectives.bounds.bound import Bound
from inscape.objectives.bounds.evidence_lower_bound import EvidenceLowerBound
from inscape.objectives.bounds.importance_weighted import (
    CombinationImportanceWeighted,
    ImportanceWeighted,
    MultiplyImportanceWeighted,
    PartiallyImportanceWeighted,
    log_mean_exp,
)

BOUNDS = Family(
    Bound,
    {
        "evidence_lower_bound": EvidenceLowerBound,
        "importance_weighted": ImportanceWeighted,
        "multiply_importance_weighted": MultiplyImportanceWeighted,
        "combination_importance_weighted": CombinationImportanceWeighted,
        "partially_importance_weighted": PartiallyImportanceWeighted,
    },
)

__all__ = [
    "BOUNDS",
    "Bound",
    "CombinationImportanceWeighted",
    "EvidenceLowerBound",
    "ImportanceWeighted",
    "MultiplyImportanceWeighted",
    "PartiallyImportanceWeighted",
    "log_mean_exp",
]
