"""What a classification is told in: on a page, and on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from inscape.runs.classification.table import Table
from inscape.runs.page import heading, paragraph, table
from inscape.runs.writer import RunWriter

COMPARED: Final = ("Told by", "Accuracy", "Standard error")


def tell(metrics: Mapping[str, Any]) -> list[str]:
    """Return in sentences what was learned from, and on what the accuracy is.

    Parameters
    ----------
    metrics : mapping
        As in ``metrics.json``.
    """
    labels, seen, held = metrics["labels"], metrics["rows"]["seen"], metrics["held_out"]
    n_labels = sum(labels.values())
    fewest = min(labels.values())
    most = max(labels.values())
    each = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    said = [
        f"{n_labels:,} of {seen:,} rows learned from have a label: {len(labels)} classes of {each}."
    ]
    if not held["labels"]:
        said.append("No class has two labels, so that none could be held out: no accuracy is told.")
    elif held["rows_seen"]:
        said.append(
            f"The accuracy is of {held['labels']:,} labels, held out in {held['folds']} parts: "
            "their rows were seen, without a label."
        )
    else:
        said.append(
            f"The accuracy is of the {held['labels']:,} labels of the test part: its rows were not "
            "seen in any way."
        )
    return said


def compared_rows(metrics: Mapping[str, Any]) -> list[list[str]]:
    """Return who is right how often, as texts under `COMPARED`; none where that is unknown."""
    return [
        [name, f"{found['accuracy']:.1%}", f"{found['standard_error']:.1%}"]
        for name, found in metrics["accuracy"].items()
    ]


def unsure_rows(
    metrics: Mapping[str, Any], *, most: int
) -> tuple[tuple[str, ...], list[list[str]]]:
    """Return the rows that are least sure as texts, and what stands over them."""
    shown = metrics["least_sure"][:most]
    header = ("Row", *shown[0]["kept"], "First", "Probability", "Second", "Probability")
    return header, [
        [
            str(row["row"]),
            *row["kept"].values(),
            row["first"],
            f"{row['probabilities'][0]:.3f}",
            row["second"],
            f"{row['probabilities'][1]:.3f}",
        ]
        for row in shown
    ]


def unsure_title(metrics: Mapping[str, Any]) -> str:
    """Return what the rows are that are least sure."""
    unlabelled = metrics["least_sure"][0]["label"] is None
    return "Least sure, without a label" if unlabelled else "Least sure"


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
    compared = compared_rows(metrics)
    known = [heading("Beside the classics"), table(COMPARED, compared, bold_first=True)]
    unsure = metrics["least_sure"]
    writer.finish(
        title=f"Classes in {rows.name}",
        lead=f"{len(rows.X):,} rows of {rows.X.shape[1]:,} features, of which "
        f"{int(rows.known.sum()):,} have a label; told by {metrics['method']}.",
        body=[
            *([paragraph(f"Read as: {'; '.join(rows.told)}.")] if rows.told else []),
            *(paragraph(text) for text in tell(metrics)),
            *(known if compared else []),
            *([heading(unsure_title(metrics))] if unsure else []),
            *([table(*unsure_rows(metrics, most=len(unsure)))] if unsure else []),
        ],
    )
