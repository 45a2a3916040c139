"""Figures: arrays, or any representation, to a `matplotlib.figure.Figure`.

Every function is pure: it draws what it is given, never opens a window, never imports pyplot and
leaves rcParams as they were. Save with `figure.savefig(path)`, or take the bytes of `png(figure)`.

| file | what lives there |
|---|---|
| `maps` | the encoder map, two maps side by side, the bar of classes |
| `forming` | the map at several moments of a training, as a sheet and as a moving picture |
| `turning` | a map of three components that turns once |
| `planes` | the decoder's grid over two components, and map and grid together |
| `spheres` | the same two for codes on the circle and the sphere |
| `images` | originals beside what models make of them |
| `samples` | what the data look like, and rows that a model drew |
| `traversals` | what each component does to an image; ways from one image to another |
| `tables` | the same two for rows that are no pictures |
| `weights` | components as pictures; histograms of weights at two checkpoints |
| `weight_sheets` | the weights of all units of a layer on one sheet |
| `training` | losses over training, with their floors and references |
| `races` | errors over seconds, beside references |
| `modes` | loss and modes of a linear network, and theory on top of them |
| `similarities` | similarity of items over training |
| `alignments` | how alike many representations are: layers, moments, models |
| `animation` | the same as a moving picture |
| `sweeps` | heat maps over training options |
| `illusions` | what a network believes for a while although it is not so |
| `sizes` | what speaks for which size of a code |
| `trees` | a hierarchy: its tree, features and similarity |
| `anomalies` | rows that are not normal: how far off they are, and by which features |
| `classification` | classes that were told: which is taken for which, and what is least sure |
| `clusters` | what stands for each cluster, and how clusters agree with labels |
| `comparisons` | several models by several measures, over sizes and seeds |
| `imputation` | entries that were hidden: what was told of them, and what they are |
| `_drawing` | what several of these are drawn with |
"""

from __future__ import annotations

from inscape.figures._drawing.style import COLORS, png
from inscape.figures.alignments import alignment_map
from inscape.figures.animation import animate_similarity
from inscape.figures.anomalies import anomaly_bars, anomaly_images, anomaly_scores
from inscape.figures.classification import accuracy_over_labels, confusion, titled_images
from inscape.figures.clusters import clusters_against_labels, prototype_bars, prototype_images
from inscape.figures.comparisons import comparison_panels
from inscape.figures.forming import animate_map, map_forming
from inscape.figures.illusions import illusory_correlation
from inscape.figures.images import reconstructions
from inscape.figures.imputation import hidden_entries
from inscape.figures.maps import add_class_bar, before_after, latent_map
from inscape.figures.modes import learning_curves, modes_over_theory
from inscape.figures.planes import decoder_grid, map_and_grid
from inscape.figures.races import loss_race
from inscape.figures.samples import sample_rows, sample_sheet
from inscape.figures.similarities import similarity_over_training
from inscape.figures.sizes import size_evidence
from inscape.figures.spheres import spherical_grid, spherical_map
from inscape.figures.sweeps import sweep_map
from inscape.figures.tables import sample_table, traversal_table
from inscape.figures.training import loss_comparison, loss_curve
from inscape.figures.traversals import (
    interpolation_grid,
    traversal_animation,
    traversal_grid,
)
from inscape.figures.trees import hierarchy
from inscape.figures.turning import turning_map
from inscape.figures.weight_sheets import weight_tiles
from inscape.figures.weights import components, weight_histograms

__all__ = [
    "COLORS",
    "accuracy_over_labels",
    "add_class_bar",
    "alignment_map",
    "animate_map",
    "animate_similarity",
    "anomaly_bars",
    "anomaly_images",
    "anomaly_scores",
    "before_after",
    "clusters_against_labels",
    "comparison_panels",
    "components",
    "confusion",
    "decoder_grid",
    "hidden_entries",
    "hierarchy",
    "illusory_correlation",
    "interpolation_grid",
    "latent_map",
    "learning_curves",
    "loss_comparison",
    "loss_curve",
    "loss_race",
    "map_and_grid",
    "map_forming",
    "modes_over_theory",
    "png",
    "prototype_bars",
    "prototype_images",
    "reconstructions",
    "sample_rows",
    "sample_sheet",
    "sample_table",
    "similarity_over_training",
    "size_evidence",
    "spherical_grid",
    "spherical_map",
    "sweep_map",
    "titled_images",
    "traversal_animation",
    "traversal_grid",
    "traversal_table",
    "turning_map",
    "weight_histograms",
    "weight_tiles",
]
