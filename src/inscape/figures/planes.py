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
    code_space,
    names_of_classes,
    shape_of_pictures,
    unwrap,
)
from inscape._typing import FloatArray, ImageShape
from inscape.figures._drawing.classes import Classes, read_labels
from inscape.figures._drawing.naming import draw_legend, legend_width, name_classes
from inscape.figures._drawing.panels import (
    PANEL,
    Limits,
    check_limits,
    draw_key,
    draw_map,
    dress_map,
    frame_for,
    limits_around,
)
from inscape.figures._drawing.scales import Scale, choose_scale
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
    scale: str | None = None,
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
        Instead of `limits`: the plane that they lie in.
    n
        Pictures along each side.
    values
        The two values shown as black and white; by default they follow from the pictures.
    scale
        "spread" or "true", as in `latent_map`; the default is "spread" where `codes` are given and
        live in flat space. A spread plane holds all codes, a true one those from their 1st to
        their 99th percentile.
    title
        What stands above the grid.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidParameterError
        If the representation has not 2 components, neither `limits` nor `codes` are given, the
        image shape does not fit, or a spread plane is to have limits.

    Examples
    --------
    >>> from sklearn.decomposition import PCA
    >>> X = np.random.default_rng(0).random((20, 4))
    >>> pca = PCA(2).fit(X)
    >>> figure = decoder_grid(pca, image_shape=(2, 2), codes=pca.transform(X), n=5)
    >>> figure.axes[0].images[0].get_array().shape
    (10, 10)
    """
    way, limits, _ = _plane(representation, limits, codes, scale)
    figure = new_figure(PANEL + 0.6, PANEL + 0.8, shaped=True)
    ax = figure.add_subplot()
    _draw_grid(ax, representation, limits, image_shape, n, values, way)
    _dress_grid(ax, way, n, title)
    ax.set_ylabel("component 2")
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
    scale: str | None = None,
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
        The frame, in true distances; by default it follows from the codes and the scale.
    n
        Pictures along each side of the grid.
    values
        The two values shown as black and white; by default they follow from the pictures.
    scale
        "spread" or "true", of both panels, as in `decoder_grid`.
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
    way, limits, points = _plane(representation, limits, codes, scale)
    class_names = names_of_classes(representation, labels, class_names)
    classes = read_labels(labels, len(codes), class_names)
    beside = legend_width(classes, PANEL * 0.95)
    figure = new_figure(1.78 * PANEL + beside, PANEL * 0.95, shaped=True)
    left, right = figure.subplots(1, 2)
    scatter = draw_map(left, points, classes, limits=limits, shape=1)
    draw_key(scatter, [left], classes)
    if isinstance(classes, Classes):
        name_classes(left, points, classes, inches=(0.85 * PANEL, 0.85 * PANEL))
    dress_map(left, points, codes, scale=way, title=titles[0])
    _draw_grid(right, representation, limits, image_shape, n, values, way)
    _dress_grid(right, way, n, titles[1])
    draw_legend(figure, left, classes)
    return figure


def _plane(
    representation: Representation, limits: Limits | None, codes: Any, scale: str | None
) -> tuple[Scale, Limits, FloatArray]:
    """Return scale, frame and the codes' points in it, after a check of the components."""
    if codes is not None:
        codes = check_matrix(codes, name="codes")
    n_components = codes.shape[1] if codes is not None else count_components(representation)
    if n_components not in (2, None):
        raise InvalidParameterError(
            f"A decoder grid must have a representation of 2 components; got {n_components}: "
            "fit one with n_components=2."
        )
    if limits is None and codes is None:
        raise InvalidParameterError(
            "A decoder grid must know its frame; got neither `limits` nor `codes`: "
            "give codes=representation.transform(X)."
        )
    flat = getattr(code_space(representation), "kind", "euclidean") == "euclidean"
    way = choose_scale(scale, codes, framed=limits is not None, flat=flat)
    points = np.empty((0, 2)) if codes is None else way.to_plane(codes)
    if limits is not None:
        return way, check_limits(limits), points
    if way.note:
        return way, frame_for(points, square=True), points
    return way, limits_around(points, outside=0.01, margin=0), points


def count_components(representation: Representation) -> int | None:
    """Return the width of a fitted representation's codes, or None where it does not tell."""
    representation = unwrap(representation)
    if hasattr(representation, "components_"):
        return len(representation.components_)
    for name in ("n_components_", "n_components"):
        if isinstance(getattr(representation, name, None), int):
            return int(getattr(representation, name))
    return None


def _decode(representation: Representation, limits: Limits, n: int, way: Scale) -> FloatArray:
    """Return the n * n decoded rows of the grid, from the top left, row by row."""
    steps = (np.arange(n) + 0.5) / n
    (left, right), (bottom, top) = limits
    x, y = np.meshgrid(left + (right - left) * steps, top + (bottom - top) * steps)
    codes = way.to_codes(np.column_stack([x.ravel(), y.ravel()]))
    # The one call: a decoder on a GPU, or a deep one, costs much more a call than a row.
    return check_matrix(representation.inverse_transform(codes), name="the decoded grid")


def _draw_grid(
    ax: Axes,
    representation: Representation,
    limits: Limits,
    image_shape: ImageShape | None,
    n: int,
    values: tuple[float, float] | None,
    way: Scale,
) -> None:
    n = check_integer("n", n, minimum=1)
    shape = shape_of_pictures(representation, image_shape)
    decoded = _decode(representation, limits, n, way)
    images = as_images(decoded, shape, name="the decoded grid")
    extent = (*limits[0], *limits[1])
    show_sheet(ax, montage(images, columns=n), values or value_range(images), extent=extent)
    ax.set_box_aspect(images.shape[1] / images.shape[2])
    for spine in ax.spines.values():
        spine.set_visible(False)


def _dress_grid(ax: Axes, way: Scale, n: int, title: str) -> None:
    note = f"{n} x {n} decoded codes{', spread as the map is' if way.note else ''}"
    dress(ax, title=title, note=note, xlabel="component 1")
    if way.note:
        ax.set(xticks=[], yticks=[])
    else:
        ax.locator_params(nbins=6)
