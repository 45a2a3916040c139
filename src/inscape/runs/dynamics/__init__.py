"""The kind ``dynamics``: the job of ``inscape dynamics``, its problem, pictures and report."""

from __future__ import annotations

from inscape.runs.dynamics.job import next_path, run_dynamics

__all__ = ["next_path", "run_dynamics"]
