"""The honest table: a representation beside the linear baselines with as many components."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from sklearn.decomposition import NMF, PCA, TruncatedSVD
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from inscape._checks import check_numbers
from inscape._representations import Representation, in_order_of_fit
from inscape._typing import FloatArray
from inscape.data.scaling import Scaler
from inscape.measures import (
    binary_cross_entropy,
    explained_variance,
    reconstruct,
    squared_error,
    unexplained_by_column,
)

_MOST_PASSES = 10_000
NEGATIVE: Final = "needs data without negative values"


def _pca(n_components: int, random_state: int) -> PCA:
    return PCA(n_components, random_state=random_state)


def _nmf(n_components: int, random_state: int) -> NMF:
    # Columns of unlike units take NMF many passes; no baseline is to lose by its length.
    return NMF(n_components, random_state=random_state, tol=1e-3, max_iter=_MOST_PASSES)


def _svd(n_components: int, random_state: int) -> TruncatedSVD:
    return TruncatedSVD(n_components, random_state=random_state)


# scikit-learn's linear methods by their names; what they find hangs on no seed but by rounding.
LINEAR: Final[Mapping[str, Callable[[int, int], Any]]] = {"PCA": _pca, "NMF": _nmf, "SVD": _svd}
# Those that every fit is set beside.
_BASELINES = ("PCA", "NMF")


def fit_baselines(
    X: FloatArray,
    *,
    n_components: int,
    random_state: int,
    scaler: Scaler | None = None,
    X_test: FloatArray | None = None,
) -> tuple[dict[str, Representation], dict[str, float], dict[str, str]]:
    """Fit scikit-learn's PCA and NMF, where they can be.

    Parameters
    ----------
    X : ndarray, shape (n_samples, n_features)
        Training rows.
    n_components : int
        Of each.
    random_state : int
        Seed of both.
    scaler : Scaler or None
        That of the model that they stand beside: in other units they would learn something else.
    X_test : ndarray, shape (n_samples, n_features), or None
        Rows that they will be asked about, which NMF refuses too where they are negative.

    Returns
    -------
    tuple
        The fitted ones by name, the seconds that each took, and why one is missing.
    """
    fitted: dict[str, Representation] = {}
    seconds: dict[str, float] = {}
    missing: dict[str, str] = {}
    lowest = lowest_value(X, X_test, scaler)
    for name in _BASELINES:
        if n_components > min(X.shape):
            missing[name] = f"needs at least {n_components} rows and columns"
        elif name == "NMF" and lowest < 0:
            missing[name] = NEGATIVE
        else:
            started = time.perf_counter()
            fitted[name] = fit_linear(
                name, X, n_components=n_components, random_state=random_state, scaler=scaler
            )
            seconds[name] = time.perf_counter() - started
    return fitted, seconds, missing


def lowest_value(X: FloatArray, X_test: FloatArray | None, scaler: Scaler | None) -> float:
    """Return the lowest value behind the scaler: NMF takes none below 0."""
    asked = [X] if X_test is None else [X, X_test]
    return min(float((part if scaler is None else scaler.transform(part)).min()) for part in asked)


def fit_linear(
    name: str, X: FloatArray, *, n_components: int, random_state: int, scaler: Scaler | None
) -> Representation:
    """Fit one of scikit-learn's linear methods, as it is, behind a scaler.

    Parameters
    ----------
    name : str
        A name in `LINEAR`.
    X, n_components, random_state, scaler
        As in `fit_baselines`.
    """
    return _behind(scaler, LINEAR[name](n_components, random_state)).fit(X)


def fit_pca(
    X: FloatArray, *, n_components: int, random_state: int, scaler: Scaler | None = None
) -> Representation:
    """Fit PCA alone, as `fit_baselines` does."""
    return fit_linear("PCA", X, n_components=n_components, random_state=random_state, scaler=scaler)


def _behind(scaler: Scaler | None, linear: Any) -> Any:
    """Return a linear method that sees scaled rows and gives rows as they came."""
    if scaler is None:
        return linear
    scaling = FunctionTransformer(scaler.transform, scaler.inverse_transform, check_inverse=False)
    return make_pipeline(scaling, linear)


def compare(representations: Mapping[str, Representation], X: Any) -> dict[str, dict[str, float]]:
    """Return, for each representation, how well it gives back rows that it has not seen.

    Parameters
    ----------
    representations : mapping of str to Representation
        By name; scikit-learn's PCA and NMF as they are.
    X : ndarray or frame, shape (n_samples, n_features)
        Test rows; the columns of a frame are found by their names.

    Returns
    -------
    dict
        Name to squared error (mean over samples and features), explained variance (share)
        where the rows differ, binary cross-entropy (nats per feature) where they lie in [0, 1], and
        standardized error (squared, over each column's variance: mean over the columns that vary)
        where they do not, for columns may be of unlike units there.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(50, 3))
    >>> table = compare({"PCA": PCA(3).fit(X)}, X)
    >>> round(table["PCA"]["explained_variance"], 6)
    1.0
    """
    table: dict[str, dict[str, float]] = {}
    for name, representation in representations.items():
        given = in_order_of_fit(representation, X)
        back, rows = reconstruct(representation, given), check_numbers(given, name="X")
        table[name] = {"squared_error": squared_error(rows, back)}
        of_one_unit = rows.min() >= 0 and rows.max() <= 1
        if (rows != rows[0]).any():
            table[name]["explained_variance"] = explained_variance(rows, back)
            if not of_one_unit:
                by_column = unexplained_by_column(rows, back)
                table[name]["standardized_error"] = float(np.nanmean(by_column))
        if of_one_unit:
            table[name]["binary_cross_entropy"] = binary_cross_entropy(rows, back)
    return table
