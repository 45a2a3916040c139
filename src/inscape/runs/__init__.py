"""Runs: the directory that holds one fit, and the job that makes it.

Names are loaded when they are first used: the command line prints its help from `FitConfig`
without loading torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.runs.comparison import compare, fit_baselines
    from inscape.runs.config import FitConfig, read_config
    from inscape.runs.fitting import fit, resume
    from inscape.runs.run import Run

_NAMES = {
    "FitConfig": "config",
    "Run": "run",
    "compare": "comparison",
    "fit": "fitting",
    "fit_baselines": "comparison",
    "read_config": "config",
    "resume": "fitting",
}

__all__ = ["FitConfig", "Run", "compare", "fit", "fit_baselines", "read_config", "resume"]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(f"inscape.runs.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'inscape.runs' has no attribute {name!r}")
