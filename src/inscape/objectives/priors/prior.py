"""The base of every prior."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from inscape._parts import Part
from inscape.objectives.spaces.space import Euclidean, Space


@dataclass(frozen=True)
class Prior(Part):
    """What codes are like before anything is seen.

    Attributes
    ----------
    space : Space
        Where the codes live; only posteriors of the same space go with it.
    """

    space: ClassVar[Space] = Euclidean()

    @abstractmethod
    def build(
        self,
        n_components: int,
        *,
        generator: torch.Generator,
        rows: Tensor | None,
        conditions: Tensor | None = None,
    ) -> Any:
        """Return the module, which is trained with the network.

        It has ``log_density(codes, network)``, nats (...,) of codes (..., n_components), and
        ``sample(n, generator=..., network=...)``, codes (n, n_components).

        Parameters
        ----------
        n_components : int
            Width of the code.
        generator : torch.Generator
            Where weights are drawn from, if it has any.
        rows : Tensor or None, shape (n_samples, n_features)
            Scaled training rows.
        conditions : Tensor or None, shape (n_samples, n_conditions)
            What encoder and decoder are told beside them.
        """
