"""What a recipe finds: a measured number beside the one that is expected."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Final

# The source of a reference that nobody published, and that is exact.
THEORY: Final = "theory"


@dataclass(frozen=True)
class Result:
    """One number of a published experiment, as we find it.

    Parameters
    ----------
    experiment : str
        What was trained.
    metric : str
        What was measured.
    source : str
        Who published the reference; `THEORY` for an exact one.
    reference : float
        The number that is expected.
    measured : float
        With the recipe's protocol, here.
    ours : float or None
        With our default training of the same widths; None where there is none.
    """

    experiment: str
    metric: str
    source: str
    reference: float
    measured: float
    ours: float | None

    @property
    def deviation(self) -> float | None:
        """How far the measured number lies from the reference, as a share; None where that is 0."""
        return self.measured / self.reference - 1 if self.reference else None

    def as_row(self) -> list[str]:
        """Return the result as texts for a table; a difference where there is no share."""
        exact = f" ({THEORY})" if self.source == THEORY else ""
        difference = self.measured - self.reference
        return [
            self.experiment,
            self.metric,
            f"{self.reference:.4g}{exact}",
            f"{self.measured:.4g}",
            f"{difference:+.2g}" if self.deviation is None else f"{self.deviation:+.1%}",
            "" if self.ours is None else f"{self.ours:.4g}",
        ]

    def as_json(self) -> dict[str, Any]:
        """Return the row of results.json."""
        return dataclasses.asdict(self)
