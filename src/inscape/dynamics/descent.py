"""Full-batch gradient descent of deep linear networks, one or a whole batch of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from inscape._typing import FloatArray, IntArray

_BLOCK_BYTES = 32 * 2**20
# Short enough for a block's records to stay in the processor's cache.
_LONGEST_BLOCK = 32


def descend(
    inputs: FloatArray | None,
    targets: FloatArray,
    weights: Sequence[FloatArray],
    *,
    rate: FloatArray | float,
    epochs: IntArray,
) -> Iterator[tuple[slice, list[FloatArray]]]:
    r"""Yield the weights at `epochs`, block after block, so that a long course fits in memory.

    .. math:: W_l \leftarrow W_l - \tfrac{\rho}{2} \nabla_{W_l}
              \lVert X W_1^\top \cdots W_L^\top - Y \rVert^2

    with all gradients taken before any weight moves.

    Parameters
    ----------
    inputs : ndarray of shape (n_samples, n_inputs) or None
        One sample a row; None is the identity, a unit for each sample.
    targets : ndarray of shape (..., n_samples, n_outputs)
        One target a row; the leading axes, here and below, are those of a batch of networks.
    weights : sequence of ndarray of shape (..., n_out, n_in)
        Where the descent starts, the first layer first.
    rate : float or ndarray of shape (..., 1, 1)
        :math:`\rho`, of each network.
    epochs : ndarray of int
        Which epochs to yield, rising; epoch t is the state after t steps.

    Yields
    ------
    tuple of (slice, list of ndarray)
        The places of a block in `epochs`, and for each layer its weights at these epochs,
        (n_block, ..., n_out, n_in); they are valid until the next block is asked for.
    """
    # Transposed, (inputs, outputs), as the products below read them without a detour.
    start = [np.ascontiguousarray(weight.mT) for weight in weights]
    size = sum(weight.nbytes for weight in start)
    length = int(np.clip(_BLOCK_BYTES // size, 1, min(_LONGEST_BLOCK, len(epochs))))
    kept = [np.empty((length, *weight.shape)) for weight in start]
    spare: list[FloatArray] = [np.empty(weight.shape) for weight in start]
    step = _Step(inputs, targets, start, rate)
    now, epoch = start, 0
    for first in range(0, len(epochs), length):
        goals = epochs[first : first + length].tolist()
        # A network that diverges runs to infinity in its own place, and is found there.
        with np.errstate(over="ignore", invalid="ignore"):
            for place, goal in enumerate(goals):
                record: list[FloatArray] = [block[place] for block in kept]
                if goal == 0:
                    for slot, weight in zip(record, start, strict=True):
                        slot[...] = weight
                while epoch < goal:
                    epoch += 1
                    # The last step before a record writes there at once.
                    out = record if epoch == goal else spare
                    step(now, out)
                    now = out
        yield slice(first, first + len(goals)), [block[: len(goals)].mT for block in kept]


class _Step:
    """One step of gradient descent, in memory that is set aside once.

    The matrices are so small that asking for memory would take as long as multiplying them; so
    would `numpy.matmul`, where `numpy.dot` does for a single network.
    """

    def __init__(
        self,
        inputs: FloatArray | None,
        targets: FloatArray,
        weights: Sequence[FloatArray],
        rate: FloatArray | float,
    ) -> None:
        self.inputs, self.targets, self.rate = inputs, targets, rate
        self.multiply: Any = np.dot if weights[0].ndim == 2 else np.matmul
        n_samples = targets.shape[-2]
        self.layers = [
            np.empty((*weight.shape[:-2], n_samples, weight.shape[-1])) for weight in weights
        ]
        self.errors: list[FloatArray] = [np.empty(layer.shape) for layer in self.layers]
        self.gradients: list[FloatArray] = [np.empty(weight.shape) for weight in weights]

    def __call__(self, weights: list[FloatArray], out: list[FloatArray]) -> None:
        """Write the weights (inputs, outputs) after one step to `out`; both may be the same."""
        multiply, inputs, gradients = self.multiply, self.inputs, self.gradients
        # What each layer reads, and at last the answer.
        layers = [weights[0] if inputs is None else multiply(inputs, weights[0])]
        for weight, layer in zip(weights[1:], self.layers[1:], strict=True):
            layers.append(multiply(layers[-1], weight, out=layer))
        error = np.subtract(layers.pop(), self.targets, out=self.errors[-1])
        error *= self.rate
        for place in range(len(weights) - 1, 0, -1):
            multiply(layers.pop().mT, error, out=gradients[place])
            error = multiply(error, weights[place].mT, out=self.errors[place - 1])
        first = error if inputs is None else multiply(inputs.mT, error, out=gradients[0])
        for weight, gradient, moved in zip(weights, [first, *gradients[1:]], out, strict=True):
            np.subtract(weight, gradient, out=moved)
