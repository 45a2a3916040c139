"""Losses over training, and the floors and references that tell what they are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from inscape._checks import check_matrix
from inscape._errors import InvalidDataError
from inscape._typing import FloatArray
from inscape.figures._drawing.classes import mark_of
from inscape.figures._drawing.labels import label_ends
from inscape.figures._drawing.style import (
    FILL,
    INK,
    dress,
    new_figure,
    styled,
)

# A range of more than this ratio is drawn on a logarithmic axis.
WIDE = 8.0
FEW_POINTS = 12


@styled
def loss_curve(
    history: Sequence[Mapping[str, Any]],
    *,
    floors: Mapping[str, float] | None = None,
    unit: str = "loss",
    title: str = "Loss over training",
) -> Figure:
    """Draw training and validation loss over epochs, with the floors it should be judged by.

    Parameters
    ----------
    history
        One mapping a record, with "epoch" (which may be a fraction), "loss" and, where there is
        one, "validation_loss".
    floors
        Name and height of horizontal lines, such as {"PCA": 0.0557}: the loss of the linear
        baseline with as many components.
    unit
        What the loss is measured in, such as "nats per sample".
    title
        What stands above.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If the history is empty, lacks an epoch or loss, or holds a value that is not finite.

    Examples
    --------
    >>> figure = loss_curve([{"epoch": 1, "loss": 0.3}, {"epoch": 2, "loss": 0.2}])
    >>> figure.axes[0].texts[0].get_text()
    'training 0.200'
    """
    if not history or not all(
        isinstance(entry.get(key), Real) for entry in history for key in ("epoch", "loss")
    ):
        raise InvalidDataError(
            "history must hold records with a number as epoch and as loss; got "
            f"{len(history)} record(s), not all so: give the history_ of a fitted model."
        )
    curves = {}
    for name, key in (("training", "loss"), ("validation", "validation_loss")):
        records = [entry for entry in history if entry.get(key) is not None]
        if records:
            curves[name] = ([entry["epoch"] for entry in records], [e[key] for e in records])
    colors = {"training": FILL, "validation": mark_of(1)[0]}
    return _curves(curves, floors or {}, colors, title, xlabel="epoch", ylabel=unit)


@styled
def loss_comparison(
    curves: Mapping[str, tuple[Any, Any]],
    *,
    references: Mapping[str, float] | None = None,
    xlabel: str = "seconds",
    ylabel: str = "test loss",
    title: str = "Loss against time",
) -> Figure:
    """Draw several named loss curves in one panel, with reference lines.

    Parameters
    ----------
    curves
        Name to (x, y), two arrays (n_points,) of the same length.
    references
        Name and height of horizontal lines.
    xlabel, ylabel
        What x and y are, with their units.
    title
        What stands above.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If there is no curve, or one is not two finite arrays of the same length.

    Examples
    --------
    >>> figure = loss_comparison({"Adam": ([1, 2], [0.3, 0.2]), "Muon": ([1, 2], [0.2, 0.1])})
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['Adam 0.200', 'Muon 0.100']
    """
    if not curves:
        raise InvalidDataError("curves must hold at least one curve; got none: name one.")
    colors = {name: mark_of(k)[0] for k, name in enumerate(curves)}
    return _curves(curves, references or {}, colors, title, xlabel=xlabel, ylabel=ylabel)


def _curves(
    curves: Mapping[str, tuple[Any, Any]],
    lines: Mapping[str, float],
    colors: Mapping[str, str],
    title: str,
    *,
    xlabel: str,
    ylabel: str,
) -> Figure:
    points = {name: _points(name, x, y) for name, (x, y) in curves.items()}
    levels = check_matrix([[0.0, *lines.values()]], name="the floors")[0, 1:]
    figure = new_figure(6.2, 3.6)
    ax = figure.add_subplot()
    for name, at in points.items():
        marker = "o" if len(at) <= FEW_POINTS else ""
        ax.plot(
            at[:, 0],
            at[:, 1],
            color=colors[name],
            lw=1.8,
            marker=marker,
            ms=4,
            zorder=3,
            clip_on=False,
        )
    for level in levels:
        ax.axhline(float(level), color=INK, lw=1, ls=(0, (4, 3)), zorder=2)
    dress(ax, title=title, xlabel=xlabel, ylabel=ylabel)
    across = np.concatenate([at[:, 0] for at in points.values()])
    everything = np.concatenate([*(at[:, 1] for at in points.values()), levels])
    scale_axis(ax, "y", everything, ratio=WIDE)
    scale_axis(ax, "x", across, ratio=4 * WIDE)
    ax.grid(axis="y", color="#eceff1", lw=0.8)
    # The last line ends at the panel's edge, where its label stands; time starts at 0.
    left = float(across.min()) if ax.get_xscale() == "log" else min(0.0, float(across.min()))
    right = float(across.max())
    ax.set_xlim(left, right if right > left else left + 1)
    ends = [tuple(at[-1]) for at in points.values()] + [(right, level) for level in levels]
    texts = [f"{name} {rounded(at[-1, 1])}" for name, at in points.items()]
    label_ends(
        ax,
        np.array(ends),
        [*texts, *(f"{name} {rounded(level)}" for name, level in lines.items())],
        [*(colors[name] for name in points), *[INK] * len(levels)],
    )
    return figure


def _points(name: str, x: Any, y: Any) -> FloatArray:
    """Return a curve as a finite array (n_points, 2)."""
    across, up = np.ravel(np.asarray(x, dtype=float)), np.ravel(np.asarray(y, dtype=float))
    if len(across) != len(up):
        raise InvalidDataError(
            f"The curve {name} must have as many x as y; got {len(across)} and {len(up)}: "
            "give both for the same moments."
        )
    return check_matrix(np.column_stack([across, up]), name=f"the {name} curve")


def scale_axis(ax: Axes, axis: str, values: FloatArray, *, ratio: float) -> None:
    """Make the axis ("x" or "y") logarithmic where positive values span more than `ratio`."""
    low, high = float(values.min()), float(values.max())
    if low <= 0 or high / low <= ratio:
        return
    target = ax.yaxis if axis == "y" else ax.xaxis
    getattr(ax, f"set_{axis}scale")("log")
    target.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    target.set_minor_locator(NullLocator())
    target.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def rounded(value: float) -> str:
    """Return the value with three digits, as it stands at the end of a line."""
    return f"{value:#.3g}".rstrip(".")
