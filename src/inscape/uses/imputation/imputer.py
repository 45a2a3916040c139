"""Fill what is missing, with how sure that is, and draw it."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from inscape._checks import check_enough_samples, check_integer
from inscape._errors import InvalidDataError
from inscape._parts import resolve_part
from inscape._typing import FloatArray
from inscape.data import Description
from inscape.estimators.inputs import check_rows, make_generator
from inscape.uses.imputation.methods import (
    IMPUTATION_METHODS,
    FittedImputation,
    ImputationMethod,
    Reconstruction,
    RowsWithGaps,
)
from inscape.uses.representations import check_representation, learn_columns
from inscape.uses.saving import Saved

_MOST_NAMED = 5


class Imputer(OneToOneFeatureMixin, TransformerMixin, Saved, BaseEstimator):
    """Fill the entries that are missing from rows, say how sure that is, and draw them.

    Missing is what is NaN, or masked in a masked array. Entries that are there stay as they are.
    What is told of a row hangs on that row alone, and two calls give the same.

    Parameters
    ----------
    representation : None, or an estimator with `fit`, `transform` and `inverse_transform`
        What rows are reconstructed by: None is none, an unfitted one is cloned and fitted on
        filled rows, a fitted one is used as it is. It is followed as far as it tells hidden
        entries better.
    method : str or ImputationMethod
        How what is missing is told:

        - "auto", by whichever of the next three tells best what is there and hidden; with a
          representation by "reconstruction";
        - "gaussian", by the conditional mean of one Gaussian (see `methods.Gaussian`);
        - "mixture", by that of several (see `methods.Mixture`);
        - "kernel", by that of one about each row (see `methods.Kernel`);
        - "reconstruction", by a representation and a Gaussian of what it leaves (see
          `methods.Reconstruction`).
    random_state : int, RandomState or None
        Of what is hidden, of starts, and of a representation's training.
    verbose : int
        1 draws progress bars on a terminal.

    Attributes
    ----------
    method_ : FittedImputation
        What tells missing entries.
    n_features_in_ : int
        Columns seen in `fit`.
    description_ : Description or None
        What these are, as far as it was told: by a frame, or what `data.load` returns.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X = load_iris().data.copy()
    >>> X[3, 2] = np.nan
    >>> imputer = Imputer(random_state=0).fit(X)
    >>> bool(abs(imputer.transform(X)[3, 2] - 1.5) < 0.2)
    True
    >>> imputer.standard_deviations(X)[3].round(1)
    array([0. , 0. , 0.2, 0. ])
    """

    method_: FittedImputation
    description_: Description | None
    n_features_in_: int

    def __init__(
        self,
        representation: Any = None,
        *,
        method: Any = "auto",
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.representation = representation
        self.method = method
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from rows of which entries may be missing.

        Parameters
        ----------
        X : array-like, frame, or what `data.load` returns; shape (n_samples, n_features)
            Rows. What their columns are is remembered.
        y : Any
            Not looked at.

        Returns
        -------
        estimator
            Itself.

        Raises
        ------
        InvalidParameterError
            If options cannot hold.
        InvalidDataError
            If the rows are no numbers, or a column has no entry.
        """
        del y
        rows = learn_columns(self, X, gaps=True)
        check_enough_samples(len(rows))
        part = self.check_options()
        _check_columns(rows, getattr(self, "feature_names_in_", None))
        seed = make_generator(self.random_state).initial_seed() % 2**31
        given = rows.astype(np.float64)
        self.method_ = part.fit(
            RowsWithGaps(given, self.representation, seed, verbose=bool(self.verbose))
        )
        return self

    def check_options(self) -> ImputationMethod:
        """Return the method that is asked for, once every option is known to hold.

        Raises
        ------
        InvalidParameterError
            If one cannot hold; before any training.
        """
        check_representation(self.representation)
        part = resolve_part("method", self.method, IMPUTATION_METHODS)
        if self.method == "auto" and self.representation is not None:
            return Reconstruction()
        return part

    def transform(self, X: Any) -> FloatArray:
        """Return rows with what is missing filled by its mean, given what is there.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows; a row may lack everything.

        Returns
        -------
        ndarray, shape (n_samples, n_features)
            Of the type of the rows.
        """
        rows = self._rows(X)
        mean, _ = self.method_.moments(rows.astype(np.float64))
        return np.where(np.isnan(rows), mean.astype(rows.dtype), rows)

    def standard_deviations(self, X: Any) -> FloatArray:
        """Return how sure each entry that is filled is.

        Nine of ten hidden entries lay within 1.64 of these in `fit`.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray, shape (n_samples, n_features)
            In the units of the columns; 0 where an entry is there.
        """
        return self.method_.moments(self._rows(X).astype(np.float64))[1]

    def sample(self, X: Any, n_imputations: int = 5, *, random_state: Any = None) -> FloatArray:
        """Draw what is missing several times, all of a row together: multiple imputation.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.
        n_imputations : int
            How many draws.
        random_state : int, RandomState or None
            Of the draws.

        Returns
        -------
        ndarray, shape (n_imputations, n_samples, n_features)
            What is there is the same in each.
        """
        check_integer("n_imputations", n_imputations, minimum=1)
        rows = self._rows(X)
        random = np.random.default_rng(make_generator(random_state).initial_seed())
        given = rows.astype(np.float64)
        drawn = np.stack([self.method_.draw(given, random) for _ in range(n_imputations)])
        return np.where(np.isnan(rows), drawn.astype(rows.dtype), rows)

    def _rows(self, X: Any) -> FloatArray:
        check_is_fitted(self)
        return check_rows(self, X, reset=False, gaps=True)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _check_columns(rows: FloatArray, names: Any) -> None:
    empty = np.flatnonzero(np.isnan(rows).all(axis=0))
    if len(empty):
        told = ", ".join(
            str(i) if names is None else repr(str(names[i])) for i in empty[:_MOST_NAMED].tolist()
        )
        raise InvalidDataError(
            f"Every column of X must have an entry that is there; got none in column {told} "
            f"({len(empty)} such columns in all): leave them out."
        )
