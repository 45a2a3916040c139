"""Runs: the directory that holds one piece of work of any kind, and the jobs that make them.

Names are loaded when they are first used: the command line prints its help from the configs
without loading torch.

| file | what lives there |
|---|---|
| `anomalies` | the kind ``anomalies`` |
| `classification` | the kind ``classification`` |
| `clusters` | the kind ``clusters`` |
| `comparing` | the kind ``comparison`` |
| `comparison` | the honest table |
| `components` | the kind ``components`` |
| `config` | what a run was asked for, as plain data |
| `deviations` | errors in one unit for all: standard deviations of the training rows |
| `dynamics` | the kind ``dynamics`` |
| `environment` | what a run was made with: versions, device, threads, data, command |
| `export` | what a fitted model is handed over as: ONNX graphs, the Hub's layout |
| `fitting` | the kind ``fit`` |
| `imputation` | the kind ``imputation`` |
| `kinds` | the kinds of runs, and the config file by which a run tells its own |
| `page` | one HTML page that needs nothing else, not even a network |
| `places` | paths in config files: each is relative to the file that names it |
| `run` | a run |
| `steps` | the steps of a job, told before each is taken |
| `tables` | the rows that a run of a use is asked about, read in one way |
| `verification` | whether a run is what it was |
| `writer` | who fills a run directory, of whatever kind |
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.runs.anomalies import find_anomalies
    from inscape.runs.classification import classify
    from inscape.runs.clusters import find_clusters
    from inscape.runs.comparing import compare_models
    from inscape.runs.comparison import compare, fit_baselines
    from inscape.runs.components import find_size
    from inscape.runs.config import (
        AnomaliesConfig,
        ClassificationConfig,
        ClustersConfig,
        ComparisonConfig,
        ComponentsConfig,
        DynamicsConfig,
        FitConfig,
        ImputationConfig,
        ReproductionConfig,
    )
    from inscape.runs.dynamics import run_dynamics
    from inscape.runs.export import export_hub, export_onnx
    from inscape.runs.fitting import fit, resume
    from inscape.runs.imputation import impute
    from inscape.runs.kinds import read_config
    from inscape.runs.run import Run
    from inscape.runs.verification import verify

_NAMES = {
    "AnomaliesConfig": "config",
    "ClassificationConfig": "config",
    "ClustersConfig": "config",
    "ComparisonConfig": "config",
    "ComponentsConfig": "config",
    "DynamicsConfig": "config",
    "FitConfig": "config",
    "ImputationConfig": "config",
    "ReproductionConfig": "config",
    "Run": "run",
    "classify": "classification",
    "compare": "comparison",
    "compare_models": "comparing",
    "find_anomalies": "anomalies",
    "find_clusters": "clusters",
    "find_size": "components",
    "export_hub": "export",
    "export_onnx": "export",
    "fit": "fitting",
    "fit_baselines": "comparison",
    "impute": "imputation",
    "read_config": "kinds",
    "resume": "fitting",
    "run_dynamics": "dynamics",
    "verify": "verification",
}

__all__ = [
    "AnomaliesConfig",
    "ClassificationConfig",
    "ClustersConfig",
    "ComparisonConfig",
    "ComponentsConfig",
    "DynamicsConfig",
    "FitConfig",
    "ImputationConfig",
    "ReproductionConfig",
    "Run",
    "classify",
    "compare",
    "compare_models",
    "export_hub",
    "export_onnx",
    "find_anomalies",
    "find_clusters",
    "find_size",
    "fit",
    "fit_baselines",
    "impute",
    "read_config",
    "resume",
    "run_dynamics",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(f"inscape.runs.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'inscape.runs' has no attribute {name!r}")
