"""The spread scale of maps: distances from the median code shrink outwards, and rings tell them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from inscape._checks import check_choice
from inscape._errors import InvalidParameterError
from inscape._typing import FloatArray
from inscape.figures._drawing.style import MUTED, RULE, halo

SCALES: Final = ("spread", "true")
# Of the median distance: within it the map is nearly true, beyond it nearly logarithmic.
UNIT = 0.22
MOST_RINGS = 5
SPREAD_NOTE = "spread scale, rings tell true distances"


class Scale(Protocol):
    """The way from codes (n, n_axes) to where a map draws them, and back."""

    @property
    def note(self) -> str:
        """What a figure says of it."""

    def to_plane(self, codes: FloatArray) -> FloatArray:
        """Return where codes (n, n_axes) are drawn."""

    def to_codes(self, points: FloatArray) -> FloatArray:
        """Return the codes that are drawn at points (n, n_axes)."""

    def draw_rings(self, ax: Axes) -> None:
        """Tell distances in a panel whose limits are set."""


@dataclass(frozen=True)
class TrueScale:
    """Codes are drawn where they are."""

    note: str = ""

    def to_plane(self, codes: FloatArray) -> FloatArray:
        """Return the codes."""
        return codes

    def to_codes(self, points: FloatArray) -> FloatArray:
        """Return the points."""
        return points

    def draw_rings(self, ax: Axes) -> None:
        """Leave it to the axes."""
        ax.locator_params(nbins=6)


@dataclass(frozen=True)
class SpreadScale:
    """A radial asinh about `centre` (n_axes,): r' = asinh(r / unit); angles stay.

    The crowded middle of a map becomes readable and nothing is cut off; the inverse,
    r = unit sinh r', is exact.
    """

    centre: FloatArray
    unit: float
    note: str = SPREAD_NOTE

    def to_plane(self, codes: FloatArray) -> FloatArray:
        """Return where codes (n, n_axes) are drawn."""
        away = (codes.astype(np.float64) - self.centre) / self.unit
        return away * _ratio(np.arcsinh, np.linalg.norm(away, axis=1))[:, None]

    def to_codes(self, points: FloatArray) -> FloatArray:
        """Return the codes that are drawn at points (n, n_axes)."""
        away = points * _ratio(np.sinh, np.linalg.norm(points, axis=1))[:, None]
        return self.centre + self.unit * away

    def draw_rings(self, ax: Axes) -> None:
        """Draw circles of round true radii, each with its radius; the axes have no ticks."""
        (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
        ax.set(xticks=[], yticks=[])
        reach = float(np.hypot([left, left, right, right], [bottom, top, bottom, top]).max())
        for radius in round_radii(self.unit, reach):
            at = math.asinh(radius / self.unit)
            ring = Circle((0, 0), at, fill=False, ec=RULE, lw=0.7, zorder=0.5)
            ring.set_in_layout(False)
            ax.add_patch(ring)
            # Down to the right, where names are no likelier than elsewhere, on the ring itself.
            word = ax.annotate(
                f"{radius:g}",
                (at * math.cos(-math.pi / 4), at * math.sin(-math.pi / 4)),
                ha="center",
                va="center",
                fontsize=6.5,
                color=MUTED,
                path_effects=halo(2),
                annotation_clip=True,
                zorder=4,
            )
            word.set_in_layout(False)


def round_radii(unit: float, reach: float) -> list[float]:
    """Return at most five round radii within the plane's reach.

    Examples
    --------
    >>> round_radii(1.0, 4.0)
    [1.0, 2.0, 5.0, 10.0, 20.0]
    >>> round_radii(1.0, 9.0)
    [1.0, 10.0, 100.0, 1000.0]
    """
    largest = unit * math.sinh(min(reach, 600.0))
    first = math.floor(math.log10(unit))
    decades = range(first, math.ceil(math.log10(largest)) + 1)
    fine = [step * 10.0**k for k in decades for step in (1, 2, 5)]
    coarse = [10.0**k for k in decades]
    kept = [[r for r in radii if unit <= r <= largest] for radii in (fine, coarse)]
    short = kept[0] if len(kept[0]) <= MOST_RINGS else kept[1]
    return short[:: math.ceil(len(short) / MOST_RINGS)] if short else []


def spread_about(codes: FloatArray) -> SpreadScale:
    """Return the spread scale of codes (n, n_axes): about their median, by its median distance."""
    codes = codes.astype(np.float64)
    centre = np.median(codes, axis=0)
    away = np.linalg.norm(codes - centre, axis=1)
    middle = float(np.median(away)) or float(away.mean()) or 1.0
    return SpreadScale(centre, UNIT * middle)


def choose_scale(
    scale: str | None, codes: FloatArray | None, *, framed: bool, flat: bool = True
) -> Scale:
    """Return the scale asked for; None is the spread one where there is no frame to keep.

    Parameters
    ----------
    scale
        "spread", "true" or None.
    codes
        What is drawn.
    framed
        Whether the limits of the frame are given: they are told in true distances.
    flat
        Whether codes live in flat space; elsewhere their distances are others.

    Raises
    ------
    InvalidParameterError
        If the word is unknown, or a spread map is to have limits.
    """
    if scale is not None:
        check_choice("scale", scale, SCALES)
    if scale == "spread" and (framed or codes is None):
        raise InvalidParameterError(
            "`scale` must be 'true' where the frame is given by `limits`; got 'spread': "
            "leave one of the two out."
        )
    if codes is None or framed or scale == "true" or (scale is None and not flat):
        return TrueScale()
    return spread_about(codes)


def _ratio(stretch: np.ufunc, radii: FloatArray) -> FloatArray:
    """Return stretch(r) / r, which is 1 at the middle."""
    safe = np.where(radii > 0, radii, 1.0)
    return np.where(radii > 0, stretch(safe) / safe, 1.0)
