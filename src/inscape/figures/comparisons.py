"""Several models by several measures, over sizes of their codes and seeds of their trainings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from inscape._checks import check_numbers, check_positive_rising
from inscape._errors import InvalidDataError
from inscape._typing import FloatArray
from inscape.figures._drawing.classes import mark_of
from inscape.figures._drawing.naming import shorten
from inscape.figures._drawing.style import MUTED, dress, new_figure, styled

_ACROSS: Final = 3
_PANEL: Final = (3.1, 2.3)
# Names of models in the key, side by side.
_KEY_COLUMNS: Final = 4


@styled
def comparison_panels(
    draws: Mapping[str, Mapping[str, Any]],
    *,
    sizes: Any,
    halves: Mapping[str, Mapping[str, Any]] | None = None,
    better: Mapping[str, str] | None = None,
    title: str = "Models side by side",
) -> Figure:
    """Draw what models achieve, a panel a measure: over sizes, or one below the other for one size.

    Parameters
    ----------
    draws
        Name of a measure to name of a model to values (n_sizes, n_seeds); NaN where there is none.
        All measures have the same models.
    sizes : array (n_sizes,)
        Numbers of components, above 0 and rising.
    halves
        The same names to half widths (n_sizes,) of the intervals about the means; NaN, or no entry,
        where there is none.
    better
        Name of a measure to a quiet word under it, such as "less is better".
    title
        What stands above.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If there is no measure or no model, or values do not fit the sizes, or are infinite.

    Examples
    --------
    >>> errors = {"PCA": [[0.9], [0.5]], "VAE": [[0.8, 0.7], [0.4, 0.5]]}
    >>> figure = comparison_panels({"error": errors}, sizes=[2, 8])
    >>> figure.axes[0].lines[1].get_ydata().tolist()
    [0.75, 0.45]
    """
    sizes = check_positive_rising(sizes, name="sizes")
    if not draws or not all(draws.values()):
        raise InvalidDataError("draws must hold a measure of a model at least; got none: name one.")
    models = [*next(iter(draws.values()))]
    values = {
        measure: {model: _checked(of[model], measure, model, sizes) for model in models}
        for measure, of in draws.items()
    }
    one = len(sizes) == 1
    n = len(values)
    across = min(n, _ACROSS)
    down = -(-n // across)
    key = 0.0 if one else 0.25 * -(-len(models) // _KEY_COLUMNS)
    names = 0.07 * max(len(shorten(model)) for model in models) if one else 0.0
    height = max(_PANEL[1], 0.9 + 0.24 * len(models)) if one else _PANEL[1]
    figure = new_figure(across * _PANEL[0] + names, down * height + 0.5 + key)
    axes = figure.subplots(down, across, squeeze=False)
    for ax in axes.flat[n:]:
        ax.set_axis_off()
    for k, (ax, (measure, of)) in enumerate(zip(axes.flat, values.items(), strict=False)):
        widths = {
            model: _half((halves or {}).get(measure, {}).get(model), measure, model, sizes)
            for model in models
        }
        note = (better or {}).get(measure, "")
        if one:
            _draw_below(ax, of, widths, named=k % across == 0)
            dress(ax, title=measure, note=note)
            ax.tick_params(axis="y", length=0)
        else:
            _draw_over_sizes(ax, of, widths, sizes)
            dress(ax, title=measure, note=note, xlabel="components")
        ax.grid(axis="x" if one else "y", color="#eceff1", lw=0.8)
    figure.suptitle(title, x=0.015, ha="left")
    if not one:
        marks = [
            Line2D([], [], color=mark_of(k)[0], marker=mark_of(k)[1], ms=5, label=shorten(model))
            for k, model in enumerate(models)
        ]
        figure.legend(
            handles=marks,
            loc="outside lower left",
            ncols=min(len(models), _KEY_COLUMNS),
            frameon=False,
            fontsize=8,
            labelcolor=MUTED,
        )
    return figure


def _checked(values: Any, measure: str, model: str, sizes: FloatArray) -> FloatArray:
    array = check_numbers(values, name=f"{measure} of {model}").astype(np.float64)
    if array.ndim != 2 or len(array) != len(sizes) or not array.size or np.isinf(array).any():
        raise InvalidDataError(
            f"{measure} of {model} must be finite values, or NaN, of shape (n_sizes = {len(sizes)},"
            f" n_seeds); got the shape {array.shape}: give a row a size."
        )
    return array


def _half(values: Any, measure: str, model: str, sizes: FloatArray) -> FloatArray:
    if values is None:
        return np.full(len(sizes), np.nan)
    return _checked(np.reshape(values, (-1, 1)), f"the interval of {measure}", model, sizes)[:, 0]


def _means(values: FloatArray) -> FloatArray:
    """Return the mean of each row over what there is; NaN where there is nothing."""
    there = np.isfinite(values)
    counts = there.sum(axis=1)
    sums = np.where(there, values, 0.0).sum(axis=1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _draw_over_sizes(
    ax: Axes, of: Mapping[str, FloatArray], widths: Mapping[str, FloatArray], sizes: FloatArray
) -> None:
    places = np.arange(len(sizes), dtype=float)
    # Beside each other, so that intervals do not hide each other.
    apart = np.linspace(-0.5, 0.5, len(of)) * min(0.3, 0.06 * len(of)) if len(of) > 1 else [0.0]
    for k, ((model, values), shift) in enumerate(zip(of.items(), apart, strict=True)):
        color, shape = mark_of(k)
        means = _means(values)
        at = places + shift
        ax.plot(at, means, color=color, lw=1.3, marker=shape, ms=4, zorder=3)
        half = widths[model]
        shown = np.isfinite(means) & np.isfinite(half)
        ax.errorbar(
            at[shown], means[shown], half[shown], fmt="none", ecolor=color, elinewidth=1.2, zorder=3
        )
        _draw_seeds(ax, at, values, color, upright=True)
    ax.set_xticks(places, [f"{size:g}" for size in sizes])


def _draw_below(
    ax: Axes, of: Mapping[str, FloatArray], widths: Mapping[str, FloatArray], *, named: bool
) -> None:
    for k, (model, values) in enumerate(of.items()):
        color, shape = mark_of(k)
        mean, half = _means(values)[0], widths[model][0]
        if np.isfinite(mean):
            ax.plot([mean], [k], shape, color=color, ms=5.5, zorder=3)
            if np.isfinite(half):
                ax.errorbar([mean], [k], xerr=[half], fmt="none", ecolor=color, elinewidth=1.4)
        _draw_seeds(ax, np.array([float(k)]), values, color, upright=False)
    ax.set_ylim(len(of) - 0.5, -0.5)
    ax.set_yticks(range(len(of)), [shorten(model) for model in of] if named else [""] * len(of))
    ax.locator_params(axis="x", nbins=4)


def _draw_seeds(
    ax: Axes, places: FloatArray, values: FloatArray, color: str, *, upright: bool
) -> None:
    """Draw the single trainings, where there are several."""
    for place, some in zip(places, values, strict=True):
        some = some[np.isfinite(some)]
        if len(some) > 1:
            at = np.full(len(some), place)
            x, y = (at, some) if upright else (some, at)
            ax.plot(x, y, "o", color=color, ms=2.5, alpha=0.5, mew=0, zorder=2)
