"""One Gaussian, learned by expectation-maximisation."""

from __future__ import annotations

from dataclasses import dataclass, replace

from inscape._checks import check_integer, check_number
from inscape.uses.imputation.held_out import hide
from inscape.uses.imputation.methods.method import ImputationMethod, RowsWithGaps
from inscape.uses.imputation.methods.search import WIDE, GaussianFitted, Search, Way


@dataclass(frozen=True)
class Gaussian(ImputationMethod):
    """The conditional mean of one Gaussian, learned by expectation-maximisation.

    Of more than 150 columns its covariance has few directions, and a variance of its own for each.

    Parameters
    ----------
    shrinkage : float or None
        Rows that speak for columns that have nothing to do with each other; None takes the number
        of 1 to 1,000 that tells hidden entries best.
    rank : int or None
        Directions where there are many columns; None takes as many as help.
    """

    shrinkage: float | None = None
    rank: int | None = None

    def __post_init__(self) -> None:
        if self.shrinkage is not None:
            check_number("shrinkage", self.shrinkage, minimum=0)
        if self.rank is not None:
            check_integer("rank", self.rank, minimum=1)

    def fit(self, rows: RowsWithGaps) -> GaussianFitted:
        """Learn the Gaussian."""
        search = Search(rows.X, hide(rows.X, seed=rows.seed), seed=rows.seed)
        return search.finished(self.find(search))

    def find(self, search: Search) -> Way:
        """Return how it is learned."""
        if self.rank is None and search.X.shape[1] > WIDE:
            way = search.ranked()
        else:
            way = Way(rank=self.rank or 0)
            way = way if self.shrinkage is not None else search.shrunk(way)
        return way if self.shrinkage is None else replace(way, shrinkage=self.shrinkage)
