"""The kind ``fit``: the job of ``inscape fit``, its checkpoint, its pictures and its report."""

from __future__ import annotations

from inscape.runs.fitting.job import fit, next_path, resume

__all__ = ["fit", "next_path", "resume"]
