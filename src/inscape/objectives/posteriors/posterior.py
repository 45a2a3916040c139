"""The base of every posterior, and of the distributions over codes that it gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from inscape._parts import Part
from inscape.objectives.spaces.space import Euclidean, Space


@dataclass(frozen=True)
class Posterior(Part):
    """A distribution over codes that the encoder gives the parameters of, row by row.

    Attributes
    ----------
    space : Space
        Where the codes live; only priors of the same space go with it.
    has_density : bool
        Whether codes have a density, which most divergences ask for.
    independent_components : bool
        Whether the components of a row's code are independent, each a Gaussian.
    """

    space: ClassVar[Space] = Euclidean()
    has_density: ClassVar[bool] = True
    independent_components: ClassVar[bool] = False

    @abstractmethod
    def n_code(self, n_components: int) -> int:
        """Return how many numbers the encoder gives."""

    @abstractmethod
    def build(self, n_components: int, *, generator: torch.Generator) -> Any:
        """Return the module.

        As a bottleneck it gives the posterior's mean, (n, n_components), of the encoder's outputs
        (n, n_code); its method ``distribution(outputs)`` gives the `Distribution` itself.

        Parameters
        ----------
        n_components : int
            Width of the code.
        generator : torch.Generator
            Where weights are drawn from, if it has any.
        """


class Distribution(ABC):
    """The posteriors of n rows.

    Attributes
    ----------
    mean : Tensor, shape (n, n_components)
        The codes that stand for the rows.
    """

    mean: Any

    @abstractmethod
    def draw(self, n_draws: int, *, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return codes (n_draws, n, n_components) and their log-density (n_draws, n)."""

    @abstractmethod
    def log_density(self, codes: Tensor) -> Tensor:
        """Return the log-density (..., n) of codes (..., n, n_components), which broadcast."""

    @abstractmethod
    def detached(self) -> Distribution:
        """Return the same posteriors, without gradients to their parameters."""

    def kullback_leibler(self, prior: Any) -> Tensor | None:
        """Return the divergence (n,) from a prior's module where a formula is known, else None."""
        return None

    def kullback_leibler_by_component(self, prior: Any) -> Tensor | None:
        """Return each component's share (n, n_components) of that divergence, if it is a sum."""
        return None
