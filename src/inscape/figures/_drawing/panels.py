"""One panel of a map: points in the latent plane, its frame, axes and key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgba_array
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path

from inscape._errors import InvalidParameterError
from inscape._typing import FloatArray, IntArray
from inscape.figures._drawing.classes import SHAPES, Classes
from inscape.figures._drawing.naming import remember_classes
from inscape.figures._drawing.scales import Scale
from inscape.figures._drawing.style import ALERT, FILL, MUTED, SEQUENTIAL, color_bar, dress

Limits: TypeAlias = tuple[tuple[float, float], tuple[float, float]]
Labels: TypeAlias = Classes | FloatArray | None

# The side of a map, in inches.
PANEL = 5.2
# Of fewer points none is cut off by a frame.
MANY = 200
# The axes of a spread map stretch differently by at most this.
STRETCH = 1.34
# A point whose shape is to be seen has at least this area, in square points.
SHAPED = 9.0


def check_limits(limits: Limits) -> Limits:
    """Return the limits of a frame as pairs of floats, the smaller first.

    Raises
    ------
    InvalidParameterError
        If they are not.
    """
    frame = np.asarray(limits, dtype=float)
    if frame.shape == (2, 2) and np.isfinite(frame).all() and (frame[:, 0] < frame[:, 1]).all():
        (left, right), (bottom, top) = frame.tolist()
        return (left, right), (bottom, top)
    raise InvalidParameterError(
        "`limits` must be ((left, right), (bottom, top)) with left < right and bottom < top; "
        f"got {limits}: give two finite pairs."
    )


def draw_order(n_samples: int) -> IntArray:
    """Return a fixed shuffle of the samples, so that the last class does not cover the others."""
    return np.random.default_rng(0).permutation(n_samples)


def limits_around(codes: FloatArray, *, outside: float = 0.0, margin: float = 0.04) -> Limits:
    """Return a frame around codes (n_samples, 2) that leaves out a share at each end of an axis.

    Of fewer than 200 points none is left out.
    """
    if len(codes) < MANY:
        outside, margin = 0.0, max(margin, 0.04)
    low, high = np.quantile(codes.astype(float), [outside, 1 - outside], axis=0)
    # A dead component has no extent; give it as much as the other, so that it shows as a line.
    extent = np.where(high > low, high - low, float((high - low).max()) or 1.0)
    middle = (low + high) / 2
    low, high = middle - extent * (0.5 + margin), middle + extent * (0.5 + margin)
    return (float(low[0]), float(high[0])), (float(low[1]), float(high[1]))


def frame_for(codes: FloatArray, *, square: bool) -> Limits:
    """Return a frame of the whole of codes (n_samples, 2) in a spread plane.

    In a square panel the shorter axis is made longer until both stretch nearly alike.
    """
    limits = np.array(limits_around(codes))
    if square:
        extent = limits[:, 1] - limits[:, 0]
        wanted = np.maximum(extent, extent.max() / STRETCH)
        limits += ((wanted - extent) / 2)[:, None] * [-1, 1]
    (left, right), (bottom, top) = limits.tolist()
    return (left, right), (bottom, top)


def panel_shape(limits: Limits) -> float:
    """Return height over width of a map: equal scales, unless that makes a very long panel."""
    (left, right), (bottom, top) = limits
    shape = (top - bottom) / (right - left)
    return shape if 0.5 <= shape <= 1.6 else 0.85


def draw_map(
    ax: Axes,
    codes: FloatArray,
    labels: Labels,
    *,
    limits: Limits,
    shape: float,
    faint: bool = False,
    scale: float = 1.0,
) -> PathCollection:
    """Scatter codes (n_samples, 2) into a panel and frame it; `scale` is for smaller points."""
    n = len(codes)
    order = draw_order(n)
    points = codes[order]
    size = scale * float(np.clip(300 / np.sqrt(n), 1.5, 30))
    opacity = 0.12 if faint else float(np.clip(6 / n**0.25, 0.2, 0.9))
    style: dict[str, Any] = {"s": size, "alpha": opacity, "linewidths": 0, "rasterized": True}
    shaped = isinstance(labels, Classes) and len(set(labels.shapes)) > 1
    if shaped:
        style |= {"s": max(size, SHAPED), "alpha": max(opacity, 0.5)}
    if isinstance(labels, Classes):
        style["c"] = to_rgba_array(labels.colors)[labels.index][order]
    elif labels is None:
        style["color"] = FILL
    else:
        style |= {"c": labels[order], "cmap": SEQUENTIAL}
    scatter = ax.scatter(points[:, 0], points[:, 1], **style)
    if isinstance(labels, Classes):
        remember_classes(ax, labels)
        if shaped:
            # One collection, or the shuffled order would be lost.
            paths = {shape: _path_of(shape) for shape in SHAPES}
            scatter.set_paths([paths[labels.shapes[k]] for k in labels.index[order]])
    ax.set(xlim=limits[0], ylim=limits[1])
    ax.set_box_aspect(shape)
    return scatter


def _path_of(shape: str) -> Path:
    marker = MarkerStyle(shape)
    return marker.get_path().transformed(marker.get_transform())


def draw_key(scatter: PathCollection, axes: Sequence[Axes], labels: Labels) -> None:
    """Draw the colour bar that continuous labels need; classes have their names in the map."""
    if isinstance(labels, np.ndarray):
        color_bar(scatter, axes, label="label", shrink=0.7)


def dress_map(ax: Axes, points: FloatArray, codes: FloatArray, *, scale: Scale, title: str) -> None:
    """Title a map, name its axes (and say which is constant), and count who is in the frame.

    Parameters
    ----------
    points : array (n_samples, 2)
        Where the codes are drawn.
    codes : array (n_samples, 2)
        What they are.
    """
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    x, y = points[:, 0], points[:, 1]
    outside = 1 - float(((x >= left) & (x <= right) & (y >= bottom) & (y <= top)).mean())
    note = f"{len(codes):,} sample{'s' if len(codes) > 1 else ''}"
    if outside:
        note += f", {max(outside, 0.001):.1%} of them outside the frame"
    dress(ax, title=title, note="; ".join(filter(None, [note, scale.note])))
    name_axes(ax, codes, 0, 1)
    scale.draw_rings(ax)


def name_axes(ax: Axes, codes: FloatArray, across: int | None, up: int | None) -> None:
    """Name each axis by its component; a constant one, a dead unit, in the colour of alarm."""
    for axis, k in ((ax.xaxis, across), (ax.yaxis, up)):
        if k is not None:
            constant = len(codes) > 1 and float(np.ptp(codes[:, k])) == 0
            axis.set_label_text(f"component {k + 1}{': constant' if constant else ''}")
            axis.label.set(color=ALERT if constant else MUTED)
