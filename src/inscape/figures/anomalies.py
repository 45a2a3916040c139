"""Rows that are not normal: how far off they are, and by which features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inscape._checks import check_array, check_integer, check_matrix, check_same_rows
from inscape._errors import InvalidDataError
from inscape._typing import FloatArray, ImageShape
from inscape.figures._drawing.naming import shorten
from inscape.figures._drawing.style import (
    ALERT,
    DIVERGING,
    FILL,
    INK,
    MUTED,
    bare,
    dress,
    new_figure,
    styled,
)
from inscape.figures._drawing.tiles import as_images, montage, show_sheet, value_range

_TILE = 0.66
_BINS = 60
# Beyond this share of the scores at each end nothing is drawn: a far row would squeeze the rest.
_FARTHEST = 0.002


@styled
def anomaly_scores(
    scores: Any,
    threshold: float,
    *,
    normal_scores: Any = None,
    labels: Any = None,
) -> Figure:
    """Draw how many rows have which score, and the threshold below which they are told off.

    Parameters
    ----------
    scores : array (n_samples,)
        Of the rows that were judged; the higher, the more normal.
    threshold
        Below it rows are told off.
    normal_scores : array (n_training,), or None
        Of the rows that were learned from, each for one who has not seen it: an outline.
    labels : array (n_samples,) of bool, or None
        Which rows are known to be no normal ones; they are drawn apart.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If an array is not finite, or of another shape.

    Examples
    --------
    >>> figure = anomaly_scores(np.linspace(-9, 0, 50), -5.0)
    >>> figure.axes[0].get_title(loc="left")
    '22 of 50 rows are below the threshold'
    """
    scores = check_array(scores, name="scores", shape={"row": None})
    shown = scores
    if normal_scores is not None:
        normal_scores = check_array(normal_scores, name="normal_scores", shape={"row": None})
        shown = np.concatenate([scores, normal_scores])
    low = min(float(np.quantile(shown, _FARTHEST)), threshold)
    high = max(float(np.quantile(shown, 1 - _FARTHEST)), threshold)
    edge = 0.03 * (high - low) or 1.0
    bins = np.linspace(low - edge, high + edge, _BINS + 1).tolist()
    clipped = np.clip(scores, bins[0], bins[-1])
    figure = new_figure(6.4, 3.2)
    ax = figure.add_subplot()
    if labels is None:
        ax.hist(clipped, bins, color=FILL, label="judged rows")
    else:
        odd = check_array(np.asarray(labels, float), name="labels", shape={"row": None}) > 0
        check_same_rows(odd, len(scores), name="labels", of="scores")
        groups = [clipped[~odd], clipped[odd]]
        names = ["known to be normal", "known to be not"]
        ax.hist(groups, bins, color=[FILL, ALERT], stacked=True, label=names)
    if normal_scores is not None:
        # As many as were judged, so that the two are of one height where they are alike.
        share = np.full(len(normal_scores), len(scores) / len(normal_scores))
        ax.hist(
            np.clip(normal_scores, bins[0], bins[-1]),
            bins,
            weights=share,
            histtype="step",
            color=INK,
            label="learned from, unseen (as many)",
        )
    ax.axvline(threshold, color=ALERT, linestyle="--", linewidth=1.5, label="threshold")
    n_told = int((scores < threshold).sum())
    n_beyond = int((scores < bins[0]).sum())
    beyond = f"; {n_beyond} farther off are in the first bar" if n_beyond else ""
    dress(
        ax,
        title=f"{n_told:,} of {len(scores):,} rows are below the threshold",
        note=f"left of the line is not normal{beyond}",
        xlabel="score",
        ylabel="rows",
    )
    ax.legend(loc="upper left", frameon=False)
    return figure


@styled
def anomaly_images(
    originals: Any,
    restored: Any,
    contributions: Any,
    *,
    image_shape: ImageShape,
    scores: Sequence[float] | None = None,
) -> Figure:
    """Draw pictures above what they would be if they were normal, the residual, and its weight.

    Parameters
    ----------
    originals : array (n_samples, n_features)
        The pictures, such as the worst ones.
    restored : array (n_samples, n_features)
        What the detector makes of them.
    contributions : array (n_samples, n_features)
        What each pixel contributes to the score, none below 0.
    image_shape
        (height, width) or (height, width, 3) of one picture.
    scores : sequence of float, or None
        Of each picture, written above it.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If an array is not finite, or does not fit the originals.

    Examples
    --------
    >>> X = np.eye(4)
    >>> figure = anomaly_images(X, X / 2, X, image_shape=(2, 2))
    >>> [ax.texts[0].get_text() for ax in figure.axes]
    ['Input', 'Restored', 'Residual', 'Contribution']
    """
    originals = check_matrix(originals, name="originals")
    n = len(originals)
    restored = _like(restored, originals, name="restored")
    contributions = _like(contributions, originals, name="contributions")
    residuals = originals - restored
    rows = {
        "Input": (originals, value_range(originals), "gray"),
        "Restored": (restored, value_range(originals), "gray"),
        "Residual": (residuals, _symmetric(residuals), DIVERGING),
        "Contribution": (contributions, (0.0, float(contributions.max()) or 1.0), "magma"),
    }
    height, width = as_images(originals, image_shape).shape[1:3]
    figure = new_figure(1.5 + n * _TILE, 0.5 + len(rows) * _TILE * height / width, shaped=True)
    axes = np.atleast_1d(figure.subplots(len(rows), 1))
    for ax, (name, (array, values, colors)) in zip(axes, rows.items(), strict=True):
        images = as_images(array, image_shape, name=name)
        if images.ndim == 4 and colors != "gray":
            images = images.mean(axis=3)
        sheet = montage(images, columns=n, gap=max(1, width // 14))
        show_sheet(ax, sheet, values, cmap=colors)
        bare(ax)
    at: dict[str, Any] = {"xy": (0, 0.5), "xycoords": "axes fraction", "ha": "right"}
    for ax, name in zip(axes, rows, strict=True):
        place = {"xytext": (-8, 0), "textcoords": "offset points", "va": "center"}
        ax.annotate(name, **at, **place, color=INK, fontweight="bold")
    if scores is not None:
        step = width + max(1, width // 14)
        for k, score in enumerate(scores[:n]):
            axes[0].text(k * step + width / 2, -2, _short(score), ha="center", color=MUTED, size=7)
    return figure


@styled
def anomaly_bars(
    contributions: Any,
    *,
    values: Any = None,
    feature_names: Sequence[str] | None = None,
    titles: Sequence[str] | None = None,
    n_rows: int = 6,
    n_features: int = 6,
) -> Figure:
    """Draw which features make rows of a table what they are, a bar for each.

    Parameters
    ----------
    contributions : array (n_samples, n_features)
        What each feature contributes to the score, none below 0; the first rows are drawn.
    values : array (n_samples, n_features), or None
        Of the same rows, written at the bars.
    feature_names
        Names of the columns.
    titles
        Of the rows, such as "row 12".
    n_rows, n_features
        At most so many rows, and of each the features that contribute most.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If an array is not finite, or does not fit the others.

    Examples
    --------
    >>> figure = anomaly_bars([[0.0, 3.0, 1.0]], feature_names=["a", "b", "c"], n_features=2)
    >>> [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    ['b', 'c']
    """
    contributions = check_matrix(contributions, name="contributions")
    n_rows = min(check_integer("n_rows", n_rows, minimum=1), len(contributions))
    shown = min(check_integer("n_features", n_features, minimum=1), contributions.shape[1])
    if values is not None:
        values = _like(values, contributions, name="values")
    names = [f"feature {i}" for i in range(contributions.shape[1])]
    names = names if feature_names is None else [shorten(name) for name in feature_names]
    if len(names) != contributions.shape[1]:
        raise InvalidDataError(
            f"feature_names must name all {contributions.shape[1]} columns; got {len(names)}: "
            "give one a column."
        )
    columns = min(n_rows, 3)
    lines = -(-n_rows // columns)
    label = 0.075 * max(len(name) for name in names)
    figure = new_figure(columns * (1.9 + label), lines * (0.75 + 0.24 * shown))
    axes = figure.subplots(lines, columns, squeeze=False).ravel()
    for k, ax in enumerate(axes):
        if k >= n_rows:
            ax.set_visible(False)
            continue
        row = None if values is None else values[k]
        total = _draw_bars(ax, contributions[k], row, names, shown)
        title = f"row {k}" if titles is None else shorten(titles[k])
        dress(ax, title=title, note=f"{_short(total)} off in all")
    return figure


def _draw_bars(
    ax: Axes, shares: FloatArray, values: FloatArray | None, names: list[str], shown: int
) -> float:
    """Draw the largest shares of one row, and return their sum."""
    order = np.argsort(-shares)[:shown]
    total = float(shares.sum())
    longest = float(shares.max()) or 1.0
    ax.barh(range(shown), shares[order], color=ALERT, height=0.7)
    ax.set_yticks(range(shown), [names[i] for i in order])
    ax.invert_yaxis()
    # Room for what is written at the bars.
    ax.set_xlim(0, longest * (1.3 if values is None else 1.8))
    for place, feature in enumerate(order):
        told = f"{shares[feature] / (total or 1.0):.0%}"
        told = told if values is None else f"{told}  ({values[feature]:.4g})"
        at: dict[str, Any] = {"xytext": (3, 0), "textcoords": "offset points", "va": "center"}
        ax.annotate(told, (float(shares[feature]), place), **at, color=MUTED, size=7)
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    return total


def _like(value: Any, originals: FloatArray, *, name: str) -> FloatArray:
    array = check_matrix(value, name=name, n_columns=originals.shape[1])
    check_same_rows(array, len(originals), name=name, of="the first array")
    return array


def _symmetric(residuals: FloatArray) -> tuple[float, float]:
    size = float(np.quantile(np.abs(residuals), 0.995)) or 1.0
    return -size, size


def _short(score: float) -> str:
    """Return a score as it is read at a glance: -3,870 and -24.6."""
    return f"{score:,.0f}" if 100 <= abs(score) < 1e6 else f"{score:.3g}"
