"""Training: the one loop, its optimisers, and the state that survives a kill.

| file | what lives there |
|---|---|
| `loop` | the one training loop, a generator |
| `memory` | what a step frees stays at hand for the next one |
| `muon` | muon: momentum whose update to each weight matrix is made nearly orthogonal |
| `optimizers` | optimisers as small immutable parts |
| `progress` | a progress bar around any stream of reports |
| `recorder` | copied snapshots of a training on a logarithmic schedule, within a memory cap |
| `selection` | how long to train where rows are few |
| `state` | the whole state of a training, and its form on disk |
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
from inscape.training.selection import chosen_epochs, find_length
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
    "chosen_epochs",
    "copy_weights",
    "find_length",
    "learning_rate_factor",
    "orthogonalize",
    "train",
]
