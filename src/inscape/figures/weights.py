"""Weights as pictures: components, and histograms of each unit's weights at two checkpoints."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from inscape._checks import check_integer, check_matrix
from inscape._errors import InvalidDataError
from inscape._typing import FloatArray, ImageShape
from inscape.figures._drawing.naming import names_height, shorten
from inscape.figures._drawing.style import (
    ALERT,
    DIVERGING,
    FILL,
    INK,
    MUTED,
    bare,
    color_bar,
    dress,
    new_figure,
    styled,
)
from inscape.figures._drawing.tiles import as_images, montage, show_sheet

MOST_UNITS = 8
# Less movement than this share of the initial spread is none: rounding, or weight decay alone.
STILL = 1e-3
BINS = 32
LAYERS: Final = {"encoder": "encoder's last layer", "decoder": "decoder's first layer"}
LOOK_FOR: Final = (
    "A unit that learned has left its outline and grown broader.\n"
    "Bad signs: red, which did not move at all, and a filled shape that lies on its outline."
)


@styled
def weight_histograms(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    titles: tuple[str, str] = ("before training", "after training"),
) -> Figure:
    """Draw histograms of each latent unit's weights at two checkpoints, one over the other.

    The later checkpoint is filled and the earlier one outlined. A unit whose weights did not move
    is drawn in red and called unchanged: it is dead, for no gradient reached it.

    Parameters
    ----------
    before, after
        The two checkpoints, each with "encoder", the weights into each latent unit, an array
        (n_components, n_features), and "decoder", the weights out of each, an array
        (n_features, n_components). Either may be left out of both.
    titles
        What the outlined and the filled histogram are called.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If the two do not hold the same finite arrays of the same shapes.

    Examples
    --------
    >>> start = {"encoder": np.random.default_rng(0).normal(size=(2, 50))}
    >>> end = {"encoder": start["encoder"] * [[1.0], [3.0]]}
    >>> [ax.get_title(loc="left") for ax in weight_histograms(start, end).axes]
    ['unit 1: unchanged', 'unit 2']
    """
    pairs = _pairs_by_unit(before, after)
    n_units = min(len(old) for old, _ in pairs.values())
    shown = min(n_units, MOST_UNITS)
    width = 1.35 if shown > 4 else 2.3
    figure = new_figure(1.1 + width * max(shown, 2), 0.9 + 1.65 * len(pairs))
    axes = figure.subplots(len(pairs), shown, squeeze=False)
    for row, (part, (old, new)) in zip(axes, pairs.items(), strict=True):
        for k, ax in enumerate(row):
            still = _draw_unit(ax, old[k], new[k])
            dress(ax, title=f"unit {k + 1}{': unchanged' if still else ''}")
            ax.title.set_fontsize(9)
            ax._left_title.set(fontsize=9, color=ALERT if still else INK)
            ax.locator_params(axis="x", nbins=2 if shown > 4 else 3)
            ax.yaxis.set_major_locator(MaxNLocator(2, integer=True))
        row[0].set_ylabel(f"{LAYERS[part]}\nnumber of weights", color=INK)
    more = f", first {shown} of {n_units} units" if n_units > shown else ""
    fold = "\n" if shown < 4 else " "
    heading = f"Weights {titles[0]} (outline){fold}and {titles[1]} (filled){more}"
    figure.suptitle(heading, x=0.015, ha="left", fontsize=11)
    figure.supxlabel(LOOK_FOR, x=0.015, ha="left", fontsize=8, color=MUTED)
    return figure


def _pairs_by_unit(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Return for each part the weights before and after, arrays (n_components, n_features)."""
    parts = [part for part in ("encoder", "decoder") if part in before or part in after]
    if not parts or any(part not in before or part not in after for part in parts):
        raise InvalidDataError(
            'before and after must both hold "encoder" or "decoder" weights; got '
            f"{sorted(before)} and {sorted(after)}: give the same keys in both."
        )
    pairs = {}
    for part in parts:
        old = check_matrix(before[part], name=f"the {part} before")
        new = check_matrix(after[part], name=f"the {part} after")
        if old.shape != new.shape:
            raise InvalidDataError(
                f"The {part} must have one shape in before and after; got {old.shape} and "
                f"{new.shape}: give two checkpoints of one network."
            )
        pairs[part] = (old, new) if part == "encoder" else (old.T, new.T)
    return pairs


def _draw_unit(ax: Axes, old: FloatArray, new: FloatArray) -> bool:
    """Draw one unit's histograms over the same bins, and return whether it did not move."""
    still = bool(np.abs(new - old).max() <= STILL * old.std())
    edges = np.histogram_bin_edges(np.concatenate([old, new]), bins=BINS)
    ax.stairs(np.histogram(new, edges)[0], edges, fill=True, color=ALERT if still else FILL)
    ax.stairs(np.histogram(old, edges)[0], edges, color=INK, linewidth=1.1)
    return still


@styled
def components(
    weights: Any,
    *,
    image_shape: ImageShape | None = None,
    n: int = 16,
    feature_names: Sequence[str] | None = None,
    title: str = "Components",
) -> Figure:
    """Draw components as images: red above 0 and blue below, or grey where none is negative.

    Parameters
    ----------
    weights : array (n_components, n_features)
        `components_` of PCA or NMF, or the weights into or out of the units of a network.
    image_shape
        (height, width) of one image; None draws a heat map of components by features.
    n
        The first `n` components are shown.
    feature_names
        Names of the columns, for the heat map.
    title
        What stands above.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If the weights are not finite numbers.
    InvalidParameterError
        If the image shape does not fit.

    Examples
    --------
    >>> figure = components(np.eye(3, 4), image_shape=(2, 2), n=2)
    >>> figure.axes[0].get_title(loc="left")
    'Components'
    """
    weights = check_matrix(weights, name="weights")
    shown = weights[: check_integer("n", n, minimum=1)]
    signed = bool(weights.min() < 0)
    most = float(np.abs(shown).max()) or 1.0
    values = (-most if signed else 0.0, most)
    note = f"first {len(shown)} of {len(weights)}; " if len(shown) < len(weights) else ""
    cmap = DIVERGING if signed else "gray"
    if image_shape is None:
        note += "red above 0, blue below" if signed else "black is 0, white the largest weight"
        return _heat_map(shown, values, cmap, feature_names, title=title, note=note)
    images = as_images(shown, image_shape, name="weights")
    note += reading_of(signed=signed, in_colour=images.ndim == 4)
    if not signed:
        # The scale of a non-negative component is arbitrary: its codes can take it up.
        images = images / np.maximum(shown.max(axis=1), 1e-12).reshape(-1, *[1] * (images.ndim - 1))
        values = (0.0, 1.0)
    n_shown, height, width = images.shape[:3]
    columns = n_shown if n_shown <= 5 else math.ceil(math.sqrt(n_shown * height / width))
    gap = max(1, width // 14)
    tile = 1.5 if columns <= 5 else 1.0
    rows = math.ceil(n_shown / columns)
    size = (max(0.3 + columns * tile, 3.2), 0.75 + rows * tile * height / width)
    figure = new_figure(*size, shaped=True)
    ax = figure.add_subplot()
    show_sheet(ax, montage(images, columns=columns, gap=gap), values, cmap=cmap)
    bare(ax)
    dress(ax, title=title, note=note)
    for k in range(n_shown):
        row, column = divmod(k, columns)
        at = (column * (width + gap) + 0.04 * width, row * (height + gap) + 0.04 * height)
        color = INK if signed else "#c9ced4"
        ax.text(*at, str(k + 1), va="top", ha="left", fontsize=8, color=color)
    return figure


def reading_of(*, signed: bool, in_colour: bool) -> str:
    """Return how the colours of a picture of weights are read.

    Examples
    --------
    >>> reading_of(signed=True, in_colour=True)
    'each channel for itself: grey is 0, more of a colour above, less of it below'
    """
    if in_colour and signed:
        return "each channel for itself: grey is 0, more of a colour above, less of it below"
    if in_colour:
        return "each channel for itself: black is 0, its full colour the largest weight of each"
    return "red above 0, blue below" if signed else "black is 0, white the largest weight of each"


def _heat_map(
    weights: FloatArray,
    values: tuple[float, float],
    cmap: str,
    feature_names: Sequence[str] | None,
    *,
    title: str,
    note: str,
) -> Figure:
    n, n_features = weights.shape
    height = 1.2 + float(np.clip(0.32 * n, 0.8, 6)) + names_height(feature_names)
    figure = new_figure(1.4 + float(np.clip(0.3 * n_features, 2.4, 7)), height)
    ax = figure.add_subplot()
    drawn = ax.imshow(weights, cmap=cmap, vmin=values[0], vmax=values[1], aspect="auto")
    dress(ax, title=title, note=note, xlabel="feature", ylabel="component")
    ax.spines[:].set_visible(False)
    ax.set_yticks(range(n), [str(k + 1) for k in range(n)])
    if feature_names is not None and n_features <= 40:
        ax.set_xticks(range(n_features), [shorten(f) for f in feature_names], rotation=90)
        ax.set_xlabel("")
    color_bar(drawn, ax, label="weight")
    return figure
