"""How the weight of a divergence grows with the steps of training."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from inscape._checks import check_integer, check_number
from inscape._parts import Family, Part


@dataclass(frozen=True)
class AnnealingSchedule(Part):
    """How much of a weight counts after so many steps."""

    @abstractmethod
    def share(self, step: int) -> float:
        """Return the share, in [0, 1], of the weight after so many steps."""


@dataclass(frozen=True)
class LinearWarmUp(AnnealingSchedule):
    """From 0 to the whole weight in a straight line.

    Source: Bowman et al. 2016, arXiv 1511.06349, and Sonderby et al. 2016, arXiv 1602.02282.

    Parameters
    ----------
    n_steps : int
        Steps until the weight is whole: half of a default training, where nothing is said.

    Examples
    --------
    >>> LinearWarmUp(n_steps=100).share(25)
    0.25
    """

    n_steps: int = 300

    def __post_init__(self) -> None:
        check_integer("n_steps", self.n_steps, minimum=1)

    def share(self, step: int) -> float:
        """Return the share, in [0, 1], of the weight after so many steps."""
        return min(1.0, step / self.n_steps)


@dataclass(frozen=True)
class CyclicalAnnealing(AnnealingSchedule):
    """From 0 to the whole weight, again and again.

    Source: Fu et al. 2019, arXiv 1903.10145.

    Parameters
    ----------
    n_steps : int
        Steps of a cycle: a default training has four, where nothing is said.
    rising : float
        Share of a cycle, in (0, 1], in which the weight grows; in the rest it is whole.

    Examples
    --------
    >>> CyclicalAnnealing(n_steps=100, rising=0.5).share(125)
    0.5
    """

    n_steps: int = 150
    rising: float = 0.5

    def __post_init__(self) -> None:
        check_integer("n_steps", self.n_steps, minimum=1)
        check_number("rising", self.rising, above=0, maximum=1)

    def share(self, step: int) -> float:
        """Return the share, in [0, 1], of the weight after so many steps."""
        return min(1.0, (step % self.n_steps) / self.n_steps / self.rising)


SCHEDULES = Family(
    AnnealingSchedule,
    {"linear_warm_up": LinearWarmUp, "cyclical_annealing": CyclicalAnnealing},
)
