"""Full-batch gradient descent of deep linear networks, one or a whole batch of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg.blas import dgemm

from inscape._typing import FloatArray, IntArray

_BLOCK_BYTES = 32 * 2**20
# Short enough for a block's records to stay in the processor's cache.
_LONGEST_BLOCK = 32


class Block(NamedTuple):
    r"""The networks at a block of recorded epochs, valid until the next block is asked for.

    Parameters
    ----------
    places : slice
        Where the block stands among all records.
    weights : list of ndarray
        Of each layer, (n_block, ..., n_out, n_in).
    maps : list of ndarray
        From the inputs up to and with each layer, :math:`W_l \cdots W_1`, (n_block, ..., n_out,
        n_inputs); the last is the whole network's.
    """

    places: slice
    weights: list[FloatArray]
    maps: list[FloatArray]


def descend(
    inputs: FloatArray | None,
    targets: FloatArray,
    weights: Sequence[FloatArray],
    *,
    rate: FloatArray | float,
    epochs: IntArray,
) -> Iterator[Block]:
    r"""Yield the weights at `epochs`, block after block, so that a long course fits in memory.

    .. math:: W_l \leftarrow W_l - \tfrac{\rho}{2} \nabla_{W_l}
              \lVert X W_1^\top \cdots W_L^\top - Y \rVert^2

    with all gradients taken before any weight moves.

    Parameters
    ----------
    inputs : ndarray of shape (n_samples, n_inputs) or None
        One sample a row; None is the identity, a unit for each sample.
    targets : ndarray of shape (n_samples, n_outputs)
        One target a row.
    weights : sequence of ndarray of shape (..., n_out, n_in)
        Where the descent starts, the first layer first; the leading axes are those of a batch of
        networks.
    rate : float or ndarray of shape (..., 1, 1)
        :math:`\rho`, of each network.
    epochs : ndarray of int
        Which epochs to yield, rising; epoch t is the state after t steps.

    Yields
    ------
    Block
    """
    spares = [_Networks([weight.shape for weight in weights]) for _ in range(2)]
    size = sum(array.nbytes for array in spares[0].arrays)
    length = int(np.clip(_BLOCK_BYTES // size, 1, min(_LONGEST_BLOCK, len(epochs))))
    kept = _Networks([(length, *weight.shape) for weight in weights])
    records = [kept[place] for place in range(length)]
    now, epoch = spares[0], 0
    for slot, weight in zip(now.weights, weights, strict=True):
        slot[...] = weight
    step = (_Step if weights[0].ndim == 2 else _BatchStep)(inputs, targets, now, rate)
    # A network that diverges runs to infinity in its own place, and is found there.
    with np.errstate(over="ignore", invalid="ignore"):
        step.multiply(now)
    for first in range(0, len(epochs), length):
        goals = epochs[first : first + length].tolist()
        with np.errstate(over="ignore", invalid="ignore"):
            for goal, record in zip(goals, records, strict=False):
                if goal == 0:
                    for slot, array in zip(record.arrays, now.arrays, strict=True):
                        slot[...] = array
                while epoch < goal:
                    epoch += 1
                    # The last step before a record writes there at once.
                    out = record if epoch == goal else spares[epoch % 2]
                    step.move(now, out)
                    step.multiply(out)
                    now = out
        block = kept[: len(goals)]
        yield Block(slice(first, first + len(goals)), block.weights, block.maps)


class _Networks:
    """Memory for the weights and the maps of networks (..., n_out, n_in)."""

    weights: list[Any]
    maps: list[Any]

    def __init__(self, shapes: Sequence[Sequence[int]]) -> None:
        self.weights = [_by_columns(shape) for shape in shapes]
        # The first layer's map is its weight.
        n_inputs = shapes[0][-1]
        self.maps = [
            self.weights[0],
            *(_by_columns((*shape[:-1], n_inputs)) for shape in shapes[1:]),
        ]

    @property
    def arrays(self) -> list[Any]:
        """Each array once."""
        return [*self.weights, *self.maps[1:]]

    def __getitem__(self, places: int | slice) -> _Networks:
        part = _Networks.__new__(_Networks)
        part.weights = [array[places] for array in self.weights]
        part.maps = [part.weights[0], *(array[places] for array in self.maps[1:])]
        return part


def _by_columns(shape: Sequence[int]) -> FloatArray:
    """Return memory for matrices (..., rows, columns), each column in one piece as BLAS wants."""
    *batch, n_rows, n_columns = shape
    return np.empty((*batch, n_columns, n_rows)).mT


class _Step:
    """One step of one network, in BLAS calls that multiply and add at once.

    The matrices are so small that whatever is done between products takes as long as they do.
    """

    def __init__(
        self,
        inputs: FloatArray | None,
        targets: FloatArray,
        start: _Networks,
        rate: FloatArray | float,
    ) -> None:
        self.inputs = None if inputs is None else np.asfortranarray(inputs)
        self.targets, self.rate = np.asfortranarray(targets.T), float(rate)
        self.answers: Any = _by_columns(self.targets.shape)
        self.errors: list[Any] = [_by_columns(array.shape) for array in start.maps]

    def multiply(self, network: _Networks) -> None:
        """Fill the maps from the weights."""
        maps = network.maps
        for layer in range(1, len(maps)):
            dgemm(1.0, network.weights[layer], maps[layer - 1], 0.0, maps[layer], 0, 0, 1)

    def move(self, network: _Networks, out: _Networks) -> None:
        """Write the weights after one step to `out`, other memory."""
        error = self.errors[-1]
        if self.inputs is None:
            np.subtract(network.maps[-1], self.targets, out=error)
        else:
            dgemm(1.0, network.maps[-1], self.inputs, 0.0, self.answers, 0, 1, 1)
            self.answers -= self.targets
            dgemm(1.0, self.answers, self.inputs, 0.0, error, 0, 0, 1)
        weights, rate = network.weights, self.rate
        for weight, moved in zip(weights, out.weights, strict=True):
            moved[...] = weight
        for layer in range(len(weights) - 1, 0, -1):
            dgemm(-rate, error, network.maps[layer - 1], 1.0, out.weights[layer], 0, 1, 1)
            if layer > 1:
                error = dgemm(1.0, weights[layer], error, 0.0, self.errors[layer - 1], 1, 0, 1)
            else:
                dgemm(-rate, weights[1], error, 1.0, out.weights[0], 1, 0, 1)
        if len(weights) == 1:
            error *= rate
            out.weights[0] -= error


class _BatchStep:
    """One step of a batch of networks, in memory that is set aside once."""

    def __init__(
        self,
        inputs: FloatArray | None,
        targets: FloatArray,
        start: _Networks,
        rate: FloatArray | float,
    ) -> None:
        self.inputs, self.targets, self.rate = inputs, targets.T, rate
        self.errors = [_by_columns(array.shape) for array in start.maps]
        self.gradients = [_by_columns(weight.shape) for weight in start.weights]

    def multiply(self, networks: _Networks) -> None:
        """Fill the maps from the weights."""
        maps = networks.maps
        for layer in range(1, len(maps)):
            np.matmul(networks.weights[layer], maps[layer - 1], out=maps[layer])

    def move(self, networks: _Networks, out: _Networks) -> None:
        """Write the weights after one step to `out`, other memory."""
        answers = networks.maps[-1] if self.inputs is None else networks.maps[-1] @ self.inputs.T
        error = self.errors[-1]
        if self.inputs is None:
            np.subtract(answers, self.targets, out=error)
        else:
            np.matmul(answers - self.targets, self.inputs, out=error)
        error *= self.rate
        for layer in range(len(networks.weights) - 1, 0, -1):
            weight = networks.weights[layer]
            gradient = np.matmul(error, networks.maps[layer - 1].mT, out=self.gradients[layer])
            np.subtract(weight, gradient, out=out.weights[layer])
            error = np.matmul(weight.mT, error, out=self.errors[layer - 1])
        np.subtract(networks.weights[0], error, out=out.weights[0])
