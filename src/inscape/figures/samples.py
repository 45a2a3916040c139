"""What the data look like: some samples of each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation

from inscape._checks import check_array, check_integer, check_matrix, check_names
from inscape._errors import InvalidDataError
from inscape._typing import ImageShape
from inscape.figures._drawing.classes import Classes, read_labels
from inscape.figures._drawing.naming import shorten
from inscape.figures._drawing.style import INK, MUTED, bare, dress, new_figure, styled
from inscape.figures._drawing.tiles import as_images, montage, show_sheet, value_range
from inscape.figures.images import TILE
from inscape.figures.traversals import as_image_rows, draw_rows


@styled
def sample_sheet(
    X: Any,
    y: Any,
    *,
    image_shape: ImageShape,
    class_names: Sequence[str] | None = None,
    n_per_class: int = 10,
    title: str = "Samples of each class",
) -> Figure:
    """Draw the first samples of each class, a row a class, with its name and how many there are.

    Parameters
    ----------
    X : array (n_samples, n_pixels)
        The samples.
    y : array (n_samples,)
        Their classes: text, or whole numbers of at most 30 kinds.
    image_shape
        (height, width) or (height, width, 3) of one image.
    class_names
        Names of the classes, in the order of the sorted labels.
    n_per_class
        Samples shown of each class; a smaller class shows all it has.
    title
        What stands above.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If samples are not finite, or there is not one class a sample.
    InvalidParameterError
        If the image shape or the class names do not fit.

    Examples
    --------
    >>> figure = sample_sheet(np.eye(4), ["cat", "dog", "cat", "dog"], image_shape=(2, 2))
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['4 samples; the first 2 of each class', 'cat', '2', 'dog', '2']
    """
    X = check_matrix(X, name="X")
    most = check_integer("n_per_class", n_per_class, minimum=1)
    classes = read_labels(y, len(X), class_names)
    if not isinstance(classes, Classes):
        raise InvalidDataError(
            "y must hold a class for each sample, of at most 30 kinds; got "
            f"{'none' if classes is None else 'continuous values'}: give texts or whole numbers."
        )
    members = [np.flatnonzero(classes.index == k) for k in range(len(classes.names))]
    columns = min(most, max(map(len, members)))
    images = as_images(X, image_shape)
    height, width = images.shape[1:3]
    cells = np.full((len(members), columns, *images.shape[1:]), np.nan)
    for row, first in zip(cells, members, strict=True):
        row[: len(first)] = images[first[:columns]]
    gap = max(1, width // 14)
    sheet = montage(cells.reshape(-1, *images.shape[1:]), columns=columns, gap=gap)
    names = [shorten(name) for name in classes.names]
    label = 0.5 + 0.1 * max(map(len, names))
    size = (max(label + columns * TILE, 3.2), 0.7 + len(members) * TILE * height / width)
    figure = new_figure(*size, shaped=True)
    ax = figure.add_subplot()
    show_sheet(ax, sheet, value_range(cells[~np.isnan(cells)]))
    bare(ax)
    dress(ax, title=title, note=f"{len(X):,} samples; the first {columns} of each class")
    for k, (name, rows) in enumerate(zip(names, members, strict=True)):
        middle = k * (height + gap) + height / 2 - 0.5
        _name_row(ax, middle, name, f"{len(rows):,}")
        _mark_row(ax, middle, classes.colors[k], classes.shapes[k])
    return figure


def _name_row(ax: Axes, middle: float, name: str, count: str) -> None:
    """Write a class's name beside its row, and its number of samples under the name."""
    for text, up, style in (
        (name, 1.0, {"color": INK, "fontweight": "bold"}),
        (count, -10.0, {"color": MUTED, "fontsize": 8}),
    ):
        ax.annotate(
            text,
            (0, middle),
            xycoords=ax.get_yaxis_transform(),
            xytext=(-18, up),
            textcoords="offset points",
            ha="right",
            **style,
        )


def _mark_row(ax: Axes, middle: float, color: str, shape: str) -> None:
    """Put the class's mark between its name and its samples, as it is on a map."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    at = ax.get_yaxis_transform() + ScaledTranslation(-9 / 72, 0, figure.dpi_scale_trans)
    ax.plot([0], [middle], shape, color=color, mew=0, ms=6, transform=at, clip_on=False)


@styled
def sample_rows(
    rows: Any,
    *,
    image_shape: ImageShape,
    names: Sequence[str],
    notes: Sequence[str] | None = None,
    brightness: tuple[float, float] | None = None,
    title: str = "What each model draws",
) -> Figure:
    """Draw images of several sources, a row a source, with its name and a note beside it.

    Parameters
    ----------
    rows : array (n_sources, n_images, n_pixels)
        The images.
    image_shape
        (height, width) or (height, width, 3) of one image.
    names
        One a source.
    notes
        A few words a source, in small type under its name.
    brightness
        The two values shown as black and white; by default they follow from the images.
    title
        What stands above.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If images are not finite, or there is not one name a source.
    InvalidParameterError
        If the image shape does not fit.

    Examples
    --------
    >>> figure = sample_rows(np.random.default_rng(0).random((2, 3, 4)), image_shape=(2, 2),
    ...                      names=["VAE", "beta-VAE"], notes=["1 nat", "2 nats"])
    >>> [text.get_text() for text in figure.axes[0].texts][1:]
    ['VAE', '1 nat', 'beta-VAE', '2 nats']
    """
    shape = {"n_sources": None, "n_images": None, "n_pixels": None}
    images = as_image_rows(check_array(rows, name="rows", shape=shape), image_shape)
    told = check_names(names, name="names", n=len(images))
    says = {"title": title, "note": f"{images.shape[1]} each"}
    return draw_rows(images, told, notes, brightness or value_range(images), says)[0]
