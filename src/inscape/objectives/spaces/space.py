"""The base of every space of codes, and flat space."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor


@dataclass(frozen=True)
class Space(ABC):
    """Where codes live, and the way from there to flat space and back.

    Attributes
    ----------
    kind : str
        Its name.
    """

    kind: ClassVar[str]

    def flatten(self, codes: Tensor) -> Tensor:
        """Return vectors (n, n_components) of flat space that stand for codes."""
        return codes

    def settle(self, vectors: Tensor) -> Tensor:
        """Return the codes that vectors (n, n_components) of flat space stand for."""
        return vectors


@dataclass(frozen=True)
class Euclidean(Space):
    """Flat space, where a representation says nothing else."""

    kind: ClassVar[str] = "euclidean"
