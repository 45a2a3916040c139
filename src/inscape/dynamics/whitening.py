"""Whitened inputs, for which each mode is learned on its own and theory has closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np

from inscape._checks import check_matrix
from inscape._errors import InvalidDataError
from inscape._typing import FloatArray


def whiten(inputs: Any) -> FloatArray:
    r"""Return inputs that span the same answers, and are uncorrelated and of one size.

    With the singular value decomposition :math:`X = U S V^\top` of rank r they are

    .. math:: \sqrt{P}\, U_r, \quad \text{so that} \quad \tilde X^\top \tilde X = P I.

    Nothing is centred: a network without biases learns a mean through its inputs, and can learn
    of the new ones exactly what it could of the old.

    Parameters
    ----------
    inputs : array-like of shape (n_samples, n_inputs)
        :math:`X`, P samples in rows.

    Returns
    -------
    ndarray of shape (n_samples, r)
        The direction first in which inputs vary most about 0.

    Raises
    ------
    InvalidDataError
        If a value is not finite, or all are 0.

    Examples
    --------
    >>> X = whiten([[1.0, 2.0], [3.0, 4.0], [5.0, 9.0]])
    >>> (X.T @ X).round(6)
    array([[3., 0.],
           [0., 3.]])
    """
    X = check_matrix(inputs, name="inputs")
    left, values, _ = np.linalg.svd(X, full_matrices=False)
    rank = int((values > np.finfo(float).eps * max(X.shape) * values[0]).sum())
    if rank == 0:
        raise InvalidDataError("inputs must hold a value other than 0; got zeros: give others.")
    return np.sqrt(len(X)) * left[:, :rank]
