"""Posteriors: distributions over codes that the encoder gives the parameters of."""

from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import Tensor

from inscape.objectives.posteriors.diagonal_gaussian import DiagonalGaussian
from inscape.objectives.posteriors.full_gaussian import FullGaussian
from inscape.objectives.posteriors.inverse_autoregressive_flow import InverseAutoregressiveFlow
from inscape.objectives.posteriors.point_mass import PointMass
from inscape.objectives.posteriors.von_mises_fisher import VonMisesFisher
from inscape.objectives.posteriors.wrapped_normal import WrappedNormal


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
    "full_gaussian": FullGaussian,
    "von_mises_fisher": VonMisesFisher,
    "wrapped_normal": WrappedNormal,
    "inverse_autoregressive_flow": InverseAutoregressiveFlow,
    "point_mass": PointMass,
}

__all__ = [
    "POSTERIORS",
    "DiagonalGaussian",
    "Distribution",
    "FullGaussian",
    "InverseAutoregressiveFlow",
    "PointMass",
    "VonMisesFisher",
    "WrappedNormal",
]
