"""Training: the one loop, its optimisers, and the state that survives a kill."""

from inscape.training.loop import PROBE_SIZE, Plan, Report, train
from inscape.training.muon import POLYNOMIALS, MuonOptimizer, orthogonalize
from inscape.training.optimizers import (
    OPTIMIZERS,
    SCHEDULES,
    SGD,
    Adadelta,
    Adam,
    Muon,
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
