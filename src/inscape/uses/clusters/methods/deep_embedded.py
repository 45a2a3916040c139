"""Clusters that an encoder is trained on, made sharper again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch

from inscape._checks import check_integer, check_number
from inscape._typing import FloatArray
from inscape.uses.clusters.methods.method import (
    ClusteringMethod,
    CodeGraph,
    FittedClusters,
    Learned,
)
from inscape.uses.clusters.methods.spectral import Spectral
from inscape.uses.clusters.self_training import Kernel, Sharpening, sharpen, within_metric


@dataclass(frozen=True)
class DeepEmbedded(ClusteringMethod):
    """What "dec" and "idec" share: spectral clusters, sharpened by training the encoder on them.

    The kernel is in the metric in which clusters have one spread in each direction: the codes of
    the default training are longer in some than in others, and plain distances see only these.

    Parameters
    ----------
    epochs : float
        Passes over the rows, at most.
    batch_size : int
        Rows in a step.
    learning_rate : float
        Of Adam.
    interval : int
        Steps after which the sharper memberships are found anew.
    tolerance : float
        The share of rows that changed their cluster since, below which training ends.
    """

    epochs: float = 10
    batch_size: int = 256
    learning_rate: float = 1e-3
    interval: int = 140
    tolerance: float = 1e-3
    trains_its_own: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_number("epochs", self.epochs, above=0)
        check_integer("batch_size", self.batch_size, minimum=1)
        check_number("learning_rate", self.learning_rate, above=0)
        check_integer("interval", self.interval, minimum=1)
        check_number("tolerance", self.tolerance, minimum=0, below=1)

    def sharpening(self) -> Sharpening:
        """Return how the encoder is trained."""
        return Sharpening(
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            interval=self.interval,
            tolerance=self.tolerance,
        )

    def learn(
        self,
        X: Any,
        representation: Any,
        *,
        n_clusters: int | None,
        fixed: bool,
        seed: int,
        verbose: bool = False,
    ) -> Learned:
        """Fit the autoencoder, find spectral clusters, and train the encoder on them."""
        first = Spectral().learn(
            X, representation, n_clusters=n_clusters, fixed=fixed, seed=seed, verbose=verbose
        )
        labels = first.memberships.argmax(axis=1)
        codes = np.asarray(first.representation.transform(X), dtype=np.float64)
        model, kernel = sharpen(
            first.representation,
            np.asarray(X),
            labels,
            within_metric(codes, labels),
            self.sharpening(),
            seed=seed,
            verbose=verbose,
        )
        clusters = StudentKernel(
            kernel.centers.detach().double().numpy(), kernel.root.double().numpy()
        )
        memberships = clusters.memberships(np.asarray(model.transform(X), dtype=np.float64))
        return Learned(model, clusters, memberships, first.candidates)

    def fit(self, graph: CodeGraph, n_clusters: int) -> tuple[FittedClusters, FloatArray]:
        """Find the clusters to start from."""
        return Spectral().fit(graph, n_clusters)


@dataclass(frozen=True)
class DEC(DeepEmbedded):
    """Deep embedded clustering: the encoder alone is trained on its clusters.

    Source: Xie, Girshick and Farhadi 2016, ICML, "Unsupervised deep embedding for clustering
    analysis".
    """


@dataclass(frozen=True)
class IDEC(DeepEmbedded):
    """Improved deep embedded clustering: the decoder still has to give the rows back.

    Source: Guo, Gao, Liu and Yin 2017, IJCAI, "Improved deep embedded clustering with local
    structure preservation".

    Parameters
    ----------
    sharpness : float
        The weight of the clusters beside the squared error.
    """

    sharpness: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("sharpness", self.sharpness, above=0)

    def sharpening(self) -> Sharpening:
        """Return how the encoder is trained."""
        return Sharpening(
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            interval=self.interval,
            tolerance=self.tolerance,
            reconstruction=1.0,
            sharpness=self.sharpness,
        )


@dataclass(frozen=True, eq=False)
class StudentKernel(FittedClusters):
    """Student's t around centres, as `self_training.Kernel`.

    Parameters
    ----------
    centers : ndarray, shape (n_clusters, n_components)
        In the metric's coordinates.
    root : ndarray, shape (n_components, n_components)
        Codes times this are in these.
    """

    centers: FloatArray
    root: FloatArray

    def memberships(self, codes: FloatArray) -> FloatArray:
        kernel = Kernel(torch.from_numpy(self.centers), torch.from_numpy(self.root))
        with torch.no_grad():
            return kernel(torch.from_numpy(codes)).exp().numpy()
