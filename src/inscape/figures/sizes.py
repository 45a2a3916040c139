"""Which size a code should have: what speaks for which number of components."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from inscape._checks import check_array, check_positive_rising, check_same_rows
from inscape._errors import InvalidDataError
from inscape._typing import FloatArray
from inscape.figures._drawing.classes import mark_of
from inscape.figures._drawing.labels import label_ends
from inscape.figures._drawing.naming import shorten
from inscape.figures._drawing.style import ALERT, INK, MUTED, dress, new_figure, styled
from inscape.figures.training import FEW_POINTS, WIDE, rounded, scale_axis

# Components of a spectrum beyond those that are above chance, as a share of them.
_BEYOND = 2.0
_FEWEST = 12


@styled
def size_evidence(
    variances: Any,
    thresholds: Any,
    *,
    errors: Mapping[str, tuple[Any, Any]],
    likelihoods: Mapping[str, tuple[Any, Any]],
    active: tuple[Any, Any],
    dimension: float | None = None,
    title: str = "Which size of code?",
) -> Figure:
    """Draw what speaks for which number of components, in four panels.

    Parameters
    ----------
    variances, thresholds : array (n_components,)
        Along each principal component, and what it may reach by chance: `inscape.measures`'
        `parallel_analysis`.
    errors
        Name to (sizes, errors): numbers of components, above 0 and rising, and the error on rows
        that were not learned from, in standard deviations of the data.
    likelihoods
        The same with nats a row, larger being better; the largest of each is marked.
    active
        (sizes, units): of variational models, how many units of the code are in use.
    dimension
        The intrinsic dimension, drawn beside the active units.
    title
        What stands above.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If there is no curve, sizes do not rise from above 0, or values are not finite or not as
        many.

    Examples
    --------
    >>> curve = ([1, 2, 4], [0.9, 0.5, 0.3])
    >>> figure = size_evidence(
    ...     [3.0, 1.0, 0.2], [1.2, 0.9, 0.8], errors={"PCA": curve}, likelihoods={"PCA": curve},
    ...     active=([1, 2, 4], [1, 2, 2]),
    ... )
    >>> figure.axes[0].get_title(loc="left")
    '2 components above chance'
    """
    variances = check_array(variances, name="variances", shape={"n_components": None})
    n = {"n_components": len(variances)}
    thresholds = check_array(thresholds, name="thresholds", shape=n)
    if not errors or not likelihoods:
        raise InvalidDataError(
            "errors and likelihoods must hold at least one curve each; got none: name one."
        )
    curves = {name: _curve(name, *pair) for name, pair in errors.items()}
    nats = {name: _curve(name, *pair) for name, pair in likelihoods.items()}
    units = _curve("active units", *active)
    figure = new_figure(9.6, 6.6)
    axes = figure.subplots(2, 2)
    _draw_spectrum(axes[0, 0], variances, thresholds)
    _draw_curves(axes[0, 1], curves)
    dress(
        axes[0, 1],
        title="Error on other rows",
        note="it can only fall: look where it falls no faster",
        xlabel="components",
        ylabel="standard deviations",
    )
    _draw_curves(axes[1, 0], nats, best=True)
    dress(
        axes[1, 0],
        title="Likelihood of other rows",
        note="it has a top (ring): noise that was learned costs",
        xlabel="components",
        ylabel="nats a row",
    )
    _draw_active(axes[1, 1], units, dimension)
    figure.suptitle(title, x=0.015, ha="left")
    return figure


def _curve(name: str, sizes: Any, values: Any) -> FloatArray:
    """Return a curve as an array (n_points, 2)."""
    across = check_positive_rising(sizes, name=f"the sizes of {name}")
    up = check_array(values, name=f"the values of {name}", shape={"n_points": None})
    check_same_rows(up, len(across), name=f"the values of {name}", of="its sizes")
    return np.column_stack([across, up])


def _draw_spectrum(ax: Axes, variances: FloatArray, thresholds: FloatArray) -> None:
    below = np.flatnonzero(variances <= thresholds)
    n = int(below[0]) if len(below) else len(variances)
    shown = min(len(variances), max(_FEWEST, round(_BEYOND * n)))
    places = np.arange(1, shown + 1)
    colors = (mark_of(0)[0], INK)
    for values, color, style in ((variances, colors[0], "-"), (thresholds, colors[1], "--")):
        marker = "o" if shown <= FEW_POINTS and style == "-" else ""
        ax.plot(places, values[:shown], style, color=color, lw=1.6, marker=marker, ms=4, zorder=3)
    if n and n < shown:
        ax.axvline(n + 0.5, color=MUTED, lw=0.8, ls=":")
    dress(
        ax,
        title=f"{n} component{'s' * (n != 1)} above chance",
        note="variance along each principal component; columns permuted",
        xlabel="component",
        ylabel="variance",
    )
    ends = np.array([[shown, variances[shown - 1]], [shown, thresholds[shown - 1]]], dtype=float)
    positive = np.concatenate([variances[:shown], thresholds[:shown]])
    scale_axis(ax, "y", positive[positive > 0], ratio=WIDE)
    ax.set_xlim(1, max(shown, 2))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ends[:, 1] = np.maximum(ends[:, 1], ax.get_ylim()[0])
    label_ends(ax, ends, ["of the rows", "by chance"], colors)


def _draw_curves(ax: Axes, curves: Mapping[str, FloatArray], *, best: bool = False) -> None:
    ends, texts, colors = [], [], []
    for k, (name, points) in enumerate(curves.items()):
        color = mark_of(k)[0]
        marker = "o" if len(points) <= FEW_POINTS else ""
        ax.plot(*points.T, color=color, lw=1.6, marker=marker, ms=4, zorder=3, clip_on=False)
        if best:
            top = points[points[:, 1].argmax()]
            ax.plot(*top, "o", ms=9, mfc="none", mec=color, mew=1.5, zorder=4, clip_on=False)
        ends.append(points[-1])
        texts.append(f"{shorten(name)} {rounded(float(points[-1, 1]))}")
        colors.append(color)
    _log_sizes(ax, np.concatenate([points[:, 0] for points in curves.values()]))
    ax.grid(axis="y", color="#eceff1", lw=0.8)
    label_ends(ax, np.array(ends, dtype=float), texts, colors)


def _draw_active(ax: Axes, units: FloatArray, dimension: float | None) -> None:
    color = mark_of(1)[0]
    ax.plot(units[:, 0], units[:, 0], ls="--", color=INK, lw=1)
    ax.plot(*units.T, color=color, lw=1.6, marker="o", ms=4, zorder=3, clip_on=False)
    last = units[-1]
    ends, texts, colors = [[last[0], last[0]], last], ["all", f"in use {last[1]:g}"], [INK, color]
    _log_sizes(ax, units[:, 0])
    note = "of a variational model that has so many"
    if dimension is not None:
        ax.axhline(dimension, color=ALERT, lw=1, ls=":")
        ends.append([ax.get_xlim()[1], dimension])
        texts.append(f"intrinsic dimension {dimension:.1f}")
        colors.append(ALERT)
    dress(ax, title="Active units", note=note, xlabel="components", ylabel="units")
    label_ends(ax, np.array(ends, dtype=float), texts, colors)


def _log_sizes(ax: Axes, sizes: FloatArray) -> None:
    """Give sizes a logarithmic axis with whole numbers under it."""
    low, high = float(sizes.min()), float(sizes.max())
    ax.set_xscale("log", base=2)
    # One size has no extent, and a logarithmic axis needs some.
    ax.set_xlim(low, high if high > low else 2 * low)
    ticks = [2.0**k for k in range(31) if low <= 2**k <= high] or [low]
    ticks = ticks[:: -(-len(ticks) // 8)]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.set_xticks([], minor=True)
