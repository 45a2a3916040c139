"""Initial weights of deep linear networks: a list of matrices, the first layer first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np

from inscape._checks import check_generator, check_number, check_widths, look_up
from inscape._typing import FloatArray


def initial_weights(
    widths: Sequence[int],
    *,
    gamma: float,
    initialization: str = "scaled_normal",
    random_state: Any = None,
) -> list[FloatArray]:
    r"""Draw the initial weights of a deep linear network without biases.

    With layers of :math:`n_0, n_1, \dots, n_L` units, :math:`W_l` has the shape
    :math:`(n_l, n_{l-1})` and is

    - "scaled_normal": normal with standard deviation :math:`\gamma / \sqrt{n_{l-1} + n_l}`;
    - "orthogonal": :math:`\gamma` times a random matrix whose rows or columns, whichever are
      fewer, are orthonormal, so that every singular value is :math:`\gamma`;
    - "balanced": :math:`W_l = \gamma R_l R_{l-1}^\top` with random orthonormal columns
      :math:`R_l`, as many as the narrowest layer has units, so that
      :math:`W_{l+1}^\top W_{l+1} = W_l W_l^\top`.

    Parameters
    ----------
    widths : sequence of int
        Units of each layer, the inputs first and the outputs last: at least two.
    gamma : float
        The scale of the weights, above 0.
    initialization : {"scaled_normal", "orthogonal", "balanced"}, default "scaled_normal"
        Which of the above.
    random_state : int, numpy Generator or None, default None
        None draws anew at each call.

    Returns
    -------
    list of ndarray, float64
        One matrix (outputs, inputs) a layer.

    Raises
    ------
    InvalidParameterError
        If an option cannot hold.

    References
    ----------
    A. M. Saxe, J. L. McClelland, S. Ganguli (2014), arXiv:1312.6120, sections 1.1 and 3.

    Examples
    --------
    >>> first, second = initial_weights((8, 30, 100), gamma=1e-3, random_state=0)
    >>> first.shape, second.shape
    ((30, 8), (100, 30))
    >>> first, second = initial_weights((8, 30, 9), gamma=0.1, initialization="balanced")
    >>> bool(np.allclose(second.T @ second, first @ first.T))
    True
    """
    layers = check_widths("widths", tuple(widths), fewest=2)
    kind = look_up("initialization", initialization, INITIALIZATIONS)
    scale = check_number("gamma", gamma, above=0)
    generator = check_generator("random_state", random_state)
    normals = [generator.standard_normal(shape) for shape in kind.shapes(layers)]
    return [scale * weight for weight in kind.build(layers, normals)]


@dataclass(frozen=True)
class Initialization:
    """A kind of initial weights, as a function of matrices of independent normal numbers.

    Parameters
    ----------
    shapes : callable
        Widths to the shapes of the normal matrices; the last has a row for each output.
    build : callable
        (widths, normals) to weights of scale 1. A rotation of the last normal's rows rotates the
        last weight's rows and changes nothing else, on which `reduction.draw` relies.
    """

    shapes: Callable[[Sequence[int]], list[tuple[int, int]]]
    build: Callable[[Sequence[int], list[FloatArray]], list[FloatArray]]


def _one_a_layer(widths: Sequence[int]) -> list[tuple[int, int]]:
    return [(n_out, n_in) for n_in, n_out in pairwise(widths)]


def _scaled_normal(widths: Sequence[int], normals: list[FloatArray]) -> list[FloatArray]:
    return [
        normal * (n_in + n_out) ** -0.5
        for (n_in, n_out), normal in zip(pairwise(widths), normals, strict=True)
    ]


def _orthogonal(_: Sequence[int], normals: list[FloatArray]) -> list[FloatArray]:
    return [
        _orthonormal_columns(normal)
        if normal.shape[0] >= normal.shape[1]
        else _orthonormal_columns(normal.T).T.copy()
        for normal in normals
    ]


def _one_a_width(widths: Sequence[int]) -> list[tuple[int, int]]:
    return [(width, min(widths)) for width in widths]


def _balanced(_: Sequence[int], normals: list[FloatArray]) -> list[FloatArray]:
    frames = [_orthonormal_columns(normal) for normal in normals]
    return [above @ below.T for below, above in pairwise(frames)]


def _orthonormal_columns(normal: FloatArray) -> FloatArray:
    q, r = np.linalg.qr(normal)
    # With the signs of R's diagonal the columns are distributed uniformly (Mezzadri 2007).
    return q * np.where(np.diag(r) < 0, -1.0, 1.0)


INITIALIZATIONS: Final[Mapping[str, Initialization]] = {
    "scaled_normal": Initialization(_one_a_layer, _scaled_normal),
    "orthogonal": Initialization(_one_a_layer, _orthogonal),
    "balanced": Initialization(_one_a_width, _balanced),
}
