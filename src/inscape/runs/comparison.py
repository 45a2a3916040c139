"""The honest table: a representation beside the linear baselines with as many components."""

from __future__ import annotations

import time
from collections.abc import Mapping

from sklearn.decomposition import NMF, PCA

from inscape._representations import Representation
from inscape._typing import FloatArray
from inscape.measures import (
    binary_cross_entropy,
    explained_variance,
    reconstruct,
    squared_error,
)


def fit_baselines(
    X: FloatArray, *, n_components: int, random_state: int
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

    Returns
    -------
    tuple
        The fitted ones by name, the seconds that each took, and why one is missing.
    """
    fitted: dict[str, Representation] = {}
    seconds: dict[str, float] = {}
    missing: dict[str, str] = {}
    makers = {
        "PCA": lambda: PCA(n_components, random_state=random_state),
        "NMF": lambda: NMF(n_components, random_state=random_state, tol=1e-3),
    }
    for name, make in makers.items():
        if n_components > min(X.shape):
            missing[name] = f"needs at least {n_components} rows and columns"
        elif name == "NMF" and X.min() < 0:
            missing[name] = "needs data without negative values"
        else:
            started = time.perf_counter()
            fitted[name] = make().fit(X)
            seconds[name] = time.perf_counter() - started
    return fitted, seconds, missing


def compare(
    representations: Mapping[str, Representation], X: FloatArray
) -> dict[str, dict[str, float]]:
    """Return, for each representation, how well it gives back rows that it has not seen.

    Parameters
    ----------
    representations : mapping of str to Representation
        By name; scikit-learn's PCA and NMF as they are.
    X : ndarray, shape (n_samples, n_features)
        Test rows.

    Returns
    -------
    dict
        Name to squared error (mean over samples and features), explained variance (share), and
        binary cross-entropy (nats per feature) where the rows lie in [0, 1].

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
        back = reconstruct(representation, X)
        table[name] = {
            "squared_error": squared_error(X, back),
            "explained_variance": explained_variance(X, back),
        }
        if X.min() >= 0 and X.max() <= 1:
            table[name]["binary_cross_entropy"] = binary_cross_entropy(X, back)
    return table
