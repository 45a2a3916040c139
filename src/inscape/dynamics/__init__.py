"""Learning dynamics: how a deep linear network comes to know, exactly.

| file | what lives there |
|---|---|
| `simulation` | `simulate` and what it returns, `Trajectory` |
| `initialization` | initial weights |
| `reduction` | the few dimensions that training never leaves |
| `descent` | gradient descent itself, one network or a batch |
| `modes` | the data's singular vectors; projections on them |
| `divergence` | when training runs away, and the stable learning rate |
| `theory` | closed forms |
| `flow` | gradient flow, integrated where there is no closed form |
| `whitening` | `whiten`: inputs for which there is one |
| `sweeping` | `sweep`: a grid of trainings as one batch |
| `illusions` | `illusory_correlations` |
| `following` | `follow`: modes and similarity of any representation over its epochs |
"""

from __future__ import annotations

from inscape.dynamics.divergence import Divergence
from inscape.dynamics.following import Course, follow
from inscape.dynamics.illusions import (
    Excursions,
    IllusoryCorrelations,
    illusory_correlations,
)
from inscape.dynamics.initialization import initial_weights
from inscape.dynamics.simulation import Trajectory, simulate
from inscape.dynamics.sweeping import Sweep, count_plateaus, sweep
from inscape.dynamics.theory import (
    balanced_solution,
    balancedness,
    gradient_flow_time_constant,
    mode_strength,
    mode_strength_by_step,
    regression_weights,
    time_to_learn,
)
from inscape.dynamics.whitening import whiten

__all__ = [
    "Course",
    "Divergence",
    "Excursions",
    "IllusoryCorrelations",
    "Sweep",
    "Trajectory",
    "balanced_solution",
    "balancedness",
    "count_plateaus",
    "follow",
    "gradient_flow_time_constant",
    "illusory_correlations",
    "initial_weights",
    "mode_strength",
    "mode_strength_by_step",
    "regression_weights",
    "simulate",
    "sweep",
    "time_to_learn",
    "whiten",
]
