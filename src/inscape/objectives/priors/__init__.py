"""Priors: what codes are like before anything is seen."""

from collections.abc import Mapping
from typing import Any

from inscape.objectives.priors.standard_normal import StandardNormal

PRIORS: Mapping[str, Any] = {
    "standard_normal": StandardNormal,
}

__all__ = ["PRIORS", "StandardNormal"]
