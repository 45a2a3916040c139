"""What several trainings of one model gave: their mean, its interval, and the figure of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from inscape import figures
from inscape.measures import mean_interval
from inscape.runs.fitting.summary import COLUMNS
from inscape.runs.writer import RunWriter

# What is better where there is less of it.
_LESS: Final = ("squared_error", "standardized_error", "binary_cross_entropy", "fit_seconds")
_CONFIDENCE: Final = 0.95


def tell_spread(rows: Mapping[int, Mapping[str, float]]) -> dict[str, Any]:
    """Return seeds, and for each measure what they gave, the mean, and its interval.

    Parameters
    ----------
    rows : mapping of int to mapping of str to float
        Seed to measures; two seeds at least.

    Returns
    -------
    dict
        ``random_states``, ``confidence``, and under ``measures`` by name: ``values`` in the order
        of the seeds, ``mean``, and ``low`` and ``high`` of Student's t interval.

    Examples
    --------
    >>> told = tell_spread({0: {"squared_error": 0.3}, 1: {"squared_error": 0.5}})
    >>> told["measures"]["squared_error"]["mean"]
    0.4
    """
    measures = {}
    for name in next(iter(rows.values())):
        values = [float(row[name]) for row in rows.values()]
        found = mean_interval(values, confidence=_CONFIDENCE)
        measures[name] = {
            "values": values,
            "mean": found.value,
            "low": found.low,
            "high": found.high,
        }
    return {"random_states": [*rows], "confidence": _CONFIDENCE, "measures": measures}


def add_spread(writer: RunWriter, metrics: Mapping[str, Any]) -> None:
    """Draw what the seeds gave beside the linear methods, where there are several seeds.

    Parameters
    ----------
    writer : RunWriter
        Of the run.
    metrics : mapping
        As in ``metrics.json``.
    """
    seeds, table = metrics["seeds"], metrics["test"]
    if seeds is None:
        return
    ours, *others = table
    shown = [key for key in COLUMNS if all(key in row for row in table.values())]
    titles = {key: COLUMNS[key][0] for key in shown}
    measures = seeds["measures"]
    drawn = figures.comparison_panels(
        {
            titles[key]: {
                ours: [measures[key]["values"]],
                **{name: [[table[name][key]]] for name in others},
            }
            for key in shown
        },
        sizes=[metrics["n_components"]],
        halves={
            titles[key]: {ours: [measures[key]["high"] - measures[key]["mean"]]} for key in shown
        },
        better={titles[key]: f"{'less' if key in _LESS else 'more'} is better" for key in shown},
        title=f"{len(seeds['random_states'])} seeds on one split",
    )
    writer.add_figure(
        "seeds.png",
        drawn,
        "Small points are single trainings, large ones means with their interval; linear methods "
        "have no seed. Bad signs: a single training far from the others, for then the run that is "
        "kept may be the odd one; an interval that reaches a linear method's point.",
    )
