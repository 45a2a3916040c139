"""Whichever way tells hidden entries best."""

from __future__ import annotations

from dataclasses import dataclass

from inscape.uses.imputation.held_out import hide
from inscape.uses.imputation.methods.kernel import Kernel
from inscape.uses.imputation.methods.method import ImputationMethod, RowsWithGaps
from inscape.uses.imputation.methods.mixture import Mixture
from inscape.uses.imputation.methods.search import NEIGHBORS, WIDE, GaussianFitted, Search


@dataclass(frozen=True)
class Auto(ImputationMethod):
    """Whichever of `Gaussian`, `Mixture` and `Kernel` tells hidden entries best."""

    def fit(self, rows: RowsWithGaps) -> GaussianFitted:
        """Learn what tells hidden entries best."""
        search = Search(rows.X, hide(rows.X, seed=rows.seed), seed=rows.seed)
        way = Mixture().find(search)
        if search.X.shape[1] <= WIDE and len(search.X) > NEIGHBORS:
            way = search.best([way, Kernel().find(search)])
        return search.finished(way)
