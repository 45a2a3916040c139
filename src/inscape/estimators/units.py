"""How rows come to a network and go back: scaler, frame, and what its nats are worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from inscape._checks import first_place
from inscape._errors import InvalidDataError
from inscape._typing import FloatArray
from inscape.corruptions import Corruption
from inscape.data.scaling import Scaler, fit_scaler
from inscape.estimators.frame import Frame, fit_frame
from inscape.networks import Architecture
from inscape.objectives import Framed, Likelihood

# What a row costs whose nats leave the floats: more than any other, and still a number.
MOST_NATS = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False)
class Units:
    """The way of rows to a network and back.

    Parameters
    ----------
    scaler : Scaler or None
        The user's: one affine map a feature.
    frame : Frame or None
        The network's own, behind it: a mean and one scale.
    framed : Framed
        The likelihood of rows as the network works on them, and its nats in nats of the data.
    """

    scaler: Scaler | None
    frame: Frame | None
    framed: Framed

    @property
    def likelihood(self) -> Likelihood:
        """That of rows as the network works on them."""
        return self.framed.likelihood

    @property
    def unit(self) -> float:
        """A unit of what the network works on, in units of the scaled data."""
        return 1.0 if self.frame is None else self.frame.scale

    def scale(self, X: FloatArray) -> FloatArray:
        """Return rows behind the scaler, which the user's likelihood is of."""
        return X if self.scaler is None else self.scaler.transform(X)

    def check(self, X: FloatArray) -> None:
        """Refuse rows, other than those it was trained on, that have no density.

        Raises
        ------
        InvalidDataError
            If one has none; behind a scaler it is told what the training rows reached to.
        """
        scaler = self.scaler
        if scaler is None or not self.likelihood.unit_interval:
            self.likelihood.check(self.scale(X))
            return
        scaled = self.scale(X)
        outside = (scaled < 0) | (scaled > 1)
        if not outside.any():
            return
        row, column = first_place(outside)
        low = scaler.shift[column]
        raise InvalidDataError(
            f"X must lie within what the {type(self.likelihood).__name__} likelihood knows of each "
            f"column behind the scaler; got {X[row, column]:g} at row {row}, column {column}, for "
            f"{low:g} to {low + scaler.scale[column]:g}: clip X to the least and largest values of "
            "the training rows, or use likelihood='gaussian'."
        )

    def apply(self, X: FloatArray) -> FloatArray:
        """Return rows (n_samples, n_features) as the network works on them."""
        scaled = self.scale(X)
        return scaled if self.frame is None else self.frame.apply(scaled)

    def apply_to_training(self, X: FloatArray, weights: FloatArray | None = None) -> FloatArray:
        """Return training rows as `apply` does, and without the digits that hang on their units."""
        rows = self.apply(X)
        return rows if self.frame is None else self.frame.steady(rows, weights)

    def undo(self, rows: FloatArray) -> FloatArray:
        """Return rows of the network in the units of the data."""
        scaled = rows if self.frame is None else self.frame.undo(rows)
        return scaled if self.scaler is None else self.scaler.inverse_transform(scaled)

    def constants(self, n_features: int) -> FloatArray:
        """Return the nats to be added for each feature, so that units change no comparison."""
        added = np.full(n_features, self.framed.constant)
        if self.scaler is not None and self.likelihood.continuous:
            added += np.log(self.scaler.scale.astype(np.float64))
        return added

    def constant(self, n_features: int) -> float:
        """Return the nats to be added for each row."""
        return float(self.constants(n_features).sum())

    def nats(self, losses: Any, n_features: int) -> Any:
        """Return nats of the likelihood as nats of the data."""
        return self.framed.factor * losses + self.constant(n_features)

    def corruption(self, part: Corruption | None) -> Corruption | InDataUnits | None:
        """Return what is done to rows of the network, for a corruption of rows of the data."""
        if part is None or self.frame is None:
            return part
        return InDataUnits(part, self.frame)


@dataclass(frozen=True, eq=False)
class InDataUnits:
    """A corruption of rows in the units of the (scaled) data, done to rows of a frame.

    Noise of a scale, or a feature that is set to 0, means what it says in the data: a frame moves
    the zero and stretches the scale.

    Parameters
    ----------
    part : Corruption
        What is done.
    frame : Frame
        Undone before, and applied again, in float64, so that what is left alone stays as it was.
    """

    part: Corruption
    frame: Frame

    @property
    def fixed(self) -> bool:
        """Whether it is drawn once for the whole training."""
        return self.part.fixed

    def __call__(self, rows: Tensor, *, generator: torch.Generator) -> Tensor:
        """Return a corrupted copy of rows (n_samples, n_features)."""
        mean = torch.from_numpy(self.frame.mean).to(rows.device)
        data = rows.double() * self.frame.scale + mean
        changed = self.part(data, generator=generator)
        return ((changed - mean) / self.frame.scale).to(rows.dtype)


def find_units(
    X: FloatArray,
    likelihood: Likelihood,
    network: Architecture,
    *,
    scaler: str | None,
    alone: bool,
    weights: FloatArray | None = None,
) -> Units:
    """Return the units of training rows.

    Parameters
    ----------
    X : ndarray, shape (n_samples, n_features)
        As they came.
    likelihood : Likelihood
        The user's, of scaled rows.
    network : Architecture
        Says whether it is given centred rows.
    scaler : str or None
        The user's.
    alone : bool
        See `Likelihood.in_frame`.
    weights : ndarray, shape (n_samples,), or None
        What each row counts.
    """
    found = None if scaler is None else fit_scaler(scaler, X, weights)
    if not network.centres or likelihood.in_frame(1.0, alone=alone) is None:
        return Units(found, None, Framed(likelihood))
    frame = fit_frame(X if found is None else found.transform(X), weights)
    return restore_units(found, frame, likelihood, alone=alone)


def restore_units(
    scaler: Scaler | None, frame: Frame | None, likelihood: Likelihood, *, alone: bool
) -> Units:
    """Return units of a scaler and a frame that were found before."""
    framed = None if frame is None else likelihood.in_frame(frame.scale, alone=alone)
    return Units(scaler, frame, framed or Framed(likelihood))
