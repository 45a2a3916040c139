"""The base of every bound."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from inscape._parts import Part
from inscape.objectives.variational import Batch


@dataclass(frozen=True)
class Bound(Part):
    """How draws from the posterior become one number below the log-likelihood.

    Attributes
    ----------
    any_divergence : bool
        Whether it takes the divergence as a term; else it holds the whole of it already.
    takes_weights : bool
        Whether its means are those of `Batch.mean`, which counts rows by their weights.
    """

    any_divergence: ClassVar[bool] = False
    takes_weights: ClassVar[bool] = False

    @property
    @abstractmethod
    def total_draws(self) -> int:
        """Codes drawn for each row."""

    @abstractmethod
    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """Return the negative bound in terms, mean nats per sample.

        Parameters
        ----------
        batch : Batch
            Rows, which draw codes and tell what they cost.
        """
