"""Learn classes from rows most of which may have no label."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted
from tqdm.auto import tqdm

from inscape._checks import check_enough_samples, check_finite
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape._parts import resolve_part
from inscape._representations import unwrap
from inscape._typing import FloatArray
from inscape.data import Description
from inscape.estimators.base import NetworkEstimator
from inscape.estimators.inputs import check_rows, make_generator
from inscape.uses.classification.methods import (
    CLASSIFICATION_METHODS,
    ClassificationMethod,
    FittedMethod,
    LabelledRows,
)
from inscape.uses.classification.representation import default_autoencoder
from inscape.uses.classification.targets import Targets, read_targets
from inscape.uses.representations import (
    check_representation,
    fit_representation,
    is_fitted,
    learn_columns,
    rows_for_representation,
)
from inscape.uses.saving import Saved

# Rows that are judged at a time, so that what is computed on the way stays small.
_BLOCK = 4096


class PretrainedClassifier(ClassifierMixin, Saved, BaseEstimator):
    """Tell classes from a representation of all rows and the labels of some.

    The representation is trained on every row in `fit`, the classes on those that have a label.
    What is told of a row hangs on that row alone, and two calls give the same.

    Parameters
    ----------
    representation : None, or an estimator with `fit` and `transform`
        What rows are encoded by: None trains an autoencoder of ten components on them, an unfitted
        one is cloned and fitted, a fitted one is used as it is.
    method : str or ClassificationMethod
        How classes are told:

        - "graph", by labels that spread along the graph of neighbouring codes (see
          `methods.Graph`): the most where labels are few;
        - "probe", by a logistic regression of codes (`methods.Probe`);
        - "fine_tune", by a copy of the encoder with a linear layer, trained on
          (`methods.FineTune`): the most where labels are many; the representation has to be one of
          ours.
    unlabeled : Any
        The label that stands for none, such as -1 or ""; NaN stands for whatever says that it is
        missing. None where every row has one.
    random_state : int, RandomState or None
        Of a representation that is trained here, and of trainings and folds.
    verbose : int
        1 draws progress bars on a terminal.

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
        The labels that there are, sorted, of the type in which they came.
    representation_ : Any
        The fitted representation.
    method_ : FittedMethod
        What tells classes.
    n_labels_ : int
        Rows in `fit` that had a label.
    n_features_in_ : int
        Columns seen in `fit`.
    description_ : Description or None
        What these are, as far as it was told: by a frame, or what `data.load` returns.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> few = np.full(150, -1)
    >>> few[::10] = y[::10]
    >>> model = PretrainedClassifier(unlabeled=-1, random_state=0).fit(X, few)
    >>> model.n_labels_, model.score(X, y) > 0.85
    (15, True)
    """

    classes_: np.ndarray
    representation_: Any
    method_: FittedMethod
    n_labels_: int
    description_: Description | None
    n_features_in_: int

    def __init__(
        self,
        representation: Any = None,
        *,
        method: Any = "graph",
        unlabeled: Any = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.representation = representation
        self.method = method
        self.unlabeled = unlabeled
        self.random_state = random_state
        self.verbose = verbose

    # ----------------------------------------------------------------------- learning

    def fit(self, X: Any, y: Any) -> Self:
        """Learn a representation of all rows, where it is not fitted yet, and the classes.

        Parameters
        ----------
        X : array-like, frame, or what `data.load` returns; shape (n_samples, n_features)
            Rows, with or without a label. What their columns are is remembered.
        y : array-like, shape (n_samples,)
            Their labels, and `unlabeled` where there is none.

        Returns
        -------
        estimator
            Itself.

        Raises
        ------
        InvalidParameterError
            If options cannot hold, or do not go together.
        InvalidDataError
            If the rows are no finite numbers, or the labels no two classes.
        """
        rows = learn_columns(self, X)
        check_enough_samples(len(rows))
        part = self.check_options()
        targets = read_targets(y, n_samples=len(rows), unlabeled=self.unlabeled)
        _check_classes(targets)
        seed = make_generator(self.random_state).initial_seed() % 2**31
        given = rows_for_representation(self, X, rows)
        with tqdm(
            total=3,
            desc=type(self).__name__,
            unit="step",
            leave=False,
            disable=None if self.verbose else True,
        ) as bar:
            representation = self._learn_representation(given, rows, seed)
            bar.update()
            codes = np.concatenate([_encode(representation, some) for some in _blocks(given)])
            bar.update()
            found = part.fit(
                LabelledRows(
                    given,
                    representation,
                    codes,
                    targets.places,
                    len(targets.classes),
                    seed,
                    verbose=bool(self.verbose),
                )
            )
            bar.update()
        self.classes_, self.n_labels_ = targets.classes, int(targets.known.sum())
        self.representation_, self.method_ = representation, found
        return self

    def check_options(self) -> ClassificationMethod:
        """Return the method that is asked for, once every option is known to hold.

        Raises
        ------
        InvalidParameterError
            If one cannot hold, or two do not go together; before any training.
        """
        check_representation(self.representation)
        part = resolve_part("method", self.method, CLASSIFICATION_METHODS)
        if getattr(unwrap(self.representation), "conditional", False):
            raise InvalidParameterError(
                "`representation` must encode rows by themselves; got a conditional "
                f"{type(unwrap(self.representation)).__name__}, which has to be told labels: take "
                "one that is not, or bind what it is told with `given`."
            )
        ours = self.representation is None or isinstance(self.representation, NetworkEstimator)
        if part.trains_encoder and not ours:
            raise InvalidParameterError(
                "`representation` must be one of inscape's where its encoder is trained on; got "
                f"{type(self.representation).__name__} with {type(part).__name__}: take "
                "method='probe', or an Autoencoder."
            )
        return part

    def _learn_representation(self, given: Any, rows: FloatArray, seed: int) -> Any:
        if self.representation is not None and is_fitted(self.representation):
            return self.representation
        unfitted = (
            default_autoencoder(rows, seed=seed)
            if self.representation is None
            else clone(self.representation)
        )
        return fit_representation(unfitted, given, verbose=bool(self.verbose))

    # ----------------------------------------------------------------------- telling

    def predict_proba(self, X: Any) -> FloatArray:
        """Return how probable each class is.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray, shape (n_samples, n_classes)
            In the order of `classes_`; each row sums to 1. Those of "graph" are shares of the
            labels that walks meet first, which order rows by how sure they are and are no
            frequencies.
        """
        check_is_fitted(self)
        given = rows_for_representation(self, X, check_rows(self, X, reset=False))
        return np.concatenate([self.method_.probabilities(some) for some in _blocks(given)])

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of each row.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray, shape (n_samples,)
            Labels of the type in which they came.
        """
        places = self.predict_proba(X).argmax(axis=1)
        return self.classes_[places]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy on the rows that have a label.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.
        y : array-like, shape (n_samples,)
            Their labels; rows whose label is `unlabeled` do not count.
        sample_weight : array-like, shape (n_samples,), or None
            What each row counts.

        Returns
        -------
        float
            In [0, 1].
        """
        found = self.predict(X)
        targets = read_targets(y, n_samples=len(found), unlabeled=self.unlabeled)
        known = targets.known
        right = found[known] == targets.classes[targets.places[known]]
        weights = None if sample_weight is None else np.asarray(sample_weight)[known]
        return float(np.average(right, weights=weights))


def _check_classes(targets: Targets) -> None:
    if len(targets.classes) < 2:
        raise InvalidDataError(
            "y must hold two classes or more; got 1 class, "
            f"{targets.classes.tolist()[0]!r}: label rows of another class too."
        )


def _encode(representation: Any, given: Any) -> FloatArray:
    codes = np.asarray(representation.transform(given), dtype=np.float64)
    check_finite(codes, name="codes", remedy="take another representation")
    return codes


def _blocks(given: Any) -> list[Any]:
    rows = given.iloc if hasattr(given, "iloc") else given
    return [rows[i : i + _BLOCK] for i in range(0, len(given), _BLOCK)]
