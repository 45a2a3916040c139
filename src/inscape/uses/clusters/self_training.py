"""Training an encoder on its own clusters, made sharper."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from inscape._typing import FloatArray, IntArray
from inscape.estimators.inputs import as_tensor
from inscape.networks import Examples, Network
from inscape.training import Adam, Plan, Snapshot, TrainingState, copy_weights, train
from inscape.uses.representations import watched

_BLOCK = 4096
# Of the mean variance inside clusters: no direction is taken for narrower.
_NARROWEST = 1e-3


class Kernel(nn.Module):
    r"""How much codes belong to clusters, by Student's t in a metric of their own.

    .. math:: q_{ij} \propto \left(1 + (z_i - \mu_j)^\top M (z_i - \mu_j)\right)^{-1}

    Source: Xie, Girshick and Farhadi 2016, ICML, Eq. 1, where M is the identity.

    Parameters
    ----------
    centers : Tensor, shape (n_clusters, n_components)
        In the metric's coordinates; they are learned.
    root : Tensor, shape (n_components, n_components)
        Codes times this are in these coordinates: M is the product with its transpose.
    """

    root: Tensor

    def __init__(self, centers: Tensor, root: Tensor) -> None:
        super().__init__()
        self.centers = nn.Parameter(centers)
        self.register_buffer("root", root)

    def forward(self, codes: Tensor) -> Tensor:
        """Return the logarithms of q, (n, n_clusters)."""
        apart = (codes @ self.root)[:, None] - self.centers
        return (-torch.log1p(apart.square().sum(dim=2))).log_softmax(dim=1)


@dataclass(frozen=True)
class Sharpening:
    """How an encoder is trained on its own clusters.

    Parameters
    ----------
    epochs : float
        Passes over the rows, at most.
    batch_size : int
        Rows in a step.
    learning_rate : float
        Of the optimiser.
    optimizer : Optimizer
        Adam where the source says nothing.
    interval : int
        Steps after which the sharper memberships are found anew.
    tolerance : float
        The share of rows that changed their cluster since, below which training ends.
    reconstruction : float
        The weight of the squared error, mean over features; 0 lets the decoder be.
    sharpness : float
        The weight of the divergence.
    """

    epochs: float = 20
    batch_size: int = 256
    learning_rate: float = 1e-3
    optimizer: Any = field(default_factory=lambda: Adam(schedule="constant", warmup=0.0))
    interval: int = 140
    tolerance: float = 1e-3
    reconstruction: float = 0.0
    sharpness: float = 1.0


def within_metric(codes: FloatArray, labels: IntArray) -> FloatArray:
    """Return the map to coordinates in which clusters have one spread in each direction.

    Parameters
    ----------
    codes : ndarray, shape (n_samples, n_components)
        Codes.
    labels : ndarray, shape (n_samples,)
        Their clusters.

    Returns
    -------
    ndarray, shape (n_components, n_components)
        The inverse root of the mean covariance inside clusters.
    """
    means = np.stack([codes[labels == k].mean(axis=0) for k in np.unique(labels)])
    left = codes - means[np.searchsorted(np.unique(labels), labels)]
    values, vectors = np.linalg.eigh(left.T @ left / len(left))
    narrowest = _NARROWEST * values.mean() or 1.0
    return vectors / np.sqrt(np.maximum(values, narrowest)) @ vectors.T


def sharpen(
    model: Any,
    X: FloatArray,
    labels: IntArray,
    root: FloatArray,
    asked: Sharpening,
    *,
    seed: int,
    verbose: bool = False,
) -> tuple[Any, Kernel]:
    r"""Return a copy of an autoencoder whose codes lie in clusters, and these clusters.

    .. math::

        \min \; \text{KL}(P \,\|\, Q), \qquad
        p_{ij} \propto \frac{q_{ij}^2}{\sum_{i'} q_{i'j}}

    and, where asked for, the squared error. Source: Xie, Girshick and Farhadi 2016, ICML, Eqs. 2
    and 3; with the squared error Guo, Gao, Liu and Yin 2017, IJCAI, Eq. 8.

    Parameters
    ----------
    model : Autoencoder
        Fitted; it stays as it is.
    X : ndarray, shape (n_samples, n_features)
        Rows.
    labels : ndarray, shape (n_samples,)
        The clusters to start from.
    root : ndarray, shape (n_components, n_components)
        Of the kernel's metric.
    asked : Sharpening
        How.
    seed : int
        Of the order of the rows.
    verbose : bool
        Whether to draw a progress bar on a terminal.
    """
    network = copy.deepcopy(model.network_).float().train()
    features = as_tensor(model.units_.apply(X))
    codes = _encode(network, features)
    scaled = codes.double().numpy() @ root
    centers = np.stack([scaled[labels == k].mean(axis=0) for k in np.unique(labels)])
    kernel = Kernel(torch.from_numpy(centers).float(), torch.from_numpy(root).float())
    network.add_module("clusters", kernel)
    objective = _SelfTraining(asked, features)
    generator = torch.Generator().manual_seed(seed)
    optimizers = asked.optimizer.build(network, learning_rate=asked.learning_rate)
    state = TrainingState(network, optimizers, generator)
    plan = Plan(asked.epochs, asked.batch_size, asked.optimizer)
    targets = objective.begin(network)
    reports = train(state, objective, plan, examples=Examples(features, targets))
    for _ in watched(reports, state, label="Clusters", verbose=verbose):
        if objective.changed < asked.tolerance:
            break
    del network.clusters
    weights = {name: value.numpy() for name, value in copy_weights(network).items()}
    return model.at(Snapshot(state.step, state.step, weights)), kernel.eval()


class _SelfTraining:
    """The objective; it keeps the targets of all rows, which are the examples' conditions."""

    def __init__(self, asked: Sharpening, features: Tensor) -> None:
        self.asked = asked
        self.features = features
        self.changed = 1.0
        self._labels: Tensor | None = None
        self._targets = torch.empty(0)
        self._kernel: Any = None

    def begin(self, network: Network) -> Tensor:
        """Return the memberships to train towards; they change in place."""
        self._kernel = network.clusters
        self._targets = self._sharper(network)
        return self._targets

    def _sharper(self, network: Network) -> Tensor:
        with torch.no_grad():
            q = self._kernel(_encode(network, self.features)).exp()
        labels = q.argmax(dim=1)
        if self._labels is not None:
            self.changed = float((labels != self._labels).float().mean())
        self._labels = labels
        squared = q.square() / q.sum(dim=0)
        return squared / squared.sum(dim=1, keepdim=True)

    def terms(
        self,
        network: Network,
        inputs: Tensor,
        examples: Examples,
        *,
        generator: torch.Generator,
        step: int | None = None,
    ) -> dict[str, Tensor]:
        if step and step % self.asked.interval == 0:
            self._targets.copy_(self._sharper(network))
        codes = network.encode(inputs)
        p, log_q = examples.conditions, self._kernel(codes)
        assert p is not None
        divergence = (torch.xlogy(p, p) - p * log_q).sum(dim=1).mean()
        # The loop divides by the number of features.
        n_features = inputs.shape[1]
        terms = {"divergence": self.asked.sharpness * n_features * divergence}
        if self.asked.reconstruction:
            errors = (network.decode(codes) - examples.features).square().sum(dim=1).mean()
            terms["reconstruction"] = self.asked.reconstruction * errors
        return terms

    def watch(self, network: Network, examples: Examples) -> tuple[Tensor, Tensor]:
        codes = network.encode(examples.features)
        return codes, (network.decode(codes) - examples.features).square()

    def nats(self, loss: float) -> float:
        return loss

    def in_nats(self, terms: Mapping[str, float]) -> dict[str, float]:
        return dict(terms)


@torch.no_grad()
def _encode(network: Network, features: Tensor) -> Tensor:
    was = network.training
    network.eval()
    codes = torch.cat([network.encode(some) for some in features.split(_BLOCK)])
    network.train(was)
    return codes
