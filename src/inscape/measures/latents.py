"""What a latent space is like: which units are used, what they tell, how the prior fits."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from inscape._checks import check_array, check_number, check_same_rows
from inscape._typing import FloatArray

# The bar of Burda, Grosse and Salakhutdinov 2016, section 5.2.
_ACTIVE = 1e-2


def active_units(codes: FloatArray, *, threshold: float = _ACTIVE) -> tuple[int, ...]:
    r"""Return the units whose posterior mean varies over the rows.

    .. math:: A_j = \text{Var}_x \, \mathbb{E}_{q(z \mid x)} z_j > 10^{-2}

    Source: Burda, Grosse and Salakhutdinov 2016, arXiv 1509.00519, section 5.2.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, n_components)
        Posterior means.
    threshold : float
        The variance above which a unit is active.

    Examples
    --------
    >>> active_units(np.array([[0.0, 1.0], [0.01, -1.0]]))
    (1,)
    """
    rows = check_array(codes, name="codes", shape={"n_samples": None, "n_components": None})
    check_number("threshold", threshold, minimum=0)
    return tuple(np.flatnonzero(rows.var(axis=0) > threshold).tolist())


@dataclass(frozen=True)
class AggregatePosterior:
    r"""How the posteriors of many rows together compare with the prior.

    .. math:: \mathbb{E}_x \text{KL}(q(z \mid x) \,\|\, p(z))
              = I_q(x; z) + \text{KL}(q(z) \,\|\, p(z))

    Source: Hoffman and Johnson 2016, "ELBO surgery".

    Parameters
    ----------
    mutual_information : float
        :math:`I_q(x; z)`, in nats: how much a code tells about which row it is of. It cannot be
        estimated above the logarithm of the number of rows.
    mismatch : float
        :math:`\text{KL}(q(z) \,\|\, p(z))`, in nats: how far the codes of all rows are from the
        prior that new ones are drawn from.
    """

    mutual_information: float
    mismatch: float


def aggregate_posterior(log_posteriors: FloatArray, log_prior: FloatArray) -> AggregatePosterior:
    """Return mutual information and mismatch, from a code drawn for each of the first k of n rows.

    Parameters
    ----------
    log_posteriors : ndarray of shape (k, n)
        Entry (i, j): log-density of the code of row i under the posterior of row j, in nats.
    log_prior : ndarray of shape (k,)
        Log-density of the codes under the prior.

    Examples
    --------
    >>> far_apart = np.where(np.eye(4) > 0, 0.0, -1e3)
    >>> found = aggregate_posterior(far_apart, np.zeros(4))
    >>> round(found.mutual_information / math.log(4), 6)
    1.0
    """
    pairs = check_array(log_posteriors, name="log_posteriors", shape={"n": None, "n_rows": None})
    prior = check_array(log_prior, name="log_prior", shape={"n": None})
    check_same_rows(pairs, len(prior), name="log_posteriors", of="log_prior")
    mixture = logsumexp(pairs, axis=1) - math.log(pairs.shape[1])
    return AggregatePosterior(
        mutual_information=float((np.diag(pairs) - mixture).mean()),
        mismatch=float((mixture - prior).mean()),
    )
