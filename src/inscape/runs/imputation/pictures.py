"""The figures of an imputation."""

from __future__ import annotations

import numpy as np

from inscape import figures
from inscape.runs.imputation.judging import Judged
from inscape.runs.tables import Table
from inscape.runs.writer import RunWriter

_PICTURES = 10


def add_figures(writer: RunWriter, table: Table, judged: Judged) -> None:
    """Draw what was told of hidden entries over what they are, and of pictures some.

    Parameters
    ----------
    writer : RunWriter
        Of the run.
    table : Table
        All rows.
    judged : Judged
        What was hidden.
    """
    hidden = judged.hidden
    truth, told = ((each / judged.spread)[hidden] for each in (judged.truth, judged.filled))
    centre = np.broadcast_to(np.nanmean(judged.rows, axis=0) / judged.spread, hidden.shape)[hidden]
    sure = np.broadcast_to(judged.deviations / judged.spread, hidden.shape)[hidden]
    writer.add_figure(
        "hidden.png",
        figures.hidden_entries(truth - centre, told - centre, sure),
        "What was told of entries that were there and hidden, over what they are. Bad signs: a "
        "flat cloud, for then the other columns tell nothing and the mean would do; much less or "
        "more than 90% where nine of ten should lie, for then the standard deviations are not to "
        "be trusted.",
    )
    if table.image_shape is None:
        return
    whole = np.where(hidden, judged.truth, judged.rows)
    if np.isnan(whole[:_PICTURES]).any():
        return
    drawn = figures.reconstructions(
        whole[:_PICTURES],
        {
            "hidden": np.where(hidden, 0.0, judged.rows)[:_PICTURES],
            "told": judged.filled[:_PICTURES],
        },
        image_shape=table.image_shape,
    )
    writer.add_figure(
        "pictures.png",
        drawn,
        "Pictures, what was left of them, and what was told. A bad sign: pictures that are all "
        "alike, or grey where they should be black.",
    )
