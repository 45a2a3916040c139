"""The same reading for any representation: its modes and similarity over recorded epochs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from inscape._checks import check_choice, check_enough_samples, check_integer, check_matrix
from inscape._errors import InvalidDataError
from inscape._representations import Representation
from inscape._typing import FloatArray, SimilarityName
from inscape.measures import similarity

END_TO_END: Final = ("linear_fit", "jacobian")
# A step of the central differences, as a share of the rows' own spread.
_STEP = 1e-4


@dataclass(frozen=True, eq=False)
class Course:
    """What a representation was like at each recorded epoch.

    Parameters
    ----------
    epochs : ndarray of shape (n_records,)
        When.
    loss : ndarray of shape (n_records,)
        Squared error of the reconstruction, the mean over samples and features.
    modes : ndarray of shape (n_records, n_modes)
        How much of each principal direction of the data comes back: 0 is nothing, 1 is all.
    sorted_modes : ndarray of shape (n_records, n_modes)
        Singular values of the end-to-end map within these directions, the largest first.
    similarity : ndarray of shape (n_records, n_samples, n_samples)
        Similarity of the codes.
    """

    epochs: FloatArray
    loss: FloatArray
    modes: FloatArray
    sorted_modes: FloatArray
    similarity: FloatArray


def follow(
    representations: Iterable[tuple[float, Representation]],
    X: Any,
    *,
    end_to_end: str = "linear_fit",
    n_modes: int = 10,
    kind: SimilarityName = "dot",
) -> Course:
    r"""Read modes and similarity of a representation, linear or not, over its recorded epochs.

    With the principal directions :math:`v_a` of the rows and the end-to-end map
    :math:`f = \text{decode} \circ \text{encode}`, a mode is :math:`v_a^\top M v_a`, where M is

    - "linear_fit": the linear map with the least squared error from centred rows to centred
      reconstructions;
    - "jacobian": the mean of f's Jacobian over the rows, by central differences.

    For a linear autoencoder both are its own map, and a mode is what `simulate` calls one, over
    the singular value.

    Parameters
    ----------
    representations : iterable of (epoch, representation)
        Fitted objects with `transform` and `inverse_transform`, such as
        `Autoencoder.at(snapshot)` for the snapshots of a recorder, or `Run.snapshots()`.
    X : array-like of shape (n_samples, n_features)
        The rows to look at.
    end_to_end : {"linear_fit", "jacobian"}, default "linear_fit"
        Which map stands for f.
    n_modes : int, default 10
        Principal directions, at most as many as the rows have.
    kind : {"dot", "cosine", "correlation"}, default "dot"
        See `inscape.measures.similarity`.

    Returns
    -------
    Course

    Raises
    ------
    InvalidParameterError
        If an option cannot hold.
    InvalidDataError
        If the rows are not a finite matrix, or there is no representation.

    Examples
    --------
    >>> from sklearn.decomposition import PCA
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(50, 6)) * [6, 5, 4, 3, 2, 1]
    >>> course = follow([(k, PCA(k).fit(X)) for k in (1, 3)], X, n_modes=4)
    >>> course.modes.round(6) + 0.0
    array([[1., 0., 0., 0.],
           [1., 1., 1., 0.]])
    """
    rows = check_matrix(X, name="X").astype(np.float64)
    check_enough_samples(len(rows))
    check_choice("end_to_end", end_to_end, END_TO_END)
    mean = rows.mean(axis=0)
    left, values, right = np.linalg.svd(rows - mean, full_matrices=False)
    rank = int((values > 1e-10 * values[0]).sum()) if values[0] > 0 else 0
    most = check_integer("n_modes", n_modes, minimum=1)
    if rank == 0:
        raise InvalidDataError("X must vary; got identical rows: check how the data were read.")
    n = min(most, rank)
    directions = right[:n].T
    records = []
    for epoch, representation in representations:
        codes = np.asarray(representation.transform(rows))
        back = np.asarray(representation.inverse_transform(codes))
        if end_to_end == "linear_fit":
            answers = (back - back.mean(axis=0)) @ directions
            # Principal components are uncorrelated, so that each coefficient stands alone.
            inner = (left[:, :n].T @ answers).T / values[:n]
        else:
            inner = _mean_jacobian(representation, rows, directions)
        records.append(
            (
                float(epoch),
                float(((back - rows) ** 2).mean()),
                np.diag(inner),
                np.linalg.svd(inner, compute_uv=False),
                similarity(codes, kind=kind),
            )
        )
    if not records:
        raise InvalidDataError(
            "representations must hold at least one (epoch, representation); got none: record a "
            "training first."
        )
    return Course(*(np.array(column) for column in zip(*records, strict=True)))


def _mean_jacobian(
    representation: Representation, rows: FloatArray, directions: FloatArray
) -> FloatArray:
    """Return the mean Jacobian of the end-to-end map, (n_modes, n_modes), along directions."""
    step = _STEP * float(rows.std())
    columns = []
    for direction in directions.T:
        ahead, behind = (
            np.asarray(representation.inverse_transform(representation.transform(moved)))
            for moved in (rows + step * direction, rows - step * direction)
        )
        columns.append(directions.T @ (ahead - behind).mean(axis=0) / (2 * step))
    return np.array(columns).T
