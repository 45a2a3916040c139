"""The Poincaré ball as a space of codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from inscape.objectives.spaces.poincare import displaced, displacement
from inscape.objectives.spaces.space import Space


@dataclass(frozen=True)
class PoincareBall(Space):
    """Codes inside a ball of hyperbolic space; a vector is a displacement from the middle.

    Parameters
    ----------
    curvature : float
        c, above 0: the ball's curvature is -c and its radius 1/sqrt(c).
    """

    kind: ClassVar[str] = "poincare_ball"
    curvature: float = 1.0

    def flatten(self, codes: Tensor) -> Tensor:
        """Return the displacements (n, n_components) that lead from the middle to codes."""
        return displacement(torch.zeros_like(codes), codes, curvature=self.curvature)

    def settle(self, vectors: Tensor) -> Tensor:
        """Return where displacements (n, n_components) lead."""
        return displaced(torch.zeros_like(vectors), vectors, curvature=self.curvature)
