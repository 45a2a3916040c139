"""Clusters: what stands for each, and how they agree with labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import linear_sum_assignment

from inscape._checks import check_array, check_integer, check_matrix, check_names
from inscape._typing import ImageShape
from inscape.figures._drawing.naming import ON_MAP, shorten
from inscape.figures._drawing.style import (
    ALERT,
    FILL,
    INK,
    MUTED,
    SEQUENTIAL,
    bare,
    color_bar,
    dress,
    new_figure,
    styled,
)
from inscape.figures._drawing.tiles import as_images, show_sheet, value_range

_TILE, _COLUMNS = 0.95, 10
# Cells up to so many are written into the table of labels.
_WRITTEN = 400


@styled
def prototype_images(
    prototypes: Any, *, image_shape: ImageShape, titles: Sequence[str] | None = None
) -> Figure:
    """Draw what stands for each cluster as a picture.

    Parameters
    ----------
    prototypes : array (n_clusters, n_features)
        One a cluster.
    image_shape
        (height, width) or (height, width, 3) of one picture.
    titles
        What stands above each, such as its size.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If the array is not finite, or does not fit the shape or the titles.

    Examples
    --------
    >>> figure = prototype_images(np.eye(4)[:2], image_shape=(2, 2), titles=["60 rows", "40 rows"])
    >>> [ax.texts[0].get_text() for ax in figure.axes]
    ['60 rows', '40 rows']
    """
    prototypes = check_matrix(prototypes, name="prototypes")
    images = as_images(prototypes, image_shape, name="prototypes")
    n = len(images)
    titles = check_names(_numbers(n) if titles is None else titles, name="titles", n=n)
    columns = min(n, _COLUMNS)
    lines = -(-n // columns)
    height = _TILE * images.shape[1] / images.shape[2]
    figure = new_figure(columns * _TILE + 0.3, lines * (height + 0.4) + 0.1)
    axes = figure.subplots(lines, columns, squeeze=False).ravel()
    values = value_range(prototypes)
    for k, ax in enumerate(axes):
        bare(ax)
        if k < n:
            show_sheet(ax, images[k], values)
            ax.text(
                0.5,
                1.04,
                shorten(titles[k], ON_MAP),
                transform=ax.transAxes,
                ha="center",
                size=7,
                color=MUTED,
            )
    return figure


@styled
def prototype_bars(
    prototypes: Any,
    *,
    means: Any,
    spreads: Any,
    feature_names: Sequence[str] | None = None,
    titles: Sequence[str] | None = None,
    n_features: int = 6,
) -> Figure:
    """Draw by which features each cluster differs from the mean row, with their values.

    Parameters
    ----------
    prototypes : array (n_clusters, n_features)
        One a cluster, in the units of the data.
    means, spreads : array (n_features,)
        Of all rows: a bar is the distance from the mean, in standard deviations.
    feature_names
        Names of the columns.
    titles
        Of the clusters.
    n_features
        Of each cluster at most so many features, those that differ most.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If an array is not finite, or does not fit the others.

    Examples
    --------
    >>> figure = prototype_bars(
    ...     [[0.0, 4.0]], means=[0.0, 1.0], spreads=[1.0, 1.0], feature_names=["a", "b"]
    ... )
    >>> [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    ['b', 'a']
    """
    prototypes = check_matrix(prototypes, name="prototypes").astype(np.float64)
    n, width = prototypes.shape
    means = check_array(means, name="means", shape={"n_features": width})
    spreads = check_array(spreads, name="spreads", shape={"n_features": width})
    names = [f"feature {i}" for i in range(width)] if feature_names is None else feature_names
    names = [shorten(name) for name in check_names(names, name="feature_names", n=width)]
    titles = check_names(_numbers(n) if titles is None else titles, name="titles", n=n)
    shown = min(check_integer("n_features", n_features, minimum=1), width)
    off = (prototypes - means) / np.where(spreads > 0, spreads, 1.0)
    longest = float(np.abs(off).max()) or 1.0
    columns = min(n, 3)
    lines = -(-n // columns)
    label = 0.075 * max(len(name) for name in names)
    figure = new_figure(columns * (2.1 + label), lines * (0.75 + 0.24 * shown))
    axes = figure.subplots(lines, columns, squeeze=False).ravel()
    for k, ax in enumerate(axes):
        if k >= n:
            ax.set_visible(False)
            continue
        order = np.argsort(-np.abs(off[k]), kind="stable")[:shown]
        colors = [ALERT if off[k, i] > 0 else FILL for i in order]
        ax.barh(range(shown), off[k, order], color=colors, height=0.7)
        ax.axvline(0, color=INK, linewidth=0.8)
        ax.set_yticks(range(shown), [names[i] for i in order])
        ax.invert_yaxis()
        ax.set_xlim(-1.7 * longest, 1.7 * longest)
        for place, feature in enumerate(order):
            length = float(off[k, feature])
            at: dict[str, Any] = {"textcoords": "offset points", "va": "center", "size": 7}
            at["xytext"], at["ha"] = ((3, 0), "left") if length > 0 else ((-3, 0), "right")
            ax.annotate(f"{prototypes[k, feature]:.4g}", (length, place), **at, color=MUTED)
        dress(ax, title=shorten(titles[k]), xlabel="deviations from the mean row")
        ax.spines["left"].set_visible(False)
    return figure


@styled
def clusters_against_labels(
    counts: Any, *, labels: Sequence[str], clusters: Sequence[str] | None = None
) -> Figure:
    """Draw which share of each label is in which cluster.

    Parameters
    ----------
    counts : array (n_labels, n_clusters)
        Rows that a label and a cluster have together (`measures.count_together`).
    labels
        Names of the labels.
    clusters
        Names of the clusters.

    Returns
    -------
    matplotlib.figure.Figure
        Labels are ordered so that the clusters that stand for them lie on the diagonal.

    Raises
    ------
    InvalidDataError
        If the array is not finite, or does not fit the names.

    Examples
    --------
    >>> figure = clusters_against_labels([[1, 9], [8, 2]], labels=["cat", "dog"])
    >>> [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    ['dog', 'cat']
    """
    counts = check_matrix(counts, name="counts").astype(np.float64)
    labels = [shorten(name) for name in check_names(labels, name="labels", n=counts.shape[0])]
    names = _numbers(counts.shape[1]) if clusters is None else clusters
    names = check_names(names, name="clusters", n=counts.shape[1])
    rows, columns = linear_sum_assignment(-counts)
    matched = rows[np.argsort(columns, kind="stable")].tolist()
    order = [*matched, *(i for i in range(len(counts)) if i not in matched)]
    counts = counts[order]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    label = 0.075 * max(len(name) for name in labels)
    figure = new_figure(1.6 + label + 0.45 * len(names), 1.1 + 0.28 * len(labels))
    ax = figure.add_subplot()
    image = ax.imshow(shares, cmap=SEQUENTIAL, vmin=0, vmax=1, aspect="auto")
    if counts.size <= _WRITTEN:
        for (i, k), share in np.ndenumerate(shares):
            if share >= 0.005:
                ink = "white" if _dark(image, share) else INK
                ax.text(k, i, f"{100 * share:.0f}", ha="center", va="center", size=7, color=ink)
    ax.set_xticks(range(len(names)), names)
    ax.set_yticks(range(len(labels)), [labels[i] for i in order])
    dress(ax, title="Labels in clusters", note="per cent of each label", xlabel="cluster")
    ax.spines[:].set_visible(False)
    color_bar(image, ax, label="share of the label")
    return figure


def _numbers(n: int) -> list[str]:
    return [str(k) for k in range(n)]


def _dark(image: Any, share: float) -> bool:
    red, green, blue, _ = image.cmap(image.norm(share))
    return bool(0.3 * red + 0.6 * green + 0.1 * blue < 0.55)
