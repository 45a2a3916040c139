"""How far from a middle a network maps a row, that maps normal ones there."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from inscape._checks import check_integer, check_number, check_widths
from inscape._typing import FloatArray
from inscape.networks import Examples, Network
from inscape.training import Adam, Plan, TrainingState, train
from inscape.uses.anomalies.rows import Rows, Source
from inscape.uses.anomalies.scores.score import AnomalyScore, FittedScore

# Of the leaky rectifiers: no unit dies, and none is bounded.
_SLOPE = 0.1
# A coordinate of the middle nearer to 0 than this could be met by weights of 0.
_OFF_ZERO = 0.1


@dataclass(frozen=True)
class DeepSVDD(AnomalyScore):
    r"""Deep support vector data description, for one class.

    .. math:: \min_W \; \frac{1}{n} \sum_i |\phi_W(x_i) - c|^2, \qquad
              c = \frac{1}{n} \sum_i \phi_{W_0}(x_i)

    with a network :math:`\phi` without biases and with unbounded activations, so that the trivial
    solution of one point for all is far. The score is :math:`|\phi(x) - c|^2`.

    Source: Ruff et al. 2018, ICML, "Deep One-Class Classification", Eq. 4.

    Parameters
    ----------
    hidden : tuple of int
        Widths of the hidden layers.
    n_components : int
        Width of the output.
    epochs : float
        Passes over the rows.
    batch_size : int
        Rows in a step.
    learning_rate : float
        Of Adam.
    """

    hidden: tuple[int, ...] = (128, 64)
    n_components: int = 32
    epochs: float = 50
    batch_size: int = 200
    learning_rate: float = 1e-3
    trains_its_own: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", check_widths("hidden", self.hidden))
        check_integer("n_components", self.n_components, minimum=1)
        check_number("epochs", self.epochs, above=0)
        check_integer("batch_size", self.batch_size, minimum=1)
        check_number("learning_rate", self.learning_rate, above=0)

    def fit(self, rows: Rows, source: Source) -> DeepSVDDFitted:
        """Learn to map the rows near to one point."""
        features = torch.from_numpy(rows.steady).float()
        generator = torch.Generator().manual_seed(source.seed)
        encoder = self._build(features.shape[1], generator)
        with torch.no_grad():
            center = encoder(features).mean(dim=0)
        near = center.abs() < _OFF_ZERO
        center[near] = torch.where(center[near] < 0, -_OFF_ZERO, _OFF_ZERO)
        network = Network(encoder, nn.Identity(), nn.Identity())
        optimizer = Adam()
        plan = Plan(epochs=self.epochs, batch_size=self.batch_size, optimizer=optimizer)
        state = TrainingState(
            network, optimizer.build(encoder, learning_rate=self.learning_rate), generator
        )
        for _ in train(state, _Distance(center), plan, examples=Examples(features, None)):
            pass
        weights = tuple(w.detach().double().numpy() for w in encoder.parameters())
        return DeepSVDDFitted(weights, center.double().numpy())

    def _build(self, n_features: int, generator: torch.Generator) -> nn.Sequential:
        widths = (n_features, *self.hidden, self.n_components)
        layers: list[nn.Module] = []
        for n_in, n_out in itertools.pairwise(widths):
            layer = nn.Linear(n_in, n_out, bias=False)
            nn.init.xavier_uniform_(layer.weight, generator=generator)
            layers += [layer, nn.LeakyReLU(_SLOPE)]
        return nn.Sequential(*layers[:-1])


@dataclass(frozen=True, eq=False)
class _Distance:
    """The objective: the mean squared distance from the middle."""

    center: Tensor

    def terms(
        self, network: Network, inputs: Tensor, examples: Examples, **options: Any
    ) -> dict[str, Tensor]:
        return {"distance": (network.encode(inputs) - self.center).square().sum(dim=1).mean()}

    def watch(self, network: Network, examples: Examples) -> tuple[Tensor, Tensor]:
        codes = network.encode(examples.features)
        return codes, (codes - self.center).square()

    def losses(self, network: Network, examples: Examples, *, generator: torch.Generator) -> Tensor:
        return (network.encode(examples.features) - self.center).square().sum(dim=1)

    def nats(self, loss: float) -> float:
        return loss

    def in_nats(self, terms: Mapping[str, float]) -> dict[str, float]:
        return dict(terms)


@dataclass(frozen=True, eq=False)
class DeepSVDDFitted(FittedScore):
    """The network, and the middle.

    Parameters
    ----------
    weights : tuple of ndarray, shapes (n_out, n_in)
        Of the layers.
    center : ndarray, shape (n_components,)
        The middle.
    """

    weights: tuple[FloatArray, ...]
    center: FloatArray

    def anomaly(self, rows: Rows) -> FloatArray:
        codes = rows.standard @ self.weights[0].T
        for weight in self.weights[1:]:
            codes = np.where(codes > 0, codes, _SLOPE * codes) @ weight.T
        return np.square(codes - self.center).sum(axis=1)
