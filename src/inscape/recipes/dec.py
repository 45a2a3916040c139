"""Deep embedded clustering: MNIST and Fashion-MNIST, by its own network and its own objective.

The story: where the network's codes have clusters, the graph of neighbours finds them without the
objective; the objective sharpens what k-means began with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.metrics import normalized_mutual_info_score

from inscape import figures
from inscape._typing import FloatArray, IntArray
from inscape.corruptions import ZeroMasking
from inscape.data import Dataset, load
from inscape.estimators import Autoencoder
from inscape.measures import clustering_accuracy
from inscape.recipes.reproduction import QUICK_ROWS, Reproduction
from inscape.training import SGD
from inscape.uses import Clusterer
from inscape.uses.clusters.partition import partition
from inscape.uses.clusters.self_training import Kernel, Sharpening, sharpen

DATA = "mnist"
TITLE = "Deep embedded clustering, and the graph of neighbours without it"
LEAD = (
    "All 70,000 pictures, training and test rows together, in ten clusters; labels are only "
    "compared with. The network is the source's, 784-500-500-2000-10, each layer first trained by "
    "itself with a fifth of the pixels left out, then the whole; then k-means of 20 starts, and "
    "the encoder is trained on its own clusters by SGD (rate 0.01, momentum 0.9, batches of 256) "
    "until fewer than 0.1% of the rows change theirs. Not the source's: the autoencoder is trained "
    "with our optimiser in batches of 1,024, five passes a layer and twenty for the whole, where "
    "theirs had 50,000 steps a layer and 100,000 for the whole; one seed. The column `Ours` is the "
    "default `Clusterer`: ten components, ten passes, the graph of neighbours, no objective."
)
SOURCE = "Xie, Girshick and Farhadi 2016, ICML, as re-run and published with the same network"
N2D = "McConville et al. 2020, ICPR, N2D (UMAP)"
# Accuracy and normalised mutual information, in per cent.
PUBLISHED = {
    "digits": {
        "k-means of pixels": (53, 50),
        "k-means of codes": (87.9, 80.7),
        "DEC": (91.2, 86.9),
    },
    "garments": {"k-means of codes": (60.6, 63.7), "DEC": (61.8, 65.1)},
}
_BEST = {"digits": 97.9, "garments": 67.2}
_ACCURACY, _INFORMATION = "accuracy, %", "mutual information, %"
_LAYER_EPOCHS, _EPOCHS, _CLUSTER_EPOCHS = 5, 20, 40
_STARTS = 20
# A step on matrices of 500 x 2000 costs our optimiser the same whatever the batch.
_BATCH = 1024
N_STEPS = 8


def run(found: Reproduction) -> Iterator[str]:
    """Cluster both sets: pixels, codes, the source's objective, and our default."""
    assert found.dataset is not None
    for dataset, name in ((found.dataset, "digits"), (_fashion(found), "garments")):
        X, labels = _all_rows(dataset)
        ours = Clusterer(n_clusters=10, scaler=None, random_state=0).fit(X)
        yield f"default, {name}"
        measured: dict[str, IntArray] = {}
        if name == "digits":
            flat = partition(X, 10, seed=0, restarts=_STARTS)
            measured["k-means of pixels"] = flat.labels
        yield f"k-means of pixels, {name}"
        model = pretrain(found, X)
        codes = np.asarray(model.transform(X), dtype=np.float64)
        started = partition(codes, 10, seed=0, restarts=_STARTS).labels
        measured["k-means of codes"] = started
        yield f"k-means of codes, {name}"
        tuned, measured["DEC"] = embed(found, model, X, started)
        for method, clusters in measured.items():
            _add(found, f"{name}, {method}", PUBLISHED[name][method], labels, clusters, ours)
        found.add(
            f"{name}, the best published",
            _ACCURACY,
            _BEST[name],
            100 * clustering_accuracy(labels, ours.labels_),
            source=N2D,
        )
        _draw(found, dataset, tuned, ours, X, measured["DEC"], name)
        yield f"DEC, {name}"


def pretrain(found: Reproduction, X: FloatArray) -> Autoencoder:
    """Return the source's autoencoder, trained layer by layer and then as a whole."""
    layerwise, whole = found.epochs((_LAYER_EPOCHS, _EPOCHS), quick=(1, 1))
    stacked = Autoencoder(
        10,
        hidden=(500, 500, 2000),
        corruption=ZeroMasking(0.2),
        layerwise_epochs=layerwise,
        epochs=1,
        batch_size=_BATCH,
        random_state=0,
    ).fit(X)
    # The whole is trained on rows as they are.
    return stacked.fine_tune(X, epochs=whole)


def embed(
    found: Reproduction, model: Autoencoder, X: FloatArray, started: IntArray
) -> tuple[Any, IntArray]:
    """Return the model trained on its clusters, and these, by the source's plain kernel."""
    asked = Sharpening(
        epochs=found.epochs(_CLUSTER_EPOCHS, quick=1),
        learning_rate=0.01,
        optimizer=SGD(momentum=0.9),
    )
    tuned, kernel = sharpen(model, X, started, np.eye(10), asked, seed=0)
    return tuned, _nearest(kernel, tuned.transform(X))


def _nearest(kernel: Kernel, codes: FloatArray) -> IntArray:
    centers = kernel.centers.detach().double().numpy()
    gaps = np.square(centers).sum(axis=1) - 2 * codes.astype(np.float64) @ centers.T
    return gaps.argmin(axis=1)


def _add(
    found: Reproduction,
    experiment: str,
    published: tuple[float, float],
    labels: IntArray,
    clusters: IntArray,
    ours: Clusterer,
) -> None:
    for metric, reference, measure in (
        (_ACCURACY, published[0], clustering_accuracy),
        (_INFORMATION, published[1], normalized_mutual_info_score),
    ):
        found.add(
            experiment,
            metric,
            reference,
            100 * float(measure(labels, clusters)),
            source=SOURCE,
            ours=100 * float(measure(labels, ours.labels_)),
        )


def _all_rows(dataset: Dataset) -> tuple[FloatArray, IntArray]:
    parts = (dataset.train, dataset.test)
    labels = [part.y for part in parts if part.y is not None]
    return np.concatenate([part.X for part in parts]), np.concatenate(labels)


def _fashion(found: Reproduction) -> Dataset:
    dataset = load("fashion-mnist")
    if not found.quick:
        return dataset
    few = [
        replace(part, X=part.X[:n], y=None if part.y is None else part.y[:n])
        for part, n in zip((dataset.train, dataset.test), QUICK_ROWS, strict=True)
    ]
    return replace(dataset, train=few[0], test=few[1])


def _draw(
    found: Reproduction,
    dataset: Dataset,
    tuned: Any,
    ours: Clusterer,
    X: FloatArray,
    clusters: IntArray,
    name: str,
) -> None:
    assert dataset.image_shape is not None
    codes = tuned.transform(X).astype(np.float64)
    kept = np.unique(clusters)
    means = np.stack([codes[clusters == k].mean(axis=0) for k in kept])
    for file, prototypes, labels, whose in (
        (f"{name}-dec.png", tuned.inverse_transform(means), clusters, "the source's objective"),
        (f"{name}-ours.png", ours.prototypes_, ours.labels_, "the graph of neighbours"),
    ):
        sizes = [int((labels == k).sum()) for k in np.unique(labels)]
        found.keep(
            file,
            figures.prototype_images(
                prototypes,
                image_shape=dataset.image_shape,
                titles=[f"{size:,} rows" for size in sizes],
            ),
            f"What stands for each of the ten clusters of {name}, by {whose}: its decoded mean. "
            "Bad signs: two clusters of one kind, or a blur of several.",
        )
