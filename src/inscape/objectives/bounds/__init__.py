"""Bounds: how draws from the posterior become one number below the log-likelihood."""

from collections.abc import Mapping
from typing import Any

from inscape.objectives.bounds.evidence_lower_bound import EvidenceLowerBound
from inscape.objectives.bounds.importance_weighted import (
    CombinationImportanceWeighted,
    ImportanceWeighted,
    MultiplyImportanceWeighted,
    PartiallyImportanceWeighted,
    log_mean_exp,
)

BOUNDS: Mapping[str, Any] = {
    "evidence_lower_bound": EvidenceLowerBound,
    "importance_weighted": ImportanceWeighted,
    "multiply_importance_weighted": MultiplyImportanceWeighted,
    "combination_importance_weighted": CombinationImportanceWeighted,
    "partially_importance_weighted": PartiallyImportanceWeighted,
}

__all__ = [
    "BOUNDS",
    "CombinationImportanceWeighted",
    "EvidenceLowerBound",
    "ImportanceWeighted",
    "MultiplyImportanceWeighted",
    "PartiallyImportanceWeighted",
    "log_mean_exp",
]
