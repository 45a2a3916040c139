"""The L2 penalty of the weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from inscape._checks import check_choice, check_number
from inscape._errors import InvalidParameterError
from inscape.networks.network import Pass
from inscape.objectives.penalties.penalty import Penalty


@dataclass(frozen=True)
class WeightDecay(Penalty):
    r"""The squared size of all weights, the coupled (L2) form of weight decay.

    .. math:: \frac{\lambda}{2 N} \sum_l |W_l|_F^2

    per sample, with :math:`N` the rows of the whole training set. Summed over those rows, beside a
    Gaussian likelihood of scale 1, the total is half of the loss of Kunin et al. 2019, arXiv
    1901.08168,

    .. math:: |X - X W_1^T W_2^T|_F^2 + \lambda \left( |W_1|_F^2 + |W_2|_F^2 \right)

    whose linear autoencoder has the encoder as the decoder's transpose and the principal
    directions as the decoder's singular vectors, with the squared singular values
    :math:`1 - \lambda / \sigma_i^2`, for :math:`\sigma_i` the singular values of :math:`X`
    (0 where that is below 0). The total is also the negative logarithm of a normal prior of the
    weights with variance :math:`1 / \lambda`, less its constant.

    Coupled means: the penalty is part of the loss, and its gradient goes through the optimiser's
    scaling as all else does. With Adam this is not the decoupled decay of AdamW.

    Parameters
    ----------
    weight : float
        :math:`\lambda`, in nats; compare it to the :math:`\sigma_i^2`, which grow with the rows.
        Every parameter with two or more axes counts; biases and slopes are free.
    part : {"network", "decoder"}
        Whose weights count. The decoder's alone are those of the regularised autoencoder RAE-L2 of
        Ghosh et al. 2020, arXiv 1903.12436, beside `L2Activity`.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> seen = SimpleNamespace(network=torch.nn.Linear(2, 1), n_samples=4)
    >>> _ = torch.nn.init.constant_(seen.network.weight, 2.0)
    >>> WeightDecay(weight=0.5)(seen, generator=torch.Generator()).item()
    0.5
    """

    takes_weights: ClassVar[bool] = True
    weight: float = 1e-4
    part: str = "network"

    def __post_init__(self) -> None:
        check_number("weight", self.weight, minimum=0)
        check_choice("part", self.part, ("network", "decoder"))

    def __call__(self, seen: Pass, *, generator: torch.Generator) -> Tensor:
        """Return the penalty, a scalar, in mean nats per sample.

        Raises
        ------
        InvalidParameterError
            If a tied decoder, which has no weights of its own, is to be decayed alone.
        """
        module = seen.network if self.part == "network" else seen.network.decoder
        weights = [weight for weight in module.parameters() if weight.ndim >= 2]
        if not weights:
            raise InvalidParameterError(
                "`part` must be 'network' where the decoder has no weights of its own; got "
                f"{self.part!r}: leave part out, or untie the decoder."
            )
        squares = torch.stack([weight.square().sum() for weight in weights]).sum()
        return self.weight / (2 * seen.n_samples) * squares
