"""A map of three components, turning once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.colors import to_rgba_array

from inscape._checks import check_integer, check_matrix, check_number
from inscape._errors import InvalidParameterError
from inscape._typing import FloatArray
from inscape.figures._drawing.classes import Classes, read_labels
from inscape.figures._drawing.naming import add_legend, handles_of, shorten, width_of_names
from inscape.figures._drawing.panels import draw_key, draw_map, draw_order
from inscape.figures._drawing.scales import choose_scale
from inscape.figures._drawing.style import MUTED, bare, dress, halo, new_figure, styled
from inscape.figures.animation import DPI, write_gif

MOVING: Final = 4.2
# From how far above one looks, in radians.
TILT: Final = 0.35


@styled
def turning_map(
    codes: Any,
    labels: Any = None,
    *,
    class_names: Sequence[str] | None = None,
    scale: str | None = None,
    n_frames: int = 48,
    frames_per_second: float = 12,
    title: str = "The map, turning once",
) -> bytes:
    """Return a map of three components that turns once, as a moving picture, a GIF.

    It turns about its third axis, seen from a little above and from far away: nothing is
    foreshortened, and what is nearer is larger and in front. Of more than three components the
    three directions are shown in which codes vary most.

    Parameters
    ----------
    codes : array (n_samples, n_components)
        What `transform` returned; three components or more.
    labels : array (n_samples,), optional
        Classes or continuous values, as in `latent_map`.
    class_names
        Names of the classes, in the order of the sorted labels.
    scale
        "spread", the default, or "true", as in `latent_map`.
    n_frames
        Pictures of one turn.
    frames_per_second
        How fast they follow each other.
    title
        What stands above.

    Returns
    -------
    bytes
        What a file of this kind holds.

    Raises
    ------
    InvalidDataError
        If codes are not finite, or there is not one label a sample.
    InvalidParameterError
        If there are fewer than three components, `class_names` do not fit the labels, or a number
        is out of bounds.

    Examples
    --------
    >>> turning_map(np.eye(3), ["a", "b", "c"], n_frames=4)[:4]
    b'GIF8'
    """
    codes = check_matrix(codes, name="codes").astype(np.float64)
    if codes.shape[1] < 3:
        raise InvalidParameterError(
            f"A turning map must have codes of 3 components or more; got {codes.shape[1]}: "
            "latent_map draws those of fewer."
        )
    classes = read_labels(labels, len(codes), class_names)
    n_frames = check_integer("n_frames", n_frames, minimum=2)
    speed = check_number("frames_per_second", frames_per_second, above=0, maximum=50)
    axes, names = _three(codes)
    way = choose_scale(scale, axes, framed=False)
    points = way.to_plane(axes)
    middle = np.median(points, axis=0)
    points = points - middle
    reach = float(np.linalg.norm(points, axis=1).max()) * 1.05 or 1.0
    height = MOVING + 0.5
    beside = width_of_names(classes.names, height) if isinstance(classes, Classes) else 0.9
    figure = new_figure(MOVING + beside, height)
    figure.set_dpi(DPI)
    ax = figure.add_subplot()
    limits = ((-reach, reach), (-reach, reach))
    scatter = draw_map(ax, points[:, :2], classes, limits=limits, shape=1, scale=0.9)
    order = draw_order(len(codes))
    # What is drawn of each sample, in the order in which it was given to the scatter.
    sizes = np.broadcast_to(scatter.get_sizes(), len(codes)).copy()
    values = scatter.get_array()
    colors = to_rgba_array(scatter.get_facecolor())
    paths = scatter.get_paths()
    bare(ax)
    note = "; ".join(filter(None, [f"{len(codes):,} samples", way.note and "spread scale"]))
    dress(ax, title=title, note=note)
    if isinstance(classes, Classes):
        add_legend(figure, handles_of(ax))
    draw_key(scatter, [ax], classes)
    arrows = [ax.plot([0, 0], [0, 0], color=MUTED, lw=0.8, zorder=5)[0] for _ in range(3)]
    words = [
        ax.text(0, 0, shorten(name), color=MUTED, size=8, ha="center", path_effects=halo())
        for name in names
    ]
    figure.draw_without_rendering()
    # From here on everything stays where it is, and no time is spent on finding out.
    figure.set_layout_engine("none")

    def show(place: int) -> None:
        angle = 2 * np.pi * place / n_frames
        seen = turn(points[order], angle)
        behind = np.argsort(seen[:, 2], kind="stable")
        scatter.set_offsets(seen[behind, :2])
        scatter.set_sizes(sizes * (1 + 0.5 * seen[behind, 2] / reach))
        if values is not None:
            scatter.set_array(np.asarray(values)[behind])
        elif len(colors) > 1:
            scatter.set(facecolor=colors[behind])
        if len(paths) > 1:
            scatter.set_paths([paths[k] for k in behind])
        for arrow, word, tip in zip(
            arrows, words, turn(0.9 * reach * np.eye(3), angle), strict=True
        ):
            arrow.set_data([0, 0.85 * tip[0]], [0, 0.85 * tip[1]])
            word.set_position((tip[0], tip[1]))

    moving: list[Artist] = [scatter, *arrows, *words]
    return write_gif(figure, moving, show, np.arange(n_frames), speed, rest=False)


def turn(points: FloatArray, angle: float) -> FloatArray:
    """Return points (n, 3) turned about the third axis and seen from above: right, up, nearer.

    Examples
    --------
    >>> turn(np.array([[1.0, 0.0, 0.0]]), 0.0).round(2).tolist()
    [[1.0, 0.0, 0.0]]
    >>> turn(np.array([[1.0, 0.0, 0.0]]), np.pi / 2).round(2).tolist()
    [[0.0, 0.34, -0.94]]
    """
    a, b, c = points.T
    right = a * np.cos(angle) - b * np.sin(angle)
    away = a * np.sin(angle) + b * np.cos(angle)
    up = c * np.cos(TILT) + away * np.sin(TILT)
    nearer = c * np.sin(TILT) - away * np.cos(TILT)
    return np.column_stack([right, up, nearer])


def _three(codes: FloatArray) -> tuple[FloatArray, tuple[str, str, str]]:
    """Return codes along three axes, and the axes' names."""
    if codes.shape[1] == 3:
        return codes, ("component 1", "component 2", "component 3")
    centred = codes - codes.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    along = np.zeros((len(codes), 3))
    along[:, : min(3, len(directions))] = centred @ directions[:3].T
    return along, ("widest", "second", "third")
