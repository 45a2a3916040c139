"""Rows in two parts, one to learn from and one to test on; the first alone tells the means."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np

from inscape._checks import check_enough_samples
from inscape.data.arrays import Contents
from inscape.data.dataset import Split
from inscape.data.floats import column_means, fill_missing

_BLOCK: Final = 4096


def split_contents(
    contents: Contents, *, test_fraction: float, random_state: int
) -> tuple[Split, Split, tuple[float, ...] | None]:
    """Return the two parts of what was read, missing values filled from the training part.

    Returns
    -------
    train, test, means : Split, Split, tuple of float or None
        And the means that were filled in.
    """
    train, test = contents.all_or_train, contents.test
    if test is None:
        train, test = split_rows(
            train, test_fraction=test_fraction, random_state=random_state, own=contents.own
        )
    if not contents.fill:
        return train, test, None
    means = column_means(train.X, contents.description.feature_names)
    filled = [replace(part, X=fill_missing(part.X, means)) for part in (train, test)]
    return filled[0], filled[1], tuple(means.tolist())


def split_rows(
    rows: Split, *, test_fraction: float, random_state: int, own: bool = False
) -> tuple[Split, Split]:
    """Split rows into a training part and a test part.

    Memory maps are split in order, the last rows being the test, so that both parts stay mapped;
    everything else is split by a random permutation.

    Parameters
    ----------
    rows : Split
        All rows.
    test_fraction : float
        The fraction of rows in the test part, in (0, 1); at least one row is in each part.
    random_state : int
        The seed of the permutation.
    own : bool
        Whether the rows are nobody else's, so that they may be moved where they lie: two copies of
        them are more than many memories hold.

    Returns
    -------
    train, test : Split
        Each in the order of the source.

    Raises
    ------
    InvalidDataError
        If there are fewer than two rows.

    Examples
    --------
    >>> import numpy as np
    >>> rows = Split(np.zeros((10, 1), dtype=np.float32))
    >>> split_rows(rows, test_fraction=0.2, random_state=0)
    (Split(8 rows of 1 features), Split(2 rows of 1 features))
    """
    check_enough_samples(rows.n_samples)
    n_test = min(max(1, round(test_fraction * rows.n_samples)), rows.n_samples - 1)
    n_train = rows.n_samples - n_test
    train: Any = slice(0, n_train)
    test: Any = slice(n_train, None)
    if not isinstance(rows.X, np.memmap):
        order = np.random.default_rng(random_state).permutation(rows.n_samples)
        train, test = np.sort(order[:n_train]), np.sort(order[n_train:])
        if own:
            _move(rows.X, train, test)
            return (
                _part(rows, train, rows.X[:n_train]),
                _part(rows, test, rows.X[n_train:]),
            )
    return _part(rows, train, rows.X[train]), _part(rows, test, rows.X[test])


def _move(X: np.ndarray, train: np.ndarray, test: np.ndarray) -> None:
    """Move the training rows to the front and the test rows behind them, each in their order."""
    held = X[test]
    for start in range(0, len(train), _BLOCK):
        # A row comes from its own place or from behind: what it is put over has moved already.
        places = train[start : start + _BLOCK]
        X[start : start + len(places)] = X[places]
    X[len(train) :] = held


def _part(rows: Split, where: Any, X: np.ndarray) -> Split:
    kept = {name: values[where] for name, values in rows.kept.items()}
    return Split(X, None if rows.y is None else rows.y[where], kept)
