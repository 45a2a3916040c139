"""Heat maps over a sweep of training options."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.colors import ListedColormap, LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator
from numpy.typing import NDArray

from inscape._checks import check_array, check_increasing
from inscape._errors import InvalidDataError
from inscape._typing import FloatArray
from inscape.figures._drawing.style import (
    ALERT,
    DIVERGING,
    PAPER,
    RULE,
    SEQUENTIAL,
    color_bar,
    draw_key_row,
    dress,
    new_figure,
    styled,
)

# Positive values over more than this ratio get a logarithmic colour scale.
WIDE = 100.0
MOST_TICKS = 9
_HATCH = "////"


@styled
def sweep_map(
    values: Any,
    *,
    learning_rates: Any,
    gammas: Any,
    label: str,
    diverged: Any = None,
    unlearned: Any = None,
    title: str = "Sweep over learning rate and initial scale",
) -> Figure:
    """Draw one number a training over learning rate and gamma, and which trainings failed.

    Parameters
    ----------
    values : array (n_learning_rates, n_gammas)
        What came of each training; in failed ones anything, NaN too. Positive values over more
        than two orders of magnitude get a logarithmic colour scale.
    learning_rates : array (n_learning_rates,)
        Increasing, upwards.
    gammas : array (n_gammas,)
        Scales of the first weights, increasing to the right.
    label
        What `values` are, with their unit.
    diverged : boolean array (n_learning_rates, n_gammas), optional
        Trainings that diverged, drawn in red.
    unlearned : boolean array (n_learning_rates, n_gammas), optional
        Trainings that did not learn in time, drawn in grey.
    title
        What stands above.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If the shapes do not fit, learning rates or gammas do not increase, or a value that did
        not fail is not finite.

    Examples
    --------
    >>> figure = sweep_map(
    ...     [[30.0, 20.0], [10.0, np.nan]], learning_rates=[1, 10], gammas=[0.01, 0.1],
    ...     label="epochs to learn", diverged=[[False, False], [False, True]],
    ... )
    >>> figure.axes[0].get_images()[0].get_clim()
    (10.0, 30.0)
    """
    rates = check_increasing(learning_rates, name="learning_rates")
    scales = check_increasing(gammas, name="gammas")
    shape = {"n_learning_rates": len(rates), "n_gammas": len(scales)}
    # Who diverged did not learn either; it is told once.
    burst = _check_mask(diverged, shape, name="diverged")
    late = _check_mask(unlearned, shape, name="unlearned") & ~burst
    measured = _check_measured(values, rates, scales, shape, failed=burst | late)
    n_rows, n_columns = measured.shape
    width, height = np.clip([0.3 * n_columns, 0.24 * n_rows], (3.4, 2.2), (6.2, 5.0))
    figure = new_figure(float(width) + 1.8, float(height) + 1.2)
    ax = figure.add_subplot()
    whole: dict[str, Any] = {"aspect": "auto", "origin": "lower", "interpolation": "nearest"}
    cmap, norm = _scale(measured.compressed())
    image = ax.imshow(measured, cmap=cmap, norm=norm, **whole)
    key = []
    for name, color, mask in (("diverged", ALERT, burst), ("not learned in time", RULE, late)):
        if mask.any():
            cells = np.ma.masked_array(np.ones(mask.shape), ~mask)
            ax.imshow(cells, cmap=ListedColormap([color]), vmin=0, vmax=1, **whole)
            hatch = _HATCH if color == ALERT else None
            key.append(Patch(facecolor=color, edgecolor=PAPER, hatch=hatch, lw=0, label=name))
            if hatch:
                # For eyes that see no red, and in print.
                corners = [Rectangle((j - 0.5, i - 0.5), 1, 1) for i, j in np.argwhere(mask)]
                ax.add_collection(
                    PatchCollection(corners, facecolor="none", edgecolor=PAPER, hatch=hatch, lw=0),
                    autolim=False,
                )
    dress(
        ax,
        title=title,
        note=" " if key else "",
        xlabel="gamma (scale of the first weights)",
        ylabel="learning rate",
    )
    ax.spines[:].set_visible(False)
    across = int(width / (0.062 * (2 + max(len(short(value)) for value in scales))))
    for axis, ticks, room in ((ax.xaxis, scales, across), (ax.yaxis, rates, MOST_TICKS)):
        at = tick_places(ticks, most=min(room, MOST_TICKS))
        axis.set_ticks(at, [short(ticks[i]) for i in at])
    if key:
        draw_key_row(ax, key, handlelength=1)
    if measured.count():
        _draw_scale(image, ax, label)
    return figure


def _check_mask(mask: Any, shape: Mapping[str, int], *, name: str) -> NDArray[np.bool_]:
    lengths = tuple(shape.values())
    array = np.zeros(lengths, dtype=bool) if mask is None else np.asarray(mask)
    if array.dtype.kind != "b" or array.shape != lengths:
        raise InvalidDataError(
            f"{name} must hold a truth value for each cell, of the shape {lengths}; got the "
            f"shape {array.shape} of type {array.dtype}: give one for each training."
        )
    return array


def _check_measured(
    values: Any,
    rates: FloatArray,
    scales: FloatArray,
    shape: Mapping[str, int],
    *,
    failed: NDArray[np.bool_],
) -> np.ma.MaskedArray[Any, np.dtype[np.float64]]:
    """Return the values with failed cells masked, after a look at every other one."""
    array = np.asarray(values)
    if array.shape == failed.shape and array.dtype.kind in "fiub":
        array = np.where(failed, 0.0, array)
        bad = ~np.isfinite(array)
        if bad.any():
            row, column = (int(i) for i in np.unravel_index(int(np.argmax(bad)), bad.shape))
            kind = "NaN" if np.isnan(array[row, column]) else "infinity"
            raise InvalidDataError(
                f"values must be finite where nothing failed; got {kind} at row {row}, column "
                f"{column} (learning rate {short(rates[row])}, gamma {short(scales[column])}): "
                "mark that cell as diverged or unlearned."
            )
    return np.ma.masked_array(check_array(array, name="values", shape=shape), failed)


def _scale(values: FloatArray) -> tuple[str, Normalize]:
    """Return colours and their scale: centred at 0 where signs differ, else as wide as needed."""
    if not values.size:
        return SEQUENTIAL, Normalize(0, 1)
    low, high = float(values.min()), float(values.max())
    if low < 0 < high:
        most = max(-low, high)
        return DIVERGING, Normalize(-most, most)
    if low > 0 and high / low > WIDE:
        return SEQUENTIAL, LogNorm(low, high)
    return SEQUENTIAL, Normalize(low, high)


def _draw_scale(image: AxesImage, ax: Axes, label: str) -> None:
    """Draw the colour bar; a logarithmic one with plain numbers."""
    if not isinstance(image.norm, LogNorm):
        color_bar(image, ax, label=label)
        return
    few = float(image.norm.vmax or 1) / float(image.norm.vmin or 1) < 1e3
    ticks = LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,))
    color_bar(image, ax, label=label, ticks=ticks, format=FuncFormatter(lambda v, _: short(v)))
    assert image.colorbar is not None
    image.colorbar.minorticks_off()


def short(value: float) -> str:
    """Return a number with at most three digits that count.

    Examples
    --------
    >>> [short(value) for value in (1000.0, 0.0316228, 1e-12)]
    ['1000', '0.0316', '1e-12']
    """
    return f"{float(f'{value:.3g}'):g}"


def tick_places(values: FloatArray, *, most: int) -> list[int]:
    """Return which values get a tick: at most so many, powers of ten where there are some.

    Examples
    --------
    >>> tick_places(np.logspace(-2, 4, 13), most=9)
    [0, 2, 4, 6, 8, 10, 12]
    >>> tick_places(np.array([1.0, 3.0, 5.0]), most=9)
    [0, 1, 2]
    """
    places = list(range(len(values)))
    if len(places) > most and (values > 0).all():
        power = np.log10(values)
        tens = [i for i in places if abs(power[i] - round(power[i])) < 1e-6]
        places = tens if len(tens) > 2 else places
    return places[:: math.ceil(len(places) / most)]
