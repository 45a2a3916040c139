"""The kind ``anomalies``: the job of ``inscape anomalies``, its pictures and its report.

| file | what lives there |
|---|---|
| `judging` | which rows are learned from, how all are judged, and what the classics say of them |
| `job` | the job of ``inscape anomalies`` |
| `pictures` | the figures of a search for anomalies |
| `summary` | what a search for anomalies is told in: on a page, and on a terminal |
"""

from __future__ import annotations

from inscape.runs.anomalies.job import find_anomalies, first_path

__all__ = ["find_anomalies", "first_path"]
