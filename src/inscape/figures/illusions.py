"""Illusory correlations: what a network believes for a while although it never is so."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from inscape._checks import check_array, check_increasing, check_number
from inscape._typing import FloatArray
from inscape.figures._drawing.naming import shorten
from inscape.figures._drawing.style import (
    ALERT,
    FILL,
    INK,
    MUTED,
    PAPER,
    draw_key_row,
    dress,
    halo,
    new_figure,
    styled,
)
from inscape.figures.modes import (
    MODES_LABEL,
    THEORY_LINES,
    bring_to_front,
    check_levels,
    check_modes,
    color_axis,
    draw_curve,
    draw_modes,
    frame_epochs,
    mode_colors,
    share_zero,
)

# A wrong sign smaller than this share of the target is noise of the first weights.
NOTICED = 0.01
QUIET = 0.4
MODES_KEY = "modes, the strongest darkest (right axis)"


@styled
def illusory_correlation(
    epochs: Any,
    prediction: Any,
    *,
    target: float,
    modes: Any,
    singular_values: Any = None,
    theory: Any = None,
    item: str,
    feature: str,
    title: str | None = None,
) -> Figure:
    """Draw what a network predicts for one feature of one item, and where its sign is wrong.

    Parameters
    ----------
    epochs : array (n_epochs,)
        When the values were recorded.
    prediction : array (n_epochs,)
        The network's output for the item and the feature.
    target
        What the output should be.
    modes : array (n_epochs, n_modes)
        Strength of each singular-value mode, the strongest first; faint, on an axis of its own.
    singular_values : array (n_modes,), optional
        What each mode should come to, as faint lines.
    theory : array (n_epochs,), optional
        What a theory says of the prediction, dashed.
    item, feature
        Their names.
    title
        What stands above; None names item and feature.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If the arrays are not finite or do not fit each other, or the epochs do not increase.
    InvalidParameterError
        If the target is not a finite number.

    Examples
    --------
    >>> figure = illusory_correlation(
    ...     [0, 1, 2], [0.0, 0.4, -1.0], target=-1, modes=[[0], [1], [2]],
    ...     item="Goldfish", feature="roots",
    ... )
    >>> figure.axes[0].texts[0].get_text()
    'wrong sign: +0.4 at epoch 1'
    """
    epochs = check_increasing(epochs, name="epochs")
    prediction = check_array(prediction, name="prediction", shape={"n_epochs": len(epochs)})
    modes = check_modes(modes, len(epochs))
    levels = check_levels(singular_values, modes.shape[1])
    target = check_number("target", target)
    curves = [prediction]
    if theory is not None:
        curves.append(check_array(theory, name="theory", shape={"n_epochs": len(epochs)}))
    figure = new_figure(6.6, 3.9)
    ax = figure.add_subplot()
    quiet = ax.twinx()
    draw_modes(quiet, epochs, modes, levels, lw=1.2, alpha=QUIET)
    key = [Line2D([], [], color=FILL, lw=2.4, label="prediction")]
    ax.axhline(0, color=MUTED, lw=0.8, zorder=1)
    ax.axhline(target, color=INK, lw=1, ls=(0, (1, 2)), zorder=1)
    draw_curve(ax, epochs, prediction, color=FILL, lw=2.4)
    for values in curves[1:]:
        draw_curve(ax, epochs, values, color=INK, lw=1.1, ls=THEORY_LINES[0])
        key.append(Line2D([], [], color=INK, lw=1.1, ls=THEORY_LINES[0], label="theory"))
    key.append(Line2D([], [], color=mode_colors(3)[1], lw=1.2, alpha=QUIET, label=MODES_KEY))
    wrong = prediction * np.sign(target) < 0
    peak = int(np.argmin(prediction * np.sign(target)))
    noticed = bool(wrong[peak] and abs(prediction[peak]) > NOTICED * abs(target))
    if noticed:
        ax.fill_between(
            epochs, np.where(wrong, prediction, 0), 0, color=ALERT, alpha=0.25, lw=0, zorder=1.5
        )
        _mark_peak(ax, epochs, prediction, peak)
    heading = (
        f"{'I' if noticed else 'No i'}llusory correlation: {shorten(item)}, {shorten(feature)}"
    )
    dress(ax, title=heading if title is None else title, note=" ", xlabel="epoch")
    dress(quiet, ylabel=MODES_LABEL)
    frame_epochs(ax, epochs)
    share_zero({quiet: np.append(modes, levels)})
    _frame_prediction(ax, np.concatenate([*curves, [0.0, target]]), noticed, prediction[peak])
    ax.set_ylabel("prediction")
    color_axis(ax, "left", FILL)
    ax.annotate(
        f"target {target:g}",
        (float(epochs[0]), target),
        xytext=(4, 2),
        textcoords="offset points",
        fontsize=8,
        path_effects=halo(),
    )
    draw_key_row(ax, key)
    bring_to_front(ax, quiet)
    return figure


def _mark_peak(ax: Axes, epochs: FloatArray, prediction: FloatArray, peak: int) -> None:
    """Mark the farthest that the wrong sign goes, with its size and epoch."""
    at = (float(epochs[peak]), float(prediction[peak]))
    ax.plot(*at, marker="o", ms=5, color=ALERT, mec=PAPER, mew=0.8, zorder=4)
    share = (at[0] - epochs[0]) / max(float(np.ptp(epochs)), 1e-12)
    ax.annotate(
        f"wrong sign: {at[1]:+.3g} at epoch {at[0]:g}",
        at,
        xytext=(0, 6 if at[1] > 0 else -6),
        textcoords="offset points",
        ha="left" if share < 0.3 else "right" if share > 0.7 else "center",
        va="bottom" if at[1] > 0 else "top",
        color=ALERT,
        fontsize=8.5,
        fontweight="bold",
        # The lines of the modes pass behind the words.
        bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1.5},
        zorder=5,
    )


def _frame_prediction(ax: Axes, values: FloatArray, noticed: bool, peak: float) -> None:
    """Frame the values, with room for the words beyond the peak and the target's."""
    low, high = float(values.min()), float(values.max())
    span = high - low or 1.0
    above, below = (0.16 if noticed and sign * peak > 0 else 0.08 for sign in (1, -1))
    ax.set_ylim(low - below * span, high + above * span)
