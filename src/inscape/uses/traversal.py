"""What each component of a code does to the row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from inscape._checks import check_array, check_integer, check_matrix
from inscape._errors import InvalidParameterError
from inscape._representations import Representation, code_space
from inscape._typing import FloatArray
from inscape.objectives import Euclidean

VALUES = tuple(np.linspace(-3, 3, 7).tolist())


def traverse(
    representation: Representation,
    row: Any = None,
    *,
    code: Any = None,
    components: Sequence[int] | None = None,
    values: Any = VALUES,
) -> FloatArray:
    """Decode one code again and again, each time with one component at another value.

    On the sphere a changed code is divided by its length; on the Poincaré ball what is changed is
    its displacement from the middle, so that values mean the same under the prior everywhere.

    Parameters
    ----------
    representation
        A fitted object with `inverse_transform`, and `transform` where a row is given; a
        conditional estimator with what it is told bound, as in ``model.given(y)``.
    row : array-like, shape (n_features,), or None
        What is encoded to begin with.
    code : array-like, shape (n_components,), or None
        Instead of a row: the code to begin with, such as zeros, the middle of a prior.
    components : sequence of int or None
        Which components, counted from 0, in this order; None is all. Sort them by what matters,
        such as ``np.argsort(-codes.var(axis=0))``.
    values : array-like, shape (n_values,)
        What each component is set to.

    Returns
    -------
    ndarray, shape (n_components, n_values, n_features)
        Decoded rows.

    Raises
    ------
    InvalidDataError
        If the row, the code or the values are not finite numbers of the right shape.
    InvalidParameterError
        If not exactly one of `row` and `code` is given, or a component does not exist.

    Examples
    --------
    >>> from sklearn.decomposition import PCA
    >>> X = np.random.default_rng(0).random((20, 4))
    >>> traverse(PCA(2).fit(X), X[0], values=[-1, 0, 1]).shape
    (2, 3, 4)
    """
    begin = _code_of(representation, row, code)
    chosen = _check_components(components, n_components=len(begin))
    values = check_array(values, name="values", shape={"value": None})
    space = code_space(representation) or Euclidean()
    flat = space.flatten(torch.from_numpy(begin)[None]).numpy()
    vectors = np.tile(flat, (len(chosen), len(values), 1))
    for place, component in enumerate(chosen):
        vectors[place, :, component] = values
    codes = space.settle(torch.from_numpy(vectors.reshape(-1, len(begin)))).numpy()
    rows = np.asarray(representation.inverse_transform(codes))
    return rows.reshape(len(chosen), len(values), -1)


def _code_of(representation: Any, row: Any, code: Any) -> FloatArray:
    if (row is None) == (code is None):
        raise InvalidParameterError(
            "A traversal must begin at one row or at one code; got "
            f"{'neither' if row is None else 'both'}: give row=X[0], or code=np.zeros(n)."
        )
    if code is None:
        rows = check_matrix(np.asarray(row)[None], name="row")
        return np.array(representation.transform(rows))[0]
    return np.array(check_matrix(np.asarray(code)[None], name="code")[0], dtype=np.float64)


def _check_components(components: Sequence[int] | None, *, n_components: int) -> list[int]:
    if components is None:
        return list(range(n_components))
    last = n_components - 1
    return [
        check_integer("components", one, minimum=0, maximum=last, limit="the last component")
        for one in components
    ]
