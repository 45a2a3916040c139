"""How far a denoiser moves a row, by how far it moves rows that it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from inscape._checks import check_integer, check_widths
from inscape._typing import FloatArray
from inscape.corruptions import GaussianNoise
from inscape.estimators import Autoencoder
from inscape.uses.anomalies.rows import Rows, Source
from inscape.uses.anomalies.scores.score import AnomalyScore, FittedScore, Folds
from inscape.uses.anomalies.spread import Spread, fit_spread, left_out_distances

_STEPS, _BATCH_SIZE = 1000, 128


@dataclass(frozen=True)
class Denoising(AnomalyScore):
    r"""How far a denoiser moves a row off.

    For noise of many sizes a denoiser learns where from each place the data lie denser
    (Alain and Bengio 2014, JMLR 15). On rows with columns of one spread it is trained once for each
    fold, on the others, so that every row has a residual :math:`r = x - f(x)` of a network that has
    not seen it. Beyond the range of a column in training the network is told its edge alone, where
    it knows what to say. With the shrunk covariance :math:`C` of the residuals, the score is the
    mean over the folds' networks of

    .. math:: (r - m)^T C^{-1} (r - m) = \sum_i \big(C^{-1/2} (r - m)\big)_i^2

    whose terms are what each feature contributes.

    Parameters
    ----------
    n_components : int
        Width of the code; there is no need for it to be narrow, the noise sees to that.
    hidden : tuple of int
        Widths of the encoder's hidden layers.
    smallest_noise, largest_noise : float
        Bounds of the standard deviation of the noise, in spreads of a column; each row's own is
        drawn between them, evenly on a logarithmic scale.
    epochs : float or None
        Passes over the rows; None as many as make 1,000 steps, and at least one.
    """

    n_components: int = 64
    hidden: tuple[int, ...] = (128,)
    smallest_noise: float = 0.1
    largest_noise: float = 1.0
    epochs: float | None = None
    trains_its_own: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_integer("n_components", self.n_components, minimum=1)
        object.__setattr__(self, "hidden", check_widths("hidden", self.hidden))
        self._noise()

    def _noise(self) -> GaussianNoise:
        return GaussianNoise(scale=(self.smallest_noise, self.largest_noise))

    def fit(self, rows: Rows, source: Source) -> DenoisingFitted:
        """Learn one denoiser from all rows; its residuals are of rows that it has seen."""
        model, limits = self._train(rows, source.seed), _limits(rows.standard)
        spread = fit_spread(_residuals(model, rows.standard, limits))
        return DenoisingFitted((model,), spread, limits)

    def cross_fit(
        self, rows: Rows, folds: Folds, source: Source
    ) -> tuple[DenoisingFitted, FloatArray]:
        """Learn a denoiser a fold; all of them judge what comes later."""
        models, unseen, limits = [], np.empty_like(rows.standard), _limits(rows.standard)
        for learned, judged in folds:
            model = self._train(rows.take(learned), source.seed)
            models.append(model)
            unseen[judged] = _residuals(model, rows.standard[judged], limits)
        fitted = DenoisingFitted(tuple(models), fit_spread(unseen), limits)
        return fitted, left_out_distances(unseen)

    def _train(self, rows: Rows, seed: int) -> Autoencoder:
        # What is learned is a field over all noise sizes: that takes steps, however few the rows.
        batch_size = min(_BATCH_SIZE, len(rows))
        epochs = max(1.0, _STEPS * batch_size / len(rows)) if self.epochs is None else self.epochs
        return Autoencoder(
            self.n_components,
            hidden=self.hidden,
            corruption=self._noise(),
            epochs=epochs,
            batch_size=batch_size,
            validation_fraction=0,
            random_state=seed,
        ).fit(rows.steady)


@dataclass(frozen=True, eq=False)
class DenoisingFitted(FittedScore):
    """Denoisers, and the spread of what they leave of rows that they have not seen.

    Parameters
    ----------
    models : tuple of Autoencoder
        Of rows with columns of one spread.
    spread : Spread
        Of residuals.
    limits : ndarray, shape (2, n_features)
        The least and the largest of each column in training.
    """

    models: tuple[Any, ...]
    spread: Spread
    limits: FloatArray
    explains: ClassVar[bool] = True

    def anomaly(self, rows: Rows) -> FloatArray:
        return self.contributions(rows).sum(axis=1)

    def contributions(self, rows: Rows) -> FloatArray:
        shares = [
            np.square(self.spread.whiten(_residuals(model, rows.standard, self.limits)))
            for model in self.models
        ]
        return np.mean(shares, axis=0)

    def restored(self, rows: Rows) -> FloatArray:
        known = rows.standard.clip(*self.limits)
        return np.mean([model.reconstruct(known) for model in self.models], axis=0)


def _limits(standard: FloatArray) -> FloatArray:
    return np.stack([standard.min(axis=0), standard.max(axis=0)])


def _residuals(model: Autoencoder, standard: FloatArray, limits: FloatArray) -> FloatArray:
    return standard - model.reconstruct(standard.clip(*limits))
