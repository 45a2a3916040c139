"""Find groups of rows that are alike."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin, clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from inscape._checks import check_choice, check_enough_samples, check_integer
from inscape._errors import InvalidParameterError
from inscape._parts import name_of, resolve_part
from inscape._typing import FloatArray, IntArray
from inscape.data import Description
from inscape.estimators import Autoencoder, DeadUnitWarning
from inscape.estimators.inputs import check_rows
from inscape.uses.clusters.methods import METHODS, ClusteringMethod, FittedClusters
from inscape.uses.clusters.methods.method import encode
from inscape.uses.clusters.number import Candidate, tell_doubt
from inscape.uses.representations import (
    check_representation,
    is_fitted,
    learn_columns,
    rows_for_representation,
)
from inscape.uses.saving import Saved

AUTO = "auto"
# Rows that are judged at a time, so that what is computed on the way stays small.
_BLOCK = 8192
# Components of the default representation: few, so that near means alike.
_COMPONENTS = 10
# Passes over the rows, at least, and the rows from which on the default training makes fewer.
_EPOCHS, _MANY = 10, 15_000


class Clusterer(ClusterMixin, Saved, BaseEstimator):
    """Find groups of rows that are alike, by where their codes lie.

    Clusters are numbered by size, the largest is 0; a row that belongs to none has -1.

    Parameters
    ----------
    representation : None, or an estimator with `fit` and `transform`
        What rows are encoded by: None is an autoencoder of ten components in its default training,
        of ten passes at least; an unfitted one is cloned and fitted, a fitted one is used as it
        is. The methods "dec", "idec" and "vade" learn networks of their own and take none.
    method : str or ClusteringMethod
        How clusters of codes are found:

        - "spectral", what a walk along the graph of neighbours seldom leaves;
        - "kmeans", centres;
        - "gaussian_mixture", Gaussians of any width and slant;
        - "hdbscan", dense places, and noise between them;
        - "umap", Gaussians on a map that draws neighbours together (extra `umap`), the slow one;
        - "dec", "idec", clusters that the encoder is trained on, alone or with the decoder;
        - "vade", the Gaussians of a variational model's prior.
    n_clusters : int or "auto"
        How many; "auto" asks the graph of neighbours, from 2 to 20, and says in `doubt_` how sure
        that is. "hdbscan" finds it by itself.
    scaler : {"standard", None}
        Of the default representation: "standard" divides each column by its own spread; None
        divides all by one, where they are of one unit, such as pixels.
    random_state : int, RandomState or None
        Of every draw.
    verbose : int
        1 draws progress bars on a terminal.

    Attributes
    ----------
    labels_ : ndarray, shape (n_samples,)
        The cluster of each row in `fit`.
    probabilities_ : ndarray, shape (n_samples, n_clusters_)
        How much each of them belongs to each cluster; what is lacking to 1 is noise.
    n_clusters_ : int
        How many clusters there are.
    candidates_ : tuple of Candidate
        With "auto", numbers of clusters and what speaks for each, the best supported first.
    doubt_ : str
        In a sentence how sure the number is; empty where it was given.
    prototypes_ : ndarray, shape (n_clusters_, n_features)
        What stands for each cluster, in the units of the rows: the decoded mean of its codes, or
        where the representation has no way back, the mean of its rows.
    representation_ : estimator
        The fitted representation.
    description_ : Description or None
        What the columns are, as far as it was told: by a frame, or what `data.load` returns.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn.decomposition import PCA
    >>> X, _ = make_blobs(200, 5, centers=4, random_state=0)
    >>> clusterer = Clusterer(PCA(3), random_state=0).fit(X)
    >>> clusterer.n_clusters_, np.bincount(clusterer.labels_)
    (4, array([50, 50, 50, 50]))
    """

    labels_: IntArray
    probabilities_: FloatArray
    n_clusters_: int
    candidates_: tuple[Candidate, ...]
    doubt_: str
    prototypes_: FloatArray
    representation_: Any
    description_: Description | None
    clusters_: FittedClusters
    order_: IntArray
    n_features_in_: int

    def __init__(
        self,
        representation: Any = None,
        *,
        method: Any = "spectral",
        n_clusters: Any = AUTO,
        scaler: str | None = "standard",
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.representation = representation
        self.method = method
        self.n_clusters = n_clusters
        self.scaler = scaler
        self.random_state = random_state
        self.verbose = verbose

    # ----------------------------------------------------------------------- learning

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find clusters.

        Parameters
        ----------
        X : array-like, frame, or what `data.load` returns; shape (n_samples, n_features)
            Rows. What their columns are is remembered.
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
        MissingDependencyError
            If the method needs a package that is not installed.
        """
        rows = learn_columns(self, X)
        check_enough_samples(len(rows))
        part = self._check_options(len(rows))
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        given = rows_for_representation(self, X, rows)
        fixed = self.representation is not None and is_fitted(self.representation)
        with warnings.catch_warnings():
            if self.representation is None:
                # Rows of fewer directions than components leave some of our own idle.
                warnings.simplefilter("ignore", DeadUnitWarning)
            learned = part.learn(
                given,
                self.representation if fixed else self._make_representation(rows, seed),
                n_clusters=None if self.n_clusters == AUTO else int(self.n_clusters),
                fixed=fixed,
                seed=seed,
                verbose=bool(self.verbose),
            )
        self.representation_, self.clusters_ = learned.representation, learned.clusters
        self.candidates_ = learned.candidates
        self.doubt_ = tell_doubt(learned.candidates) if learned.candidates else ""
        sizes = np.bincount(_labels(learned.memberships) + 1, minlength=1)[1:]
        self.order_ = np.argsort(-sizes, kind="stable")[: np.count_nonzero(sizes)]
        self.probabilities_ = learned.memberships[:, self.order_]
        self.labels_ = _labels(self.probabilities_)
        self.n_clusters_ = len(self.order_)
        self.prototypes_ = self._find_prototypes(given, rows)
        return self

    def _check_options(self, n_samples: int) -> ClusteringMethod:
        """Return the method that is asked for, once every option is known to hold."""
        check_representation(self.representation)
        if self.scaler is not None:
            check_choice("scaler", self.scaler, ("standard",))
        part = resolve_part("method", self.method, METHODS)
        if isinstance(self.n_clusters, str):
            check_choice("n_clusters", self.n_clusters, (AUTO,))
        else:
            check_integer(
                "n_clusters",
                self.n_clusters,
                minimum=1,
                maximum=n_samples,
                limit="the number of rows",
            )
            if part.finds_the_number:
                raise InvalidParameterError(
                    "`n_clusters` must be 'auto' where the method finds by itself how many there "
                    f"are; got {self.n_clusters!r} with {name_of(part)!r}: leave it out, or take "
                    "method='spectral'."
                )
        if self.representation is not None and part.trains_its_own:
            raise InvalidParameterError(
                "`representation` must be None where the method learns a network of its own; got "
                f"{type(self.representation).__name__} with {name_of(part)!r}: leave it out, or "
                "take method='spectral'."
            )
        part.check_installed()
        return part

    def _make_representation(self, rows: FloatArray, seed: int) -> Any:
        """Return what encodes the rows, not fitted."""
        if self.representation is not None:
            return clone(self.representation)
        return Autoencoder(
            min(_COMPONENTS, *rows.shape),
            scaler=self.scaler,
            epochs=_EPOCHS if len(rows) > _MANY else None,
            random_state=seed,
        )

    def _find_prototypes(self, given: Any, rows: FloatArray) -> FloatArray:
        own = [self.labels_ == k for k in range(self.n_clusters_)]
        if not own:
            return np.empty((0, rows.shape[1]))
        if not hasattr(self.representation_, "inverse_transform"):
            return np.stack([rows[these].mean(axis=0, dtype=np.float64) for these in own])
        codes = np.asarray(self.representation_.transform(given), dtype=np.float64)
        means = np.stack([codes[these].mean(axis=0) for these in own])
        return np.asarray(self.representation_.inverse_transform(means))

    # ----------------------------------------------------------------------- judging

    def predict(self, X: Any) -> IntArray:
        """Return the cluster that each row belongs to most.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray, shape (n_samples,)
            Numbers of clusters; -1 is noise.
        """
        return _labels(self.predict_proba(X))

    def predict_proba(self, X: Any) -> FloatArray:
        """Return how much each row belongs to each cluster.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray, shape (n_samples, n_clusters_)
            None below 0; what a row lacks to 1 is how much it is noise.
        """
        check_is_fitted(self)
        given = rows_for_representation(self, X, check_rows(self, X, reset=False))
        codes = encode(self.representation_, given)
        blocks = range(0, len(codes), _BLOCK)
        found = [self.clusters_.memberships(codes[i : i + _BLOCK]) for i in blocks]
        return np.concatenate(found)[:, self.order_]


def _labels(memberships: FloatArray) -> IntArray:
    """Return the cluster that each row belongs to most, or -1 where it is more noise than that."""
    if not memberships.shape[1]:
        return np.full(len(memberships), -1)
    most = memberships.max(axis=1)
    noise = 1 - memberships.sum(axis=1) > most
    return np.where(noise, -1, memberships.argmax(axis=1))
