"""The way from one row to another, through the space of codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from inscape._checks import check_choice, check_integer, check_matrix, check_same_rows
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape._representations import Representation, code_space, unwrap
from inscape._typing import FloatArray
from inscape.objectives import PoincareBall, Sphere
from inscape.objectives.spaces.poincare import geodesic as hyperbolic_geodesic

PATHS = ("linear", "spherical", "geodesic")
# Sines below it have too few digits left to divide by.
_SMALL_SINE = 1e-6
# The share by which a decoded line may be longer than the straight one: rounding of float32.
_STRAIGHT = 1e-4
_MOST_ITERATIONS = 200


def interpolate(
    representation: Representation,
    start_rows: Any,
    end_rows: Any,
    *,
    n_steps: int = 9,
    path: str = "linear",
) -> FloatArray:
    r"""Decode the codes on the way from each start to its end.

    The path "linear" is the straight line between the codes. "spherical" turns from one code to
    the other at an even pace (Shoemake 1985; White 2016, arXiv 1609.04468):

    .. math:: \big(\sin((1 - t)\,\omega)\, a + \sin(t\,\omega)\, b\big) / \sin \omega

    with the angle :math:`\omega` between them. "geodesic" is the shortest way: on the sphere that
    arc, on the Poincaré ball the hyperbolic line, and elsewhere the way on which the decoded rows
    change least, which has the least sum of :math:`|x_{i+1} - x_i|^2` that descent from the
    straight line finds (Arvanitidis, Hansen and Hauberg 2018, arXiv 1710.11379).

    Parameters
    ----------
    representation
        A fitted object with `transform` and `inverse_transform`; a conditional estimator with
        what it is told bound, as in ``model.given(y)``, one a pair or one for all.
    start_rows, end_rows : array-like, shape (n_pairs, n_features)
        Where each way begins and ends.
    n_steps : int
        Codes on each way, both ends among them.
    path : {"linear", "spherical", "geodesic"}
        Which way.

    Returns
    -------
    ndarray, shape (n_pairs, n_steps, n_features)
        Decoded rows; the first and the last are the reconstructions of the ends.

    Raises
    ------
    InvalidDataError
        If rows do not fit each other, or a spherical way has no one direction to take.
    InvalidParameterError
        If an option cannot hold, or a geodesic is asked of a decoder that is neither of this
        package nor linear.

    Examples
    --------
    >>> from sklearn.decomposition import PCA
    >>> X = np.random.default_rng(0).random((20, 4))
    >>> interpolate(PCA(2).fit(X), X[:3], X[3:6], n_steps=5).shape
    (3, 5, 4)
    """
    n_steps = check_integer("n_steps", n_steps, minimum=2)
    check_choice("path", path, PATHS)
    n_pairs, n_features = check_matrix(start_rows, name="start_rows").shape
    ends = check_matrix(end_rows, name="end_rows", n_columns=n_features)
    check_same_rows(ends, n_pairs, name="end_rows", of="start_rows")
    # As they came: a table's column names are checked by who was fitted with them.
    start, end = (np.asarray(representation.transform(rows)) for rows in (start_rows, end_rows))
    codes = _find_path(representation, start, end, n_steps, path)
    # Whatever was computed on the way: the ends are the codes themselves.
    codes[:, 0], codes[:, -1] = start, end
    # Step by step, so that there is a row for each pair, as whoever was told of the pairs expects.
    steps = [np.asarray(representation.inverse_transform(codes[:, i])) for i in range(n_steps)]
    return np.stack(steps, axis=1)


def _find_path(
    representation: Any, start: FloatArray, end: FloatArray, n_steps: int, path: str
) -> FloatArray:
    """Return codes (n_pairs, n_steps, n_components)."""
    if path == "linear":
        return linear_path(start, end, n_steps)
    space = code_space(representation)
    if path == "spherical" or isinstance(space, Sphere):
        return spherical_path(start, end, n_steps)
    if isinstance(space, PoincareBall):
        return hyperbolic_path(start, end, n_steps, curvature=space.curvature)
    # What a pipeline does after decoding is not known to be smooth.
    alone = unwrap(representation, only=True)
    if not hasattr(alone, "differentiable_decoders"):
        return _straight_path(representation, start, end, n_steps)
    decoders = alone.differentiable_decoders(len(start))
    ways = zip(start, end, decoders, strict=True)
    found = [shortest_path(a, b, n_steps, decode) for a, b, decode in ways]
    return np.stack(found).astype(start.dtype)


# --------------------------------------------------------------------------- paths of codes


def linear_path(start: FloatArray, end: FloatArray, n_steps: int) -> FloatArray:
    """Return the straight ways (n_pairs, n_steps, d) between points (n_pairs, d).

    Examples
    --------
    >>> linear_path(np.zeros((1, 1)), np.ones((1, 1)), 3).ravel()
    array([0. , 0.5, 1. ])
    """
    t = _shares(n_steps, start)
    return (1 - t) * start[:, None] + t * end[:, None]


def spherical_path(start: FloatArray, end: FloatArray, n_steps: int) -> FloatArray:
    """Return the turning ways (n_pairs, n_steps, d) between points (n_pairs, d).

    Raises
    ------
    InvalidDataError
        If a point is 0, or two point in opposite directions.

    Examples
    --------
    >>> spherical_path(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), 3)[0, 1].round(4)
    array([0.7071, 0.7071])
    """
    a, b = start.astype(np.float64), end.astype(np.float64)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    cosine = (a * b).sum(axis=1) / np.where(lengths > 0, lengths, 1)
    # Of the sum and the difference: an arc cosine would lose the small angles.
    unit_a, unit_b = (v / np.linalg.norm(v, axis=1).clip(min=1e-300)[:, None] for v in (a, b))
    angle = 2 * np.arctan2(
        np.linalg.norm(unit_a - unit_b, axis=1), np.linalg.norm(unit_a + unit_b, axis=1)
    )
    lost = (lengths == 0) | ((np.sin(angle) < _SMALL_SINE) & (cosine < 0))
    if lost.any():
        raise InvalidDataError(
            "A spherical way must join codes that differ from 0 and are not opposite; got such a "
            f"pair at row {int(np.argmax(lost))}: take path='linear', or other rows."
        )
    near = np.sin(angle) < _SMALL_SINE
    t, angle = _shares(n_steps, a), np.where(near, 1.0, angle)[:, None, None]
    turned = np.sin((1 - t) * angle) * a[:, None] + np.sin(t * angle) * b[:, None]
    path = np.where(near[:, None, None], linear_path(a, b, n_steps), turned / np.sin(angle))
    return path.astype(start.dtype)


def hyperbolic_path(
    start: FloatArray, end: FloatArray, n_steps: int, *, curvature: float
) -> FloatArray:
    """Return the geodesics (n_pairs, n_steps, d) between points (n_pairs, d) of the Poincaré ball.

    Examples
    --------
    >>> ends = np.array([[-0.5, 0.0]]), np.array([[0.5, 0.0]])
    >>> abs(hyperbolic_path(*ends, 3, curvature=1.0)[0, 1]) < 1e-9
    array([ True,  True])
    """
    a, b = (torch.from_numpy(points.astype(np.float64))[:, None] for points in (start, end))
    t = torch.from_numpy(_shares(n_steps, np.zeros(1)))
    return hyperbolic_geodesic(a, b, t, curvature=curvature).numpy().astype(start.dtype)


def shortest_path(
    start: FloatArray, end: FloatArray, n_steps: int, decode: Callable[[Tensor], Tensor]
) -> FloatArray:
    r"""Return the way (n_steps, d) between two points (d,) on which decoded rows change least.

    What is minimised over the points between the ends, from the straight line on, by L-BFGS:

    .. math:: \sum_i |g(c_{i+1}) - g(c_i)|^2

    Parameters
    ----------
    start, end : ndarray, shape (d,)
        Codes.
    n_steps : int
        Codes on the way, both ends among them.
    decode : callable
        Codes (n, d), float64, to rows (n, n_features), differentiable.

    Examples
    --------
    >>> ends = np.array([0.0]), np.array([2.0])
    >>> shortest_path(*ends, 3, lambda codes: codes**3).ravel().round(4)
    array([0.    , 1.5874, 2.    ])
    """
    line = linear_path(start[None].astype(float), end[None].astype(float), n_steps)[0]
    first, last = torch.from_numpy(line[:1]), torch.from_numpy(line[-1:])

    def energy(inner: Tensor) -> Tensor:
        return decode(torch.cat([first, inner, last])).diff(dim=0).square().sum()

    straight = float(energy(torch.from_numpy(line[1:-1])))
    if n_steps == 2 or straight == 0:
        return line

    def share(flat: FloatArray) -> tuple[float, FloatArray]:
        inner = torch.from_numpy(flat.reshape(-1, line.shape[1])).requires_grad_()
        with torch.enable_grad():
            value = energy(inner) / straight
            (gradient,) = torch.autograd.grad(value, inner)
        return float(value.detach()), gradient.numpy().ravel()

    options = {"maxiter": _MOST_ITERATIONS}
    found = minimize(share, line[1:-1].ravel(), jac=True, method="L-BFGS-B", options=options)
    line[1:-1] = found.x.reshape(-1, line.shape[1])
    return line


def _straight_path(
    representation: Any, start: FloatArray, end: FloatArray, n_steps: int
) -> FloatArray:
    """Return the straight ways, once it is known that they stay straight when decoded.

    No way between two rows has less energy than an even walk along the straight line of rows.
    """
    codes = linear_path(start, end, n_steps)
    decoded = np.asarray(representation.inverse_transform(codes.reshape(-1, codes.shape[-1])))
    rows = decoded.astype(np.float64).reshape(len(start), n_steps, -1)
    energies = np.square(np.diff(rows, axis=1)).sum(axis=(1, 2))
    least = np.square(rows[:, -1] - rows[:, 0]).sum(axis=1) / (n_steps - 1)
    if (
        energies <= (1 + _STRAIGHT) * least + np.finfo(np.float32).eps * np.square(rows).max()
    ).all():
        return codes
    raise InvalidParameterError(
        "path='geodesic' must have an estimator of this package, or a linear decoder; got "
        f"{type(representation).__name__}: take path='linear'."
    )


def _shares(n_steps: int, like: FloatArray) -> FloatArray:
    """Return the shares of the way (n_steps, 1), from 0 to 1."""
    return np.linspace(0, 1, n_steps, dtype=like.dtype)[:, None]
