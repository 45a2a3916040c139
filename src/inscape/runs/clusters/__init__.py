"""The kind ``clusters``: the job of ``inscape cluster``, its pictures and its report.

| file | what lives there |
|---|---|
| `job` | the job of ``inscape cluster`` |
| `pictures` | the figures of a search for clusters |
| `reading` | the rows of a search for clusters, and their labels, if they have any |
| `summary` | what a search for clusters is told in: on a page, and on a terminal |
"""

from __future__ import annotations

from inscape.runs.clusters.job import find_clusters, first_path

__all__ = ["find_clusters", "first_path"]
