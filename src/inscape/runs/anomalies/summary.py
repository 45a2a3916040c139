"""What a search for anomalies is told in: on a page, and on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from inscape.runs.anomalies.judging import Table
from inscape.runs.page import heading, paragraph, table
from inscape.runs.writer import RunWriter

CLASSICS: Final = ("Told apart by", "Area under the curve")


def tell(metrics: Mapping[str, Any]) -> list[str]:
    """Return in sentences how many rows are told off.

    Parameters
    ----------
    metrics : mapping
        As in ``metrics.json``.
    """
    learned, others = metrics["rows"]["learned_from"], metrics["rows"]["others"]
    how = (
        f"a contamination of {metrics['contamination']:.3g}"
        if metrics["contamination"] is not None
        else f"a false-alarm rate of {metrics['false_alarm_rate'] or 0.05:.3g}"
    )
    said = [
        f"{learned['told_off']:,} of the {learned['count']:,} rows learned from are told off, each "
        f"by one who has not seen it, at {how}."
    ]
    if others["count"]:
        said.append(f"{others['told_off']:,} of {others['count']:,} other rows are told off.")
    if metrics["known"] is not None:
        normal, odd = metrics["known"]["normal"], metrics["known"]["not_normal"]
        said.append(
            f"Of these, {normal['told_off']:,} of {normal['count']:,} are known to be normal, and "
            f"{odd['told_off']:,} of {odd['count']:,} are known not to be."
        )
    return said


def worst_rows(metrics: Mapping[str, Any], *, most: int) -> tuple[tuple[str, ...], list[list[str]]]:
    """Return the worst rows as texts, and what stands over them: where they are, what is kept."""
    shown = metrics["worst"][:most]
    return ("Row", *(shown[0]["kept"] if shown else ()), "Score", "p-value"), [
        [str(row["row"]), *row["kept"].values(), f"{row['score']:.4g}", f"{row['p_value']:.3g}"]
        for row in shown
    ]


def classic_rows(metrics: Mapping[str, Any]) -> list[list[str]]:
    """Return who tells rows apart how well, as texts under `CLASSICS`; none where that is unknown.

    The curve is the receiver's: 1 is all right, 0.5 is a coin.
    """
    found = metrics["area_under_curve"] or {}
    return [[name, f"{value:.4f}"] for name, value in found.items()]


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
    compared = classic_rows(metrics)
    known = [heading("Beside the classics"), table(CLASSICS, compared, bold_first=True)]
    writer.finish(
        title=f"Anomalies in {rows.name}",
        lead=f"{len(rows.X):,} rows of {rows.X.shape[1]:,} features, of which "
        f"{rows.learned.sum():,} were learned from.",
        body=[
            *([paragraph(f"Read as: {'; '.join(rows.told)}.")] if rows.told else []),
            *(paragraph(text) for text in tell(metrics)),
            *(known if compared else []),
            heading("The worst rows"),
            table(*worst_rows(metrics, most=len(metrics["worst"]))),
        ],
    )
