"""Small pictures of the samples, drawn at their codes."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba_array

from inscape._typing import FloatArray, ImageShape, IntArray
from inscape.figures._drawing.classes import Classes
from inscape.figures._drawing.style import INK, darker
from inscape.figures._drawing.tiles import as_images, value_range

ACROSS = 34
MOST_TRIED = 20_000
# Most pictures have an empty margin, so frames may overlap a little before drawings do.
CROWDING = 0.75


def thinned(places: FloatArray, order: IntArray, *, apart: FloatArray) -> IntArray:
    """Return the samples, taken in `order`, that keep a distance from all taken before.

    Parameters
    ----------
    places : array (n_samples, 2)
        Positions in the frame, [0, 1] on each axis; who is outside is left out.
    order : array (n_samples,)
        Who is asked first.
    apart : array (2,)
        Width and height of a glyph: two may not be nearer on both axes.

    Examples
    --------
    >>> places = np.array([[0.5, 0.5], [0.52, 0.5], [0.9, 0.5]])
    >>> thinned(places, np.arange(3), apart=np.array([0.1, 0.1])).tolist()
    [0, 2]
    """
    inside = np.all((places >= apart / 2) & (places <= 1 - apart / 2), axis=1)
    candidates = order[inside[order]][:MOST_TRIED]
    taken = np.empty((len(candidates), 2))
    kept: list[int] = []
    for i in candidates:
        near = np.abs(taken[: len(kept)] - places[i]) < apart
        if not near.all(axis=1).any():
            taken[len(kept)] = places[i]
            kept.append(int(i))
    return np.array(kept, dtype=np.intp)


def draw_glyphs(
    ax: Axes,
    codes: FloatArray,
    rows: FloatArray,
    image_shape: ImageShape | None,
    labels: Classes | FloatArray | None,
    *,
    order: IntArray,
) -> None:
    """Paint a thinned-out set of samples into the frame as one transparent picture.

    Grey images become ink of their class's colour whose opacity is the pixel's value, so that
    dark backgrounds vanish; colour images are drawn as they are.
    """
    low, high = np.column_stack([ax.get_xlim(), ax.get_ylim()])
    shape = float(ax.get_box_aspect() or 1)
    images = as_images(rows, image_shape, name="images")
    height, width = images.shape[1:3]
    canvas_size = np.array([ACROSS * width, round(ACROSS * width * shape)])
    glyph = np.array([width, height])
    places = (codes - low) / (high - low)
    kept = thinned(places, order, apart=CROWDING * glyph / canvas_size)
    values = value_range(images[kept]) if len(kept) else (0.0, 1.0)
    canvas = np.zeros((canvas_size[1], canvas_size[0], 4))
    canvas[..., :3] = 1
    colors = _inks(labels, len(codes))
    corners = np.clip(
        np.round(places[kept] * canvas_size - glyph / 2).astype(int), 0, canvas_size - glyph
    )
    for i, (x, y) in zip(kept, corners, strict=True):
        # The canvas counts its rows upwards, the image downwards.
        _stamp(canvas[y : y + height, x : x + width], images[i][::-1], values, colors[i])
    ax.imshow(
        canvas,
        extent=(*ax.get_xlim(), *ax.get_ylim()),
        origin="lower",
        aspect="auto",
        interpolation="antialiased",
        zorder=3,
    )


def _inks(labels: Classes | FloatArray | None, n_samples: int) -> FloatArray:
    if isinstance(labels, Classes):
        return to_rgba_array([darker(color, 0.15) for color in labels.colors])[labels.index, :3]
    return np.tile(to_rgba_array(INK)[:, :3], (n_samples, 1))


def _stamp(
    patch: FloatArray, image: FloatArray, values: tuple[float, float], ink: FloatArray
) -> None:
    scaled = np.clip((image - values[0]) / (values[1] - values[0]), 0, 1)
    if image.ndim == 3:
        patch[..., :3], patch[..., 3] = scaled, 1
        return
    # Where two glyphs touch, the stronger ink stays: a glyph's empty corner erases nothing.
    stronger = scaled > patch[..., 3]
    patch[stronger, :3] = ink
    patch[..., 3] = np.maximum(patch[..., 3], scaled)
