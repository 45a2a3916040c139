"""Entries that were hidden: what was told of them, and what they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from inscape._checks import check_array
from inscape._errors import InvalidDataError
from inscape.figures._drawing.style import ALERT, FILL, INK, dress, new_figure, styled

# More points than that are a cloud that hides itself.
_MOST_POINTS = 3000
# Nine of ten of a Gaussian lie within so many standard deviations.
_NINE_OF_TEN = 1.6448536


@styled
def hidden_entries(truth: Any, told: Any, deviations: Any) -> Figure:
    """Draw what was told of entries over what they are, and how often they are as near as was said.

    Parameters
    ----------
    truth : array (n_entries,)
        What was hidden, each in spreads of its column.
    told : array (n_entries,)
        What was told of it.
    deviations : array (n_entries,)
        How sure that was: standard deviations, none below 0.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If an array is not finite or of another length, or a deviation is below 0.

    Examples
    --------
    >>> figure = hidden_entries([0.0, 1.0, 2.0, 4.0], [0.1, 1.2, 1.8, 1.0], np.ones(4))
    >>> figure.axes[0].get_title(loc="left")
    '75% of 4 hidden entries lie where nine of ten should'
    """
    truth = check_array(truth, name="truth", shape={"entry": None})
    told = check_array(told, name="told", shape={"entry": len(truth)})
    deviations = check_array(deviations, name="deviations", shape={"entry": len(truth)})
    if (deviations < 0).any():
        raise InvalidDataError(
            f"deviations must not be below 0; got {deviations.min():g}: give standard deviations."
        )
    near = np.abs(told - truth) <= _NINE_OF_TEN * deviations
    shown = np.linspace(0, len(truth) - 1, min(len(truth), _MOST_POINTS)).astype(int)
    figure = new_figure(5.2, 4.8)
    ax = figure.add_subplot()
    for which, color, name in (
        (near[shown], FILL, "as near as was said"),
        (~near[shown], ALERT, "farther off"),
    ):
        places = shown[which]
        ax.plot(truth[places], told[places], "o", color=color, ms=2.5, alpha=0.5, mew=0, label=name)
    ends = [min(truth.min(), told.min()), max(truth.max(), told.max())]
    ax.plot(ends, ends, color=INK, linewidth=1)
    ax.set_aspect("equal", adjustable="datalim")
    dress(
        ax,
        title=f"{near.mean():.0%} of {len(truth):,} hidden entries lie where nine of ten should",
        note="on the line what was told is right; in spreads of each column",
        xlabel="hidden",
        ylabel="told",
    )
    ax.legend(loc="upper left", frameon=False, markerscale=2)
    return figure
