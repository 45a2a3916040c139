"""When gradient descent runs away, and the learning rate up to which it need not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inscape._typing import FloatArray
from inscape.dynamics.modes import Modes
from inscape.dynamics.reduction import Reduction

# A course that comes back never goes this far beyond where it started.
_FARTHEST = 1e6
_POWER_STEPS = 200


@dataclass(frozen=True)
class Divergence:
    """Where a training ended early, and why.

    Parameters
    ----------
    epoch : int
        The first recorded epoch at which the loss was beyond the bound.
    bound : float
        The bound: a million times the larger of the initial loss and that of answering 0.
    learning_rate : float
        The one it was trained with.
    stable_learning_rate : float
        Up to here the balanced best solution attracts gradient descent.
    """

    epoch: int
    bound: float
    learning_rate: float
    stable_learning_rate: float

    def __str__(self) -> str:
        why = (
            f"learning_rate {self.learning_rate:.4g} is above {self.stable_learning_rate:.4g}, "
            "where the balanced best solution stops being stable: take a smaller one"
            if self.learning_rate > self.stable_learning_rate
            else f"learning_rate {self.learning_rate:.4g} is too large for weights that start so "
            "large: take a smaller one, or a smaller gamma"
        )
        return (
            f"Training diverged at epoch {self.epoch}, where the loss passed {self.bound:.3g}; "
            f"{why}."
        )


def loss_limit(problem: Reduction, initial: FloatArray) -> FloatArray:
    """Return the bound beyond which a loss has diverged, for initial losses (...,)."""
    silent = (float((problem.targets**2).sum()) + problem.unreachable) / problem.n_entries
    return _FARTHEST * np.maximum(np.nan_to_num(initial, nan=silent, posinf=silent), silent)


def first_beyond(loss: FloatArray, limit: FloatArray | float) -> int:
    """Return the first place of a course (n_records,) that is beyond, or its length."""
    beyond = ~(loss <= limit)
    return int(beyond.argmax()) if beyond.any() else len(loss)


def stable_learning_rate(problem: Reduction, found: Modes, *, n_layers: int) -> float:
    r"""Return the largest learning rate at which the balanced best solution is stable.

    It is :math:`2 / \lambda`, with :math:`\lambda` the largest eigenvalue of the loss's Hessian
    there; for whitened inputs with :math:`X^\top X = I`,

    .. math:: \eta_\text{max} = \frac{P N}{L s_1^{2 - 2/L}}

    and no solution is stable above it (Mulayoff & Michaeli 2020, arXiv:2002.04710). For inputs
    that are not whitened the eigenvalue is found by power iteration, and the balanced solution need
    not be the flattest: others may be stable above.
    """
    left, values, right = np.linalg.svd(found.best, full_matrices=False)
    # The first layer reads every input, the others those of the map alone.
    ahead: list[FloatArray] = [
        problem.inputs,
        *(problem.inputs @ (right.T * values ** (k / n_layers)) for k in range(1, n_layers)),
    ]
    back = [left * values ** ((n_layers - 1 - layer) / n_layers) for layer in range(n_layers)]
    n_samples, n_outputs = problem.targets.shape
    error: FloatArray = 1 + np.random.default_rng(0).random((n_samples, n_outputs))
    eigenvalue = 0.0
    for _ in range(_POWER_STEPS):
        error = error / np.linalg.norm(error)
        moved = sum(
            a @ (a.T @ (error if layer == n_layers - 1 else (error @ b) @ b.T))
            for layer, (a, b) in enumerate(zip(ahead, back, strict=True))
        )
        previous, eigenvalue = eigenvalue, float(np.linalg.norm(moved))
        error = np.asarray(moved)
        if abs(eigenvalue - previous) <= 1e-10 * eigenvalue:
            break
    return problem.n_entries / eigenvalue
