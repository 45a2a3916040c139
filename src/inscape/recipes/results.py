"""What a recipe finds: a measured number beside the one that its source reports."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Result:
    """One number of a published experiment, as we find it.

    Parameters
    ----------
    experiment : str
        What was trained.
    metric : str
        What was measured on the test set.
    source : str
        Who published the experiment.
    reference : float
        The number that is expected.
    measured : float
        With the source's protocol, here.
    ours : float or None
        With our default training of the same architecture.
    """

    experiment: str
    metric: str
    source: str
    reference: float
    measured: float
    ours: float | None

    @property
    def deviation(self) -> float:
        """How far the measured number lies from the reference, as a share of it."""
        return self.measured / self.reference - 1

    def as_json(self) -> dict[str, Any]:
        """Return the row of results.json."""
        return dataclasses.asdict(self)
