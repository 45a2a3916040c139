"""What a representation makes of rows that a Gaussian has filled."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from inscape._errors import InvalidParameterError
from inscape._typing import FloatArray
from inscape.uses.imputation.held_out import Turn, hide, stretch
from inscape.uses.imputation.marginals import fit_marginals
from inscape.uses.imputation.methods.auto import Auto
from inscape.uses.imputation.methods.gaussian import Gaussian
from inscape.uses.imputation.methods.method import (
    FittedImputation,
    ImputationMethod,
    RowsWithGaps,
)
from inscape.uses.imputation.methods.search import GaussianFitted
from inscape.uses.representations import fit_representation, is_fitted

# Standard errors by which a representation has to gain.
_CLEARLY = 2.5


@dataclass(frozen=True, eq=False)
class ReconstructionFitted(FittedImputation):
    """What a representation and a Gaussian of what it leaves tell.

    Parameters
    ----------
    base : GaussianFitted
        By which rows are filled first.
    representation : Any
        Fitted.
    residual : GaussianFitted
        Of rows less what the representation makes of them.
    share : float
        From 0 to 1: how far what is told goes from the first to the second.
    stretch : float
        By how much errors of hidden entries were wider than the first says.
    """

    base: GaussianFitted
    representation: Any
    residual: GaussianFitted
    share: float = 1.0
    stretch: float = 1.0

    def moments(self, X: FloatArray) -> tuple[FloatArray, FloatArray]:
        filled, deviation = self.base.moments(X)
        found = filled
        if self.share:
            found = filled + self.share * (self.told(X, filled) - filled)
        return np.where(np.isnan(X), found, X), self.stretch * deviation

    def told(self, X: FloatArray, filled: FloatArray) -> FloatArray:
        """Return what the representation makes of filled rows, and of what it leaves the mean."""
        if not np.isnan(X).any():
            return filled
        made = reconstruct(self.representation, filled)
        return made + self.residual.moments(X - made)[0]

    def draw(self, X: FloatArray, random: np.random.Generator) -> FloatArray:
        apart = self.base.draw(X, random) - self.base.moments(X)[0]
        return self.moments(X)[0] + self.stretch * apart


@dataclass(frozen=True)
class Reconstruction(ImputationMethod):
    """What a representation makes of filled rows, and the conditional mean of what it leaves.

    Rows are filled by `Auto`. How far the representation is followed is told by hidden entries: not
    at all, where it does not clearly help.
    """

    def fit(self, rows: RowsWithGaps) -> ReconstructionFitted:
        """Learn the Gaussians and, where it is not fitted yet, the representation.

        Raises
        ------
        InvalidParameterError
            If there is no representation, or it does not decode.
        """
        if not hasattr(rows.representation, "inverse_transform"):
            raise InvalidParameterError(
                "`representation` must be an estimator that encodes and decodes for "
                f"method='reconstruction'; got {rows.representation!r}: pass for example "
                "inscape.Autoencoder(8)."
            )
        turns = hide(rows.X, seed=rows.seed)[:1]
        share, wider = _share(rows, turns[0]) if turns else (0.0, 1.0)
        found = _learn(rows, rows.X, verbose=rows.verbose)
        return ReconstructionFitted(found.base, found.representation, found.residual, share, wider)


def reconstruct(representation: Any, filled: FloatArray) -> FloatArray:
    """Return what a representation makes of rows, in float64."""
    with warnings.catch_warnings():
        # They are in the order that it knows.
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        codes = representation.transform(filled)
        return np.asarray(representation.inverse_transform(codes), dtype=np.float64)


def _learn(rows: RowsWithGaps, X: FloatArray, *, verbose: bool = False) -> ReconstructionFitted:
    base = Auto().fit(RowsWithGaps(X, seed=rows.seed))
    filled = base.moments(X)[0]
    representation = rows.representation
    if not is_fitted(representation):
        representation = fit_representation(clone(representation), filled, verbose=verbose)
    left = X - reconstruct(representation, filled)
    return ReconstructionFitted(
        base, representation, Gaussian().fit(RowsWithGaps(left, seed=rows.seed))
    )


def _share(rows: RowsWithGaps, turn: Turn) -> tuple[float, float]:
    """Return how far a representation is to be followed, and how much wider errors are then."""
    found = _learn(rows, turn.learned)
    filled = found.base.moments(turn.asked)[0]
    further = found.told(turn.asked, filled) - filled
    hidden = ~np.isnan(turn.truth)
    spread = fit_marginals(turn.learned, bend=False).spread
    spread = np.broadcast_to(spread, hidden.shape)[hidden]
    moved, wanted = further[hidden] / spread, (turn.truth - filled)[hidden] / spread
    size = float(np.square(moved).sum())
    share = float(np.clip(moved @ wanted / size, 0.0, 1.0)) if size else 0.0
    # Few entries say something of any way: chance must not be followed.
    gains = np.square(wanted) - np.square(wanted - share * moved)
    if gains.mean() <= _CLEARLY * gains.std() / np.sqrt(len(gains)):
        share = 0.0
    followed = ReconstructionFitted(found.base, found.representation, found.residual, share)
    return share, stretch([turn], lambda _: followed)
