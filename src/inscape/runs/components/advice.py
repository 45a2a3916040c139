"""Which size of code is recommended, and with what doubt, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

# Counts within this ratio of each other agree.
_AGREE: Final = 2.0


@dataclass(frozen=True)
class Count:
    """What one way of counting says.

    Parameters
    ----------
    name : str
        The way.
    size : int
        How many components.
    asks : str
        What it asks for.
    least : bool
        Whether it may be more: no larger size was tried.
    """

    name: str
    size: int
    asks: str
    least: bool = False

    def __str__(self) -> str:
        return f"{'at least ' * self.least}{self.size}"


@dataclass(frozen=True)
class Advice:
    """A size, and how sure it is.

    Parameters
    ----------
    size : int or None
        What is recommended; None where the rows have no structure to be kept in fewer numbers.
    low, high : int
        The smallest and the largest count.
    told : tuple of str
        In sentences: the size, why, and what speaks against it.
    """

    size: int | None
    low: int
    high: int
    told: tuple[str, ...]


CHANCE: Final = "parallel analysis"
LIKELY: Final = "likelihood of PCA"
CURVED: Final = "intrinsic dimension"
LEARNED: Final = "likelihood of VAEs"
# What each way asks for.
ASKS: Final[Mapping[str, str]] = {
    CHANCE: "principal components above those of permuted columns",
    LIKELY: "principal components that make other rows likelier",
    CURVED: "directions in which a row's neighbours lie, curved or not",
    LEARNED: "units of a variational model that make other rows likelier",
}


def advise(counts: Sequence[Count], *, n_features: int, n_rows: int) -> Advice:
    """Return the size that the ways of counting speak for: their median, the smaller of two.

    Parameters
    ----------
    counts : sequence of Count
        One at least.
    n_features, n_rows : int
        Of the rows that were counted in.
    """
    ordered = sorted(counts, key=lambda count: count.size)
    low, high = ordered[0], ordered[-1]
    linear = [count.size for count in counts if count.name in (CHANCE, LIKELY)]
    if linear and not any(linear):
        return Advice(
            None,
            low.size,
            high.size,
            (
                f"No size is recommended: no principal component of {n_features} columns is above "
                f"chance in {n_rows:,} rows, and none makes other rows likelier.",
                "The columns know nothing of each other that lines can tell: a code with fewer "
                "numbers loses what it leaves out. Give more rows, or keep the columns.",
            ),
        )
    size = max(1, ordered[(len(ordered) - 1) // 2].size)
    span = f"{low.size} to {high}"
    if max(1, low.size) * _AGREE >= high.size and not high.least:
        doubt = f"The {len(counts)} ways of counting agree within a factor of two ({span})."
    else:
        doubt = (
            f"That is doubtful: the {len(counts)} ways of counting go from {span}. Fewest: "
            f"{low.asks}; most: {high.asks}."
        )
    return Advice(
        size,
        low.size,
        high.size,
        (f"About {size} component{'s' * (size != 1)}.", doubt, *_reasons(counts, size)),
    )


def _reasons(counts: Sequence[Count], size: int) -> list[str]:
    """Return what the disagreements of the counts mean."""
    found = {count.name: count for count in counts}
    told = []
    chance, likely, curved, learned = (
        found.get(name) for name in (CHANCE, LIKELY, CURVED, LEARNED)
    )
    if curved and chance and 0 < curved.size * 1.5 < chance.size:
        told.append(
            f"The rows are curved: locally they have {curved.size} directions, and need "
            f"{chance.size} straight ones; a network may do with fewer numbers than PCA."
        )
    if likely and chance and likely.size > _AGREE * max(1, chance.size):
        told.append(
            "Beyond what is above chance there are many weak components: noise is not as large in "
            "all directions as PCA's likelihood takes it to be, so that this count is high."
        )
    if curved and chance and curved.size > _AGREE * max(1, chance.size):
        told.append("Neighbours differ by noise in all directions, which the dimension counts too.")
    if learned and learned.least:
        told.append(
            f"The likelihood of variational models still rises at {learned.size}, the largest that "
            "was tried: give larger --sizes."
        )
    if not told and size == max(count.size for count in counts):
        told.append("Nothing speaks for more.")
    return told


def rounded_up(dimension: float) -> int:
    """Return the components that hold so many dimensions."""
    return max(1, math.ceil(dimension - 0.25))
