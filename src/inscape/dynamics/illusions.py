"""Illusory correlations: what a network wrongly believes for a while, and then unlearns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inscape._checks import check_number
from inscape._typing import FloatArray, IntArray
from inscape.dynamics.simulation import Trajectory

# Outputs are looked at in blocks of this many predictions, some 64 MB.
_BLOCK = 8_000_000


@dataclass(frozen=True, eq=False)
class Excursions:
    """Where, when and how far predictions go astray; each array is (n_samples, n_outputs).

    Parameters
    ----------
    size : ndarray
        How far at the farthest; 0 where a prediction never leaves the tolerance.
    peak : ndarray of int
        The epoch at which it is farthest; -1 where it does not go astray.
    onset, decay : ndarray of int
        The first epoch outside the tolerance, and the first after the last one outside; -1 where
        it does not go astray, and for `decay` where it has not come back by the end.
    """

    size: FloatArray
    peak: IntArray
    onset: IntArray
    decay: IntArray

    @property
    def n_found(self) -> int:
        """How many predictions go astray."""
        return int((self.size > 0).sum())

    def largest(self, n: int = 10) -> list[tuple[int, int]]:
        """Return the (sample, output) pairs of the `n` largest excursions, the largest first."""
        order = np.argsort(-self.size, axis=None, kind="stable")[: min(n, self.n_found)]
        rows, columns = np.unravel_index(order, self.size.shape)
        return list(zip(rows.tolist(), columns.tolist(), strict=True))


@dataclass(frozen=True, eq=False)
class IllusoryCorrelations:
    """Every excursion of every prediction.

    Parameters
    ----------
    wrong_sign : Excursions
        To the other side of zero than where the prediction ends.
    overshoot : Excursions
        Beyond the value at which it ends.
    """

    wrong_sign: Excursions
    overshoot: Excursions


def illusory_correlations(
    trajectory: Trajectory, *, tolerance: float = 0.05
) -> IllusoryCorrelations:
    r"""Find every prediction that goes to the wrong sign or beyond its final value.

    With the final value :math:`\hat y` of the best map that training tends to, the excursions of a
    prediction y(t) are :math:`-y(t)\,\mathrm{sign}\,\hat y` and
    :math:`y(t)\,\mathrm{sign}\,\hat y - |\hat y|`, where they are above the tolerance. A network
    without hidden layer, whose inputs are one-hot, approaches every value from its start without
    turning back, and has none.

    Parameters
    ----------
    trajectory : Trajectory
        A training.
    tolerance : float, default 0.05
        What counts, as a share of the root mean square of all final values.

    Returns
    -------
    IllusoryCorrelations

    Raises
    ------
    InvalidParameterError
        If the tolerance is not in (0, 1).

    References
    ----------
    A. M. Saxe, J. L. McClelland, S. Ganguli (2019), A mathematical theory of semantic development
    in deep neural networks, PNAS 116.

    Examples
    --------
    >>> from inscape import data, dynamics
    >>> bones = [-1, 1, 1, 1, -1, -1, -1, -1]
    >>> tree = data.tree(random_state=0).rename({"Goldfish": "Shark"})
    >>> tree = tree.add_feature("has_bones", bones)
    >>> course = dynamics.simulate(
    ...     tree.inputs, tree.targets, learning_rate=100.0, random_state=0
    ... )
    >>> found = illusory_correlations(course).wrong_sign
    >>> shark = tree.index("Shark", "has_bones")
    >>> round(float(found.size[shark]), 2), int(found.onset[shark]), int(found.decay[shark])
    (0.5, 115, 139)
    """
    share = check_number("tolerance", tolerance, above=0, below=1)
    everything = slice(None)
    final = trajectory.limits(everything, everything)
    floor = share * float(np.sqrt((final**2).mean()))
    n_samples, n_outputs = final.shape
    step = max(1, _BLOCK // (len(trajectory.epochs) * n_samples))
    found: list[tuple[Excursions, Excursions]] = []
    for start in range(0, n_outputs, step):
        columns = slice(start, min(start + step, n_outputs))
        goal = final[:, columns]
        # Towards the final value is positive; a final value of zero has no wrong sign.
        forward = trajectory.predict(everything, columns) * np.where(goal < 0, -1.0, 1.0)
        backward = np.where(np.abs(goal) > floor, -forward, 0.0)
        beyond = forward - np.abs(goal)
        found.append(
            (
                _excursions(trajectory.epochs, backward, floor),
                _excursions(trajectory.epochs, beyond, floor),
            )
        )
    wrong_sign, overshoot = (_joined(list(kind)) for kind in zip(*found, strict=True))
    return IllusoryCorrelations(wrong_sign, overshoot)


def _excursions(epochs: IntArray, distance: FloatArray, floor: float) -> Excursions:
    """Return the excursions of distances (n_records, n_samples, n_outputs) above a floor."""
    outside = distance > floor
    astray = outside.any(axis=0)
    last = len(epochs) - 1 - outside[::-1].argmax(axis=0)
    back = astray & (last < len(epochs) - 1)
    return Excursions(
        size=np.where(astray, distance.max(axis=0), 0.0),
        peak=np.where(astray, epochs[distance.argmax(axis=0)], -1),
        onset=np.where(astray, epochs[outside.argmax(axis=0)], -1),
        decay=np.where(back, epochs[np.minimum(last + 1, len(epochs) - 1)], -1),
    )


def _joined(parts: list[Excursions]) -> Excursions:
    return Excursions(
        size=np.concatenate([part.size for part in parts], axis=1),
        peak=np.concatenate([part.peak for part in parts], axis=1),
        onset=np.concatenate([part.onset for part in parts], axis=1),
        decay=np.concatenate([part.decay for part in parts], axis=1),
    )
