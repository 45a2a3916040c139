"""The kind ``classification``: the job of ``inscape classify``, its pictures and its report.

| file | what lives there |
|---|---|
| `job` | the job of ``inscape classify`` |
| `judging` | how well labels that were held out are told, by ours and by the classics |
| `pictures` | the figures of a classification |
| `summary` | what a classification is told in: on a page, and on a terminal |
| `table` | the rows of a classification, and the labels of some |
"""

from __future__ import annotations

from inscape.runs.classification.job import classify, first_path

__all__ = ["classify", "first_path"]
