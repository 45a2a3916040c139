"""Inscape learns the inner representation of data, shows it, and puts it to use.

The names a user types are loaded when they are first used, so that ``import inscape`` is quick
and brings neither torch nor matplotlib.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape import (
        corruptions,
        data,
        dynamics,
        figures,
        lab,
        measures,
        networks,
        objectives,
        recipes,
        runs,
        training,
        uses,
        zoo,
    )
    from inscape._errors import InscapeError
    from inscape.estimators import Autoencoder, DeadUnitWarning, VariationalAutoencoder
    from inscape.uses import AnomalyDetector, Clusterer, Imputer, PretrainedClassifier, load

__version__ = "0.1.0"

_ROOMS = (
    "corruptions",
    "data",
    "dynamics",
    "figures",
    "lab",
    "measures",
    "networks",
    "objectives",
    "recipes",
    "runs",
    "training",
    "uses",
    "zoo",
)
_NAMES = {
    "AnomalyDetector": "inscape.uses",
    "Autoencoder": "inscape.estimators",
    "Clusterer": "inscape.uses",
    "DeadUnitWarning": "inscape.estimators",
    "Imputer": "inscape.uses",
    "InscapeError": "inscape._errors",
    "PretrainedClassifier": "inscape.uses",
    "VariationalAutoencoder": "inscape.estimators",
    "load": "inscape.uses",
}

__all__ = [
    "AnomalyDetector",
    "Autoencoder",
    "Clusterer",
    "DeadUnitWarning",
    "Imputer",
    "InscapeError",
    "PretrainedClassifier",
    "VariationalAutoencoder",
    "corruptions",
    "data",
    "dynamics",
    "figures",
    "lab",
    "load",
    "measures",
    "networks",
    "objectives",
    "recipes",
    "runs",
    "training",
    "uses",
    "zoo",
]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"inscape.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(_NAMES[name]), name)
    raise AttributeError(f"module 'inscape' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
