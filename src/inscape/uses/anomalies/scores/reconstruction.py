"""What a representation leaves of a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from inscape._typing import FloatArray
from inscape.estimators import Autoencoder
from inscape.uses.anomalies.rows import Rows, Source
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
        return ReconstructionFitted(source.learn(rows, default_autoencoder))


@dataclass(frozen=True, eq=False)
class ReconstructionFitted(FittedScore):
    """A representation.

    Parameters
    ----------
    representation : Any
        Fitted.
    """

    representation: Any
    explains: ClassVar[bool] = True

    def anomaly(self, rows: Rows) -> FloatArray:
        return self.contributions(rows).sum(axis=1)

    def contributions(self, rows: Rows) -> FloatArray:
        return np.square(residuals(self.representation, rows))

    def restored(self, rows: Rows) -> FloatArray:
        return rows.standard - residuals(self.representation, rows)


def default_autoencoder(n_features: int, seed: int) -> Autoencoder:
    """Return an autoencoder that has to leave something out: half the features, at most 16."""
    n_components = min(_WIDEST, max(1, n_features // 2))
    return Autoencoder(n_components, scaler="standard", random_state=seed)


def residuals(representation: Any, rows: Rows) -> FloatArray:
    """Return what a representation leaves of rows, float64, in spreads of the columns."""
    codes = representation.transform(rows.given)
    given = np.asarray(rows.given, dtype=np.float64)
    left = given - np.asarray(representation.inverse_transform(codes), dtype=np.float64)
    return left / rows.columns.spread
