"""The data's own singular vectors, and how much of each a linear map has learned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inscape._errors import InvalidDataError
from inscape._typing import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Modes:
    r"""The singular modes of :math:`Y^\top X = \sum_a s_a u_a v_a^\top`, the strongest first.

    Parameters
    ----------
    singular_values : ndarray of shape (n_modes,)
        :math:`s_a`.
    output_vectors : ndarray of shape (n_outputs, n_modes)
        :math:`u_a` in columns.
    input_vectors : ndarray of shape (n_inputs, n_modes)
        :math:`v_a` in columns.
    input_power : float or None
        The c of whitened inputs, :math:`X^\top X = c I`; None where they are not.
    best : ndarray of shape (n_outputs, n_inputs)
        The best linear map of the rank that the network allows.
    """

    singular_values: FloatArray
    output_vectors: FloatArray
    input_vectors: FloatArray
    input_power: float | None
    best: FloatArray

    @property
    def limits(self) -> FloatArray:
        """The modes of the best map."""
        return self.project(self.best)

    def project(self, maps: FloatArray) -> FloatArray:
        """Return the modes (..., n_modes) of linear maps (..., n_outputs, n_inputs)."""
        answers = self.output_vectors.T @ maps
        return np.einsum("...ai,ia->...a", answers, self.input_vectors)


def find_modes(inputs: FloatArray, targets: FloatArray, *, rank: int) -> Modes:
    """Return the modes of inputs (n_samples, n_inputs) and targets (n_samples, n_outputs).

    Raises
    ------
    InvalidDataError
        If inputs and targets are not correlated, so that there is none.
    """
    left, values, right = np.linalg.svd(targets.T @ inputs, full_matrices=False)
    floor = np.finfo(float).eps * np.linalg.norm(inputs) * np.linalg.norm(targets)
    n_modes = int((values > max(inputs.shape) * floor).sum())
    if n_modes == 0:
        raise InvalidDataError(
            "inputs and targets must be correlated; got inputs.T @ targets = 0, from which "
            "gradient descent learns nothing: check that their rows belong together."
        )
    power = inputs.T @ inputs
    mean = float(np.trace(power)) / len(power)
    white = np.allclose(power, mean * np.eye(len(power)), rtol=0, atol=1e-9 * mean)
    return Modes(
        singular_values=values[:n_modes],
        output_vectors=left[:, :n_modes],
        input_vectors=right[:n_modes].T,
        input_power=mean if white else None,
        best=_best_map(inputs, targets, rank=rank),
    )


def half_rise(epochs: IntArray, modes: FloatArray, limits: FloatArray) -> IntArray:
    """Return the first epoch at which each mode (n_records, n_modes) is at half its limit, or -1.

    Examples
    --------
    >>> half_rise(np.array([0, 10, 20]), np.array([[0.0, 0], [2, 0], [4, 1]]), np.array([4.0, 4]))
    array([10, -1])
    """
    there = (modes >= limits / 2) & (limits > 0)
    return np.where(there.any(axis=0), epochs[there.argmax(axis=0)], -1)


def _best_map(inputs: FloatArray, targets: FloatArray, *, rank: int) -> FloatArray:
    """Return the map of the least squared error among those of a rank (Baldi & Hornik 1989)."""
    best = np.linalg.lstsq(inputs, targets, rcond=None)[0].T
    if rank >= min(best.shape):
        return best
    answers = inputs @ best.T
    leading = np.linalg.svd(answers, full_matrices=False)[2][:rank]
    return leading.T @ (leading @ best)
