"""Figures: arrays, or any representation, to a `matplotlib.figure.Figure`.

Every function is pure: it draws what it is given, never opens a window, never imports pyplot and
leaves rcParams as they were. Save with `figure.savefig(path)`, or take the bytes of `png(figure)`.
"""

from __future__ import annotations

from inscape.figures.animation import animate_similarity
from inscape.figures.illusions import illusory_correlation
from inscape.figures.images import reconstructions
from inscape.figures.maps import add_class_bar, before_after, latent_map
from inscape.figures.modes import learning_curves, modes_over_theory
from inscape.figures.planes import decoder_grid, map_and_grid
from inscape.figures.races import loss_race
from inscape.figures.samples import sample_rows, sample_sheet
from inscape.figures.similarities import similarity_over_training
from inscape.figures.spheres import spherical_grid, spherical_map
from inscape.figures.style import COLORS, png
from inscape.figures.sweeps import sweep_map
from inscape.figures.training import loss_comparison, loss_curve
from inscape.figures.traversals import (
    interpolation_grid,
    traversal_animation,
    traversal_grid,
)
from inscape.figures.trees import hierarchy
from inscape.figures.weight_sheets import weight_tiles
from inscape.figures.weights import components, weight_histograms

__all__ = [
    "COLORS",
    "add_class_bar",
    "animate_similarity",
    "before_after",
    "components",
    "decoder_grid",
    "hierarchy",
    "illusory_correlation",
    "interpolation_grid",
    "latent_map",
    "learning_curves",
    "loss_comparison",
    "loss_curve",
    "loss_race",
    "map_and_grid",
    "modes_over_theory",
    "png",
    "reconstructions",
    "sample_rows",
    "sample_sheet",
    "similarity_over_training",
    "spherical_grid",
    "spherical_map",
    "sweep_map",
    "traversal_animation",
    "traversal_grid",
    "weight_histograms",
    "weight_tiles",
]
