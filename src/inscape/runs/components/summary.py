"""What a search for a size of code is told in: on a page, and on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from inscape.runs.page import heading, paragraph, table
from inscape.runs.writer import RunWriter

COUNTS: Final = ("Counted by", "Components", "Which are")
SIZES: Final = ("Components", "PCA's error", "Autoencoder's", "VAE's likelihood", "Active units")


def count_rows(metrics: Mapping[str, Any]) -> list[list[str]]:
    """Return the ways of counting as texts under `COUNTS`, the fewest first.

    Parameters
    ----------
    metrics : mapping
        As in ``metrics.json``.
    """
    counts = sorted(metrics["counts"], key=lambda count: count["size"])
    return [
        [count["name"], f"{count['size']}{' or more' * count['least']}", count["asks"]]
        for count in counts
    ]


def size_rows(metrics: Mapping[str, Any]) -> list[list[str]]:
    """Return the sizes that were tried as texts under `SIZES`."""
    linear = metrics["spectrum"]["errors"]
    rows = []
    for one in metrics["sizes"]:
        size = one["n_components"]
        # With as many components as directions nothing is left.
        error = linear[size] if size < len(linear) else 0.0
        rows.append(
            [
                str(size),
                f"{error:.3f}",
                f"{one['error']:.3f}",
                f"{one['log_likelihood']:.2f}",
                str(one["active_units"]),
            ]
        )
    return rows


def remarks(metrics: Mapping[str, Any]) -> list[str]:
    """Return what is to be said of how it was counted."""
    behind = {
        "standard": "each column over its own standard deviation",
        "none": "one standard deviation for all columns",
    }[metrics["scaler"]]
    said = [
        f"Counted in {metrics['n_train']:,} rows, and judged by {metrics['n_test']:,} others, "
        f"{behind}; errors are in these, likelihoods in nats a row. One training a size: what "
        "another seed would give is not told."
    ]
    if metrics["dimension"] is None:
        said.append("The intrinsic dimension cannot be told: rows are too few, or on a grid.")
    return said


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
    advice = metrics["advice"]
    writer.finish(
        title=f"Which size of code for {data['name']}?",
        lead=" ".join(advice["told"][:2]),
        body=[
            *([paragraph(f"Read as: {data['told']}.")] if data.get("told") else []),
            *(paragraph(text) for text in advice["told"][2:]),
            heading("Ways of counting"),
            table(COUNTS, count_rows(metrics)),
            heading("Sizes that were tried"),
            table(SIZES, size_rows(metrics)),
            *(paragraph(text) for text in remarks(metrics)),
        ],
    )
