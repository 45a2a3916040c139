"""Originals beside what models make of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from inscape._checks import check_choice, check_integer, check_matrix, check_same_rows
from inscape._errors import InvalidParameterError
from inscape._typing import FloatArray, ImageShape
from inscape.figures._drawing.naming import names_height, shorten
from inscape.figures._drawing.style import (
    DIVERGING,
    INK,
    MUTED,
    bare,
    color_bar,
    dress,
    new_figure,
    styled,
)
from inscape.figures._drawing.tiles import as_images, montage, show_sheet, value_range

TILE = 0.66


@styled
def reconstructions(
    originals: Any,
    reconstructions: Any,
    *,
    image_shape: ImageShape | None = None,
    titles: tuple[str, str] = ("Original", "Reconstruction"),
    n: int = 10,
    feature_names: Sequence[str] | None = None,
    scores: Mapping[str, str] | None = None,
) -> Figure:
    """Draw a row of originals above a row of reconstructions for each model.

    Each row's label gives the squared error, the mean over all samples and features given (not
    only over those shown), or the score given for it. Rows may also be the stages of one model:
    what it saw, what came back before fine-tuning, and after. Without an image shape, samples are
    rows of a heat map.

    Parameters
    ----------
    originals : array (n_samples, n_features)
        The samples.
    reconstructions : array (n_samples, n_features), or mapping of name to such an array
        What one model, or several, made of the same samples.
    image_shape
        (height, width) or (height, width, 3) of one image; None for tabular data.
    titles
        Label of the originals, and of the reconstructions where they have no name.
    n
        The first `n` samples are shown.
    feature_names
        Names of the columns, for tabular data.
    scores
        Name of a row, the originals too, to what its label says instead of its squared error,
        such as {"after": "18.2 dB"}; an empty text says nothing.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If an array is not finite, or does not fit the originals.
    InvalidParameterError
        If the image shape does not hold as many pixels as there are features, or a score is of no
        row.

    Examples
    --------
    >>> X = np.eye(4)
    >>> figure = reconstructions(X, {"half": X / 2, "same": X}, image_shape=(2, 2))
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['Original', 'half', 'MSE 0.0625', 'same', 'MSE 0.00']
    """
    originals = check_matrix(originals, name="originals")
    n = min(check_integer("n", n, minimum=1), len(originals))
    named = (
        reconstructions if isinstance(reconstructions, Mapping) else {titles[1]: reconstructions}
    )
    if titles[0] in named:
        raise InvalidParameterError(
            f"`reconstructions` must have names other than that of the originals; got "
            f"{titles[0]!r} for both: rename one, or give `titles`."
        )
    rows = {titles[0]: originals}
    for name, array in named.items():
        rows[name] = check_matrix(array, name=name, n_columns=originals.shape[1])
        check_same_rows(rows[name], len(originals), name=name, of="originals")
    errors = [float(np.square(array - originals).mean(dtype=float)) for array in rows.values()]
    notes = dict(zip(rows, ["", *(f"MSE {error:#.3g}" for error in errors[1:])], strict=True))
    for name, score in (scores or {}).items():
        notes[check_choice("scores", name, rows)] = score
    shown = {name: array[:n] for name, array in rows.items()}
    if image_shape is None:
        return draw_heat_maps(shown, originals, list(notes.values()), feature_names)
    return _rows_of_images(shown, image_shape, list(notes.values()))


def _rows_of_images(
    rows: dict[str, FloatArray], image_shape: ImageShape, notes: list[str]
) -> Figure:
    images = [as_images(array, image_shape, name=name) for name, array in rows.items()]
    n, height, width = images[0].shape[:3]
    gap = max(1, width // 14)
    sheet = montage(np.concatenate(images), columns=n, gap=gap)
    label = 0.25 + 0.09 * max(len(text) for text in [*rows, *notes])
    figure = new_figure(label + n * TILE, 0.2 + len(rows) * TILE * height / width, shaped=True)
    ax = figure.add_subplot()
    # The originals alone set the scale, so that a pale reconstruction looks pale.
    show_sheet(ax, sheet, value_range(images[0]))
    bare(ax)
    for k, (name, note) in enumerate(zip(rows, notes, strict=True)):
        middle = k * (height + gap) + height / 2 - 0.5
        at = {"xy": (0, middle), "xycoords": ax.get_yaxis_transform(), "ha": "right"}
        _label(ax, name, 1 if note else -4, {**at, "color": INK, "fontweight": "bold"})
        if note:
            _label(ax, note, -10, {**at, "color": MUTED, "fontsize": 8})
    return figure


def _label(ax: Any, text: str, up: float, options: dict[str, Any]) -> None:
    ax.annotate(text, xytext=(-8, up), textcoords="offset points", **options)


def draw_heat_maps(
    rows: dict[str, FloatArray],
    originals: FloatArray,
    notes: list[str],
    feature_names: Sequence[str] | None,
) -> Figure:
    """Draw rows of tables side by side, in standard deviations of the originals' columns.

    Parameters
    ----------
    rows
        Name of a panel to the rows shown in it.
    originals : array (n_samples, n_features)
        All rows from which mean and spread of a column are taken.
    notes
        What stands under each name; an empty text is the number of rows.
    """
    # One sample has no spread by feature, so it is measured by its own.
    axis, whose = (0, "feature") if len(originals) > 1 else (1, "sample")
    centre, scale = originals.mean(axis, keepdims=True), originals.std(axis, keepdims=True)
    # A column that is constant here is shown as it is: there is no spread to measure it by.
    scale = np.where(scale > 0, scale, 1.0)
    n, n_features = originals[: len(next(iter(rows.values())))].shape
    width = 0.9 + len(rows) * float(np.clip(0.22 * n_features, 1.8, 4))
    figure = new_figure(width, 1.3 + max(0.2 * n, 0.8) + names_height(feature_names))
    axes = figure.subplots(1, len(rows), sharey=True, squeeze=False)[0]
    for ax, (name, array), note in zip(axes, rows.items(), notes, strict=True):
        drawn = ax.imshow(
            (array - centre) / scale, cmap=DIVERGING, vmin=-2.5, vmax=2.5, aspect="auto"
        )
        dress(ax, title=name, note=note or f"{n} sample{'s' if n > 1 else ''}", xlabel="feature")
        ax.spines[:].set_visible(False)
        ax.set_yticks([])
        if feature_names is not None and n_features <= 30:
            ax.set_xticks(range(n_features), [shorten(f) for f in feature_names], rotation=90)
            ax.set_xlabel("")
        else:
            ax.xaxis.get_major_locator().set_params(integer=True, nbins=6)
    axes[0].set_ylabel("sample")
    label = f"standard deviations\nfrom the {whose}'s mean"
    color_bar(drawn, list(axes), label=label, shrink=0.9, extend="both")
    return figure
