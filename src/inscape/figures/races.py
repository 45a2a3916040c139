"""How fast several trainings come down, and whom they pass on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from inscape._checks import check_array, check_positive_rising
from inscape._errors import InvalidDataError
from inscape.figures._drawing.classes import mark_of
from inscape.figures._drawing.labels import label_ends
from inscape.figures._drawing.style import INK, dress, new_figure, styled
from inscape.figures.training import FEW_POINTS, WIDE, scale_axis


@styled
def loss_race(
    curves: Mapping[str, tuple[Any, Any]],
    *,
    references: Mapping[str, float] | None = None,
    unit: str = "test error",
    title: str = "Error against time",
) -> Figure:
    """Draw error over seconds of training, on a logarithmic axis, and the lines to get below.

    Parameters
    ----------
    curves
        Name to (seconds, values): two arrays (n_points,), the seconds above 0 and rising.
    references
        Name and height of horizontal lines, such as {"PCA": 13.87}.
    unit
        What the values measure, with their unit. They get a logarithmic axis too if they are
        positive and the largest is more than eight times the smallest.
    title
        What stands above.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If there is no curve, seconds do not rise from above 0, or values are not finite or not as
        many.

    Examples
    --------
    >>> figure = loss_race({"Muon": ([1, 10], [9.0, 2.5])}, references={"PCA": 13.87})
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['Muon 2.50', 'PCA 13.87']
    """
    if not curves:
        raise InvalidDataError("curves must hold at least one curve; got none: name one.")
    times = {
        name: check_positive_rising(seconds, name=f"the seconds of {name}")
        for name, (seconds, _) in curves.items()
    }
    values = {
        name: check_array(up, name=f"the {name} curve", shape={"n_points": len(times[name])})
        for name, (_, up) in curves.items()
    }
    levels = dict(references or {})
    heights = check_array([0.0, *levels.values()], name="references", shape={"n": None})[1:]
    colors = [mark_of(k)[0] for k in range(len(curves))]
    figure = new_figure(5.4 + 0.075 * max(map(len, [*curves, *levels])), 3.9)
    ax = figure.add_subplot()
    for color, (name, seconds) in zip(colors, times.items(), strict=True):
        marker = "o" if len(seconds) <= FEW_POINTS else ""
        style: dict[str, Any] = {"lw": 1.8, "marker": marker, "ms": 4, "zorder": 3}
        ax.plot(seconds, values[name], color=color, clip_on=False, **style)
    for height in heights:
        ax.axhline(float(height), color=INK, lw=1, ls=(0, (4, 3)), zorder=2)
    dress(ax, title=title, xlabel="seconds of training", ylabel=unit)
    scale_axis(ax, "y", np.concatenate([*values.values(), heights]), ratio=WIDE)
    first = min(float(seconds[0]) for seconds in times.values())
    last = max(float(seconds[-1]) for seconds in times.values())
    # One moment has no extent, and a logarithmic axis needs some.
    last = last if last > first else 2 * first
    scale_axis(ax, "x", np.array([first, last]), ratio=1.0)
    ax.set_xlim(first, last)
    ax.grid(axis="y", color="#eceff1", lw=0.8)
    ends = [
        *((name, times[name][-1], values[name][-1]) for name in curves),
        *((name, last, height) for name, height in zip(levels, heights, strict=True)),
    ]
    places = np.array([end[1:] for end in ends], dtype=float)
    texts = [f"{name} {_rounded(value)}" for name, _, value in ends]
    label_ends(ax, places, texts, [*colors, *[INK] * len(levels)])
    return figure


def _rounded(value: float) -> str:
    """Return three digits, and four from 10 on: published errors have two decimals."""
    return f"{value:#.{4 if abs(value) >= 10 else 3}g}".rstrip(".")
