"""Similarity of items as it grows, as a moving picture."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib.animation import FFMpegWriter
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from inscape._checks import (
    check_choice,
    check_increasing,
    check_integer,
    check_names,
    check_number,
    missing_program,
)
from inscape._typing import FloatArray, IntArray
from inscape.figures._drawing.naming import shorten
from inscape.figures._drawing.style import INK, PAPER, color_bar, dress, new_figure, styled
from inscape.figures.modes import LOSS_COLOR, color_axis, draw_curve, frame_epochs, share_zero
from inscape.figures.similarities import (
    SCALE_LABEL,
    as_shares,
    check_similarity,
    draw_similarity,
    name_items,
    scale_note,
)

DPI: Final = 100
# Of the frames, this share is spent evenly over the epochs, the rest where something changes.
EVEN = 0.2
# Frames from which the colours of all are taken.
TASTED = 8
LAST_FRAME_MS = 1500
# Of 255: what Pillow can hardly tell from paper is made paper.
NEAR_PAPER = 6


@styled
def animate_similarity(
    epochs: Any,
    similarity: Any,
    loss: Any,
    *,
    item_names: Sequence[str],
    kind: str = "gif",
    n_frames: int = 60,
    frames_per_second: float = 12,
) -> bytes:
    """Return an animation of the items' similarity over epochs, beside the loss.

    Epochs in which the picture or the loss changes get more frames than those in which they rest.
    Each matrix is divided by its own largest absolute value, which is written above it.

    Parameters
    ----------
    epochs : array (n_epochs,)
        When the values were recorded.
    similarity : array (n_epochs, n_items, n_items)
        Similarity of the items at each epoch.
    loss : array (n_epochs,)
        Loss at each epoch.
    item_names
        A name for each item.
    kind
        "gif", or "mp4", which needs the program ffmpeg.
    n_frames
        At most so many pictures; no epoch is shown twice.
    frames_per_second
        How fast they follow each other.

    Returns
    -------
    bytes
        What a file of this kind holds.

    Raises
    ------
    InvalidDataError
        If the arrays are not finite or do not fit each other, or the epochs do not increase.
    InvalidParameterError
        If `kind` is none of the two, or a number is out of bounds.
    MissingDependencyError
        If `kind` is "mp4" and ffmpeg is not installed.

    Examples
    --------
    >>> grown = [np.eye(2), np.ones((2, 2))]
    >>> animate_similarity([0, 1], grown, [1.0, 0.1], item_names=["Robin", "Pine"])[:4]
    b'GIF8'
    """
    write = {"gif": write_gif, "mp4": write_mp4}[check_choice("kind", kind, ("gif", "mp4"))]
    epochs = check_increasing(epochs, name="epochs")
    similarity, loss = check_similarity(similarity, loss, len(epochs))
    names = check_names(item_names, name="item_names", n=similarity.shape[1])
    n_frames = check_integer("n_frames", n_frames, minimum=2)
    speed = check_number("frames_per_second", frames_per_second, above=0, maximum=50)
    if write is write_mp4 and not FFMpegWriter.isAvailable():
        raise missing_program("ffmpeg", "An animation of the kind 'mp4'", "use kind='gif'")
    places = frame_places(similarity, loss, n_frames)
    return write(*_stage(epochs, similarity, loss, names), places, speed)


def frame_places(similarity: FloatArray, loss: FloatArray, n_frames: int) -> IntArray:
    """Return the places of the epochs to show: the first, the last, and most where much changes.

    Examples
    --------
    >>> rest = np.ones((20, 1, 1))
    >>> frame_places(rest, np.repeat([1.0, 0.5, 0.2, 0.0], [8, 1, 1, 10]), 5).tolist()
    [0, 8, 9, 10, 19]
    """
    n_epochs = len(loss)
    if n_epochs <= n_frames:
        return np.arange(n_epochs)
    shares = np.stack([as_shares(matrix)[0] for matrix in similarity])
    moved = np.abs(np.diff(shares, axis=0)).mean(axis=(1, 2))
    # What rests has no say; what moves counts as much whether it is the picture or the loss.
    steps = [np.ones(n_epochs - 1), moved, np.abs(np.diff(loss))]
    weights = (EVEN, (1 - EVEN) / 2, (1 - EVEN) / 2)
    pace = np.sum(
        [w * s / s.sum() for w, s in zip(weights, steps, strict=True) if s.sum() > 0], axis=0
    )
    # In frames; no step may be longer than one, or an epoch would be wanted twice.
    for _ in range(50):
        pace = np.minimum(pace * (n_frames - 1) / pace.sum(), 1)
    way = np.concatenate([[0.0], np.cumsum(pace)])
    way[-1] = n_frames - 1
    return np.searchsorted(way, np.arange(n_frames) - 1e-9)


def _stage(
    epochs: FloatArray, similarity: FloatArray, loss: FloatArray, names: Sequence[str]
) -> tuple[Figure, list[Artist], Callable[[int], None]]:
    """Return the figure, laid out, what moves in it, and how to bring that to a place in time."""
    figure = new_figure(7.6 + 0.05 * max(len(shorten(name)) for name in names), 3.5)
    figure.set_dpi(DPI)
    left, right = figure.subplots(1, 2, width_ratios=[1.25, 1])
    image, note = draw_similarity(left, similarity[-1])
    dress(left, title=f"Similarity at epoch {epochs[-1]:g}", note=note)
    name_items(left, names, inches=2.4)
    heading, words = left._left_title, left.texts[-1]
    color_bar(image, left, label=SCALE_LABEL, ticks=[-1, 0, 1])
    draw_curve(right, epochs, loss, color=LOSS_COLOR, lw=1.5, alpha=0.3)
    (past,) = right.plot(epochs, loss, color=LOSS_COLOR, lw=2.2)
    (now,) = right.plot(epochs[-1:], loss[-1:], "o", ms=8, color=INK, mec=PAPER, zorder=4)
    now.set_clip_on(False)
    dress(right, title="Loss", note=" ", xlabel="epoch")
    frame_epochs(right, epochs)
    share_zero({right: loss})
    color_axis(right, "left", LOSS_COLOR)
    figure.draw_without_rendering()
    # From here on everything stays where it is, and no time is spent on finding out.
    figure.set_layout_engine("none")

    def show(place: int) -> None:
        shares, most = as_shares(similarity[place])
        image.set_data(shares)
        heading.set_text(f"Similarity at epoch {epochs[place]:g}")
        words.set_text(scale_note(most))
        past.set_data(epochs[: place + 1], loss[: place + 1])
        now.set_data(epochs[[place]], loss[[place]])

    return figure, [image, heading, words, past, now], show


def write_gif(
    figure: Figure,
    moving: Sequence[Artist],
    show: Callable[[int], None],
    places: IntArray,
    speed: float,
    *,
    rest: bool = True,
) -> bytes:
    """Return the frames of a figure as the bytes of a GIF; `rest` stays a while at the last."""
    pictures = [Image.fromarray(pixels) for pixels in _pixels(figure, moving, show, places)]
    # One palette for all, or still parts would flicker; and in it the paper as it is.
    tasted = pictures[:: max(len(pictures) // TASTED, 1)]
    sheet = Image.fromarray(np.concatenate([np.asarray(picture) for picture in tasted]))
    palette = sheet.quantize(256, method=Image.Quantize.MAXCOVERAGE)
    table = np.array(palette.getpalette()).reshape(-1, 3)
    paper = np.round(255 * np.array(to_rgb(PAPER))).astype(int)
    table[np.abs(table - paper).max(axis=1) <= NEAR_PAPER] = paper
    palette.putpalette(table.ravel().tolist())
    frames = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    lasting = [round(1000 / speed)] * len(frames)
    if rest:
        lasting[-1] = LAST_FRAME_MS
    stream = io.BytesIO()
    frames[0].save(
        stream, format="GIF", save_all=True, append_images=frames[1:], duration=lasting, loop=0
    )
    return stream.getvalue()


def _pixels(
    figure: Figure, moving: Sequence[Artist], show: Callable[[int], None], places: IntArray
) -> Iterator[NDArray[np.uint8]]:
    """Yield each frame (height, width, 3): what moves is drawn over what was drawn once."""
    canvas = FigureCanvasAgg(figure)
    for artist in moving:
        artist.set_animated(True)
    canvas.draw()
    still = canvas.copy_from_bbox(figure.bbox)
    for place in places:
        show(int(place))
        canvas.restore_region(still)
        for artist in moving:
            artist.draw(canvas.get_renderer())
        yield np.array(canvas.buffer_rgba())[..., :3]


def write_mp4(
    figure: Figure,
    moving: Sequence[Artist],
    show: Callable[[int], None],
    places: IntArray,
    speed: float,
) -> bytes:
    """Return the frames of a figure as the bytes of an MP4."""
    FigureCanvasAgg(figure)
    writer = FFMpegWriter(fps=speed)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "animation.mp4"
        with writer.saving(figure, str(path), DPI):
            for place in places:
                show(int(place))
                writer.grab_frame()
        return path.read_bytes()
