"""How far the code of a row, and what it leaves, are off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from inscape._typing import FloatArray
from inscape.uses.anomalies.rows import Rows, Source
from inscape.uses.anomalies.scores.reconstruction import (
    default_autoencoder,
    residuals,
)
from inscape.uses.anomalies.scores.score import AnomalyScore, FittedScore
from inscape.uses.anomalies.spread import Spread, fit_spread
from inscape.uses.standard import Standard, fit_standard


@dataclass(frozen=True)
class Mahalanobis(AnomalyScore):
    r"""The squared Mahalanobis distance of code and residual together.

    .. math:: (v - m)^T C^{-1} (v - m), \qquad v = [\text{code}(x),\; x - \hat x]

    with the shrunk covariance :math:`C` of the training rows', each entry of :math:`v` first
    divided by its spread. A row is off where its code is unusual, and where it is not given back.
    """

    def fit(self, rows: Rows, source: Source) -> MahalanobisFitted:
        """Learn a representation, where none is given fitted, and the spread of what it makes."""
        representation = source.learn(rows, default_autoencoder)
        vectors = _vectors(representation, rows)
        standard = fit_standard(vectors)
        spread = fit_spread(standard.apply(vectors))
        return MahalanobisFitted(representation, standard, spread)


@dataclass(frozen=True, eq=False)
class MahalanobisFitted(FittedScore):
    """A representation, and the spread of codes and residuals.

    Parameters
    ----------
    representation : Any
        Fitted.
    standard : Standard
        Of codes and residuals.
    spread : Spread
        Of these with entries of one spread.
    """

    representation: Any
    standard: Standard
    spread: Spread

    def anomaly(self, rows: Rows) -> FloatArray:
        vectors = self.standard.apply(_vectors(self.representation, rows))
        return np.square(self.spread.whiten(vectors)).sum(axis=1)

    def restored(self, rows: Rows) -> FloatArray:
        return rows.standard - residuals(self.representation, rows)


def _vectors(representation: Any, rows: Rows) -> FloatArray:
    codes = np.asarray(representation.transform(rows.given), dtype=np.float64)
    return np.concatenate([codes, residuals(representation, rows)], axis=1)
