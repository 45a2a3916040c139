"""The kind ``imputation``: the job of ``inscape impute``, its pictures and its report.

| file | what lives there |
|---|---|
| `job` | the job of ``inscape impute`` |
| `judging` | how well entries that were hidden are told, by ours and by the classics |
| `pictures` | the figures of an imputation |
| `reading` | the rows of an imputation, with what is missing |
| `summary` | what an imputation is told in: on a page, and on a terminal |
"""

from __future__ import annotations

from inscape.runs.imputation.job import first_path, impute

__all__ = ["first_path", "impute"]
