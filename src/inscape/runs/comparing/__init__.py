"""The kind ``comparison``: the job of ``inscape compare``, its figure and its report.

| file | what lives there |
|---|---|
| `job` | the job of ``inscape compare`` |
| `entries` | which models there are to fit, and which runs join them; all checks before training |
| `judging` | what is measured of a fitted representation |
| `verdicts` | means and intervals over seeds, and who is clearly the best |
| `summary` | what a comparison is told in: on a page, and on a terminal |
"""

from __future__ import annotations

from inscape.runs.comparing.job import compare_models, first_path

__all__ = ["compare_models", "first_path"]
