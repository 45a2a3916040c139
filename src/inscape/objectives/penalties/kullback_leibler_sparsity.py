"""The Kullback-Leibler penalty of the sparse autoencoder: each unit seldom active."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from inscape._checks import check_number
from inscape._errors import InvalidParameterError
from inscape.networks.network import Pass
from inscape.objectives.penalties.penalty import Penalty


@dataclass(frozen=True)
class KullbackLeiblerSparsity(Penalty):
    r"""How far each unit's mean activation is from a target, as between two coins.

    .. math:: w \sum_j \rho \log \frac{\rho}{\hat\rho_j}
              + (1 - \rho) \log \frac{1 - \rho}{1 - \hat\rho_j}

    with :math:`\hat\rho_j` the mean of unit j over the rows of the batch; so a small batch sees a
    noisy mean. For codes in [0, 1]: ``bottleneck="sigmoid"``.

    Source: Ng 2011, CS294A lecture notes "Sparse autoencoder", the section on sparsity.

    Parameters
    ----------
    weight : float
        The weight :math:`w`.
    target : float
        The mean activation :math:`\rho` that is wanted of every unit, in (0, 1).

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> seen = SimpleNamespace(codes=torch.tensor([[0.5], [0.0]]))
    >>> round(KullbackLeiblerSparsity(1.0, target=0.5)(seen, generator=torch.Generator()).item(), 4)
    0.1438
    """

    weight: float = 1e-3
    target: float = 0.05

    def __post_init__(self) -> None:
        check_number("weight", self.weight, minimum=0)
        check_number("target", self.target, above=0, below=1)

    def __call__(self, seen: Pass, *, generator: torch.Generator) -> Tensor:
        """Return the penalty, a scalar, in nats.

        Raises
        ------
        InvalidParameterError
            If a code is outside [0, 1].
        """
        low, high = (value.item() for value in seen.codes.detach().aminmax())
        if low < 0 or high > 1:
            raise InvalidParameterError(
                "KullbackLeiblerSparsity must have codes in [0, 1]; got codes from "
                f"{low:.3g} to {high:.3g}: use bottleneck='sigmoid', or the penalty L1Activity."
            )
        # Only so that the logarithm of a unit that is off, or on, for all rows is finite.
        smallest = torch.finfo(seen.codes.dtype).eps
        active = seen.codes.mean(dim=0).clamp(smallest, 1 - smallest)
        rho = self.target
        negative_entropy = rho * math.log(rho) + (1 - rho) * math.log1p(-rho)
        cross_entropy = -(rho * active.log() + (1 - rho) * torch.log1p(-active))
        return self.weight * (cross_entropy + negative_entropy).sum()
