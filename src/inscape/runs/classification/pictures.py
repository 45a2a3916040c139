"""The figures of a classification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inscape import figures
from inscape._typing import IntArray
from inscape.runs.classification.table import Table
from inscape.runs.writer import RunWriter

_PICTURES = 20


def add_figures(
    writer: RunWriter, table: Table, metrics: Mapping[str, Any], *, shown: IntArray
) -> None:
    """Draw which classes are taken for which, and of pictures those that are least sure.

    Parameters
    ----------
    writer : RunWriter
        Of the run.
    table : Table
        All rows.
    metrics : mapping
        As in ``metrics.json``.
    shown : ndarray of int
        The rows that are least sure, in the order of the metrics.
    """
    if metrics["held_out"]["labels"]:
        drawn = figures.confusion(
            metrics["confusion"]["counts"], class_names=metrics["confusion"]["classes"]
        )
        caption = "Labels that were held out (rows), and what they are taken for (columns)."
        writer.add_figure("confusion.png", drawn, caption)
    if table.image_shape is not None and metrics["least_sure"]:
        told = metrics["least_sure"][:_PICTURES]
        titles = [f"{row['first']} or {row['second']}" for row in told]
        drawn = figures.titled_images(
            table.X[shown[:_PICTURES]], titles, image_shape=table.image_shape
        )
        caption = "The pictures that are least sure, and the two classes between which they lie."
        writer.add_figure("least_sure.png", drawn, caption)
