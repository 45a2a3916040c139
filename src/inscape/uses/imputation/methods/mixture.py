"""Several Gaussians of one covariance, of columns that may be bent."""

from __future__ import annotations

from dataclasses import dataclass, replace

from inscape._checks import check_flag, check_integer, check_number
from inscape.uses.imputation.held_out import hide
from inscape.uses.imputation.methods.gaussian import Gaussian
from inscape.uses.imputation.methods.method import ImputationMethod, RowsWithGaps
from inscape.uses.imputation.methods.search import (
    OF_GROUPS,
    SHRINKAGES,
    WIDE,
    GaussianFitted,
    Search,
    Way,
)


@dataclass(frozen=True)
class Mixture(ImputationMethod):
    """The conditional mean of several Gaussians of one covariance, of columns that may be bent.

    Where columns are many, it is the plain `Gaussian`.

    Parameters
    ----------
    n_groups : int or None
        How many; None takes as many as tell hidden entries best.
    shrinkage : float or None
        As in `Gaussian`.
    bend : bool or None
        Whether columns are bent to be like a bell, by a power (Yeo and Johnson); None where that
        tells hidden entries better.
    """

    n_groups: int | None = None
    shrinkage: float | None = None
    bend: bool | None = None

    def __post_init__(self) -> None:
        if self.n_groups is not None:
            check_integer("n_groups", self.n_groups, minimum=1)
        if self.shrinkage is not None:
            check_number("shrinkage", self.shrinkage, minimum=0)
        if self.bend is not None:
            check_flag("bend", self.bend)

    def fit(self, rows: RowsWithGaps) -> GaussianFitted:
        """Learn the Gaussians."""
        search = Search(rows.X, hide(rows.X, seed=rows.seed), seed=rows.seed)
        return search.finished(self.find(search))

    def find(self, search: Search) -> Way:
        """Return how they are learned."""
        if search.X.shape[1] > WIDE:
            return Gaussian(self.shrinkage).find(search)
        shrinkages: tuple[float, ...] = SHRINKAGES if self.shrinkage is None else (self.shrinkage,)
        bends = (False, True) if self.bend is None else (self.bend,)
        way = search.best([search.shrunk(Way(bend=bend), shrinkages) for bend in bends])
        if self.n_groups is None:
            return search.grouped(way)
        shrinkages = OF_GROUPS if self.shrinkage is None else (self.shrinkage,)
        return search.shrunk(replace(way, n_groups=self.n_groups), shrinkages)
