"""``report.html``: the modes, what went astray, and the figures, on one page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from inscape.runs.dynamics.findings import Findings
from inscape.runs.page import heading, paragraph, table
from inscape.runs.writer import RunWriter

HEADER: Final = (
    "Mode",
    "Singular value",
    "Limit",
    "Half-rise epoch",
    "Discrete map",
    "Gradient flow",
)


def table_rows(metrics: Mapping[str, Any], *, most: int | None = None) -> list[list[str]]:
    """Return the modes as texts under `HEADER`, for a page or a terminal.

    Parameters
    ----------
    metrics : mapping
        As in ``metrics.json``.
    most : int or None
        Show the strongest modes only.
    """
    return [
        [
            str(mode["mode"]),
            f"{mode['singular_value']:.4g}",
            f"{mode['limit']:.4g}",
            *("-" if epoch is None else f"{epoch:,}" for epoch in mode["half_rise"].values()),
        ]
        for mode in metrics["modes"][:most]
    ]


def tell_illusions(metrics: Mapping[str, Any]) -> list[str]:
    """Return sentences on the predictions that went astray.

    Parameters
    ----------
    metrics : mapping
        As in ``metrics.json``.
    """
    if metrics["illusory_correlations"] is None:
        return []
    found = metrics["illusory_correlations"]["wrong_sign"]
    told = f"{found['count']:,} of {found['of']:,} predictions had the wrong sign for a while"
    if not found["largest"]:
        return [f"{told}."]
    worst = found["largest"][0]
    return [
        f"{told}; farthest went {worst['item']}, {worst['feature']}, by {worst['size']:.2g} at "
        f"epoch {worst['peak']:,}."
    ]


def write_page(writer: RunWriter, findings: Findings, metrics: Mapping[str, Any]) -> None:
    """Write ``report.html`` into a run that has its figures, and finish it.

    Parameters
    ----------
    writer : RunWriter
        Of the run.
    findings : Findings
        What came of the training.
    metrics : mapping
        As in ``metrics.json``.
    """
    problem, course = findings.problem, findings.course
    name = f"a {problem.name}" if problem.tree is not None else problem.name
    writer.finish(
        title=f"How a deep linear network learns {name}",
        lead=f"{len(problem.inputs):,} samples with {problem.targets.shape[1]:,} outputs; "
        f"{course.n_layers} layer{'s' * (course.n_layers > 1)}; loss {course.loss[0]:.3g} "
        f"to {course.loss[-1]:.3g} in {course.epochs[-1]:,} epochs.",
        body=[
            *(paragraph(text, warning=True) for text in metrics["warnings"]),
            *([paragraph(f"Read as: {problem.told}.")] if problem.told else []),
            *(_modes(metrics) if metrics["modes"] else []),
            *(paragraph(text) for text in tell_illusions(metrics)),
        ],
    )


def _modes(metrics: Mapping[str, Any]) -> list[str]:
    return [
        heading("Modes, and the epoch at which each is at half its limit"),
        table(HEADER, table_rows(metrics)),
        *([paragraph(metrics["theory"])] if metrics["theory"] else []),
    ]
