"""The decoder's side of a two-dimensional latent space: what each place in it looks like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inscape._checks import check_integer, check_matrix
from inscape._errors import InvalidParameterError
from inscape._representations import (
    Representation,
    names_of_classes,
    shape_of_pictures,
    unwrap,
)
from inscape._typing import FloatArray, ImageShape
from inscape.figures._drawing.classes import Classes, name_classes, read_labels
from inscape.figures._drawing.panels import (
    PANEL,
    Limits,
    check_limits,
    draw_key,
    draw_map,
    dress_map,
    limits_around,
)
from inscape.figures._drawing.style import dress, new_figure, styled
from inscape.figures._drawing.tiles import as_images, montage, show_sheet, value_range


@styled
def decoder_grid(
    representation: Representation,
    *,
    image_shape: ImageShape | None = None,
    limits: Limits | None = None,
    codes: Any = None,
    n: int = 20,
    values: tuple[float, float] | None = None,
    title: str = "Decoder grid",
) -> Figure:
    """Decode an n x n grid over the latent plane, in one call of `inverse_transform`.

    Each picture is the decoded code at its own middle; component 1 grows to the right and
    component 2 upwards, as in `latent_map`.

    Parameters
    ----------
    representation
        A fitted object with `inverse_transform` and 2 components.
    image_shape
        (height, width) or (height, width, 3) of one decoded image; by default that of the pictures
        that the representation was fitted with.
    limits
        ((left, right), (bottom, top)) of the plane.
    codes : array (n_samples, 2), optional
        Instead of `limits`: the plane runs from their 1st to their 99th percentile.
    n
        Pictures along each side.
    values
        The two values shown as black and white; by default they follow from the pictures.
    title
        What stands above the grid.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidParameterError
        If the representation has not 2 components, neither `limits` nor `codes` are given, or
        the image shape does not fit.

    Examples
    --------
    >>> from sklearn.decomposition import PCA
    >>> X = np.random.default_rng(0).random((20, 4))
    >>> pca = PCA(2).fit(X)
    >>> figure = decoder_grid(pca, image_shape=(2, 2), codes=pca.transform(X), n=5)
    >>> figure.axes[0].images[0].get_array().shape
    (10, 10)
    """
    limits = _plane(representation, limits, codes)
    figure = new_figure(PANEL + 0.6, PANEL + 0.8, shaped=True)
    ax = figure.add_subplot()
    _draw_grid(ax, representation, limits, image_shape, n, values)
    dress(
        ax,
        title=title,
        note=f"{n} x {n} decoded codes",
        xlabel="component 1",
        ylabel="component 2",
    )
    return figure


@styled
def map_and_grid(
    representation: Representation,
    codes: Any,
    labels: Any = None,
    *,
    image_shape: ImageShape | None = None,
    class_names: Sequence[str] | None = None,
    limits: Limits | None = None,
    n: int = 20,
    values: tuple[float, float] | None = None,
    titles: tuple[str, str] = ("Encoder map", "Decoder grid"),
) -> Figure:
    """Draw the encoder map and the decoder grid side by side over the same frame.

    Parameters
    ----------
    representation
        A fitted object with `inverse_transform` and 2 components.
    codes : array (n_samples, 2)
        What its `transform` returned.
    labels : array (n_samples,), optional
        Classes or continuous values, as in `latent_map`.
    image_shape
        (height, width) or (height, width, 3) of one decoded image; by default that of the pictures
        that the representation was fitted with.
    class_names
        Names of the classes, in the order of the sorted labels; by default those that the
        representation was fitted with.
    limits
        The frame; by default from the 1st to the 99th percentile of the codes.
    n
        Pictures along each side of the grid.
    values
        The two values shown as black and white; by default they follow from the pictures.
    titles
        What stands above each panel.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If `codes` are not finite, or there is not one label a code.
    InvalidParameterError
        If the representation has not 2 components, or the image shape does not fit.
    """
    codes = check_matrix(codes, name="codes")
    limits = _plane(representation, limits, codes)
    class_names = names_of_classes(representation, labels, class_names)
    classes = read_labels(labels, len(codes), class_names)
    figure = new_figure(1.78 * PANEL, PANEL * 0.95, shaped=True)
    left, right = figure.subplots(1, 2)
    scatter = draw_map(left, codes, classes, limits=limits, shape=1)
    draw_key(scatter, [left], classes)
    if isinstance(classes, Classes):
        name_classes(left, codes, classes, inches=(0.85 * PANEL, 0.85 * PANEL))
    dress_map(left, codes, title=titles[0])
    _draw_grid(right, representation, limits, image_shape, n, values)
    dress(right, title=titles[1], note=f"{n} x {n} decoded codes", xlabel="component 1")
    for ax in (left, right):
        ax.locator_params(nbins=6)
    return figure


def _plane(representation: Representation, limits: Limits | None, codes: Any) -> Limits:
    """Return the frame to decode, after a check that there are two components."""
    if codes is not None:
        codes = check_matrix(codes, name="codes")
    n_components = codes.shape[1] if codes is not None else count_components(representation)
    if n_components not in (2, None):
        raise InvalidParameterError(
            f"A decoder grid must have a representation of 2 components; got {n_components}: "
            "fit one with n_components=2."
        )
    if limits is not None:
        return check_limits(limits)
    if codes is None:
        raise InvalidParameterError(
            "A decoder grid must know its frame; got neither `limits` nor `codes`: "
            "give codes=representation.transform(X)."
        )
    return limits_around(codes, outside=0.01, margin=0)


def count_components(representation: Representation) -> int | None:
    """Return the width of a fitted representation's codes, or None where it does not tell."""
    representation = unwrap(representation)
    if hasattr(representation, "components_"):
        return len(representation.components_)
    for name in ("n_components_", "n_components"):
        if isinstance(getattr(representation, name, None), int):
            return int(getattr(representation, name))
    return None


def _decode(representation: Representation, limits: Limits, n: int) -> FloatArray:
    """Return the n * n decoded rows of the grid, from the top left, row by row."""
    steps = (np.arange(n) + 0.5) / n
    (left, right), (bottom, top) = limits
    x, y = np.meshgrid(left + (right - left) * steps, top + (bottom - top) * steps)
    # The one call: a decoder on a GPU, or a deep one, costs much more a call than a row.
    decoded = representation.inverse_transform(np.column_stack([x.ravel(), y.ravel()]))
    return check_matrix(decoded, name="the decoded grid")


def _draw_grid(
    ax: Axes,
    representation: Representation,
    limits: Limits,
    image_shape: ImageShape | None,
    n: int,
    values: tuple[float, float] | None,
) -> None:
    n = check_integer("n", n, minimum=1)
    shape = shape_of_pictures(representation, image_shape)
    images = as_images(_decode(representation, limits, n), shape, name="the decoded grid")
    extent = (*limits[0], *limits[1])
    show_sheet(ax, montage(images, columns=n), values or value_range(images), extent=extent)
    ax.set_box_aspect(images.shape[1] / images.shape[2])
    for spine in ax.spines.values():
        spine.set_visible(False)
