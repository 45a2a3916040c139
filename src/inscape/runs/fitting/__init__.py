"""The kind ``fit``: the job of ``inscape fit``, its checkpoint, its pictures and its report.

| file | what lives there |
|---|---|
| `building` | the estimator that a config asks for |
| `checkpoint` | what an interrupted run leaves behind so that it can go on with the same bits |
| `conditions` | what a conditional model is told: the labels of the data, checked before training |
| `job` | the main job: data in, a finished run directory out |
| `labels` | what codes tell of labels that nobody learned them from |
| `learning` | how a training went, judged by rows that were not learned from |
| `pictures` | the figures of a run, drawn from its representations and its recorder |
| `seeds` | what several trainings of one model gave: mean, interval, figure |
| `summary` | ``report.html`` |
"""

from __future__ import annotations

from inscape.runs.fitting.job import first_path, fit, load_data, resolve_config, resume

__all__ = ["first_path", "fit", "load_data", "resolve_config", "resume"]
