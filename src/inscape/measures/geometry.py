"""How alike a representation holds its samples: the geometry that it gives them."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import pdist, squareform

from inscape._checks import check_choice, check_matrices, check_square
from inscape._errors import InvalidDataError
from inscape._typing import DissimilarityName, FloatArray, SimilarityName

SIMILARITIES = ("dot", "cosine", "correlation")
DISSIMILARITIES = ("correlation", "cosine", "euclidean", "squared_euclidean")


def similarity(Z: FloatArray, *, kind: SimilarityName = "dot") -> FloatArray:
    r"""Return how alike every two samples are.

    .. math:: S_{ij} = z_i \cdot z_j

    For the cosine, each row is first scaled to norm 1; for the correlation, it is centred on its
    own mean before that.

    Parameters
    ----------
    Z : ndarray, shape (..., n_samples, n_components)
        A representation of some samples, or a stack of them, such as one an epoch.
    kind : {"dot", "cosine", "correlation"}, default "dot"
        What is compared.

    Returns
    -------
    ndarray of float64, shape (..., n_samples, n_samples)
        Symmetric; exactly 1 on the diagonal for the cosine and the correlation.

    Raises
    ------
    InvalidParameterError
        If `kind` is none of these.
    InvalidDataError
        If Z is no stack of finite matrices, or a row has no direction: one of zeros for the
        cosine, a constant one for the correlation.

    Examples
    --------
    >>> similarity(np.array([[1.0, 0.0], [1.0, 1.0]]))
    array([[1., 1.],
           [1., 2.]])
    """
    check_choice("kind", kind, SIMILARITIES)
    Z = check_matrices(Z, name="Z")
    rows = Z.astype(np.float64) if kind == "dot" else _directions(Z, kind=kind)
    products = rows @ rows.swapaxes(-1, -2)
    if kind != "dot":
        products = products.clip(-1.0, 1.0)
        diagonal = np.arange(Z.shape[-2])
        products[..., diagonal, diagonal] = 1.0
    return products


def dissimilarity(Z: FloatArray, *, kind: DissimilarityName = "correlation") -> FloatArray:
    r"""Return how unlike every two samples are: the representational dissimilarity matrix.

    .. math::

        D_{ij} = 1 - r(z_i, z_j), \quad 1 - \cos(z_i, z_j), \quad \lVert z_i - z_j \rVert
        \quad \text{or} \quad \lVert z_i - z_j \rVert^2

    Parameters
    ----------
    Z : ndarray, shape (..., n_samples, n_components)
        A representation of some samples, or a stack of them, such as one an epoch.
    kind : {"correlation", "cosine", "euclidean", "squared_euclidean"}, default "correlation"
        Which of the four.

    Returns
    -------
    ndarray of float64, shape (..., n_samples, n_samples)
        Symmetric, not negative, and exactly 0 on the diagonal.

    Raises
    ------
    InvalidParameterError
        If `kind` is none of these.
    InvalidDataError
        If Z is no stack of finite matrices, or a row has no direction: one of zeros for the
        cosine, a constant one for the correlation.

    Notes
    -----
    Kriegeskorte, Mur & Bandettini (2008), "Representational similarity analysis", Frontiers in
    Systems Neuroscience 2:4.

    Examples
    --------
    >>> dissimilarity(np.array([[0.0, 0.0], [3.0, 4.0]]), kind="euclidean")
    array([[0., 5.],
           [5., 0.]])
    """
    check_choice("kind", kind, DISSIMILARITIES)
    Z = check_matrices(Z, name="Z")
    angular = kind in ("correlation", "cosine")
    rows = _directions(Z, kind=kind) if angular else Z.astype(np.float64)
    metric = "euclidean" if kind == "euclidean" else "sqeuclidean"
    dissimilarities = np.empty((*Z.shape[:-1], Z.shape[-2]))
    for place in np.ndindex(Z.shape[:-2]):
        # From differences, since a difference of products would lose what sets near rows apart.
        dissimilarities[place] = squareform(pdist(rows[place], metric))
    # Of unit vectors, |u - v|^2 = 2 - 2 u.v.
    return (dissimilarities / 2).clip(max=2.0) if angular else dissimilarities


def dissimilarity_vectors(D: FloatArray) -> FloatArray:
    """Return the triangle above the diagonal, row by row, of each matrix.

    This is the order of `scipy.spatial.distance.squareform` and the layout that
    `rsatoolbox.rdm.RDMs(dissimilarities=...)` takes over.

    Parameters
    ----------
    D : ndarray, shape (n, n) or (k, n, n)
        Symmetric matrices.

    Returns
    -------
    ndarray, shape (1, n (n - 1) / 2) or (k, n (n - 1) / 2)
        One row a matrix.

    Raises
    ------
    InvalidDataError
        If D holds no symmetric matrices of at least two rows.

    Examples
    --------
    >>> dissimilarity_vectors(dissimilarity(np.array([[0.0], [1.0], [3.0]]), kind="euclidean"))
    array([[1., 3., 2.]])
    """
    D = check_square(D, name="D")
    n_items = D.shape[-1]
    rows, columns = np.triu_indices(n_items, 1)
    return D.reshape(-1, n_items, n_items)[:, rows, columns]


def _directions(Z: FloatArray, *, kind: str) -> FloatArray:
    """Return the rows at norm 1 (for the correlation, centred before) as float64.

    Raises
    ------
    InvalidDataError
        If a row has no direction.
    """
    rows = Z.astype(np.float64)
    # What rounding leaves of a constant row is no direction; the last digit of a float32 is data.
    smallest = np.zeros(Z.shape[:-1])
    if kind == "correlation":
        rows = rows - rows.mean(axis=-1, keepdims=True)
        smallest = 4 * np.finfo(np.float64).eps * abs(Z).max(axis=-1)
    # Scaled before squaring, so that no square is too large or too small for a float.
    sizes = abs(rows).max(axis=-1)
    lost = sizes <= smallest
    if lost.any():
        *place, row = (int(i) for i in np.argwhere(lost)[0])
        name = f"Z{place}" if place else "Z"
        fault, wanted = (
            ("is constant", "rows that vary")
            if kind == "correlation"
            else ("is zero", "non-zero rows")
        )
        raise InvalidDataError(
            f"{name} must hold {wanted} for kind={kind!r}; got a row without a direction: row "
            f"{row} {fault}: leave it out, or take another kind."
        )
    rows = rows / sizes[..., None]
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)
