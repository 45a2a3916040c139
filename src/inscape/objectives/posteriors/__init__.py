"""Posteriors: distributions over codes that the encoder gives the parameters of."""

from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import Tensor

from inscape.objectives.posteriors.diagonal_gaussian import DiagonalGaussian


class Distribution(Protocol):
    """The posteriors of n rows."""

    @property
    def mean(self) -> Tensor:
        """The codes that stand for the rows, (n, n_components)."""

    def draw(self, n_draws: int, *, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return codes (n_draws, n, n_components) and their log-density (n_draws, n)."""

    def log_density(self, codes: Tensor) -> Tensor:
        """Return the log-density (..., n) of codes (..., n, n_components), which broadcast."""

    def detached(self) -> "Distribution":
        """Return the same posteriors, without gradients to their parameters."""

    def kullback_leibler(self, prior: Any) -> Tensor | None:
        """Return the divergence (n,) from a prior's module where a formula is known."""


POSTERIORS: Mapping[str, Any] = {
    "diagonal_gaussian": DiagonalGaussian,
}

__all__ = ["POSTERIORS", "DiagonalGaussian", "Distribution"]
