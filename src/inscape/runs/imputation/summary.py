"""What an imputation is told in: on a page, and on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from inscape.runs.page import heading, paragraph, table
from inscape.runs.tables import Table
from inscape.runs.writer import RunWriter

COMPARED: Final = ("Told by", "Error", "Standard error")
COLUMNS: Final = ("Column", "Missing", "Error", "Error of its mean")
_MOST_COLUMNS = 30


def tell(metrics: Mapping[str, Any]) -> list[str]:
    """Return in sentences what is missing, and on what the errors are.

    Parameters
    ----------
    metrics : mapping
        As in ``metrics.json``.
    """
    missing, hidden = metrics["missing"], metrics["hidden"]
    share = missing["entries"] / max(1, missing["of"])
    said = [
        f"{missing['entries']:,} of {missing['of']:,} entries are missing ({share:.1%}), in "
        f"{missing['rows']:,} rows."
    ]
    said.append(
        f"Errors are of {hidden['entries']:,} entries that were there and hidden: root mean "
        "squares, in spreads of each column."
    )
    said.append(
        f"{hidden['within']:.0%} of them lie within the interval in which nine of ten should."
    )
    return said


def compared_rows(metrics: Mapping[str, Any]) -> list[list[str]]:
    """Return who is how far off, as texts under `COMPARED`."""
    return [
        [name, f"{found['error']:.3f}", f"{found['standard_error']:.3f}"]
        for name, found in metrics["error"].items()
    ]


def column_rows(metrics: Mapping[str, Any], *, most: int = _MOST_COLUMNS) -> list[list[str]]:
    """Return the columns that lack most, as texts under `COLUMNS`."""
    worst = sorted(metrics["columns"], key=lambda column: -column["missing"])[:most]
    return [
        [
            column["name"],
            f"{column['missing']:,}",
            "" if column["error"] is None else f"{column['error']:.3f}",
            "" if column["error_of_mean"] is None else f"{column['error_of_mean']:.3f}",
        ]
        for column in worst
    ]


def write_page(writer: RunWriter, rows: Table, metrics: Mapping[str, Any]) -> None:
    """Write ``report.html`` into a run that has its figures, and finish it.

    Parameters
    ----------
    writer : RunWriter
        Of the run.
    rows : Table
        All rows.
    metrics : mapping
        As in ``metrics.json``.
    """
    writer.finish(
        title=f"What is missing in {rows.name}",
        lead=f"{len(rows.X):,} rows of {rows.X.shape[1]:,} features; told by {metrics['method']}.",
        body=[
            *([paragraph(f"Read as: {'; '.join(rows.told)}.")] if rows.told else []),
            *(paragraph(text) for text in tell(metrics)),
            heading("Beside the classics"),
            table(COMPARED, compared_rows(metrics), bold_first=True),
            heading("Columns that lack most"),
            table(COLUMNS, column_rows(metrics)),
        ],
    )
