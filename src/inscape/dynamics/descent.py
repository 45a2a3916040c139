"""Full-batch gradient descent of deep linear networks, one or a whole batch of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
    size = sum(weight.nbytes for weight in weights)
    length = int(np.clip(_BLOCK_BYTES // size, 1, min(_LONGEST_BLOCK, len(epochs))))
    kept = [np.empty((length, *weight.shape)) for weight in weights]
    now, epoch = list(weights), 0
    for start in range(0, len(epochs), length):
        goals = epochs[start : start + length].tolist()
        # A network that diverges runs to infinity in its own place, and is found there.
        with np.errstate(over="ignore", invalid="ignore"):
            for place, goal in enumerate(goals):
                while epoch < goal:
                    now = _step(inputs, targets, now, rate)
                    epoch += 1
                for record, weight in zip(kept, now, strict=True):
                    record[place] = weight
        yield slice(start, start + len(goals)), [record[: len(goals)] for record in kept]


def _step(
    inputs: FloatArray | None,
    targets: FloatArray,
    weights: list[FloatArray],
    rate: FloatArray | float,
) -> list[FloatArray]:
    """Return the weights after one step; inputs of None are the identity."""
    # What each weight but the first reads, and at last the answer.
    layers = [weights[0].mT if inputs is None else inputs @ weights[0].mT]
    for weight in weights[1:]:
        layers.append(layers[-1] @ weight.mT)
    error = layers.pop() - targets
    error *= rate
    moved: list[FloatArray] = []
    for weight, below in zip(weights[:0:-1], layers[::-1], strict=True):
        gradient = error.mT @ below
        moved.append(np.subtract(weight, gradient, out=gradient))
        error = error @ weight
    gradient = error.mT if inputs is None else error.mT @ inputs
    moved.append(weights[0] - gradient)
    return moved[::-1]
