"""What a small classifier of labels sees in rows: features in which to compare samples."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from inscape._checks import check_filled, check_integer, check_matrix, check_same_rows
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape._typing import FloatArray
from inscape.measures.samples import frechet_distance

# Steps of training, whatever the number of rows: 60,000 see ten passes.
_STEPS, _BATCH, _FEWEST_PASSES = 3000, 200, 5
# Standard deviations beyond which a value counts as one that far: what hardly ever varies is no
# reason to be far away.
_FARTHEST = 3.0


class LabelFeatures:
    """Features of a small classifier that learns labels: one hidden layer of ReLU units.

    It is trained here, on the rows given, so that what it finds is about these data and their
    labels; its distance is no FID, whose features are those of a network of photographs, and
    numbers of two classifiers do not compare.

    Parameters
    ----------
    n_features : int, default 64
        Units.
    random_state : int, default 0
        Where the training starts from: the same rows, labels and start give the same features.

    Attributes
    ----------
    accuracy_ : float
        The share of the rows it learned from whose labels it tells.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X, y = load_digits(return_X_y=True)
    >>> features = LabelFeatures().fit(X[:600], y[:600])
    >>> rows, noise = X[600:1000], np.random.default_rng(0).permuted(X[1000:1400], axis=1)
    >>> features.distance(rows, X[1000:1400]) < features.distance(rows, noise) / 5
    True
    """

    def __init__(self, n_features: int = 64, *, random_state: int = 0) -> None:
        self.n_features = n_features
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Train the classifier.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_columns)
            Rows, in any units: each column is centred, divided by its standard deviation, and cut
            to three of these.
        y : array-like, shape (n_samples,)
            Their labels, of two kinds at least: numbers or words.

        Returns
        -------
        LabelFeatures
            Itself.

        Raises
        ------
        InvalidParameterError
            If an option cannot hold.
        InvalidDataError
            If X is no finite matrix, or y holds no labels of it.
        """
        units = check_integer("n_features", self.n_features, minimum=1)
        seed = check_integer("random_state", self.random_state, minimum=0)
        rows, labels = check_matrix(X, name="X").astype(np.float64), np.asarray(y)
        check_filled(labels, name="y")
        check_same_rows(labels, len(rows), name="y", of="X")
        kinds, places = np.unique(labels, return_inverse=True)
        if labels.ndim != 1 or len(kinds) < 2:
            raise InvalidDataError(
                "y must hold one label a row, of two kinds at least; got the shape "
                f"{labels.shape} of {len(kinds)} kind(s): give the classes of the rows."
            )
        self._middle, deviations = rows.mean(axis=0), rows.std(axis=0)
        # What rounding leaves of a constant column is nothing to be divided by.
        constant = deviations <= 1e-12 * abs(rows).max(axis=0)
        self._scale = np.where(constant, np.inf, deviations)
        passes = max(_FEWEST_PASSES, -(-_STEPS * _BATCH // len(rows)))
        classifier = MLPClassifier(
            (units,),
            batch_size=min(_BATCH, len(rows)),
            max_iter=min(passes, _STEPS),
            random_state=seed,
        )
        scaled = self._scaled(rows)
        with warnings.catch_warnings():
            # Features are to be told by a few steps, not by the best ones.
            warnings.simplefilter("ignore", ConvergenceWarning)
            classifier.fit(scaled, places)
        self._weights, self._shifts = classifier.coefs_[0], classifier.intercepts_[0]
        self.accuracy_ = float(classifier.score(scaled, places))
        return self

    def transform(self, X: Any) -> FloatArray:
        """Return what the units give, (n_samples, n_features), for rows of as many columns."""
        if not hasattr(self, "accuracy_"):
            raise InvalidParameterError(
                "`LabelFeatures` must have learned before it can transform; got one that has not: "
                "call fit(X, y) first."
            )
        rows = check_matrix(X, name="X", n_columns=len(self._middle))
        found: FloatArray = self._scaled(rows) @ self._weights + self._shifts
        return found.clip(min=0)

    def distance(self, X: Any, samples: Any) -> float:
        """Return `frechet_distance` of rows and samples in these features.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_columns)
            Rows that neither the classifier nor the model has learned from.
        samples : array-like, shape (n_samples, n_columns)
            What the model drew; as many, since the distance of fewer is larger.
        """
        return frechet_distance(self.transform(X), self.transform(samples))

    def _scaled(self, rows: FloatArray) -> FloatArray:
        return ((rows - self._middle) / self._scale).clip(-_FARTHEST, _FARTHEST)
