"""Where a linear path starts: PCA, or probabilistic PCA under a prior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.utils.extmath import randomized_svd

from inscape._typing import FloatArray
from inscape.networks import LinearStart
from inscape.objectives.likelihoods.shared import SMALLEST_LOG_SCALE

# Rows, evenly spread, from which the principal directions are taken: at least, and for each column.
_FEWEST_ROWS, _ROWS_PER_COLUMN = 5000, 10
# Where both sides are longer, random projections and powers find the leading directions sooner.
_LARGEST_GRAM, _POWERS = 1000, 7


@dataclass(frozen=True, eq=False)
class Principal:
    """The principal directions of centred rows.

    Parameters
    ----------
    directions : ndarray, shape (n_components, n_features)
        Of length 1, each with its largest entry positive.
    variances : ndarray, shape (n_components,)
        Along them.
    rest : float
        The mean variance along each of all other directions.
    """

    directions: FloatArray
    variances: FloatArray
    rest: float


def find_principal(
    rows: FloatArray, n_components: int, weights: FloatArray | None = None
) -> Principal:
    """Return the principal directions of rows (n_samples, n_features).

    Parameters
    ----------
    rows : ndarray, shape (n_samples, n_features)
        In their frame. Of many rows some thousands are looked at, evenly spread.
    n_components : int
        At most the smaller side.
    weights : ndarray, shape (n_samples,), or None
        What each row counts, above 0.
    """
    n_features = rows.shape[1]
    most = max(_FEWEST_ROWS, _ROWS_PER_COLUMN * n_features)
    step = max(1, -(-len(rows) // most))
    some = rows[::step].astype(np.float64)
    if weights is None:
        some -= some.mean(axis=0)
    else:
        each = weights[::step] / weights[::step].mean()
        some -= np.average(some, axis=0, weights=each)
        # A row of weight w is w rows, and has w times the square of one.
        some *= np.sqrt(each)[:, None]
    if min(some.shape) > _LARGEST_GRAM and 4 * n_components < min(some.shape):
        _, values, directions = randomized_svd(some, n_components, n_iter=_POWERS, random_state=0)
        variances = np.square(values) / len(some)
    else:
        variances, directions = _by_gram(some, n_components)
    largest = np.abs(directions).argmax(axis=1)
    directions = directions * np.sign(directions[np.arange(n_components), largest])[:, None]
    n_others = n_features - n_components
    left = float(np.square(some).sum() / len(some) - variances.sum())
    return Principal(directions, variances, max(0.0, left) / n_others if n_others else 0.0)


def _by_gram(rows: FloatArray, n_components: int) -> tuple[FloatArray, FloatArray]:
    """Return variances and directions by the smaller of the two matrices of products."""
    wide = rows.shape[1] > len(rows)
    gram = (rows @ rows.T if wide else rows.T @ rows) / len(rows)
    values, vectors = np.linalg.eigh(gram)
    vectors = vectors[:, ::-1][:, :n_components]
    if wide:
        # The directions are sums of rows; orthogonal again where a variance is almost 0.
        vectors, _ = np.linalg.qr(rows.T @ vectors)
    return values[::-1][:n_components].clip(min=0), vectors.T


def start_at_principal(found: Principal) -> LinearStart:
    """Return PCA as a linear encoder and decoder; its codes have the root mean square 1."""
    size = max(float(np.sqrt(found.variances.mean())), float(np.finfo(np.float32).tiny))
    return LinearStart(
        encoder=_tensor(found.directions / size),
        bias=torch.zeros(len(found.directions)),
        decoder=_tensor(found.directions.T * size),
    )


def start_at_probabilistic(found: Principal, noise: float | None) -> LinearStart:
    r"""Return probabilistic PCA as the posterior's encoder and the decoder.

    With the variances :math:`l_j` along the directions :math:`U` and the noise :math:`s^2`,

    .. math:: W = U^T (L - s^2)^{1/2}, \qquad \mu(x) = L^{-1} (L - s^2)^{1/2} U x, \qquad
              \sigma_j^2 = s^2 / l_j

    Source: Tipping and Bishop 1999, Journal of the Royal Statistical Society B 61, section 3.2;
    with a fixed noise above a variance, that component is left to the prior.

    Parameters
    ----------
    found : Principal
        Of the rows.
    noise : float or None
        The variance of the likelihood, where it is fixed; None takes the most probable one.
    """
    variance = max(found.rest, np.exp(2 * SMALLEST_LOG_SCALE)) if noise is None else noise
    along = np.maximum(found.variances, variance * (1 + 1e-6))
    weights = np.sqrt(along - variance)
    n_components = len(along)
    encoder = np.zeros((2 * n_components, found.directions.shape[1]))
    encoder[:n_components] = found.directions * (weights / along)[:, None]
    bias = np.concatenate([np.zeros(n_components), np.log(variance / along)])
    return LinearStart(
        encoder=_tensor(encoder),
        bias=_tensor(bias),
        decoder=_tensor((found.directions * weights[:, None]).T),
    )


def no_start(n_features: int, n_code: int, n_components: int) -> LinearStart:
    """Return maps of zeros, in which weights are put that are loaded."""
    return LinearStart(
        encoder=torch.zeros(n_code, n_features),
        bias=torch.zeros(n_code),
        decoder=torch.zeros(n_features, n_components),
    )


def _tensor(values: FloatArray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).float()
