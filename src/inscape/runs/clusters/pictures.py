"""The figures of a search for clusters."""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from inscape import figures
from inscape._typing import FloatArray
from inscape.measures import count_together
from inscape.runs.clusters.reading import Table
from inscape.runs.writer import RunWriter
from inscape.uses import Clusterer

# Points of a map: more would cover each other.
_MOST_POINTS = 10_000
# Names with which both an axis and its cells can be read.
_MOST_LABELS = 40


def add_figures(writer: RunWriter, clusterer: Clusterer, table: Table) -> None:
    """Draw the map, what stands for each cluster, and clusters against labels.

    Parameters
    ----------
    writer : RunWriter
        Of the run.
    clusterer : Clusterer
        Fitted on the rows.
    table : Table
        All rows.
    """
    if not clusterer.n_clusters_:
        return
    shown = np.linspace(0, len(table.X) - 1, min(len(table.X), _MOST_POINTS)).astype(int)
    labels = clusterer.labels_[shown]
    places, how = _find_plane(clusterer, table.X[shown])
    names = np.where(labels < 0, "noise", labels.astype(str))
    writer.add_figure(
        "map.png",
        figures.latent_map(
            places, labels if (labels >= 0).all() else names, title="Clusters of codes"
        ),
        f"Each row at its code, by its cluster: {how}.",
    )
    sizes = np.bincount(clusterer.labels_[clusterer.labels_ >= 0])
    titles = [f"{k}: {size:,} rows" for k, size in enumerate(sizes)]
    if table.image_shape is not None:
        drawn = figures.prototype_images(
            clusterer.prototypes_, image_shape=table.image_shape, titles=titles
        )
    else:
        X = table.X.astype(np.float64)
        drawn = figures.prototype_bars(
            clusterer.prototypes_,
            means=X.mean(axis=0),
            spreads=X.std(axis=0),
            feature_names=table.description.feature_names,
            titles=titles,
        )
    writer.add_figure("prototypes.png", drawn, "What stands for each cluster: its decoded mean.")
    if table.labels is not None:
        counts, kinds, clusters = count_together(table.labels, clusterer.labels_)
        if len(kinds) <= _MOST_LABELS:
            told = ["noise" if k < 0 else str(k) for k in clusters]
            writer.add_figure(
                "labels.png",
                figures.clusters_against_labels(counts, labels=kinds.tolist(), clusters=told),
                "Which share of each label is in which cluster; nothing was learned from labels.",
            )


def _find_plane(clusterer: Clusterer, X: FloatArray) -> tuple[FloatArray, str]:
    """Return places of rows on a plane, and in words which plane that is."""
    codes = np.asarray(clusterer.representation_.transform(X), dtype=np.float64)
    labels = clusterer.predict(X)
    if codes.shape[1] <= 2:
        return codes, "all components"
    if len(np.unique(labels[labels >= 0])) < 3:
        return PCA(2, random_state=0).fit_transform(codes), "the two widest directions of codes"
    known = labels >= 0
    plane = LinearDiscriminantAnalysis(n_components=2).fit(codes[known], labels[known])
    told = "the plane of codes on which clusters are farthest apart (linear discriminants)"
    return plane.transform(codes), told
