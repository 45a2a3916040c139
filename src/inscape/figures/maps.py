"""The encoder map: where a representation puts each sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure

from inscape._checks import check_matrix, check_same_rows
from inscape._errors import InvalidParameterError
from inscape._typing import FloatArray, ImageShape
from inscape.figures._drawing.classes import Classes, name_classes, read_labels
from inscape.figures._drawing.glyphs import draw_glyphs
from inscape.figures._drawing.panels import (
    PANEL,
    Labels,
    Limits,
    check_limits,
    draw_key,
    draw_map,
    draw_order,
    dress_map,
    limits_around,
    name_axes,
    panel_shape,
)
from inscape.figures._drawing.style import (
    CLASS_COLORS,
    FILL,
    MUTED,
    PAPER,
    color_bar,
    dress,
    new_figure,
    styled,
)

MOST_COMPONENTS = 4


@styled
def latent_map(
    codes: Any,
    labels: Any = None,
    *,
    class_names: Sequence[str] | None = None,
    images: Any = None,
    image_shape: ImageShape | None = None,
    glyphs: bool = False,
    limits: Limits | None = None,
    title: str = "Encoder map",
) -> Figure:
    """Draw each sample at its code: a scatter for two components, coloured by label.

    One component gives a histogram for each class, more than two give a scatter of each pair of
    the first four.

    Parameters
    ----------
    codes : array (n_samples, n_components)
        What `transform` returned.
    labels : array (n_samples,), optional
        Classes (text, or whole numbers of at most 30 kinds) or continuous values.
    class_names
        Names of the classes, in the order of the sorted labels.
    images : array (n_samples, n_features), optional
        The samples themselves, for `glyphs`.
    image_shape
        (height, width) of one image, for `glyphs`.
    glyphs
        Draw a thinned-out set of the samples' images instead of the points.
    limits
        ((left, right), (bottom, top)) of the frame; by default all points are inside.
    title
        What stands above the map.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If `codes` are not finite numbers, or there is not one label and image a code.
    InvalidParameterError
        If `class_names` do not fit the labels, or `glyphs` lacks images or two components.

    Examples
    --------
    >>> figure = latent_map([[0.0, 1.0], [2.0, 3.0]], ["cat", "dog"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['cat', 'dog', '2 samples']
    """
    codes = check_matrix(codes, name="codes")
    classes = read_labels(labels, len(codes), class_names)
    n_components = codes.shape[1]
    if glyphs and (images is None or image_shape is None or n_components != 2):
        raise InvalidParameterError(
            "`glyphs` must come with `images`, `image_shape` and codes of 2 components; got "
            f"{n_components} component(s): give all three, or leave glyphs=False."
        )
    if n_components == 1:
        return _histograms(codes[:, 0], classes, title=title)
    if n_components > 2:
        return _pairs(codes, classes, title=title)
    limits = limits_around(codes) if limits is None else check_limits(limits)
    shape = panel_shape(limits)
    bar = 0.9 if isinstance(classes, np.ndarray) else 0
    height = PANEL * min(shape, 1)
    figure = new_figure(height / shape + 0.6 + bar, height + 0.8, shaped=True)
    ax = figure.add_subplot()
    scatter = draw_map(ax, codes, classes, limits=limits, shape=shape, faint=glyphs)
    draw_key(scatter, [ax], classes)
    if glyphs:
        images = check_matrix(images, name="images")
        check_same_rows(images, len(codes), name="images", of="codes")
        draw_glyphs(ax, codes, images, image_shape, classes, order=draw_order(len(codes)))
    elif isinstance(classes, Classes):
        name_classes(ax, codes, classes, inches=(height / shape, height))
    dress_map(ax, codes, title=title)
    return figure


@styled
def before_after(
    codes_before: Any,
    codes_after: Any,
    labels: Any = None,
    *,
    titles: tuple[str, str] = ("Before", "After"),
    class_names: Sequence[str] | None = None,
) -> Figure:
    """Draw two maps of the same samples side by side, each in its own frame.

    Parameters
    ----------
    codes_before, codes_after : arrays (n_samples, 2)
        The codes that two representations, or one at two times, give the same samples.
    labels : array (n_samples,), optional
        Classes or continuous values, as in `latent_map`.
    titles
        What stands above each map.
    class_names
        Names of the classes, in the order of the sorted labels.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If codes are not finite, not of two components, or not of the same samples.

    Examples
    --------
    >>> figure = before_after([[0.0, 1.0], [2.0, 3.0]], [[0.0, 0.0], [1.0, 5.0]], [0, 1])
    >>> [ax.get_title(loc="left") for ax in figure.axes]
    ['Before', 'After']
    """
    both = [
        check_matrix(codes, name=name, n_columns=2)
        for name, codes in (("codes_before", codes_before), ("codes_after", codes_after))
    ]
    check_same_rows(both[1], len(both[0]), name="codes_after", of="codes_before")
    classes = read_labels(labels, len(both[0]), class_names)
    figure = new_figure(1.82 * PANEL, PANEL * 0.95, shaped=True)
    axes = list(figure.subplots(1, 2))
    for ax, codes, title in zip(axes, both, titles, strict=True):
        scatter = draw_map(ax, codes, classes, limits=limits_around(codes), shape=1)
        if isinstance(classes, Classes):
            name_classes(ax, codes, classes, inches=(0.85 * PANEL, 0.85 * PANEL))
        dress_map(ax, codes, title=title)
    draw_key(scatter, axes, classes)
    return figure


def _histograms(values: FloatArray, labels: Labels, *, title: str) -> Figure:
    edges = np.histogram_bin_edges(values, bins=60)
    groups = (
        [(name, labels.colors[k], values[labels.index == k]) for k, name in enumerate(labels.names)]
        if isinstance(labels, Classes)
        else [("all", FILL, values)]
    )
    figure = new_figure(PANEL + 1, 1.1 + max(0.42 * len(groups), 1.4))
    ax = figure.add_subplot()
    for row, (_, color, members) in enumerate(groups):
        counts = np.histogram(members, edges)[0]
        # Heights are relative, for a rare class has a shape too; the rows overlap a little.
        heights = 1.3 * counts / max(counts.max(), 1)
        base = -float(row)
        ax.stairs(base + heights, edges, baseline=base, fill=True, color=color, zorder=row)
        ax.stairs(base + heights, edges, baseline=base, color=PAPER, lw=0.8, zorder=row)
    dress(ax, title=title, note=f"{len(values):,} samples", xlabel="component 1")
    ax.set_yticks([])
    for row, (name, _, _) in enumerate(groups):
        if len(groups) > 1:
            ax.text(
                -0.015,
                0.15 - row,
                name,
                transform=ax.get_yaxis_transform(),
                ha="right",
                color=MUTED,
            )
    ax.spines["left"].set_visible(False)
    return figure


def _pairs(codes: FloatArray, labels: Labels, *, title: str) -> Figure:
    shown = min(codes.shape[1], MOST_COMPONENTS)
    side = shown - 1
    inches = 2.5 if side == 2 else 2.2
    figure = new_figure(side * inches + 0.5, side * inches + 0.8, shaped=True)
    axes = figure.subplots(side, side, squeeze=False)
    for row in range(side):
        for column in range(side):
            ax = axes[row, column]
            if column > row:
                ax.set_axis_off()
                continue
            pair = codes[:, [column, row + 1]]
            scatter = draw_map(ax, pair, labels, limits=limits_around(pair), shape=1, scale=0.4)
            if isinstance(labels, Classes):
                name_classes(ax, pair, labels, inches=(inches * 0.85, inches * 0.85), size=8)
            dress(ax)
            name_axes(
                ax, codes, column if row == side - 1 else None, row + 1 if column == 0 else None
            )
            ax.locator_params(nbins=4)
    draw_key(scatter, list(axes.flat), labels)
    of = f"first {shown} of {codes.shape[1]}" if shown < codes.shape[1] else f"{shown}"
    figure.suptitle(f"{title}: {of} components", x=0.02, ha="left")
    return figure


@styled
def add_class_bar(figure: Figure, class_names: Sequence[str], *, label: str = "class") -> Figure:
    """Put a bar beside a map of classes that tells which colour is which; return the figure.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        As `latent_map` returned it; it becomes wider.
    class_names
        Of all classes, in the order of the sorted labels; at most ten, as there are colours.
    label
        What the classes are.

    Raises
    ------
    InvalidParameterError
        If there are more classes than colours.

    Examples
    --------
    >>> figure = latent_map(np.eye(4)[:, :2], [0, 1, 0, 1])
    >>> [ax.get_ylabel() for ax in add_class_bar(figure, ["cat", "dog"]).axes]
    ['component 2', 'class']
    """
    n = len(class_names)
    if not 1 <= n <= len(CLASS_COLORS):
        raise InvalidParameterError(
            f"`class_names` must hold 1 to {len(CLASS_COLORS)} names, as there are colours; got "
            f"{n}: the map's own labels tell more classes apart."
        )
    figure.set_figwidth(figure.get_figwidth() + 0.7)
    norm = BoundaryNorm(np.arange(n + 1) - 0.5, n)
    drawn = ScalarMappable(norm, ListedColormap(CLASS_COLORS[:n]))
    color_bar(drawn, figure.axes[0], label=label, ticks=range(n), shrink=0.7)
    figure.axes[-1].set_yticklabels(class_names)
    return figure
