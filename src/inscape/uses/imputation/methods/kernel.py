"""A Gaussian about each row."""

from __future__ import annotations

from dataclasses import dataclass, replace

from inscape._checks import check_flag, check_number
from inscape._errors import InvalidDataError
from inscape.uses.imputation.held_out import hide
from inscape.uses.imputation.methods.method import ImputationMethod, RowsWithGaps
from inscape.uses.imputation.methods.search import WIDE, GaussianFitted, Search, Way

# Of the mean square that neighbours are apart.
_WIDTHS = (0.75, 1.0, 1.5, 2.5, 4.0)


@dataclass(frozen=True)
class Kernel(ImputationMethod):
    """The conditional mean of a Gaussian about each row, as wide as neighbours are apart.

    Parameters
    ----------
    width : float or None
        Of the mean square that neighbours are apart; None takes what tells hidden entries best.
    bend : bool or None
        As in `Mixture`.
    """

    width: float | None = None
    bend: bool | None = None

    def __post_init__(self) -> None:
        if self.width is not None:
            check_number("width", self.width, above=0)
        if self.bend is not None:
            check_flag("bend", self.bend)

    def fit(self, rows: RowsWithGaps) -> GaussianFitted:
        """Learn the Gaussians.

        Raises
        ------
        InvalidDataError
            If there are more columns than a whole covariance is learned of.
        """
        if rows.X.shape[1] > WIDE:
            raise InvalidDataError(
                f"X must have at most {WIDE} columns for method='kernel'; got {rows.X.shape[1]}: "
                "take method='gaussian'."
            )
        search = Search(rows.X, hide(rows.X, seed=rows.seed), seed=rows.seed)
        return search.finished(self.find(search))

    def find(self, search: Search) -> Way:
        """Return how they are learned, of rows that one Gaussian has filled."""
        widths = _WIDTHS if self.width is None else (self.width,)
        bends = (False, True) if self.bend is None else (self.bend,)
        first = [search.shrunk(Way(bend=bend)) for bend in bends]
        return search.best([replace(way, width=width) for way in first for width in widths])
