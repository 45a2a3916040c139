r"""The exact reduction: training from samples never leaves a small subspace.

With :math:`P` samples :math:`X` and targets :math:`Y`, one a row, and weights :math:`W_1, \dots,
W_L`, the gradient of :math:`\lVert X W_1^\top \cdots W_L^\top - Y \rVert^2`

- with respect to :math:`W_L` has its columns in the span of the targets and of :math:`W_L`'s own
  columns. So at every moment :math:`W_L = Q A_L`, where :math:`Q` is an orthonormal basis of
  :math:`[Y^\top, W_L(0)]`: at most targets + hidden dimensions, however many outputs there are;
- with respect to :math:`W_1` has its rows in the span of the samples. What of :math:`W_1(0)` is
  orthogonal to them neither changes nor matters;
- depends on the samples through :math:`X^\top X` and :math:`X^\top Y` alone. So more samples than
  inputs become as many as inputs, and a constant that stays in the loss.

Nothing is cut off at a tolerance: each basis is complete, and where it would not be smaller than
the space it lies in, the whole space is kept. The small problem is written in the singular vectors
of :math:`Y^\top X`: a mode that is still 1e-12 small then has coordinates of its own, in which the
rounding errors of a large one do not appear.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import cholesky, qr, solve_triangular

from inscape._typing import FloatArray, IntArray
from inscape.dynamics.initialization import Initialization

# Above this pivot of the scaled Gram matrix, its Cholesky factor is as good as a QR decomposition
# (the error is of the order of 1e-16 over the pivot's square) and takes a tenth of its time.
_SAFE_PIVOT = 0.03


# --------------------------------------------------------------------------- the small problem


@dataclass(frozen=True, eq=False)
class Reduction:
    """A training problem, and the small one that has exactly the same course.

    Parameters
    ----------
    inputs : ndarray of shape (k, k), k = min(n_samples, n_inputs)
        The small inputs.
    targets : ndarray of shape (k, r)
        The small targets.
    weights : list of ndarray
        The small initial weights.
    unreachable : float
        The squared error, summed, that no weights can remove: the small problem lacks it.
    n_entries : int
        Samples times outputs of the large problem: its loss is a mean over these.
    sample_basis : ndarray of shape (n_samples, k)
        Large samples from small.
    input_basis : ndarray of shape (n_inputs, k)
        Large inputs from small.
    output_rotation : ndarray of shape (r, r)
        The outputs' basis from small outputs.
    output_basis : SpannedBasis, DrawnBasis or None
        Large outputs from theirs; None where they are the same.
    inert : ndarray of shape (hidden, n_inputs) or None
        The part of the first layer's weights that no sample reaches.
    """

    inputs: FloatArray
    targets: FloatArray
    weights: list[FloatArray]
    unreachable: float
    n_entries: int
    sample_basis: FloatArray
    input_basis: FloatArray
    output_rotation: FloatArray
    output_basis: SpannedBasis | DrawnBasis | None = None
    inert: FloatArray | None = None

    def whole_weights(self, weights: Sequence[FloatArray]) -> list[FloatArray]:
        """Return the large weights that small ones stand for."""
        whole = list(weights)
        whole[0] = whole[0] @ self.input_basis.T
        whole[-1] = self.output_rows(slice(None)) @ whole[-1]
        if self.inert is not None:
            whole[0] = whole[0] + self.inert
        return whole

    def whole_samples(self, rows: FloatArray) -> FloatArray:
        """Return the (..., n_samples, n) rows that (..., k, n) small ones stand for."""
        return self.sample_basis @ rows

    def output_rows(self, features: slice | IntArray) -> FloatArray:
        """Return the rows (n, r) that give the outputs `features` from the small outputs."""
        if self.output_basis is None:
            return self.output_rotation[features]
        return self.output_basis.matrix[features] @ self.output_rotation

    @property
    def samples(self) -> FloatArray | None:
        """The small inputs, or None where they are the identity, as `descend` takes them."""
        return None if (self.inputs == np.eye(len(self.inputs))).all() else self.inputs

    def scaled(self, gamma: float) -> Reduction:
        """Return the problem whose initial weights are `gamma` times these."""
        return dataclasses.replace(
            self,
            weights=[gamma * weight for weight in self.weights],
            inert=None if self.inert is None else gamma * self.inert,
        )


def reduce(inputs: FloatArray, targets: FloatArray, weights: Sequence[FloatArray]) -> Reduction:
    """Return the small problem with exactly the same course.

    Parameters
    ----------
    inputs : ndarray of shape (n_samples, n_inputs)
        One sample a row.
    targets : ndarray of shape (n_samples, n_outputs)
        One target a row.
    weights : sequence of ndarray
        Initial weights, the first layer first, each (outputs, inputs).

    Returns
    -------
    Reduction

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> weights = [rng.normal(size=(5, 40)), rng.normal(size=(1000, 5))]
    >>> small = reduce(rng.normal(size=(3, 40)), rng.normal(size=(3, 1000)), weights)
    >>> [weight.shape for weight in small.weights]
    [(5, 3), (8, 5)]
    """
    part = _reduce_samples(inputs, targets)
    first, *others = weights
    if len(part.inputs) < inputs.shape[1]:
        inside = first @ part.input_basis
        inert = first - inside @ part.input_basis.T
        part, first = dataclasses.replace(part, inert=inert), inside
    small = [first, *others]
    n_fixed, n_outputs = part.targets.shape
    if n_fixed + small[-1].shape[1] < n_outputs:
        basis = SpannedBasis(np.concatenate([part.targets.T, small[-1]], axis=1))
        small[-1] = np.ascontiguousarray(basis.coordinates[:, n_fixed:])
        part = dataclasses.replace(
            part,
            targets=np.ascontiguousarray(basis.coordinates[:, :n_fixed].T),
            output_basis=basis,
        )
    return _in_modes(dataclasses.replace(part, weights=small))


def draw(
    inputs: FloatArray,
    targets: FloatArray,
    widths: Sequence[int],
    initialization: Initialization,
    generator: np.random.Generator,
) -> Reduction:
    r"""Draw initial weights of scale 1, and return the small problem from there.

    Independent normal numbers look the same in every orthonormal basis. So the last layer's are
    drawn as coordinates in the basis of the targets, normal ones, and in that of what is
    orthogonal to them, where they are an upper triangular matrix with
    :math:`\chi`-distributed diagonal (Bartlett's decomposition). The basis itself, ten thousand
    rows long, is drawn when the outputs are looked at.

    Parameters
    ----------
    inputs : ndarray of shape (n_samples, n_inputs)
        One sample a row.
    targets : ndarray of shape (n_samples, n_outputs)
        One target a row.
    widths : sequence of int
        Units of each layer, the inputs first and the outputs last.
    initialization : Initialization
        The kind of weights.
    generator : numpy.random.Generator
        Where the numbers come from.

    Returns
    -------
    Reduction

    References
    ----------
    M. S. Bartlett (1933), Proceedings of the Royal Society of Edinburgh 53.
    """
    shapes = initialization.shapes(widths)
    part = _reduce_samples(inputs, targets)
    n_fixed, n_columns = len(part.targets), shapes[-1][1]
    if len(part.inputs) < widths[0] or n_fixed + n_columns >= widths[-1]:
        normals: list[FloatArray] = [generator.standard_normal(shape) for shape in shapes]
        return reduce(inputs, targets, initialization.build(widths, normals))
    last = _coordinates(widths[-1] - n_fixed, n_fixed, n_columns, generator)
    normals = [*(generator.standard_normal(shape) for shape in shapes[:-1]), last]
    basis = DrawnBasis(SpannedBasis(part.targets.T), n_columns, int(generator.integers(2**63)))
    small_targets = np.zeros((n_fixed, n_fixed + n_columns))
    small_targets[:, :n_fixed] = basis.targets.coordinates.T
    return _in_modes(
        dataclasses.replace(
            part,
            targets=small_targets,
            weights=initialization.build(widths, normals),
            output_basis=basis,
        )
    )


def _reduce_samples(inputs: FloatArray, targets: FloatArray) -> Reduction:
    """Return the problem with as many samples as inputs, still without weights."""
    n_samples, n_inputs = inputs.shape
    samples, units, unreachable, n_entries = np.eye(0), np.eye(0), 0.0, targets.size
    if n_samples < n_inputs:
        units, factor = np.linalg.qr(inputs.T)
        samples, inputs = np.eye(n_samples), factor.T
    elif n_samples > n_inputs:
        samples, inputs = np.linalg.qr(inputs)
        inside = samples.T @ targets
        unreachable = float(((targets - samples @ inside) ** 2).sum())
        units, targets = np.eye(n_inputs), inside
    else:
        samples = units = np.eye(n_samples)
    return Reduction(
        inputs=inputs,
        targets=targets,
        weights=[],
        unreachable=unreachable,
        n_entries=n_entries,
        sample_basis=samples,
        input_basis=units,
        output_rotation=np.eye(0),
    )


def _in_modes(part: Reduction) -> Reduction:
    """Return the problem in the singular vectors of its own targets' @ inputs."""
    left, values, right = np.linalg.svd(part.targets.T @ part.inputs)
    if part.samples is None:
        # Exact ones and zeros, which the descent knows how to use.
        samples, inputs = right.T, part.inputs
        targets = np.zeros(part.targets.shape)
        np.fill_diagonal(targets, values)
    else:
        samples, inputs = np.linalg.qr(part.inputs @ right.T)
        targets = samples.T @ part.targets @ left
    weights = list(part.weights)
    weights[0] = weights[0] @ right.T
    weights[-1] = left.T @ weights[-1]
    return dataclasses.replace(
        part,
        inputs=inputs,
        targets=targets,
        weights=weights,
        sample_basis=part.sample_basis @ samples,
        input_basis=part.input_basis @ right.T,
        output_rotation=left,
    )


# --------------------------------------------------------------------------- bases of the outputs


class SpannedBasis:
    """An orthonormal basis of given columns, and their coordinates in it.

    The coordinates are all that training needs; the basis is made when it is asked for.

    Parameters
    ----------
    columns : ndarray of shape (n_outputs, r)
        What is spanned, r <= n_outputs.
    """

    def __init__(self, columns: FloatArray) -> None:
        self._columns = columns
        norms = np.sqrt(np.einsum("ij,ij->j", columns, columns))
        scale = np.where(norms > 0, norms, 1.0)
        factor = _cholesky_factor(columns, scale)
        if factor is None:
            self.matrix, factor = qr(columns / scale, mode="economic", check_finite=False)
        self.coordinates: FloatArray = factor * scale

    @cached_property
    def matrix(self) -> FloatArray:
        """The basis, (n_outputs, r)."""
        solved = solve_triangular(self.coordinates, self._columns.T, trans="T", check_finite=False)
        return solved.T


@dataclass(frozen=True, eq=False)
class DrawnBasis:
    """A basis of the targets, and a random one of as many other dimensions as weights need.

    Parameters
    ----------
    targets : SpannedBasis
        Of the targets' columns.
    n_drawn : int
        How many other dimensions.
    seed : int
        What they are drawn with.
    """

    targets: SpannedBasis
    n_drawn: int
    seed: int

    @cached_property
    def matrix(self) -> FloatArray:
        """The basis, (n_outputs, r)."""
        fixed = self.targets.matrix
        drawn = np.random.default_rng(self.seed).standard_normal((len(fixed), self.n_drawn))
        # Twice, since what is left of a projection is as exact as what was taken away.
        for _ in range(2):
            drawn -= fixed @ (fixed.T @ drawn)
        return np.concatenate([fixed, SpannedBasis(drawn).matrix], axis=1)


def _cholesky_factor(columns: FloatArray, scale: FloatArray) -> FloatArray | None:
    """Return the upper R with R'R the Gram matrix of the scaled columns, or None where unsafe."""
    gram = (columns.T @ columns) / np.outer(scale, scale)
    try:
        factor = cholesky(gram, check_finite=False)
    except np.linalg.LinAlgError:
        return None
    return factor if np.diag(factor).min() > _SAFE_PIVOT else None


def _coordinates(
    n_others: int, n_fixed: int, n_columns: int, generator: np.random.Generator
) -> FloatArray:
    """Draw the coordinates (n_fixed + n_columns, n_columns) of columns of normal numbers."""
    coordinates = np.zeros((n_fixed + n_columns, n_columns))
    coordinates[:n_fixed] = generator.standard_normal((n_fixed, n_columns))
    above = np.triu(generator.standard_normal((n_columns, n_columns)), 1)
    lengths = np.sqrt(generator.chisquare(n_others - np.arange(n_columns)))
    coordinates[n_fixed:] = above + np.diag(lengths)
    return coordinates
