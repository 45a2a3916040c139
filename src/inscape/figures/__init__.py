"""Figures: arrays, or any representation, to a `matplotlib.figure.Figure`.

Every function is pure: it draws what it is given, never opens a window, never imports pyplot and
leaves rcParams as they were. Save with `figure.savefig(path)`, or take the bytes of `png(figure)`.
"""

from __future__ import annotations

from inscape.figures.images import reconstructions
from inscape.figures.maps import before_after, latent_map
from inscape.figures.planes import decoder_grid, map_and_grid
from inscape.figures.style import COLORS, png
from inscape.figures.training import loss_comparison, loss_curve
from inscape.figures.weights import components, weight_histograms

__all__ = [
    "COLORS",
    "before_after",
    "components",
    "decoder_grid",
    "latent_map",
    "loss_comparison",
    "loss_curve",
    "map_and_grid",
    "png",
    "reconstructions",
    "weight_histograms",
]
