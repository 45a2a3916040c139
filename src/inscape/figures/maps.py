"""The encoder map: where a representation puts each sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from inscape._checks import check_matrix, check_same_rows
from inscape._errors import InvalidParameterError
from inscape._typing import FloatArray, ImageShape
from inscape.figures._drawing.classes import Classes, mark_of, read_labels
from inscape.figures._drawing.glyphs import draw_glyphs
from inscape.figures._drawing.naming import (
    FEW,
    add_legend,
    draw_legend,
    handles_of,
    legend_width,
    name_classes,
    shorten,
)
from inscape.figures._drawing.panels import (
    PANEL,
    Labels,
    Limits,
    check_limits,
    draw_key,
    draw_map,
    draw_order,
    dress_map,
    frame_for,
    limits_around,
    name_axes,
    panel_shape,
)
from inscape.figures._drawing.scales import choose_scale
from inscape.figures._drawing.style import (
    FILL,
    MUTED,
    PAPER,
    color_bar,
    dress,
    new_figure,
    styled,
)

MOST_COMPONENTS = 4
# Rows of histograms that can still be read.
MOST_ROWS = 40


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
    scale: str | None = None,
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
        Classes (text, or whole numbers of at most 30 kinds) or continuous values. More than ten
        classes have shapes beside colours, and a legend.
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
    scale
        "true", or "spread", the default where no limits are given: of its distance r from the
        median code each point keeps asinh(r / s), s = 0.22 of the median distance, so that the
        crowded middle can be read; directions stay, and rings tell true distances.
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
        If `class_names` do not fit the labels, `glyphs` lacks images or two components, or a
        spread map is to have limits.

    Examples
    --------
    >>> figure = latent_map([[0.0, 1.0], [2.0, 3.0]], ["cat", "dog"])
    >>> [text.get_text() for text in figure.axes[0].texts][:2]
    ['cat', 'dog']
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
        return _pairs(codes, classes, scale, title=title)
    way = choose_scale(scale, codes, framed=limits is not None)
    points = way.to_plane(codes)
    limits = limits_around(points) if limits is None else check_limits(limits)
    shape = panel_shape(limits)
    height = PANEL * min(shape, 1)
    beside = 0.9 if isinstance(classes, np.ndarray) else legend_width(classes, height)
    figure = new_figure(height / shape + 0.6 + beside, height + 0.8, shaped=True)
    ax = figure.add_subplot()
    scatter = draw_map(ax, points, classes, limits=limits, shape=shape, faint=glyphs)
    draw_key(scatter, [ax], classes)
    if glyphs:
        images = check_matrix(images, name="images")
        check_same_rows(images, len(codes), name="images", of="codes")
        draw_glyphs(ax, points, images, image_shape, classes, order=draw_order(len(codes)))
    elif isinstance(classes, Classes):
        name_classes(ax, points, classes, inches=(height / shape, height))
    dress_map(ax, points, codes, scale=way, title=title)
    draw_legend(figure, ax, classes)
    return figure


@styled
def before_after(
    codes_before: Any,
    codes_after: Any,
    labels: Any = None,
    *,
    titles: tuple[str, str] = ("Before", "After"),
    class_names: Sequence[str] | None = None,
    scale: str | None = None,
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
    scale
        "spread", the default, or "true", as in `latent_map`; each map about its own median.

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
    beside = legend_width(classes, PANEL * 0.95)
    figure = new_figure(1.82 * PANEL + beside, PANEL * 0.95, shaped=True)
    axes = list(figure.subplots(1, 2))
    for ax, codes, title in zip(axes, both, titles, strict=True):
        way = choose_scale(scale, codes, framed=False)
        points = way.to_plane(codes)
        scatter = draw_map(ax, points, classes, limits=frame_for(points, square=True), shape=1)
        if isinstance(classes, Classes):
            name_classes(ax, points, classes, inches=(0.85 * PANEL, 0.85 * PANEL))
        dress_map(ax, points, codes, scale=way, title=title)
    draw_key(scatter, axes, classes)
    draw_legend(figure, axes[0], classes)
    return figure


def _histograms(values: FloatArray, labels: Labels, *, title: str) -> Figure:
    edges = np.histogram_bin_edges(values, bins=60)
    groups = (
        [(name, labels.colors[k], values[labels.index == k]) for k, name in enumerate(labels.names)]
        if isinstance(labels, Classes)
        else [("all", FILL, values)]
    )
    # A rare class has few to tell of its shape: of very many, the largest are shown.
    largest = sorted(range(len(groups)), key=lambda k: -len(groups[k][2]))[:MOST_ROWS]
    left_out = len(groups) - len(largest)
    groups = [groups[k] for k in sorted(largest)]
    line = float(np.clip(6 / len(groups), 0.2, 0.42))
    names = [shorten(name) for name, _, _ in groups]
    figure = new_figure(PANEL + 1 + 0.05 * max(map(len, names)), 1.1 + max(line * len(groups), 1.4))
    ax = figure.add_subplot()
    for row, (_, color, members) in enumerate(groups):
        counts = np.histogram(members, edges)[0]
        # Heights are relative, for a rare class has a shape too; the rows overlap a little.
        heights = 1.3 * counts / max(counts.max(), 1)
        base = -float(row)
        ax.stairs(base + heights, edges, baseline=base, fill=True, color=color, zorder=row)
        ax.stairs(base + heights, edges, baseline=base, color=PAPER, lw=0.8, zorder=row)
    note = f"{len(values):,} samples; heights are relative: each row's own highest bar is 1"
    if left_out:
        note += f"; {left_out:,} smaller classes left out"
    dress(ax, title=title, note=note, xlabel="component 1")
    ax.set_yticks([])
    for row, name in enumerate(names):
        if len(groups) > 1:
            ax.text(
                -0.015,
                0.15 - row,
                name,
                transform=ax.get_yaxis_transform(),
                ha="right",
                color=MUTED,
                fontsize=9 if line > 0.3 else 7,
            )
    ax.spines["left"].set_visible(False)
    return figure


def _pairs(codes: FloatArray, labels: Labels, scale: str | None, *, title: str) -> Figure:
    shown = min(codes.shape[1], MOST_COMPONENTS)
    side = shown - 1
    inches = 2.5 if side == 2 else 2.2
    height = side * inches + 0.8
    figure = new_figure(height - 0.3 + legend_width(labels, height), height, shaped=True)
    axes = figure.subplots(side, side, squeeze=False)
    for row in range(side):
        for column in range(side):
            ax = axes[row, column]
            if column > row:
                ax.set_axis_off()
                continue
            _draw_pair(ax, codes[:, [column, row + 1]], labels, scale, inches=inches * 0.85)
            across = column if row == side - 1 else None
            name_axes(ax, codes, across, row + 1 if column == 0 else None)
    if isinstance(labels, np.ndarray):
        draw_key(axes[0, 0].collections[0], list(axes.flat), labels)
    draw_legend(figure, axes[0, 0], labels)
    of = f"first {shown} of {codes.shape[1]}" if shown < codes.shape[1] else f"{shown}"
    figure.suptitle(f"{title}: {of} components", x=0.02, ha="left")
    note = choose_scale(scale, codes[:, :2], framed=False).note
    # In the empty corner, for the title is one line.
    axes[0, -1].text(1, 1, note.replace(", ", ",\n"), ha="right", va="top", size=8, color=MUTED)
    return figure


def _draw_pair(
    ax: Axes, pair: FloatArray, labels: Labels, scale: str | None, *, inches: float
) -> None:
    way = choose_scale(scale, pair, framed=False)
    points = way.to_plane(pair)
    draw_map(ax, points, labels, limits=frame_for(points, square=True), shape=1, scale=0.4)
    if isinstance(labels, Classes):
        name_classes(ax, points, labels, inches=(inches, inches), size=8)
    dress(ax)
    way.draw_rings(ax)
    ax.locator_params(nbins=4)


@styled
def add_class_bar(figure: Figure, class_names: Sequence[str], *, label: str = "class") -> Figure:
    """Put a bar beside a map of classes that tells which colour is which; return the figure.

    Colours are those of the map. Of more than ten classes, which have shapes too, it is a legend.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        As `latent_map` returned it; it becomes wider.
    class_names
        Of the classes in the map, in the order of the sorted labels, or of all classes that
        labels 0, 1, 2, ... count.
    label
        What the classes are.

    Raises
    ------
    InvalidParameterError
        If the map shows no classes, or others than these are names for.

    Examples
    --------
    >>> figure = latent_map(np.eye(4)[:, :2], [0, 1, 0, 1])
    >>> [ax.get_ylabel() for ax in add_class_bar(figure, ["cat", "dog"]).axes]
    ['component 2', 'class']
    """
    handles = handles_of(figure.axes[0])
    places = [int(str(handle.get_gid())) for handle in handles]
    n = len(class_names)
    if n != len(places):
        if not places or max(places) >= n:
            raise InvalidParameterError(
                f"`class_names` must name each class of the map; got {n} names for {len(places)} "
                "classes: give one name a class, in the order of the sorted labels."
            )
        places = list(range(n))
    names = [shorten(name) for name in class_names]
    width = 0.7 + 0.06 * max(map(len, names))
    if n > FEW:
        figure.legends.clear()
        marks = [mark_of(place) for place in places]
        add_legend(
            figure,
            [
                Line2D([], [], color=color, marker=shape, ls="", ms=5, label=name)
                for (color, shape), name in zip(marks, names, strict=True)
            ],
            title=label,
        )
        figure.set_figwidth(figure.get_figwidth() + width)
        return figure
    figure.set_figwidth(figure.get_figwidth() + width)
    norm = BoundaryNorm(np.arange(n + 1) - 0.5, n)
    drawn = ScalarMappable(norm, ListedColormap([mark_of(place)[0] for place in places]))
    color_bar(drawn, figure.axes[0], label=label, ticks=range(n), shrink=0.7)
    figure.axes[-1].set_yticklabels(names)
    return figure
