"""The contractive penalty: codes that move little when the input does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from inscape._checks import check_integer, check_number
from inscape.networks import ACTIVATIONS
from inscape.networks.examples import mean_of_rows
from inscape.networks.network import Network, Pass, leaving_buffers
from inscape.objectives.penalties.penalty import Penalty


@dataclass(frozen=True)
class Contractive(Penalty):
    r"""The squared Frobenius norm of the encoder's Jacobian, mean over the rows.

    .. math:: w \sum_{ij} \left( \frac{\partial z_j}{\partial x_i} \right)^2

    An encoder that is one matrix :math:`V` with an activation :math:`\phi` after it has the closed
    form :math:`\sum_j \phi'(a_j)^2 \sum_i V_{ji}^2`. For any other the Jacobian is probed with
    random signs :math:`v`, whose :math:`|v^T J|^2` is the norm on average (Hutchinson 1990); where
    `n_directions` reaches `n_components` it is summed row by row of the Jacobian, without noise.

    Each row's Jacobian is its own, except with batch normalisation: in training a row's code then
    depends on the whole batch, and the penalty counts the derivatives by all the batch's rows. The
    probes' extra pass leaves every buffer as it was.

    Source: Rifai, Vincent, Muller, Glorot and Bengio 2011, "Contractive auto-encoders", ICML.

    Parameters
    ----------
    weight : float
        The weight :math:`w`, in nats; the features are in their scaled units.
    n_directions : int
        Probes of each row's Jacobian where there is no closed form; each costs about one backward
        pass through the encoder, and another for its gradient.
    """

    takes_weights: ClassVar[bool] = True
    weight: float = 1e-1
    n_directions: int = 4

    def __post_init__(self) -> None:
        check_number("weight", self.weight, minimum=0)
        check_integer("n_directions", self.n_directions, minimum=1)

    def __call__(self, seen: Pass, *, generator: torch.Generator) -> Tensor:
        """Return the penalty, a scalar, in mean nats per sample.

        Parameters
        ----------
        seen : Pass
            The batch; its inputs are where the Jacobian is taken.
        generator : torch.Generator
            On the CPU; where the probes are drawn from.
        """
        matrix = _only_matrix(seen.network)
        # Also where a loss is only watched; the product below then has no graph.
        with torch.enable_grad():
            norm = self._probed(seen, generator) if matrix is None else _closed_form(seen, matrix)
        return self.weight * norm / seen.unit**2

    def _probed(self, seen: Pass, generator: torch.Generator) -> Tensor:
        inputs = seen.inputs.detach().requires_grad_()
        encoded = leaving_buffers(seen.network.encoder, inputs)
        codes = leaving_buffers(seen.network.bottleneck, encoded)
        n_components = codes.shape[1]
        exact = self.n_directions >= n_components
        n_probes = n_components if exact else self.n_directions
        # Signs on the unit vectors too: with batch normalisation the rows' derivatives would
        # cancel each other.
        signs = 2 * torch.randint(2, (n_probes, *codes.shape), generator=generator) - 1
        probes = signs.to(codes)
        if exact:
            probes = probes * torch.eye(n_components).to(codes)[:, None]
        total = codes.new_zeros(())
        for probe in probes:
            (rows,) = torch.autograd.grad(codes, inputs, probe, create_graph=True)
            total = total + mean_of_rows(rows.square().sum(dim=1), seen.weights)
        return total / (1 if exact else n_probes)


def _only_matrix(network: Network) -> Tensor | None:
    """Return the weight of an encoder that is one matrix before an activation, else None."""
    encoder = network.encoder
    layers = list(encoder) if isinstance(encoder, nn.Sequential) else [encoder]
    if len(layers) != 1 or not isinstance(layers[0], nn.Linear):
        return None
    return layers[0].weight if isinstance(network.bottleneck, _ACTIVATIONS) else None


def _closed_form(seen: Pass, matrix: Tensor) -> Tensor:
    linear = seen.linear if seen.linear.requires_grad else seen.linear.detach().requires_grad_()
    # Unit by unit, so the gradient of the sum is every unit's slope.
    codes = seen.network.bottleneck(linear)
    (slopes,) = torch.autograd.grad(codes.sum(), linear, create_graph=True)
    return mean_of_rows(slopes.square() @ matrix.square().sum(dim=1), seen.weights)


_ACTIVATIONS = tuple(type(make()) for make in ACTIVATIONS.values())
