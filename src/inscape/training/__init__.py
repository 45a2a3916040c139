"""Training: the one loop, its optimisers, and the state that survives a kill.

- `loop`: the loop, a generator of reports
- `optimizers`: the base of optimisers, and ours; `muon`: orthogonalised momentum
- `state`: all that changes while training, and its form on disk
- `recorder`: snapshots over training
- `progress`: a bar around any stream of reports
- `memory`: what a step frees stays at hand
"""

from inscape.training.loop import PROBE_SIZE, Plan, Report, train
from inscape.training.muon import POLYNOMIALS, MuonOptimizer, orthogonalize
from inscape.training.optimizers import (
    OPTIMIZERS,
    SCHEDULES,
    SGD,
    Adadelta,
    Adam,
    Muon,
    Optimizer,
    learning_rate_factor,
)
from inscape.training.recorder import Recorder, Snapshot
from inscape.training.state import TrainingState, Weights, copy_weights

__all__ = [
    "OPTIMIZERS",
    "POLYNOMIALS",
    "PROBE_SIZE",
    "SCHEDULES",
    "SGD",
    "Adadelta",
    "Adam",
    "Muon",
    "MuonOptimizer",
    "Optimizer",
    "Plan",
    "Recorder",
    "Report",
    "Snapshot",
    "TrainingState",
    "Weights",
    "copy_weights",
    "learning_rate_factor",
    "orthogonalize",
    "train",
]
