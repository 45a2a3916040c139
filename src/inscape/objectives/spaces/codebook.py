"""A codebook as a space of codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from inscape.networks.vector_quantized import Quantizer
from inscape.objectives.spaces.space import Space


@dataclass(frozen=True, eq=False)
class Codebook(Space):
    """The entries of a codebook; a vector stands for the nearest one.

    Parameters
    ----------
    quantizer : Quantizer
        The module with the entries.
    """

    kind: ClassVar[str] = "codebook"
    quantizer: Quantizer

    def settle(self, vectors: Tensor) -> Tensor:
        """Return the entries nearest to vectors (n, n_components)."""
        return self.quantizer(vectors.to(self.quantizer.codebook)).to(vectors)
