"""How well entries that were hidden are told, by ours and by the classics."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.impute import KNNImputer

from inscape._typing import FloatArray
from inscape.runs.tables import Table
from inscape.uses import Imputer
from inscape.uses.imputation.marginals import fit_marginals

OURS = "Inscape"
# Rows of which entries are hidden; from all of them is learned.
_MOST_ROWS = 2000
_SHARE = 0.3
_LEAST, _MOST = 0.05, 0.5


@dataclass(frozen=True, eq=False)
class Judged:
    """Entries that were hidden, and what was told of them.

    Parameters
    ----------
    rows : ndarray, shape (n_rows, n_features)
        With NaN where an entry is missing or was hidden.
    filled : ndarray, shape (n_rows, n_features)
        The same, filled by ours.
    deviations : ndarray, shape (n_rows, n_features)
        How sure ours was.
    truth : ndarray, shape (n_rows, n_features)
        With NaN where an entry was not hidden.
    spread : ndarray, shape (n_features,)
        Of each column.
    others : mapping of str to ndarray, shape (n_rows, n_features)
        What the classics tell.
    """

    rows: FloatArray
    filled: FloatArray
    deviations: FloatArray
    truth: FloatArray
    spread: FloatArray
    others: Mapping[str, FloatArray]

    @property
    def hidden(self) -> np.ndarray:
        """Which entries were hidden, (n_rows, n_features)."""
        return ~np.isnan(self.truth)

    def errors(self) -> dict[str, dict[str, float]]:
        """Return the root mean squared error by each, in spreads, with its standard error."""
        found = {}
        for name, filled in {OURS: self.filled, **self.others}.items():
            squares = np.square(((filled - self.truth) / self.spread)[self.hidden])
            root = math.sqrt(squares.mean())
            # Of a root of a mean, to first order.
            error = float(squares.std()) / math.sqrt(len(squares)) / (2 * root) if root else 0.0
            found[name] = {"error": root, "standard_error": error}
        return found


def judge(table: Table, imputer: Imputer, *, seed: int) -> Judged:
    """Hide entries of rows, and have ours and the classics learn from what is left.

    As large a share as is missing is hidden, of at most 2,000 rows; where nothing is missing, 30%.

    Parameters
    ----------
    table : Table
        All rows.
    imputer : Imputer
        Not fitted.
    seed : int
        Of what is hidden.
    """
    random = np.random.default_rng(seed)
    X = table.X[~table.held_out].astype(np.float64)
    X = X[np.sort(random.permutation(len(X))[:_MOST_ROWS])]
    there = ~np.isnan(X)
    share = _SHARE if there.all() else float(np.clip(1 - there.mean(), _LEAST, _MOST))
    drawn = np.where(there, random.random(X.shape), -1.0)
    # Every column keeps an entry.
    hidden = (drawn > 1 - share) & (drawn < drawn.max(axis=0))
    rows = np.where(hidden, np.nan, X)
    imputer.fit(rows)
    way = fit_marginals(rows, bend=False)
    others: dict[str, Callable[[], FloatArray]] = {
        "one Gaussian": lambda: Imputer(method="gaussian", random_state=seed).fit_transform(rows),
        "nearest neighbors (5)": lambda: way.undo(KNNImputer().fit_transform(way.apply(rows))),
        "mean of the column": lambda: np.broadcast_to(way.mean, rows.shape),
    }
    return Judged(
        rows,
        imputer.transform(rows),
        imputer.standard_deviations(rows),
        np.where(hidden, X, np.nan),
        way.spread,
        {name: tell() for name, tell in others.items()},
    )
