"""The kind ``components``: the job of ``inscape components``, its figure and its report.

| file | what lives there |
|---|---|
| `job` | the job of ``inscape components`` |
| `advice` | which size is recommended, and with what doubt, in words |
| `summary` | what a search for a size is told in: on a page, and on a terminal |
"""

from __future__ import annotations

from inscape.runs.components.job import find_size, first_path

__all__ = ["find_size", "first_path"]
