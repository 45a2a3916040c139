"""What components of a code do to an image, and the way from one image to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from matplotlib.animation import FFMpegWriter
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inscape._checks import (
    check_array,
    check_choice,
    check_increasing,
    check_names,
    check_number,
    check_same_rows,
    missing_program,
)
from inscape._typing import FloatArray, ImageShape
from inscape.figures._drawing.naming import ON_MAP, shorten
from inscape.figures._drawing.style import (
    FILL,
    INK,
    MUTED,
    PAPER,
    RULE,
    bare,
    dress,
    new_figure,
    styled,
)
from inscape.figures._drawing.tiles import as_images, montage, show_sheet, value_range
from inscape.figures.animation import DPI, write_gif, write_mp4
from inscape.figures.images import TILE

# In a moving picture each tile has its name above it; at most so many stand side by side.
MOVING_TILE: Final = 1.05
SIDE_BY_SIDE: Final = 5


@styled
def traversal_grid(
    rows: Any,
    *,
    image_shape: ImageShape,
    values: Any,
    component_names: Sequence[str] | None = None,
    notes: Sequence[str] | None = None,
    brightness: tuple[float, float] | None = None,
    value_label: str = "value of the component",
    title: str = "What each component changes",
) -> Figure:
    """Draw a row of images for each component of a code, as its value rises from left to right.

    Parameters
    ----------
    rows : array (n_components, n_values, n_features)
        What `inscape.uses.traverse` returned.
    image_shape
        (height, width) or (height, width, 3) of one image.
    values : array (n_values,)
        What the components were set to, rising.
    component_names
        A name for each component; by default "component 1" and so on.
    notes
        A quieter word under each name, such as its variance.
    brightness
        The two values shown as black and white; by default they follow from the images. Figures
        that are to be compared share it.
    value_label
        What the values are.
    title
        What stands above.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If the arrays are not finite or do not fit each other.
    InvalidParameterError
        If the image shape does not fit.

    Examples
    --------
    >>> figure = traversal_grid(np.zeros((2, 3, 4)), image_shape=(2, 2), values=[-1, 0, 1])
    >>> [text.get_text() for text in figure.axes[0].texts[1:]]
    ['component 1', 'component 2']
    """
    images, values, names = _check_sweep(rows, image_shape, values, component_names)
    says = {"title": title, "note": _sweep_note("row"), "xlabel": value_label}
    figure, ax = draw_rows(images, names, notes, brightness or value_range(images), says)
    _mark(ax, _middles(images), [f"{value:.3g}".replace("-", "−") for value in values])
    return figure


@styled
def interpolation_grid(
    rows: Any,
    *,
    image_shape: ImageShape,
    originals: tuple[Any, Any] | None = None,
    names: Sequence[str] | None = None,
    notes: Sequence[str] | None = None,
    title: str = "From one image to another",
) -> Figure:
    """Draw each way from one image to another as a row, between the two originals.

    Parameters
    ----------
    rows : array (n_ways, n_steps, n_features)
        What `inscape.uses.interpolate` returned.
    image_shape
        (height, width) or (height, width, 3) of one image.
    originals : pair of arrays (n_ways, n_features), optional
        The rows that the ways lead from and to, before any model saw them; they stand outside.
    names
        A name for each way, such as the path that was taken.
    notes
        A quieter word under each name.
    title
        What stands above.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidDataError
        If the arrays are not finite or do not fit each other.
    InvalidParameterError
        If the image shape does not fit.

    Examples
    --------
    >>> figure = interpolation_grid(np.zeros((1, 3, 4)), image_shape=(2, 2), names=["linear"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['codes on the way, decoded', 'linear']
    """
    rows = check_array(rows, name="rows", shape={"way": None, "step": None, "feature": None})
    n_ways, n_steps, n_features = rows.shape
    images = as_image_rows(rows, image_shape)
    words = [""] * n_ways if names is None else check_names(names, name="names", n=n_ways)
    ends = [
        check_array(end, name=name, shape={"way": n_ways, "feature": n_features})
        for name, end in zip(("the starts", "the ends"), originals or ("", ""), strict=True)
        if originals is not None
    ]
    pictures = [as_image_rows(end[:, None], image_shape) for end in ends]
    # The originals alone set the scale, so that a pale reconstruction looks pale.
    scale = value_range(*(pictures or [images]))
    says = {"title": title, "note": "codes on the way, decoded", "xlabel": "share of the way"}
    figure, ax = draw_rows(images, words, notes, scale, says, ends=pictures)
    places = np.unique([0, (n_steps - 1) / 2, n_steps - 1])
    places = places[places % 1 == 0].astype(int)
    shares = [f"{place / max(n_steps - 1, 1):g}" for place in places]
    middles = _middles(images)
    outside = _outside(images)[: len(ends)]
    _mark(ax, [*outside, *middles[places]], [*["original"] * len(ends), *shares])
    return figure


@styled
def traversal_animation(
    rows: Any,
    *,
    image_shape: ImageShape,
    values: Any,
    component_names: Sequence[str] | None = None,
    title: str = "What each component changes",
    kind: str = "gif",
    frames_per_second: float = 12,
) -> bytes:
    """Return a moving picture in which every component's value goes up, down and back again.

    It begins and ends in the middle of the values, where the images are most alike. Thirty values
    or so make the motion smooth.

    Parameters
    ----------
    rows : array (n_components, n_values, n_features)
        What `inscape.uses.traverse` returned.
    image_shape
        (height, width) or (height, width, 3) of one image.
    values : array (n_values,)
        What the components were set to, rising.
    component_names
        A name for each component; by default "component 1" and so on.
    title
        What stands above.
    kind
        "gif", or "mp4", which needs the program ffmpeg.
    frames_per_second
        How fast the values follow each other.

    Returns
    -------
    bytes
        What a file of this kind holds.

    Raises
    ------
    InvalidDataError
        If the arrays are not finite or do not fit each other.
    InvalidParameterError
        If the image shape does not fit, `kind` is none of the two, or the speed is out of bounds.
    MissingDependencyError
        If `kind` is "mp4" and ffmpeg is not installed.

    Examples
    --------
    >>> traversal_animation(np.eye(4)[None], image_shape=(2, 2), values=[-1, 0, 1, 2])[:4]
    b'GIF8'
    """
    write = {"gif": write_gif, "mp4": write_mp4}[check_choice("kind", kind, ("gif", "mp4"))]
    images, values, names = _check_sweep(rows, image_shape, values, component_names)
    speed = check_number("frames_per_second", frames_per_second, above=0, maximum=50)
    if write is write_mp4 and not FFMpegWriter.isAvailable():
        raise missing_program("ffmpeg", "An animation of the kind 'mp4'", "use kind='gif'")
    return write(*_stage(images, values, names, title), there_and_back(len(values)), speed)


def there_and_back(n: int) -> np.ndarray:
    """Return the places of a sweep over n values: from the middle up, down, and to the middle.

    Examples
    --------
    >>> there_and_back(5).tolist()
    [2, 3, 4, 3, 2, 1, 0, 1, 2]
    """
    middle = n // 2
    return np.concatenate(
        [np.arange(middle, n), np.arange(n - 1)[::-1], np.arange(1, middle + 1)]
    ).astype(int)


# --------------------------------------------------------------------------- checks


def _check_sweep(
    rows: Any, image_shape: ImageShape, values: Any, names: Sequence[str] | None
) -> tuple[FloatArray, FloatArray, list[str]]:
    """Return images (n_components, n_values, height, width[, 3]), their values and names."""
    shape = {"component": None, "value": None, "feature": None}
    rows = check_array(rows, name="rows", shape=shape)
    values = check_increasing(values, name="values")
    check_same_rows(values, rows.shape[1], name="values", of="images in a row")
    usual = [f"component {k + 1}" for k in range(len(rows))]
    words = usual if names is None else names
    words = check_names(words, name="component_names", n=len(rows))
    return as_image_rows(rows, image_shape), values, words


def as_image_rows(rows: FloatArray, image_shape: ImageShape) -> FloatArray:
    """Return rows (n, m, n_features) as images (n, m, height, width[, 3])."""
    images = as_images(rows.reshape(-1, rows.shape[-1]), image_shape, name="rows")
    return images.reshape(*rows.shape[:2], *images.shape[1:])


def _sweep_note(where: str) -> str:
    return f"one code, decoded; in each {where} one component takes the value below"


# --------------------------------------------------------------------------- rows of images


def draw_rows(
    images: FloatArray,
    names: Sequence[str],
    notes: Sequence[str] | None,
    scale: tuple[float, float],
    says: Mapping[str, str],
    *,
    ends: Sequence[FloatArray] = (),
) -> tuple[Figure, Axes]:
    """Draw images (n_rows, n_columns, height, width[, 3]) as a sheet, a name beside each row.

    Parameters
    ----------
    images
        What stands in the rows.
    names, notes
        Beside each row, the note in small type under the name; an empty text is nothing.
    scale
        The two values shown as black and white.
    says
        Title, note and labels of the axes, as `dress` takes them.
    ends
        None, or two arrays of one column, that stand apart on the left and on the right.
    """
    n_rows, n_columns, height, width = images.shape[:4]
    quiet = [""] * n_rows if notes is None else check_names(notes, name="notes", n=n_rows)
    columns = n_columns + 1.5 * len(ends)
    label = 0.3 + 0.09 * max(map(len, [*names, *quiet]))
    text = max(0.1 * len(says["title"]), 0.064 * len(says["note"]))
    size = (label + max(columns * TILE, text), 0.95 + n_rows * TILE * height / width)
    figure = new_figure(*size, shaped=True)
    ax = figure.add_subplot()
    gap = _gap(images)
    high = n_rows * (height + gap) - gap - 0.5
    lefts = [0, *(_outside(images)[: len(ends)] - width / 2 + 0.5)]
    for left, block in zip(lefts, [images, *ends], strict=True):
        sheet = montage(block.reshape(-1, *block.shape[2:]), columns=block.shape[1], gap=gap)
        extent = (left - 0.5, left + sheet.shape[1] - 0.5, high, -0.5)
        show_sheet(ax, sheet, scale, extent=extent)
    ax.set_aspect("equal")
    edge = min(lefts) - 0.5
    ax.set(xlim=(edge, n_columns * (width + gap) - gap - 1 - edge), ylim=(high, -0.5))
    bare(ax)
    dress(ax, **says)
    for k, (name, note) in enumerate(zip(names, quiet, strict=True)):
        _name_row(ax, k * (height + gap) + height / 2 - 0.5, name, note)
    return figure, ax


def _gap(images: FloatArray) -> int:
    return max(1, images.shape[3] // 14)


def _middles(images: FloatArray) -> FloatArray:
    """Return where the columns' middles are, in pixels of the sheet."""
    width = images.shape[3]
    return np.arange(images.shape[1]) * (width + _gap(images)) + width / 2 - 0.5


def _outside(images: FloatArray) -> FloatArray:
    """Return the middles of a column before the first and one after the last, half a tile apart."""
    middles, width = _middles(images), images.shape[3]
    return middles[[0, -1]] + 1.5 * width * np.array([-1, 1])


def _mark(ax: Axes, places: Any, words: Sequence[str]) -> None:
    ax.set_xticks(places, words)
    ax.tick_params(axis="x", length=0, pad=4)


def _name_row(ax: Axes, middle: float, name: str, note: str) -> None:
    """Write a name beside its row, and a quieter note under the name."""
    for text, up, style in (
        (name, 1.0 if note else -3.5, {"color": INK, "fontweight": "bold"}),
        (note, -10.0, {"color": MUTED, "fontsize": 8}),
    ):
        if text:
            ax.annotate(
                text,
                (0, middle),
                xycoords=ax.get_yaxis_transform(),
                xytext=(-8, up),
                textcoords="offset points",
                ha="right",
                **style,
            )


# --------------------------------------------------------------------------- moving tiles


def _stage(
    images: FloatArray, values: FloatArray, names: Sequence[str], title: str
) -> tuple[Figure, list[Artist], Callable[[int], None]]:
    """Return the figure, laid out, what moves in it, and how to bring that to a value."""
    n, (height, width) = len(images), images.shape[2:4]
    across = min(n, SIDE_BY_SIDE)
    down = -(-n // across)
    tile = MOVING_TILE * height / width + 0.28
    figure = new_figure(max(across * MOVING_TILE, 4.6) + 0.3, down * tile + 1.5)
    figure.set_dpi(DPI)
    grid = figure.add_gridspec(down + 2, across, height_ratios=[0.3, *[tile] * down, 0.3])
    head = figure.add_subplot(grid[0, :])
    head.text(0, 1, title, va="top", fontsize=10.5, fontweight="bold")
    head.text(0, 0, _sweep_note("tile"), va="bottom", fontsize=8, color=MUTED)
    bare(head)
    scale, middle = value_range(images), len(values) // 2
    shown = []
    for k, (block, name) in enumerate(zip(images, names, strict=True)):
        ax = figure.add_subplot(grid[1 + k // across, k % across])
        shown.append(show_sheet(ax, block[middle], scale))
        bare(ax)
        ax.set_title(shorten(name, ON_MAP), loc="center", fontsize=8.5, pad=4)
    knob = _draw_slider(figure.add_subplot(grid[-1, :]), values)
    figure.draw_without_rendering()
    # From here on everything stays where it is, and no time is spent on finding out.
    figure.set_layout_engine("none")

    def show(place: int) -> None:
        for image, block in zip(shown, images, strict=True):
            low, high = scale
            picture = block[place]
            image.set_data(
                np.clip((picture - low) / (high - low), 0, 1) if picture.ndim == 3 else picture
            )
        knob.set_data(values[[place]], [0])

    return figure, [*shown, knob], show


def _draw_slider(ax: Axes, values: FloatArray) -> Any:
    """Draw the values as a rail with a knob on it, and return the knob."""
    ax.plot(values[[0, -1]], [0, 0], color=RULE, lw=3, solid_capstyle="round", zorder=1)
    (knob,) = ax.plot(values[[len(values) // 2]], [0], "o", ms=11, color=FILL, mec=PAPER, zorder=3)
    knob.set_clip_on(False)
    dress(ax, xlabel="value of the component")
    for spine in ax.spines.values():
        spine.set_visible(False)
    margin = 0.04 * (values[-1] - values[0]) or 0.5
    ax.set(xlim=(values[0] - margin, values[-1] + margin), ylim=(-1, 1), yticks=[])
    return knob
