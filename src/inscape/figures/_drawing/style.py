"""Colours, type and spacing of every figure, and the context that applies them."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Sequence
from typing import Any, Final, ParamSpec, TypeVar

import matplotlib.style
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patheffects import AbstractPathEffect, withStroke

P = ParamSpec("P")
R = TypeVar("R")

# Ten classes: contrast 3 on white at least, and apart for eyes that see no red or no green. Found
# by search near the colours of M. A. Petroff (2021), arXiv:2107.02270, of which four are too pale.
CLASS_COLORS: Final = (
    "#3f90da",
    "#c78305",
    "#9d001e",
    "#499ab2",
    "#822db6",
    "#b56e4a",
    "#b43f00",
    "#a38d7b",
    "#58587f",
    "#506865",
)
INK: Final = "#20252b"
MUTED: Final = "#69727d"
RULE: Final = "#d3d8dd"
PAPER: Final = "#ffffff"
FILL: Final = "#3f90da"
ALERT: Final = "#bd1f01"
SEQUENTIAL: Final = "viridis"
DIVERGING: Final = "RdBu_r"

# The one constant that other rooms share (the browser lab as JSON), so it holds plain types only.
COLORS: Final[dict[str, str | list[str]]] = {
    "classes": list(CLASS_COLORS),
    "ink": INK,
    "muted": MUTED,
    "rule": RULE,
    "paper": PAPER,
    "fill": FILL,
    "alert": ALERT,
    "sequential": SEQUENTIAL,
    "diverging": DIVERGING,
}

STYLE_DPI: Final = 150
TEXT_CONTRAST: Final = 4.6
_STYLE: Final[dict[str, Any]] = {
    "figure.dpi": STYLE_DPI,
    "savefig.dpi": "figure",
    "font.size": 9,
    "text.color": INK,
    # A class may be called "$5 to $10"; nothing here is written in TeX.
    "text.parse_math": False,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 9,
    "axes.edgecolor": RULE,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "figure.titlesize": 12,
    "figure.titleweight": "bold",
    "figure.constrained_layout.h_pad": 0.07,
    "figure.constrained_layout.w_pad": 0.07,
}


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Run `draw` in the style of the house, and leave the caller's rcParams as they were.

    The context starts from matplotlib's defaults, so that a figure looks the same whatever the
    caller's own style is.
    """

    @functools.wraps(draw)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        with matplotlib.style.context(["default", _STYLE]):
            return draw(*args, **kwargs)

    return inner


def new_figure(width: float, height: float, *, shaped: bool = False) -> Figure:
    """Return an empty figure of the given size in inches, with automatic spacing.

    `shaped` is for panels whose height follows from their width: the ordinary spacing would
    measure their labels in the wrong place and cut them off.
    """
    return Figure(figsize=(width, height), layout="compressed" if shaped else "constrained")


@styled
def png(figure: Figure) -> bytes:
    """Return a figure as the bytes of a PNG, to be written atomically or embedded in a page.

    Parameters
    ----------
    figure
        Any matplotlib figure.

    Returns
    -------
    bytes
        The picture; the same figure gives the same bytes.

    Examples
    --------
    >>> png(Figure(figsize=(1, 1)))[1:4]
    b'PNG'
    """
    stream = io.BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()


def dress(ax: Axes, *, title: str = "", note: str = "", xlabel: str = "", ylabel: str = "") -> None:
    """Write the title, a quieter note under it and the axis labels; style the ticks.

    The ticks are styled here and not by the context alone: matplotlib makes them when it draws,
    which is after the context has ended.
    """
    ax.tick_params(
        which="both", length=2.5, color=RULE, labelcolor=MUTED, labelsize=8, width=0.8, pad=2.5
    )
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.set_title(title, pad=18 if note else 7)
    if note:
        ax.annotate(
            note,
            (0, 1),
            xytext=(0, 5),
            xycoords="axes fraction",
            textcoords="offset points",
            fontsize=8,
            color=MUTED,
        )


def bare(ax: Axes) -> None:
    """Take away ticks and frame, for a panel that holds a picture."""
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)


def color_bar(
    drawn: ScalarMappable, axes: Axes | Sequence[Axes], *, label: str, **options: Any
) -> None:
    """Draw a quiet colour bar beside the panels."""
    first = axes if isinstance(axes, Axes) else axes[0]
    figure = first.get_figure(root=True)
    assert figure is not None
    bar = figure.colorbar(drawn, ax=axes, aspect=18, **options)
    # The points may be transparent; their key is not.
    if bar.solids is not None:
        bar.solids.set_alpha(1)
    bar.outline.set_visible(False)
    dress(bar.ax, ylabel=label)


def draw_key_row(ax: Axes, marks: Sequence[Artist], **options: Any) -> None:
    """Explain marks by their labels in one row under the title, where a note would stand."""
    ax.legend(
        handles=list(marks),
        loc="lower left",
        bbox_to_anchor=(0, 1),
        borderaxespad=0,
        borderpad=0.25,
        ncols=len(marks),
        frameon=False,
        fontsize=8,
        labelcolor=MUTED,
        **{"handlelength": 2.6, "handletextpad": 0.6, "columnspacing": 1.6, **options},
    )


def halo(width: float = 2.5) -> list[AbstractPathEffect]:
    """Return a paper-coloured outline that keeps text readable on top of points."""
    return [withStroke(linewidth=width, foreground=PAPER)]


def darker(color: str, amount: float = 0.4) -> tuple[float, float, float]:
    """Return `color` mixed with black."""
    red, green, blue = to_rgb(color)
    return red * (1 - amount), green * (1 - amount), blue * (1 - amount)


def contrast(color: str | tuple[float, float, float]) -> float:
    """Return the contrast of a colour on white, 1 to 21.

    (1 + 0.05) / (Y + 0.05), Y the relative luminance: Web Content Accessibility Guidelines 2.2.

    Examples
    --------
    >>> contrast("black"), contrast("white")
    (21.0, 1.0)
    """
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05)


def readable(color: str) -> tuple[float, float, float]:
    """Return `color`, as much darker as text must be to be read on white: contrast 4.6."""
    return next(
        mixed
        for mixed in (darker(color, step / 50) for step in range(51))
        if contrast(mixed) >= TEXT_CONTRAST
    )
