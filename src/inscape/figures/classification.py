"""Classes that were told: which is taken for which, and which pictures are least sure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from inscape._checks import (
    check_array,
    check_integer,
    check_matrix,
    check_names,
    check_positive_rising,
)
from inscape._errors import InvalidDataError
from inscape._typing import ImageShape
from inscape.figures._drawing.classes import mark_of
from inscape.figures._drawing.labels import label_ends
from inscape.figures._drawing.naming import shorten
from inscape.figures._drawing.style import (
    INK,
    MUTED,
    PAPER,
    bare,
    dress,
    new_figure,
    styled,
)
from inscape.figures._drawing.tiles import as_images, montage, show_sheet, value_range

_CELL = 0.42
# Of more classes the numbers could not be read.
_MOST_CLASSES = 20
_TILE, _BAND = 0.8, 0.22


@styled
def confusion(
    counts: Any, *, class_names: Sequence[str] | None = None, n_classes: int = _MOST_CLASSES
) -> Figure:
    """Draw how often each class is told as each.

    Parameters
    ----------
    counts : array (n_classes, n_classes)
        How often the class of a row is told as the class of a column; at least one row, none below
        0.
    class_names
        Names of the classes.
    n_classes
        At most so many classes are drawn: those with most errors, in their order.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If counts are no square of finite numbers, below 0, or all 0.

    Examples
    --------
    >>> figure = confusion([[8, 2], [0, 10]], class_names=["u", "v"])
    >>> figure.axes[0].get_title(loc="left")
    '18 of 20 are right (90.0%)'
    """
    counts = check_matrix(counts, name="counts")
    if len(counts) < 2 or counts.shape[0] != counts.shape[1]:
        raise InvalidDataError(
            "counts must have a row and a column for each of two classes or more; got the shape "
            f"{counts.shape}: count how often each class is told as each."
        )
    if (counts < 0).any() or not counts.any():
        raise InvalidDataError(
            f"counts must not be below 0, and not all 0; got a sum of {counts.sum():g}: count how "
            "often each class is told as each."
        )
    n = len(counts)
    names = [str(i) for i in range(n)]
    names = names if class_names is None else check_names(class_names, name="class_names", n=n)
    check_integer("n_classes", n_classes, minimum=2)
    wrong = counts.sum(axis=0) + counts.sum(axis=1) - 2 * np.diag(counts)
    shown = np.sort(np.argsort(-wrong, kind="stable")[:n_classes])
    total, right = int(counts.sum()), int(np.trace(counts))
    # Rows without any have no share.
    rows = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shares, counts = (counts / rows)[np.ix_(shown, shown)], counts[np.ix_(shown, shown)]
    names = [shorten(names[i]) for i in shown]
    label = 0.07 * max(len(name) for name in names)
    side = max(2.6, _CELL * len(shown))
    figure = new_figure(side + label + 0.9, side + label + 1.0)
    ax = figure.add_subplot()
    diagonal = np.eye(len(shown), dtype=bool)
    # Right and wrong have a scale each: of a good classifier the errors would else be white.
    ax.imshow(np.ma.masked_where(~diagonal, shares), cmap="Blues", vmin=0, vmax=1.6)
    worst = float(shares[~diagonal].max()) or 1.0
    ax.imshow(
        np.ma.masked_where(diagonal | (counts == 0), shares), cmap="Reds", vmin=0, vmax=1.4 * worst
    )
    for i, j in zip(*np.nonzero(counts), strict=True):
        dark = shares[i, j] > (0.75 if i == j else 0.9 * worst)
        color = PAPER if dark else INK
        ax.text(j, i, f"{counts[i, j]:.0f}", ha="center", va="center", color=color, size=7.5)
    ax.set_xticks(range(len(shown)), names, rotation=90 if label > 0.3 else 0)
    ax.set_yticks(range(len(shown)), names)
    ax.set_xticks(np.arange(len(shown) - 1) + 0.5, minor=True)
    ax.set_yticks(np.arange(len(shown) - 1) + 0.5, minor=True)
    ax.grid(which="minor", color=PAPER, linewidth=1)
    left_out = f"; the {len(shown)} classes with most errors of {n}" if len(shown) < n else ""
    dress(
        ax,
        title=f"{right:,} of {total:,} are right ({right / total:.1%})",
        note=f"blue is right, red is wrong, as a share of its row{left_out}",
        xlabel="told as",
        ylabel="is",
    )
    ax.tick_params(which="both", length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return figure


@styled
def titled_images(
    X: Any, titles: Sequence[str], *, image_shape: ImageShape, n_columns: int = 10
) -> Figure:
    """Draw pictures, each with a few words above it.

    Parameters
    ----------
    X : array (n_samples, n_features)
        The pictures.
    titles : sequence of str
        One a picture, such as "4 or 9".
    image_shape
        (height, width) or (height, width, 3) of one picture.
    n_columns
        At most so many beside each other.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If the pictures are no finite numbers, or there is not one title a picture.

    Examples
    --------
    >>> figure = titled_images(np.eye(4), ["a", "b", "c", "d"], image_shape=(2, 2), n_columns=2)
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['a', 'b', 'c', 'd']
    """
    X = check_matrix(X, name="X")
    images = as_images(X, image_shape)
    if len(titles) != len(images):
        raise InvalidDataError(
            f"titles must be one a picture, {len(images)} in all; got {len(titles)}: give each one."
        )
    columns = min(check_integer("n_columns", n_columns, minimum=1), len(images))
    lines = -(-len(images) // columns)
    height, width = images.shape[1:3]
    size = max(_TILE, 0.085 * max(len(title) for title in titles))
    # A band of paper above each picture holds its title.
    band = math.ceil(_BAND * width / size)
    sheet = montage(_with_band(images, band), columns=columns, gap=max(1, width // 10))
    figure = new_figure(columns * size, lines * size * (height + band) / width, shaped=True)
    ax = figure.add_subplot()
    show_sheet(ax, sheet, value_range(X))
    bare(ax)
    gap = max(1, width // 10)
    for k, title in enumerate(titles):
        x = (k % columns) * (width + gap) + width / 2
        y = (k // columns) * (height + band + gap) + 0.45 * band
        ax.text(x, y, title, ha="center", va="center", color=MUTED, size=7.5)
    return figure


def _with_band(images: Any, band: int) -> Any:
    shape = (len(images), band, *images.shape[2:])
    return np.concatenate([np.full(shape, np.nan), images], axis=1)


@styled
def accuracy_over_labels(
    curves: Mapping[str, tuple[Any, Sequence[Any]]], *, title: str = "Accuracy over labels"
) -> Figure:
    """Draw accuracies over the number of labels, a point a draw of them and a line of means.

    Parameters
    ----------
    curves
        Name to (numbers, accuracies): numbers of labels (n_numbers,), above 0 and rising, and for
        each of them the accuracies of its draws, in per cent.
    title
        What stands above.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If there is no curve, numbers do not rise from above 0, or accuracies are not as many, or
        not finite.

    Examples
    --------
    >>> figure = accuracy_over_labels({"graph": ([1, 10], [[86.0, 88.0], [96.0]])})
    >>> figure.axes[0].lines[0].get_ydata().tolist()
    [87.0, 96.0]
    """
    if not curves:
        raise InvalidDataError("curves must hold at least one curve; got none: name one.")
    figure = new_figure(5.4 + 0.075 * max(map(len, curves)), 4.4)
    ax = figure.add_subplot()
    ends, texts, colors = [], [], []
    for k, (name, (numbers, accuracies)) in enumerate(curves.items()):
        numbers = check_positive_rising(numbers, name=f"the numbers of {name}")
        if len(accuracies) != len(numbers):
            raise InvalidDataError(
                f"The accuracies of {name} must be a list for each number, {len(numbers)} in all; "
                f"got {len(accuracies)}: give those of its draws."
            )
        draws = [
            check_array(some, name=f"the accuracies of {name}", shape={"draw": None})
            for some in accuracies
        ]
        means = np.array([some.mean() for some in draws])
        color = mark_of(k)[0]
        ax.plot(numbers, means, color=color, lw=1.8, zorder=3, clip_on=False)
        for number, some in zip(numbers, draws, strict=True):
            points = np.full(len(some), number)
            ax.plot(points, some, "o", color=color, ms=3, alpha=0.5, mew=0, clip_on=False)
        ends.append([numbers[-1], means[-1]])
        texts.append(f"{name} {means[-1]:.1f}")
        colors.append(color)
    dress(ax, title=title, xlabel="labels a class", ylabel="accuracy, %")
    ax.set_xscale("log")
    shown = sorted({float(number) for numbers, _ in curves.values() for number in numbers})
    # One number has no extent, and a logarithmic axis needs some.
    ax.set_xlim(shown[0], shown[-1] if len(shown) > 1 else 2 * shown[0])
    ax.set_xticks(shown, [f"{number:,g}" for number in shown])
    ax.set_xticks([], minor=True)
    ax.grid(axis="y", color="#eceff1", lw=0.8)
    label_ends(ax, np.array(ends, dtype=float), texts, colors)
    return figure
