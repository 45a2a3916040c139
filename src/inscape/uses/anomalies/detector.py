"""Find rows that are not like the others, or not like those that were normal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.model_selection import KFold
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted
from tqdm.auto import tqdm

from inscape._checks import check_choice, check_enough_samples, check_integer, check_number
from inscape._errors import InvalidParameterError
from inscape._parts import resolve_part
from inscape._typing import FloatArray, IntArray
from inscape.data import Description
from inscape.estimators.inputs import check_rows
from inscape.uses.anomalies.combination import Combination
from inscape.uses.anomalies.rows import Rows, Source
from inscape.uses.anomalies.scores import SCORES, AnomalyScore, FittedScore
from inscape.uses.anomalies.scores.score import Folds
from inscape.uses.anomalies.thresholds import CALIBRATIONS, Calibration
from inscape.uses.representations import (
    check_representation,
    learn_columns,
    rows_for_representation,
)
from inscape.uses.saving import Saved
from inscape.uses.standard import Standard, fit_standard

# Higher than any anomaly that is told: a row whose number leaves the floats is as far off.
_FARTHEST = 1e300
# Rows that are judged at a time, so that what is computed on the way stays small.
_BLOCK = 4096
_FALSE_ALARM_RATE = 0.05
# The more folds, the less those who have not seen a row know less than those who have.
_FEW_FOLDS, _MANY_FOLDS = 3, 10


class AnomalyDetector(OutlierMixin, Saved, BaseEstimator):
    """Tell rows that are not normal, how far they are off, and by which features.

    `fit` takes rows most of which are normal: clean ones, to find new kinds later (novelties), or
    all that there are (outliers). The score of a row hangs on that row alone, and two calls give
    the same.

    Parameters
    ----------
    representation : None, or an estimator with `fit` and `transform`
        What rows are encoded by: None takes the score's own, an unfitted one is cloned and fitted,
        a fitted one is used as it is. The scores "denoising" and "deep_svdd" learn networks of
        their own and take none.
    method : str, AnomalyScore, or list of them
        What tells how far a row is off:

        - "denoising", how far a denoiser moves it (see `scores.Denoising`);
        - "reconstruction", what a representation leaves of it;
        - "likelihood", how improbable it is under a variational model;
        - "mahalanobis", how far its code and what is left of it are off;
        - "neighbors", the distance to the k-th nearest row, or code;
        - "local", the local outlier factor, among rows or codes;
        - "deep_svdd", how far from a middle a network maps it;

        several are combined by their p-values.
    scaler : {"standard", None}
        Whether each column is divided by its own spread; None divides all by one, where they are
        of one unit, such as pixels.
    contamination : float or None
        The share of the rows in `fit` that `predict` tells off, as in scikit-learn: in (0, 0.5].
    false_alarm_rate : float or None
        The share of normal rows that `predict` tells off, by scores of rows in `fit` for one who
        has not seen them; None where there is no contamination either is 0.05.
    threshold : {"conformal", "generalized_pareto"}
        How p-values, and the threshold of a rate of false alarms, are found from these: by rank,
        or by the shape of the tail, for rates below one in the number of rows.
    n_folds : int or None
        Parts into which the rows are split to be judged by one who has not seen them; None is 3
        where the score learns networks, and 10 where it learns nothing that takes long.
    random_state : int, RandomState or None
        Of folds and networks.
    verbose : int
        1 draws a progress bar on a terminal.

    Attributes
    ----------
    offset_ : float
        The threshold: `predict` tells a row off whose `score_samples` is below.
    calibration_ : Calibration
        What p-values are taken from.
    unseen_scores_ : ndarray, shape (n_samples,)
        `score_samples` of the rows in `fit`, each for one who has not seen it.
    description_ : Description or None
        What the columns are, as far as it was told: by a frame, or what `data.load` returns.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> detector = AnomalyDetector(method="neighbors", random_state=0).fit(X)
    >>> detector.predict([[0, 0, 0], [9, 9, 9]])
    array([ 1, -1])
    """

    offset_: float
    calibration_: Calibration
    unseen_scores_: FloatArray
    description_: Description | None
    standard_: Standard
    score_: FittedScore
    n_features_in_: int

    def __init__(
        self,
        representation: Any = None,
        *,
        method: Any = "denoising",
        scaler: str | None = "standard",
        contamination: float | None = None,
        false_alarm_rate: float | None = None,
        threshold: str = "conformal",
        n_folds: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.representation = representation
        self.method = method
        self.scaler = scaler
        self.contamination = contamination
        self.false_alarm_rate = false_alarm_rate
        self.threshold = threshold
        self.n_folds = n_folds
        self.random_state = random_state
        self.verbose = verbose

    # ----------------------------------------------------------------------- learning

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn what is normal.

        Parameters
        ----------
        X : array-like, frame, or what `data.load` returns; shape (n_samples, n_features)
            Rows, most of them normal. What their columns are is remembered.
        y : None
            Not used; for scikit-learn's pipelines.

        Returns
        -------
        estimator
            Itself.

        Raises
        ------
        InvalidParameterError
            If options cannot hold, or do not go together.
        InvalidDataError
            If the rows are no finite numbers, or fewer than two.
        """
        rows = learn_columns(self, X)
        check_enough_samples(len(rows))
        part = self._check_options()
        random = check_random_state(self.random_state)
        seed = int(random.randint(2**31 - 1))
        self.standard_ = fit_standard(rows, alike=self.scaler is None)
        seen = self._see(X, rows)
        source = Source(self.representation, seed)
        n_folds = min(self.n_folds or _choose_folds(part, source), len(rows))
        folds = list(KFold(n_folds, shuffle=True, random_state=seed).split(rows))
        self.score_, unseen = part.cross_fit(seen, self._watched(folds), source)
        unseen = _told(unseen)
        self.unseen_scores_ = -unseen
        self.calibration_ = CALIBRATIONS[self.threshold](np.sort(unseen))
        self.offset_ = self._find_offset(seen)
        return self

    def _watched(self, folds: list[tuple[IntArray, IntArray]]) -> Folds:
        """Return the folds with a bar that moves as they are worked off, if one is asked for."""
        return tqdm(
            folds,
            desc=type(self).__name__,
            unit="fold",
            leave=False,
            disable=None if self.verbose else True,
        )

    def _check_options(self) -> AnomalyScore:
        """Return the score that is asked for, once every option is known to hold."""
        check_representation(self.representation)
        if self.scaler is not None:
            check_choice("scaler", self.scaler, ("standard",))
        check_choice("threshold", self.threshold, CALIBRATIONS)
        if self.n_folds is not None:
            check_integer("n_folds", self.n_folds, minimum=2)
        if self.contamination is not None and self.false_alarm_rate is not None:
            raise InvalidParameterError(
                "`contamination` and `false_alarm_rate` must not both be given, for each sets the "
                f"threshold; got {self.contamination!r} and {self.false_alarm_rate!r}: leave one "
                "out."
            )
        if self.contamination is not None:
            check_number("contamination", self.contamination, above=0, maximum=0.5)
        if self.false_alarm_rate is not None:
            check_number("false_alarm_rate", self.false_alarm_rate, above=0, below=1)
        parts = resolve_scores(self.method)
        for part in parts:
            if self.representation is not None and part.trains_its_own:
                raise InvalidParameterError(
                    "`representation` must be None where the score learns a network of its own; "
                    f"got {type(self.representation).__name__} with {type(part).__name__}: leave "
                    "it out, or take method='mahalanobis'."
                )
        return parts[0] if len(parts) == 1 else Combination(parts)

    def _find_offset(self, seen: Rows) -> float:
        if self.contamination is not None:
            scores = -self._anomaly(seen)
            return float(np.percentile(scores, 100 * self.contamination))
        rate = self.false_alarm_rate
        return -self.calibration_.threshold(_FALSE_ALARM_RATE if rate is None else rate)

    # ----------------------------------------------------------------------- judging

    def score_samples(self, X: Any) -> FloatArray:
        """Return how normal each row is.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray, shape (n_samples,)
            The higher, the more normal; a row that is far off has a very low number.
        """
        return -self._anomaly(self._check(X))

    def decision_function(self, X: Any) -> FloatArray:
        """Return `score_samples` less the threshold `offset_`: below 0 is not normal.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray, shape (n_samples,)
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> IntArray:
        """Return 1 for each row that is normal, and -1 for each that is not.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray, shape (n_samples,)
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    def p_values(self, X: Any) -> FloatArray:
        """Return how probable it is that a normal row is at least as far off.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray, shape (n_samples,)
            In (0, 1]. They hold for rows that are exchangeable with those in `fit`: where what is
            normal drifts, no calibration can hold.
        """
        return self.calibration_.p_values(self._anomaly(self._check(X)))

    def explain(self, X: Any) -> FloatArray:
        """Return what each feature contributes to how far a row is off.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray, shape (n_samples, n_features)
            None below 0; the sum of a row is minus its `score_samples`.

        Raises
        ------
        InvalidParameterError
            If the score is no sum over features.
        """
        seen = self._check(X)
        shares = [self.score_.contributions(some) for some in _blocks(seen)]
        return np.nan_to_num(np.concatenate(shares), nan=_FARTHEST, posinf=_FARTHEST)

    def restore(self, X: Any) -> FloatArray:
        """Return rows as they would be if they were normal, for the detector.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray, shape (n_samples, n_features)
            In the units of X.

        Raises
        ------
        InvalidParameterError
            If the score compares rows with nothing of their kind.
        """
        seen = self._check(X)
        rows = np.concatenate([self.score_.restored(some) for some in _blocks(seen)])
        return self.standard_.undo(rows)

    def _check(self, X: Any) -> Rows:
        check_is_fitted(self)
        return self._see(X, check_rows(self, X, reset=False))

    def _see(self, X: Any, rows: FloatArray) -> Rows:
        """Return rows as the scores see them; a frame keeps the names of its columns."""
        given = rows_for_representation(self, X, rows)
        return Rows(given, self.standard_.apply(rows), self.standard_)

    def _anomaly(self, seen: Rows) -> FloatArray:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return _told(np.concatenate([self.score_.anomaly(some) for some in _blocks(seen)]))


def _choose_folds(part: AnomalyScore, source: Source) -> int:
    return _FEW_FOLDS if part.learns_networks(source) else _MANY_FOLDS


def resolve_scores(method: Any) -> tuple[AnomalyScore, ...]:
    """Return the parts that an option stands for.

    Raises
    ------
    InvalidParameterError
        If there are none, or one is no score.
    """
    several = isinstance(method, Sequence) and not isinstance(method, str)
    if several and not method:
        raise InvalidParameterError(
            f"`method` must be a score, or a list of some; got {method!r}: name one."
        )
    return tuple(resolve_part("method", one, SCORES) for one in (method if several else [method]))


def _told(anomalies: FloatArray) -> FloatArray:
    return np.nan_to_num(anomalies, nan=_FARTHEST, posinf=_FARTHEST)


def _blocks(seen: Rows) -> list[Rows]:
    return [seen.take(slice(i, i + _BLOCK)) for i in range(0, len(seen), _BLOCK)]
