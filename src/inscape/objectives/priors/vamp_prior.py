"""The VampPrior: a mixture of the posteriors of learned pseudo-inputs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from inscape._checks import check_integer
from inscape._errors import InvalidParameterError
from inscape.networks.network import leaving_buffers
from inscape.objectives.priors.prior import Prior


@dataclass(frozen=True)
class VampPrior(Prior):
    r"""The even mixture of the posteriors of a few learned rows, the pseudo-inputs.

    .. math:: p(z) = \frac{1}{K} \sum_k q(z \mid u_k)

    The pseudo-inputs :math:`u_k` start at random training rows. Gradients reach them, and the
    encoder a second time. Source: Tomczak and Welling 2018, arXiv 1705.07120, section 3.

    Parameters
    ----------
    n_pseudo_inputs : int
        How many; where there are fewer rows some start at the same one.

    Examples
    --------
    >>> part = VampPrior(n_pseudo_inputs=3)
    >>> module = part.build(2, generator=torch.Generator().manual_seed(0), rows=torch.ones(9, 4))
    >>> module.pseudo_inputs.shape
    torch.Size([3, 4])
    """

    n_pseudo_inputs: int = 100

    def __post_init__(self) -> None:
        check_integer("n_pseudo_inputs", self.n_pseudo_inputs, minimum=1)

    def build(
        self,
        n_components: int,
        *,
        generator: torch.Generator,
        rows: Tensor | None,
        conditions: Tensor | None = None,
    ) -> VampPriorModule:
        """Return the module, its pseudo-inputs copied from rows that `generator` chooses.

        Raises
        ------
        InvalidParameterError
            If there are no rows to start from.
        """
        if rows is None:
            raise InvalidParameterError(
                "`prior` must have rows to start from where it is a VampPrior; got None: "
                "build it with the scaled training rows."
            )
        order = torch.randperm(len(rows), generator=generator)
        chosen = order[torch.arange(self.n_pseudo_inputs) % len(rows)].to(rows.device)
        told = None if conditions is None else conditions.detach()[chosen]
        return VampPriorModule(rows.detach()[chosen], told)


class VampPriorModule(nn.Module):
    """The module of `VampPrior`.

    Parameters
    ----------
    pseudo_inputs : Tensor, shape (n_pseudo_inputs, n_features)
        Where to start from, in the scaled units of the features.
    pseudo_conditions : Tensor or None, shape (n_pseudo_inputs, n_conditions)
        What the encoder is told beside them; a label stays one, whatever is learned.
    """

    pseudo_conditions: Tensor | None

    def __init__(self, pseudo_inputs: Tensor, pseudo_conditions: Tensor | None = None) -> None:
        super().__init__()
        self.pseudo_inputs = nn.Parameter(pseudo_inputs)
        self.register_buffer("pseudo_conditions", pseudo_conditions)

    def log_density(self, codes: Tensor, network: Any) -> Tensor:
        """Return the log-density (...,) of codes (..., n_components), in nats."""
        each = self._posterior(network).log_density(codes[..., None, :])
        return each.logsumexp(dim=-1) - math.log(len(self.pseudo_inputs))

    def responsibilities(self, codes: Tensor, network: Any) -> Tensor:
        """Return how probable each pseudo-input is as the origin of codes, (..., n_mixture)."""
        return self._posterior(network).log_density(codes[..., None, :]).softmax(dim=-1)

    def sample(self, n: int, *, generator: torch.Generator, network: Any) -> Tensor:
        """Return n codes (n, n_components), each from the posterior of a random pseudo-input."""
        which = torch.randint(len(self.pseudo_inputs), (n,), generator=generator)
        which = which.to(self.pseudo_inputs.device)
        codes, _ = self._posterior(network, which).draw(1, generator=generator)
        return codes[0]

    def _posterior(self, network: Any, which: Any = slice(None)) -> Any:
        rows: tuple[Tensor, ...] = (self.pseudo_inputs[which],)
        if self.pseudo_conditions is not None:
            rows = (*rows, self.pseudo_conditions[which])
        # Pseudo-inputs are no data: no running mean may follow them.
        return network.bottleneck.distribution(leaving_buffers(network.encoder, *rows))
