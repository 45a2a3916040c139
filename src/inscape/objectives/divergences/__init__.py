"""Divergences: what is held against codes that stray from the prior."""

from collections.abc import Mapping
from typing import Any

from inscape.objectives.divergences.kullback_leibler import KullbackLeibler

DIVERGENCES: Mapping[str, Any] = {
    "kullback_leibler": KullbackLeibler,
}

__all__ = ["DIVERGENCES", "KullbackLeibler"]
