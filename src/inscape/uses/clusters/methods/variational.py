"""Clusters that are the Gaussians of a variational model's prior."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch

from inscape._checks import check_integer, check_number
from inscape._typing import FloatArray, IntArray
from inscape.estimators import VariationalAutoencoder
from inscape.estimators.inputs import as_tensor
from inscape.networks import Examples
from inscape.objectives.priors.mixture_of_gaussians import (
    MixtureOfGaussians,
    MixtureOfGaussiansModule,
)
from inscape.training import Adam, Plan, TrainingState, train
from inscape.uses.clusters.methods.gaussian_mixture import Gaussians
from inscape.uses.clusters.methods.method import (
    ClusteringMethod,
    CodeGraph,
    FittedClusters,
    Learned,
    encode,
)
from inscape.uses.clusters.methods.spectral import Spectral
from inscape.uses.representations import fit_representation, watched

# Of the mean variance of the codes: no Gaussian of the prior starts narrower.
_NARROWEST = 1e-3


@dataclass(frozen=True)
class VADE(ClusteringMethod):
    r"""Variational deep embedding: the prior is a mixture with a Gaussian for each cluster.

    .. math:: \max \; \mathbb{E}_{q(z \mid x)} \left[\log p(x \mid z) + \log \sum_c \pi_c
              \mathcal{N}(z; \mu_c, \sigma_c^2) - \log q(z \mid x)\right]

    which is the source's bound at its best :math:`q(c \mid x)`. A variational model is first
    trained as it is; the Gaussians then start at the spectral clusters of its codes, and all is
    trained together.

    Source: Jiang, Zheng, Tan, Tang and Zhou 2017, IJCAI, "Variational deep embedding", Eq. 8.

    Parameters
    ----------
    epochs : float
        Passes over the rows with the mixture.
    batch_size : int
        Rows in a step.
    learning_rate : float
        Of Adam.
    """

    epochs: float = 10
    batch_size: int = 256
    learning_rate: float = 1e-3
    trains_its_own: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_number("epochs", self.epochs, above=0)
        check_integer("batch_size", self.batch_size, minimum=1)
        check_number("learning_rate", self.learning_rate, above=0)

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
        """Fit the variational model, find spectral clusters, and train the mixture on them."""
        options = representation.get_params(deep=False)
        kept = ("n_components", "scaler", "epochs", "random_state")
        model = VariationalAutoencoder(**{name: options[name] for name in kept})
        graph = CodeGraph(encode(fit_representation(model, X, verbose=verbose), X), seed)
        candidates = graph.candidates() if n_clusters is None else ()
        _, found = Spectral().fit(graph, n_clusters or candidates[0].n_clusters)
        clusters = self._train_mixture(
            model, X, found.argmax(axis=1), graph.codes, seed=seed, verbose=verbose
        )
        return Learned(model, clusters, clusters.memberships(encode(model, X)), candidates)

    def _train_mixture(
        self,
        model: Any,
        X: Any,
        labels: IntArray,
        codes: FloatArray,
        *,
        seed: int,
        verbose: bool,
    ) -> Gaussians:
        """Train the model, in place, with a Gaussian for each label; return these."""
        part = MixtureOfGaussians(n_mixture_components=len(np.unique(labels)))
        mixture = _start_mixture(codes, labels)
        model.set_params(prior=part)
        model.options_ = model.options_ | {"prior": part}
        model.parts_ = dataclasses.replace(model.parts_, prior=part)
        model.network_.prior = mixture
        model.network_.train()
        adam = Adam(schedule="constant", warmup=0.0)
        optimizers = adam.build(model.network_, learning_rate=self.learning_rate)
        generator = torch.Generator().manual_seed(seed)
        state = TrainingState(model.network_, optimizers, generator)
        features = as_tensor(model.units_.apply(np.asarray(X)))
        plan = Plan(self.epochs, self.batch_size, adam)
        reports = train(state, model.objective(len(features)), plan, examples=Examples(features))
        for _ in watched(reports, state, label="Clusters", verbose=verbose):
            pass
        model.network_.eval()
        model.optimizers_ = None
        with torch.no_grad():
            spreads = (0.5 * mixture.log_variances).exp().double().numpy()
            return Gaussians(
                mixture.logits.log_softmax(dim=0).double().numpy(),
                mixture.means.double().numpy(),
                np.stack([np.diag(spread) for spread in spreads]),
            )

    def fit(self, graph: CodeGraph, n_clusters: int) -> tuple[FittedClusters, FloatArray]:
        """Find the clusters to start from."""
        return Spectral().fit(graph, n_clusters)


def _start_mixture(codes: FloatArray, labels: IntArray) -> MixtureOfGaussiansModule:
    """Return the mixture of the labels' own Gaussians."""
    groups = [codes[labels == k] for k in np.unique(labels)]
    narrowest = _NARROWEST * codes.var(axis=0).mean() or 1.0
    variances = np.stack([np.maximum(group.var(axis=0), narrowest) for group in groups])
    found = (
        np.stack([group.mean(axis=0) for group in groups]),
        np.log(variances),
        np.log([len(group) / len(codes) for group in groups]),
    )
    return MixtureOfGaussiansModule(*(torch.from_numpy(values).float() for values in found))
