"""What a representation leaves of a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from inscape._typing import FloatArray
from inscape.estimators import Autoencoder
from inscape.uses.anomalies.rows import Rows, Source, fit_standard
from inscape.uses.anomalies.scores.score import AnomalyScore, FittedScore

# The widest code of a default representation.
_WIDEST = 16


@dataclass(frozen=True)
class Reconstruction(AnomalyScore):
    r"""The squared error of the reconstruction, in spreads of the columns.

    .. math:: \sum_i \big((x_i - \hat x_i) / s_i\big)^2
    """

    def fit(self, rows: Rows, source: Source) -> ReconstructionFitted:
        """Learn a representation, where none is given fitted."""
        spread = rows_spread(rows)
        return ReconstructionFitted(source.learn(rows, default_autoencoder), spread)


@dataclass(frozen=True, eq=False)
class ReconstructionFitted(FittedScore):
    """A representation.

    Parameters
    ----------
    representation : Any
        Fitted.
    spread : ndarray, shape (n_features,)
        Of the columns, in the units in which it reconstructs.
    """

    representation: Any
    spread: FloatArray

    def anomaly(self, rows: Rows) -> FloatArray:
        return self.contributions(rows).sum(axis=1)

    def contributions(self, rows: Rows) -> FloatArray:
        return np.square(residuals(self.representation, rows) / self.spread)


def default_autoencoder(n_features: int, seed: int) -> Autoencoder:
    """Return an autoencoder that has to leave something out: half the features, at most 16."""
    n_components = min(_WIDEST, max(1, n_features // 2))
    return Autoencoder(n_components, scaler="standard", random_state=seed)


def residuals(representation: Any, rows: Rows) -> FloatArray:
    """Return what a representation leaves of rows, float64, in their units."""
    codes = representation.transform(rows.given)
    given = np.asarray(rows.given, dtype=np.float64)
    return given - np.asarray(representation.inverse_transform(codes), dtype=np.float64)


def rows_spread(rows: Rows) -> FloatArray:
    """Return the spread of each column of rows as they came; 1 where it has none."""
    return fit_standard(np.asarray(rows.given, dtype=np.float64)).spread
