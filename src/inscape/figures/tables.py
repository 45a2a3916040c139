"""Rows that are no pictures: what components change in them, and rows that a model drew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from matplotlib.figure import Figure

from inscape._checks import (
    check_array,
    check_increasing,
    check_integer,
    check_matrix,
    check_names,
    check_same_rows,
)
from inscape._errors import InvalidDataError
from inscape._typing import FloatArray, IntArray
from inscape.figures._drawing.naming import ON_MAP, shorten
from inscape.figures._drawing.style import DIVERGING, INK, color_bar, dress, new_figure, styled
from inscape.figures.images import draw_heat_maps

# Panels side by side, and standard deviations of the full colour.
ACROSS: Final = 5
FULL: Final = 2.5


@styled
def traversal_table(
    rows: Any,
    *,
    values: Any,
    originals: Any,
    feature_names: Sequence[str] | None = None,
    component_names: Sequence[str] | None = None,
    notes: Sequence[str] | None = None,
    value_label: str = "value of the component",
    most_features: int = 15,
    title: str = "What each component changes",
) -> Figure:
    """Draw what each component of a code does to the columns of a table, a panel a component.

    Colours are standard deviations of each column from its mean. Of many columns those are shown
    that change most.

    Parameters
    ----------
    rows : array (n_components, n_values, n_features)
        What `inscape.uses.traverse` returned.
    values : array (n_values,)
        What the components were set to, rising.
    originals : array (n_samples, n_features)
        Rows of the data, from which each column's mean and spread are taken.
    feature_names
        Names of the columns; by default "feature 1" and so on.
    component_names
        A name for each component; by default "component 1" and so on.
    notes
        A quieter word under each name, such as its variance.
    value_label
        What the values are.
    most_features
        So many columns are shown at most.
    title
        What stands above.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If the arrays are not finite or do not fit each other.

    Examples
    --------
    >>> swept = np.zeros((1, 3, 2))
    >>> swept[0, :, 1] = [-1, 0, 1]
    >>> figure = traversal_table(swept, values=[-1, 0, 1], originals=np.eye(2))
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['feature 2', 'feature 1']
    """
    originals = check_matrix(originals, name="originals")
    n_features = originals.shape[1]
    shape = {"component": None, "value": None, "feature": n_features}
    rows = check_array(rows, name="rows", shape=shape)
    values = check_increasing(values, name="values")
    check_same_rows(values, rows.shape[1], name="values", of="rows of a component")
    names = _usual(component_names, "component", len(rows))
    quiet = [""] * len(rows) if notes is None else check_names(notes, name="notes", n=len(rows))
    told = _usual(feature_names, "feature", n_features)
    changed = _in_spreads(rows, originals)
    shown = _most_changed(changed, check_integer("most_features", most_features, minimum=1))
    columns = min(len(rows), ACROSS)
    down = -(-len(rows) // columns)
    labels = [shorten(told[k]) for k in shown]
    width = 1.9 + 0.06 * max(map(len, labels)) + columns * 1.3
    tall = max(0.19 * len(shown), 0.7)
    figure = new_figure(max(width, 4.4), 1.0 + down * (tall + 0.75))
    axes = figure.subplots(down, columns, squeeze=False)
    for ax in axes.flat[len(rows) :]:
        ax.set_axis_off()
    middles = np.arange(len(values))
    marked = np.unique(np.linspace(0, len(values) - 1, 3).round().astype(int))
    for ax, panel, name, note in zip(axes.flat, changed, names, quiet, strict=False):
        drawn = ax.imshow(panel[:, shown].T, cmap=DIVERGING, vmin=-FULL, vmax=FULL, aspect="auto")
        dress(ax, title=shorten(name, ON_MAP), note=note)
        ax._left_title.set_fontsize(9)
        ax.spines[:].set_visible(False)
        ax.set_xticks(middles[marked], [f"{values[k]:.3g}".replace("-", "−") for k in marked])
        ax.set_yticks([])
    for ax in axes[:, 0]:
        ax.set_yticks(range(len(shown)), labels, color=INK)
    axes[-1, 0].set_xlabel(value_label, loc="left")
    label = "standard deviations\nfrom the column's mean"
    color_bar(drawn, list(axes.flat), label=label, extend="both")
    more = f", the {len(shown)} of {n_features} columns that change most"
    figure.suptitle(title + (more if len(shown) < n_features else ""), x=0.015, ha="left", size=11)
    return figure


@styled
def sample_table(
    samples: Mapping[str, Any],
    *,
    feature_names: Sequence[str] | None = None,
    n: int = 20,
    title: str = "Drawn rows",
) -> Figure:
    """Draw rows of several sources side by side, in standard deviations of the first one's columns.

    Parameters
    ----------
    samples : mapping of str to array (n_samples, n_features)
        Name of a source to its rows; the first are rows of the data.
    feature_names
        Names of the columns.
    n
        The first `n` rows of each are shown, as many of all; mean and spread are those of all.
    title
        What stands above.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If there is no source, or rows are not finite or not of the same columns.

    Examples
    --------
    >>> figure = sample_table({"Test rows": np.eye(3), "Drawn": np.ones((4, 3))})
    >>> [ax.get_title(loc="left") for ax in figure.axes[:2]]
    ['Test rows', 'Drawn']
    """
    if not samples:
        raise InvalidDataError("samples must hold the rows of a source; got none: name one.")
    first = check_matrix(next(iter(samples.values())), name="the first rows")
    n = check_integer("n", n, minimum=1)
    rows = {
        name: check_matrix(each, name=name, n_columns=first.shape[1])[:n]
        for name, each in samples.items()
    }
    # Side by side they have one height.
    shortest = min(map(len, rows.values()))
    rows = {name: each[:shortest] for name, each in rows.items()}
    figure = draw_heat_maps(rows, first, [""] * len(rows), feature_names)
    figure.suptitle(title, x=0.015, ha="left")
    return figure


def _usual(names: Sequence[str] | None, what: str, n: int) -> list[str]:
    if names is None:
        return [f"{what} {k + 1}" for k in range(n)]
    return check_names(names, name=f"{what}_names", n=n)


def _in_spreads(rows: FloatArray, originals: FloatArray) -> FloatArray:
    """Return rows as deviations from the columns' means, in the columns' standard deviations."""
    originals = originals.astype(np.float64)
    spread = originals.std(axis=0)
    # A constant column is shown in its own units: there is no spread to measure it by.
    return (rows - originals.mean(axis=0)) / np.where(spread > 0, spread, 1.0)


def _most_changed(changed: FloatArray, most: int) -> IntArray:
    """Return the columns that change most over any sweep, the widest first."""
    widths = np.ptp(changed, axis=1).max(axis=0)
    return np.argsort(-widths, kind="stable")[:most]
