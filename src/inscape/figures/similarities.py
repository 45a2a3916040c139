"""Similarity of items to each other, and how it grows over training."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from inscape._checks import check_array, check_increasing, check_names
from inscape._errors import InvalidDataError
from inscape._typing import FloatArray, IntArray
from inscape.figures._drawing.naming import shorten, thin_out
from inscape.figures._drawing.style import (
    DIVERGING,
    INK,
    PAPER,
    bare,
    color_bar,
    dress,
    halo,
    new_figure,
    styled,
)
from inscape.figures.modes import LOSS_COLOR, color_axis, draw_curve, frame_epochs, share_zero

MOST_CHOSEN = 12
ACROSS = 6
SCALE_LABEL = "similarity, as a share of\nthe largest in its matrix"


@styled
def similarity_over_training(
    epochs: Any,
    similarity: Any,
    loss: Any,
    *,
    chosen: Sequence[float],
    item_names: Sequence[str],
    title: str = "Similarity of the items over training",
) -> Figure:
    """Draw the similarity of items at chosen epochs, and where on the loss curve each one lies.

    Similarity may grow by twenty orders of magnitude, so each matrix is divided by its own
    largest absolute value, which is written above it.

    Parameters
    ----------
    epochs : array (n_epochs,)
        When the values were recorded.
    similarity : array (n_epochs, n_items, n_items)
        Similarity of the items at each epoch.
    loss : array (n_epochs,)
        Loss at each epoch.
    chosen
        The epochs to show, at most 12, each one of `epochs`; they are drawn in order of time.
    item_names
        A name for each item.
    title
        What stands above.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If the arrays are not finite or do not fit each other, the epochs do not increase, or a
        chosen epoch was not recorded.

    Examples
    --------
    >>> figure = similarity_over_training(
    ...     [0, 10], [np.eye(2), np.full((2, 2), 3.0)], [1.0, 0.1],
    ...     chosen=[0, 10], item_names=["Robin", "Pine"],
    ... )
    >>> [ax.get_title(loc="left") for ax in figure.axes[:2]]
    ['A: epoch 0', 'B: epoch 10']
    """
    epochs = check_increasing(epochs, name="epochs")
    similarity, loss = check_similarity(similarity, loss, len(epochs))
    names = check_names(item_names, name="item_names", n=similarity.shape[1])
    places = _recorded(chosen, epochs)
    rows, columns = math.ceil(len(places) / ACROSS), min(len(places), ACROSS)
    side = 1.75 if columns < ACROSS else 1.5
    letters = max(len(shorten(name)) for name in names)
    figure = new_figure(max(columns * side + 1.5 + 0.06 * letters, 4.6), rows * (side + 0.6) + 2.4)
    heights = [rows * (side + 0.6), 2.0]
    top, bottom = figure.subfigures(2, 1, height_ratios=heights, squeeze=False)[:, 0]
    panels = list(top.subplots(rows, columns, squeeze=False).flat)
    for letter, place, ax in zip(string.ascii_uppercase, places, panels, strict=False):
        image, note = draw_similarity(ax, similarity[place])
        dress(ax, title=f"{letter}: epoch {epochs[place]:g}", note=note)
        ax.tick_params(length=0)
    for ax in panels[len(places) :]:
        ax.set_axis_off()
    for ax in panels[: len(places) : columns]:
        name_items(ax, names, inches=side - 0.2)
    color_bar(image, panels, label=SCALE_LABEL, ticks=[-1, 0, 1])
    _draw_marked_loss(bottom.add_subplot(), epochs, loss, places)
    figure.suptitle(title, x=0.012, ha="left")
    return figure


def check_similarity(similarity: Any, loss: Any, n_epochs: int) -> tuple[FloatArray, FloatArray]:
    """Return similarity (n_epochs, n_items, n_items) and loss (n_epochs,) as finite arrays."""
    n_items = np.shape(similarity)[-1] if np.ndim(similarity) == 3 else None
    shape = {"n_epochs": n_epochs, "n_items": n_items, "n_items again": n_items}
    return (
        check_array(similarity, name="similarity", shape=shape),
        check_array(loss, name="loss", shape={"n_epochs": n_epochs}),
    )


def _recorded(chosen: Sequence[float], epochs: FloatArray) -> IntArray:
    """Return the places of the chosen epochs, in order of time."""
    wanted = np.unique(check_array(chosen, name="chosen", shape={"n": None}))
    if len(wanted) > MOST_CHOSEN:
        raise InvalidDataError(
            f"chosen must hold at most {MOST_CHOSEN} epochs; got {len(wanted)}: choose fewer."
        )
    nearest = np.abs(epochs[None] - wanted[:, None]).argmin(axis=1)
    missing = epochs[nearest] != wanted
    if missing.any():
        i = int(np.argmax(missing))
        raise InvalidDataError(
            f"chosen must hold recorded epochs; got {wanted[i]:g}, and the nearest recorded one "
            f"is {epochs[nearest[i]]:g}: choose that."
        )
    return nearest


def draw_similarity(ax: Axes, matrix: FloatArray) -> tuple[AxesImage, str]:
    """Draw one matrix divided by its largest absolute value; return it and words for the scale."""
    shares, most = as_shares(matrix)
    image = ax.imshow(shares, cmap=DIVERGING, vmin=-1, vmax=1, interpolation="nearest")
    bare(ax)
    return image, scale_note(most)


def as_shares(matrix: FloatArray) -> tuple[FloatArray, float]:
    """Return a matrix divided by its largest absolute value, and that value."""
    most = float(np.abs(matrix).max())
    return (matrix / most if most else matrix), most


def scale_note(most: float) -> str:
    """Return the words for what the full colour stands for."""
    return f"full colour = {most:.2g}" if most else "all are 0"


def name_items(ax: Axes, names: Sequence[str], *, inches: float) -> None:
    """Write the items' names, as many as can be read, at the left of a panel of this height."""
    places, texts, size = thin_out(names, inches=inches)
    ax.set_yticks(places, texts, color=INK, fontsize=size)
    ax.tick_params(length=0)


def _draw_marked_loss(ax: Axes, epochs: FloatArray, loss: FloatArray, places: IntArray) -> None:
    """Draw the loss, with a letter at each epoch that has a matrix."""
    draw_curve(ax, epochs, loss, color=LOSS_COLOR, lw=2)
    dress(ax, xlabel="epoch", ylabel="loss")
    frame_epochs(ax, epochs)
    share_zero({ax: loss})
    color_axis(ax, "left", LOSS_COLOR)
    for letter, place in zip(string.ascii_uppercase, places, strict=False):
        at = (float(epochs[place]), float(loss[place]))
        ax.axvline(at[0], color=INK, lw=0.7, ls=(0, (2, 2)), zorder=1)
        ax.plot(*at, marker="o", ms=5, color=INK, mec=PAPER, mew=0.8, zorder=4, clip_on=False)
        ax.annotate(
            letter,
            (at[0], 1),
            xycoords=ax.get_xaxis_transform(),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            fontsize=9,
            fontweight="bold",
            path_effects=halo(),
        )
