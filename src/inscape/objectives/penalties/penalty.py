"""The base of every penalty."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from inscape._parts import Part
from inscape.networks.network import Pass


@dataclass(frozen=True)
class Penalty(Part):
    """What is held against a network while it is trained, besides the likelihood.

    Attributes
    ----------
    takes_weights : bool
        Whether it counts each row by `Pass.weights`, or hangs on no rows at all.
    """

    takes_weights: ClassVar[bool] = False

    @abstractmethod
    def __call__(self, seen: Pass, *, generator: torch.Generator) -> Tensor:
        """Return the penalty, a scalar, in mean nats per sample.

        Parameters
        ----------
        seen : Pass
            What a batch became on its way through the network.
        generator : torch.Generator
            On the CPU; where a penalty that samples draws from.
        """
