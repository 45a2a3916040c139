"""The unit sphere as a space of codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from inscape.networks.spherical import Normalize
from inscape.objectives.spaces.space import Space


@dataclass(frozen=True)
class Sphere(Space):
    """Codes of length 1; a vector stands for its direction."""

    kind: ClassVar[str] = "sphere"

    def settle(self, vectors: Tensor) -> Tensor:
        """Return vectors (n, n_components) over their lengths."""
        return Normalize()(vectors)
