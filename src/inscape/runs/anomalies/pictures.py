"""The figures of a search for anomalies."""

from __future__ import annotations

import numpy as np

from inscape import figures
from inscape._typing import FloatArray
from inscape.runs.anomalies.judging import Table
from inscape.runs.writer import RunWriter
from inscape.uses import AnomalyDetector

_PICTURES, _BARS = 10, 6


def add_figures(
    writer: RunWriter, detector: AnomalyDetector, table: Table, scores: FloatArray
) -> None:
    """Draw the scores, and the worst rows with what makes them so, where that can be told.

    Parameters
    ----------
    writer : RunWriter
        Of the run.
    detector : AnomalyDetector
        Fitted.
    table : Table
        All rows.
    scores : ndarray, shape (n_samples,)
        Of all rows.
    """
    rest = ~table.learned
    judged = scores[rest] if rest.any() else scores
    writer.add_figure(
        "scores.png",
        figures.anomaly_scores(
            *_drawable(judged, detector.offset_),
            normal_scores=_drawable(detector.unseen_scores_, 0)[0] if rest.any() else None,
            labels=None if table.odd is None or not rest.any() else table.odd[rest],
        ),
        "How many rows have which score (minus log(1 - score)), and the threshold: odd rows lie on "
        "its far side. Bad signs: normal rows on that side, or odd ones in the middle of the "
        "normal.",
    )
    # A score that is no sum over features explains no row.
    if detector.score_.explains:
        _add_worst(writer, detector, table, scores, np.argsort(scores, kind="stable"))


def _add_worst(
    writer: RunWriter,
    detector: AnomalyDetector,
    table: Table,
    scores: FloatArray,
    worst: np.ndarray,
) -> None:
    described = table.description
    shown = worst[: _PICTURES if described.image_shape else _BARS]
    rows = table.X[shown]
    shares = detector.explain(rows)
    if described.image_shape is not None:
        drawn = figures.anomaly_images(
            rows,
            detector.restore(rows).astype(rows.dtype),
            shares,
            image_shape=described.image_shape,
            scores=scores[shown].tolist(),
        )
        caption = (
            "The worst rows, what they would be if they were normal, and what tells them off. A "
            "bad sign: marks all over a row, for then the model does not know such rows at all."
        )
    else:
        drawn = figures.anomaly_bars(
            shares,
            values=rows,
            feature_names=described.feature_names,
            titles=[_title(table, i) for i in shown.tolist()],
            n_rows=_BARS,
        )
        caption = (
            "The worst rows, and the features that make them so, with their values. A bad sign: "
            "one feature in all of them; look how it was measured."
        )
    writer.add_figure("worst.png", drawn, caption)


def _title(table: Table, i: int) -> str:
    kept = ", ".join(f"{name} {values[i]}" for name, values in table.rows.kept.items())
    return f"row {table.places[i]}" + (f" ({kept})" if kept else "")


def _drawable(scores: FloatArray, threshold: float) -> tuple[FloatArray, float]:
    """Return scores on a scale on which the far ones do not squeeze the rest."""

    def bend(values: FloatArray) -> FloatArray:
        return -np.sign(-values) * np.log1p(np.abs(values))

    return bend(scores), float(bend(np.array(threshold)))
