"""What rows are encoded by where nothing is given."""

from __future__ import annotations

import math

import numpy as np

from inscape._typing import FloatArray
from inscape.estimators import Autoencoder

_N_COMPONENTS = 10
_STEPS, _BATCH_SIZE = 2400, 256
_FEWEST_EPOCHS, _MOST_EPOCHS = 20, 100
# Rows, evenly spread, whose spreads are looked at.
_SEEN = 1000
# Spreads of columns of one unit lie within such a factor.
_OF_ONE_UNIT = 30.0
_MOST_OF_IT = 0.99


def default_autoencoder(X: FloatArray, *, seed: int) -> Autoencoder:
    """Return the autoencoder that is trained on rows where no representation is given.

    Ten components: neighbours mean something in few dimensions alone, and in ten most pictures and
    tables still have room for their classes. It is trained four times as long as by default: that
    length reaches a loss soonest, and this training is one for all that is learned from it.
    Columns are given one spread where their units differ (`units_differ`), and are left as they are
    where they are of one, such as pixels, in which a spread tells how much a column matters.

    Parameters
    ----------
    X : ndarray, shape (n_samples, n_features)
        All rows, with or without a label.
    seed : int
        Of the training.
    """
    n_samples, n_features = X.shape
    epochs = min(max(math.ceil(_STEPS * _BATCH_SIZE / n_samples), _FEWEST_EPOCHS), _MOST_EPOCHS)
    return Autoencoder(
        max(1, min(_N_COMPONENTS, n_features, n_samples - 1)),
        scaler="standard" if units_differ(X) else None,
        epochs=epochs,
        random_state=seed,
    )


def units_differ(X: FloatArray) -> bool:
    """Return whether columns are of different units, so that some would drown the others.

    That is so where the columns whose spread is more than 30 times that of the middle one hold 99%
    of all variance; or where such a factor lies between the widest column and the narrow ones (the
    lowest tenth) among those in which no value fills half of the rows: a pixel that is mostly
    black, or a word that is rare, has a small spread in the same unit.

    Parameters
    ----------
    X : ndarray, shape (n_samples, n_features)
        Rows.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(50, 3))
    >>> units_differ(X), units_differ(X * [1.0, 1.0, 1000.0])
    (False, True)
    """
    X = X[:: max(1, -(-len(X) // _SEEN))].astype(np.float64)
    mean = X.mean(axis=0)
    size = np.abs(X - mean).max(axis=0)
    # A column that is constant but for roundings is constant.
    varying = size > 1e-13 * np.abs(mean)
    if not varying.any():
        return False
    X, mean, size = X[:, varying], mean[varying], size[varying]
    # Of numbers up to 1, so that no square leaves the floats.
    spreads = size * np.sqrt(np.square((X - mean) / size).mean(axis=0))
    shares = np.square(spreads / spreads.max())
    wide = spreads > _OF_ONE_UNIT * np.median(spreads)
    if shares[wide].sum() > _MOST_OF_IT * shares.sum():
        return True
    # A value that fills half of the sorted rows is at both ends of some half.
    half = len(X) // 2
    ordered = np.sort(X, axis=0)
    full = (ordered[half:] == ordered[: len(X) - half]).any(axis=0)
    if full.all():
        return False
    narrow = np.quantile(spreads[~full], 0.1)
    return bool(spreads.max() > _OF_ONE_UNIT * narrow)
