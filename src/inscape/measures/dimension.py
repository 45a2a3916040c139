"""How many dimensions rows fill, however many columns they have."""

from __future__ import annotations

from typing import Any

import numpy as np

from inscape._checks import check_integer, check_matrix
from inscape._errors import InvalidDataError
from inscape.measures.neighbors import nearest_neighbors


def intrinsic_dimension(X: Any, *, n_neighbors: int = 2) -> float:
    r"""Return the dimension of what the rows lie on, from distances to their nearest neighbours.

    .. math:: d = \frac{n (k - 1) - 1}{\sum_i \sum_{j < k} \ln (T_k(x_i) / T_j(x_i))}

    with :math:`T_j(x_i)` the distance of row i to its j-th neighbour, over the n rows that differ.
    Around a row of a d-dimensional density that hardly varies over k neighbours, each logarithm is
    exponential with mean 1 / d; this is the unbiased estimate from all of them.

    Parameters
    ----------
    X : array-like, shape (n_samples, n_features)
        Rows, or codes. Copies count once, since they are at no distance.
    n_neighbors : int, default 2
        k. 2 is the estimator of two nearest neighbours: the least asked of the density, and the
        most disturbed by noise, which fills all columns. More is Levina's and Bickel's, averaged
        as MacKay and Ghahramani do: steadier, and too low where edges and curvature come near.

    Returns
    -------
    float
        In many dimensions it is too low, since no number of rows fills them: of 2,000 rows evenly
        from a cube of 10 dimensions, about 8.5.

    Raises
    ------
    InvalidParameterError
        If `n_neighbors` is below 2 or not below the number of rows that differ.
    InvalidDataError
        If X is no finite matrix, or all neighbours are equally far, as on a grid.

    Notes
    -----
    Facco, d'Errico, Rodriguez and Laio 2017, Scientific Reports 7:12140, for two neighbours, here
    at the greatest likelihood instead of by a line; Levina and Bickel 2004, NIPS; MacKay and
    Ghahramani 2005, for the mean of the inverses. Rows of whole numbers have ties, each of which
    counts as a logarithm of 0, and so as more dimensions.

    Examples
    --------
    >>> plane = np.random.default_rng(0).random((1000, 2)) @ [[1.0, 2.0, 3.0], [3.0, 0.0, 1.0]]
    >>> round(intrinsic_dimension(plane), 1)
    2.0
    """
    rows = np.unique(check_matrix(X, name="X"), axis=0)
    k = check_integer(
        "n_neighbors",
        n_neighbors,
        minimum=2,
        maximum=len(rows) - 1,
        limit="the rows that differ, less one",
    )
    distances, _ = nearest_neighbors(rows, n_neighbors=k)
    total = float(np.log(distances[:, -1:] / distances[:, :-1]).sum())
    if total == 0:
        raise InvalidDataError(
            f"X must hold rows whose {k} nearest neighbours are not all equally far; got "
            f"{len(rows)} rows where they are: take more `n_neighbors`, or rows that are no grid."
        )
    return (len(rows) * (k - 1) - 1) / total
