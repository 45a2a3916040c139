"""The kind ``dynamics``: the job of ``inscape dynamics``, its problem, pictures and report.

| file | what lives there |
|---|---|
| `findings` | what came of one training |
| `job` | the job of ``inscape dynamics`` |
| `pictures` | the figures of a look at learning dynamics |
| `problem` | what a deep linear network is asked to learn |
| `summary` | ``report.html``: the modes, what went astray, and the figures, on one page |
"""

from __future__ import annotations

from inscape.runs.dynamics.job import first_path, run_dynamics

__all__ = ["first_path", "run_dynamics"]
