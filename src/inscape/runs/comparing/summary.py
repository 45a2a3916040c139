"""What a comparison is told in: on a page, and on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inscape.runs.comparing.verdicts import MEASURES
from inscape.runs.page import heading, paragraph, table
from inscape.runs.writer import RunWriter

# Columns that say which row it is.
KEYS = ("Model", "Size")


def header(metrics: Mapping[str, Any]) -> list[str]:
    """Return the names of the columns of `table_rows`.

    Parameters
    ----------
    metrics : mapping
        As in ``metrics.json``.
    """
    return [*KEYS, *(MEASURES[name].name for name in _shown(metrics))]


def table_rows(metrics: Mapping[str, Any]) -> list[list[str]]:
    """Return the table as texts under `header`: mean and half of its interval."""
    return [
        [
            row["model"],
            str(row["n_components"]),
            *(_cell(row, name) for name in _shown(metrics)),
        ]
        for row in metrics["rows"]
    ]


def best_cells(metrics: Mapping[str, Any]) -> set[tuple[int, int]]:
    """Return the places of cells, row and column, that are clearly the best of their size."""
    shown = _shown(metrics)
    return {
        (i, len(KEYS) + shown.index(name))
        for i, row in enumerate(metrics["rows"])
        for name in row["best"]
    }


def remarks(metrics: Mapping[str, Any]) -> list[str]:
    """Return what is to be said of the table: its units, its intervals, and what is left out."""
    behind = {
        "standard": "each column over its standard deviation",
        "minmax": "each column from 0 to 1",
        "none": "rows as they came",
    }[metrics["scaler"]]
    of_labels = " and clusters" if "clusters" in _shown(metrics) else ""
    said = [
        f"All learned from the same {metrics['n_train']:,} rows behind one scaler "
        f"({metrics['scaler']}: {behind}), and are judged by the same {metrics['n_test']:,} "
        f"others; neighbours{of_labels} among {metrics['n_ranked']:,} of them.",
        _tell_intervals(metrics),
    ]
    said += [f"{name} is left out: it {why}." for name, why in metrics["missing"].items()]
    said += [
        f"{name} is told the label of each row, so labels judge the others alone."
        for name in metrics["conditional"]
    ]
    for name in metrics["runs"]:
        said.append(
            f"{name} is one training: it has no interval, and is not set in bold; its seconds are "
            "those of its own machine."
        )
    meanings = [MEASURES[name] for name in _shown(metrics)]
    said.append("; ".join(f"{one.name}: {one.meaning}" for one in meanings) + ".")
    return said


def _tell_intervals(metrics: Mapping[str, Any]) -> str:
    n = metrics["seeds"]
    if not any(row["half"].get("error") is not None for row in metrics["rows"]):
        return (
            "There is no interval, and nothing is set in bold: one training a model cannot tell "
            "what another seed would give; give --seeds 3 or more."
        )
    return (
        f"± is half the {metrics['confidence']:.0%} interval of the mean over {n} seeds (Student's "
        f"t, {n - 1} degree{'s' * (n > 2)} of freedom); linear methods hang on no seed and are "
        "fitted once. Bold is whose interval lies apart from all others of its size. It says "
        "nothing of another split: that is one."
    )


def _shown(metrics: Mapping[str, Any]) -> list[str]:
    return [name for name in MEASURES if any(name in row["mean"] for row in metrics["rows"])]


def _cell(row: Mapping[str, Any], name: str) -> str:
    mean, half = row["mean"].get(name), row["half"].get(name)
    if mean is None:
        return "-"
    digits = MEASURES[name].decimals
    if name == "parameters":
        return f"{mean:,.0f}"
    return f"{mean:.{digits}f}" + ("" if half is None else f"±{half:.{digits}f}")


def write_page(writer: RunWriter, metrics: Mapping[str, Any]) -> None:
    """Write ``report.html`` into a run that has its figure, and finish it.

    Parameters
    ----------
    writer : RunWriter
        Of the run.
    metrics : mapping
        As in ``metrics.json``.
    """
    data = writer.environment["data"]
    writer.finish(
        title=f"Models of {data['name']}, side by side",
        lead=f"{metrics['n_train']:,} rows of {data['n_features']:,} features, one split, one "
        "scaler.",
        body=[
            *([paragraph(f"Read as: {data['told']}.")] if data.get("told") else []),
            heading(f"On {metrics['n_test']:,} test rows"),
            table(header(metrics), table_rows(metrics), bold=best_cells(metrics)),
            *(paragraph(text) for text in remarks(metrics)),
        ],
    )
