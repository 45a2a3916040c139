"""The gradient penalty of the decoder: reconstructions that move little when the code does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from inscape._checks import check_integer, check_number
from inscape.networks.examples import mean_of_rows
from inscape.networks.network import Pass, leaving_buffers
from inscape.objectives.penalties.penalty import Penalty


@dataclass(frozen=True)
class DecoderGradient(Penalty):
    r"""The squared Frobenius norm of the reconstruction's Jacobian by the code, mean over the rows.

    .. math:: w \sum_{ij} \left( \frac{\partial \hat x_i}{\partial z_j} \right)^2

    The Jacobian is probed with random signs :math:`v`, whose :math:`|v^T J|^2` is the norm on
    average (Hutchinson 1990). The gradient of the penalty reaches the encoder too. With batch
    normalisation in the decoder it counts the derivatives by all the codes of the batch.

    Source: Ghosh et al. 2020, arXiv 1903.12436, section 3 (RAE-GP).

    Parameters
    ----------
    weight : float
        The weight :math:`w`, in nats; the features are in their scaled units.
    n_directions : int
        Probes of each row's Jacobian; each costs about one backward pass through the decoder, and
        another for its gradient.
    """

    takes_weights: ClassVar[bool] = True
    weight: float = 1e-2
    n_directions: int = 1

    def __post_init__(self) -> None:
        check_number("weight", self.weight, minimum=0)
        check_integer("n_directions", self.n_directions, minimum=1)

    def __call__(self, seen: Pass, *, generator: torch.Generator) -> Tensor:
        """Return the penalty, a scalar, in mean nats per sample.

        Parameters
        ----------
        seen : Pass
            The batch; its codes are where the Jacobian is taken.
        generator : torch.Generator
            On the CPU; where the probes are drawn from.
        """
        # Also where a loss is only watched; the product below then has no graph.
        with torch.enable_grad():
            codes, outputs = seen.codes, seen.outputs
            if not (codes.requires_grad and outputs.requires_grad):
                codes = codes.detach().requires_grad_()
                outputs = leaving_buffers(seen.network.decoder, codes)
            means = seen.likelihood.mean(outputs)
            # A category has no slope; the outputs that it was chosen by have.
            means = means if means.requires_grad else outputs
            norm = self._probed(codes, means, seen.weights, generator)
        return self.weight * norm * seen.unit**2

    def _probed(
        self, codes: Tensor, means: Tensor, weights: Tensor | None, generator: torch.Generator
    ) -> Tensor:
        total = codes.new_zeros(())
        for _ in range(self.n_directions):
            signs = 2 * torch.randint(2, means.shape, generator=generator) - 1
            (rows,) = torch.autograd.grad(means, codes, signs.to(means), create_graph=True)
            total = total + mean_of_rows(rows.square().sum(dim=1), weights)
        return total / self.n_directions
