"""Loss and singular-value modes of a linear network over training, and theory on top of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from inscape._checks import check_array, check_increasing
from inscape._errors import InvalidDataError
from inscape._typing import FloatArray
from inscape.figures._drawing.style import (
    INK,
    SEQUENTIAL,
    darker,
    draw_key_row,
    dress,
    halo,
    new_figure,
    styled,
)
from inscape.figures.training import FEW_POINTS

LOSS_COLOR: Final = "#e76300"
MODES_LABEL: Final = "strength of each mode"
# Dashed, dotted, dash-dotted, long dashes: what is not solid is theory.
THEORY_LINES: Final = ((0, (4, 2)), (0, (1, 1.5)), (0, (4, 1.5, 1, 1.5)), (0, (9, 3)))
# The strongest is dark and the weakest light, but not so light that it is lost on paper.
DARKEST, LIGHTEST = 0.08, 0.78
# A label at a line's end, as a share of a panel's height.
LABEL = 0.062


@styled
def learning_curves(
    epochs: Any,
    loss: Any,
    modes: Any = None,
    *,
    singular_values: Any = None,
    title: str | None = None,
) -> Figure:
    """Draw the loss over epochs, and the strength of each mode on a second axis.

    Parameters
    ----------
    epochs : array (n_epochs,)
        When the values were recorded.
    loss : array (n_epochs,)
        Orange, on the left axis.
    modes : array (n_epochs, n_modes), optional
        Strength of each singular-value mode, the strongest first; from dark to light in this
        order, on the right axis.
    singular_values : array (n_modes,), optional
        What each mode should come to, as faint lines.
    title
        What stands above; None says what is drawn.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If the arrays are not finite or do not fit each other, the epochs do not increase, or
        there are singular values without modes.

    Examples
    --------
    >>> figure = learning_curves([0, 1, 2], [1.0, 0.4, 0.1], [[0, 0], [2, 0], [3, 1]])
    >>> [ax.get_ylabel() for ax in figure.axes]
    ['loss', 'strength of each mode']
    """
    epochs = check_increasing(epochs, name="epochs")
    loss = check_array(loss, name="loss", shape={"n_epochs": len(epochs)})
    if modes is None and singular_values is not None:
        raise InvalidDataError(
            "singular_values must come with modes; got them alone: give modes too."
        )
    figure = new_figure(6.4, 3.6)
    ax = figure.add_subplot()
    draw_curve(ax, epochs, loss, color=LOSS_COLOR, lw=2.2)
    if modes is None:
        dress(ax, title=title or "Loss over training", xlabel="epoch")
        frame_epochs(ax, epochs)
        share_zero({ax: loss})
    else:
        modes = check_modes(modes, len(epochs))
        levels = check_levels(singular_values, modes.shape[1])
        other = ax.twinx()
        draw_modes(other, epochs, modes, levels)
        dress(ax, title=title or "Loss and strength of the modes over training", xlabel="epoch")
        dress(other, ylabel=MODES_LABEL)
        frame_epochs(ax, epochs)
        share_zero({ax: loss, other: np.append(modes, levels)})
        name_modes(other, epochs, modes)
        color_axis(other, "right", mode_colors(3)[1])
        # The loss, in front, is not crossed out by the modes.
        bring_to_front(ax, other)
        ax.annotate(
            "loss",
            (float(epochs[0]), float(loss[0])),
            xytext=(4, 3),
            textcoords="offset points",
            color=darker(LOSS_COLOR, 0.2),
            fontsize=8.5,
            fontweight="bold",
            path_effects=halo(),
        )
    ax.set_ylabel("loss")
    color_axis(ax, "left", LOSS_COLOR)
    return figure


@styled
def modes_over_theory(
    epochs: Any,
    modes: Any,
    theories: Mapping[str, Any],
    *,
    title: str = "Strength of the modes: measured and predicted",
) -> Figure:
    """Draw measured modes in colour, and what theories predict on top, dashed or dotted.

    Parameters
    ----------
    epochs : array (n_epochs,)
        When the modes were recorded.
    modes : array (n_epochs, n_modes)
        Measured strength of each singular-value mode, the strongest first; from dark to light.
    theories
        Name to array (n_epochs, n_modes), such as {"discrete map": ...}; at most 4.
    title
        What stands above.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If the arrays are not finite or do not fit each other, the epochs do not increase, or
        there are no theories or more than 4.

    Examples
    --------
    >>> figure = modes_over_theory([0, 1], [[0.0], [2.0]], {"discrete map": [[0.0], [1.9]]})
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['measured', 'discrete map']
    """
    epochs = check_increasing(epochs, name="epochs")
    modes = check_modes(modes, len(epochs))
    if not 1 <= len(theories) <= len(THEORY_LINES):
        raise InvalidDataError(
            f"theories must hold from 1 to {len(THEORY_LINES)} theories; got {len(theories)}: "
            "more lines on each other could not be told apart."
        )
    shape = {"n_epochs": len(epochs), "n_modes": modes.shape[1]}
    predicted = {
        name: check_array(values, name=f"the theory {name}", shape=shape)
        for name, values in theories.items()
    }
    figure = new_figure(6.4, 3.9)
    ax = figure.add_subplot()
    draw_modes(ax, epochs, modes, np.empty(0), lw=4, alpha=0.55)
    key = [Line2D([], [], color=mode_colors(3)[1], lw=4, alpha=0.55, label="measured")]
    for (name, values), dashes in zip(predicted.items(), THEORY_LINES, strict=False):
        for k in range(values.shape[1]):
            draw_curve(ax, epochs, values[:, k], color=INK, lw=1.1, ls=dashes)
        key.append(Line2D([], [], color=INK, lw=1.1, ls=dashes, label=name))
    dress(ax, title=title, note=" ", xlabel="epoch", ylabel=MODES_LABEL)
    frame_epochs(ax, epochs)
    share_zero({ax: np.concatenate([modes, *predicted.values()], axis=None)})
    name_modes(ax, epochs, modes)
    draw_key_row(ax, key)
    return figure


def check_modes(modes: Any, n_epochs: int) -> FloatArray:
    """Return modes as a finite array (n_epochs, n_modes)."""
    return check_array(modes, name="modes", shape={"n_epochs": n_epochs, "n_modes": None})


def check_levels(singular_values: Any, n_modes: int) -> FloatArray:
    """Return singular values as a finite array (n_modes,), or an empty one where there are none."""
    if singular_values is None:
        return np.empty(0)
    return check_array(singular_values, name="singular_values", shape={"n_modes": n_modes})


def mode_colors(n_modes: int) -> list[str]:
    """Return a colour for each mode, from the strongest (dark) to the weakest (light)."""
    return [to_hex(color) for color in colormaps[SEQUENTIAL](_shades(n_modes))]


def _shades(n_modes: int) -> FloatArray:
    return np.linspace(DARKEST, LIGHTEST, n_modes) if n_modes > 1 else np.array([0.3])


def draw_curve(ax: Axes, epochs: FloatArray, values: FloatArray, **options: Any) -> None:
    """Draw values (n_epochs,) as a line, with dots where there are too few to make one."""
    dots = len(epochs) <= FEW_POINTS and "ls" not in options
    ax.plot(epochs, values, marker="o" if dots else "", ms=4, solid_capstyle="round", **options)


def draw_modes(
    ax: Axes,
    epochs: FloatArray,
    modes: FloatArray,
    levels: FloatArray,
    *,
    lw: float = 1.6,
    alpha: float = 1.0,
) -> None:
    """Draw modes (n_epochs, n_modes) from dark to light, and the levels they should come to."""
    colors = mode_colors(modes.shape[1])
    for level, color in zip(levels, colors, strict=False):
        ax.axhline(float(level), color=color, lw=0.8, alpha=0.35 * alpha, zorder=1)
    # The strongest is drawn last: where many lie on each other, it is the one that is asked for.
    for k in reversed(range(modes.shape[1])):
        draw_curve(ax, epochs, modes[:, k], color=colors[k], lw=lw, alpha=alpha)


def name_modes(ax: Axes, epochs: FloatArray, modes: FloatArray) -> None:
    """Write "mode 1", "modes 3 and 4" above the ends of the lines, at the panel's right edge."""
    low, high = ax.get_ylim()
    colors = mode_colors(modes.shape[1])
    for members in near_groups(modes[-1], apart=LABEL * (high - low)):
        ax.annotate(
            _numbers(members),
            (float(epochs[-1]), float(modes[-1, members].max())),
            xytext=(-3, 1.5),
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize=8,
            color=darker(colors[members[0]], 0.2),
            path_effects=halo(),
        )


def near_groups(heights: FloatArray, *, apart: float) -> list[list[int]]:
    """Group heights that are nearer than `apart` to the highest of their group.

    Examples
    --------
    >>> near_groups(np.array([9.0, 5.0, 4.8, 1.0]), apart=0.5)
    [[0], [1, 2], [3]]
    """
    groups: list[list[int]] = []
    for k in np.argsort(-heights, kind="stable"):
        if groups and heights[groups[-1][0]] - heights[k] < apart:
            groups[-1].append(int(k))
        else:
            groups.append([int(k)])
    return groups


def _numbers(members: Sequence[int]) -> str:
    """Return "mode 1", "modes 1 and 2", "modes 1 to 3" or "modes 1, 3 and 4"."""
    names = [str(k + 1) for k in sorted(members)]
    if len(names) == 1:
        return f"mode {names[0]}"
    if len(names) > 2 and max(members) - min(members) == len(names) - 1:
        return f"modes {names[0]} to {names[-1]}"
    return f"modes {', '.join(names[:-1])} and {names[-1]}"


def frame_epochs(ax: Axes, epochs: FloatArray) -> None:
    """Let time run from the first epoch to the last, edge to edge."""
    first, last = float(epochs[0]), float(epochs[-1])
    ax.set_xlim(first, last if last > first else first + 1)
    ax.margins(x=0)


def share_zero(values: Mapping[Axes, FloatArray]) -> None:
    """Frame the values of each panel so that 0 lies at the same height in all."""
    spans = {ax: (min(float(v.min()), 0.0), max(float(v.max()), 0.0)) for ax, v in values.items()}
    spans = {ax: (low, high if high > low else low + 1.0) for ax, (low, high) in spans.items()}
    # Depth below and height above 0, as shares of each panel's own span.
    below = max(-low / (high - low) for low, high in spans.values()) + 0.02
    above = max(high / (high - low) for low, high in spans.values()) + 0.09
    for ax, (low, high) in spans.items():
        ax.set_ylim(-below * (high - low), above * (high - low))


def color_axis(ax: Axes, side: str, color: str) -> None:
    """Draw a vertical axis, its numbers and its name in the colour of what belongs to it."""
    ax.tick_params(axis="y", color=color, labelcolor=darker(color, 0.2))
    ax.yaxis.label.set(color=darker(color, 0.2), fontweight="bold")
    ax.spines[side].set(visible=True, color=color)


def bring_to_front(ax: Axes, other: Axes) -> None:
    """Draw a panel over its twin, whose curves stay visible."""
    ax.set_zorder(other.get_zorder() + 1)
    ax.patch.set_visible(False)
