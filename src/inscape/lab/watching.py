"""The rows by which a training is watched, and what is told of them: codes, pictures, error."""

from __future__ import annotations

import json
import math
import struct
from typing import Any, Final

import numpy as np
import torch

from inscape._errors import InscapeError
from inscape._typing import FloatArray
from inscape.data import Dataset
from inscape.estimators.inputs import as_tensor
from inscape.figures._drawing.classes import Classes, read_labels
from inscape.lab.describing import noun_of, shown_range
from inscape.runs.comparison import fit_pca
from inscape.runs.fitting.learning import floors

# Test rows, evenly spread: those that a run's own curve is of.
_WATCHED: Final = 2000
_PICTURES: Final = 10
# Rows that go through the network at a time.
_ROWS: Final = 250


class Watched:
    """Fixed test rows on their way through a network that is being trained.

    Parameters
    ----------
    dataset : Dataset
        What is learned from.
    estimator : NetworkEstimator
        Whose training is about to start.
    """

    def __init__(self, dataset: Dataset, estimator: Any) -> None:
        test = dataset.test.X
        kept = slice(None, None, max(1, -(-len(test) // _WATCHED)))
        self.rows = test[kept]
        self._dataset, self._estimator = dataset, estimator
        labels = [part.y for part in (dataset.test, dataset.train)]
        self._classes: Classes | None = None
        if not any(part is None for part in labels):
            together = np.concatenate([np.asarray(part) for part in labels])
            read = read_labels(together, len(together), dataset.class_names)
            self._classes = read if isinstance(read, Classes) else None
        self._labels = None if self._classes is None else self._classes.index[: len(test)][kept]
        self.pictured = _chosen(len(self.rows), self._labels)
        # Measured in their own type, and only then in the network's.
        first = next(estimator.network_.parameters())
        inputs = as_tensor(estimator.units_.apply(self.rows), dtype=first.dtype)
        self._inputs = inputs.to(first.device)

    def describe(self) -> dict[str, Any]:
        """Return what a page has to know before the first frame, as plain data."""
        shape, classes = self._dataset.image_shape, self._classes
        told = None
        if classes is not None:
            told = {"names": list(classes.names), "places": list(classes.places)}
        return {
            "noun": noun_of(self._dataset),
            "image_shape": None if shape is None else list(shape),
            "shown": None if shape is None else shown_range(self.rows),
            "labels": None if self._labels is None else self._labels.tolist(),
            "classes": told,
            "pictured": self.pictured.tolist(),
            "inputs": self.rows[self.pictured].tolist(),
            "floor": {"PCA": self._floor()},
        }

    def _floor(self) -> float | None:
        """Return PCA's error on the watched rows, behind the scaler, as the frames' is."""
        train, k = self._dataset.train.X, self._estimator.parts_.n_components
        if k > min(train.shape):
            return None
        scaler = self._estimator.scaler_
        try:
            pca = fit_pca(train, n_components=k, random_state=0, scaler=scaler)
        except (InscapeError, ValueError):
            return None
        error = floors({"PCA": pca}, self.rows, scaler)["PCA"]
        return error if math.isfinite(error) else None

    @torch.no_grad()
    def look(self, *, with_error: bool) -> tuple[FloatArray, FloatArray, float | None]:
        """Return codes, pictures, and the mean squared error behind the scaler where it is asked.

        The network is left as it was found, and nothing is drawn.
        """
        network, units = self._estimator.network_, self._estimator.units_
        training = network.training
        network.eval()
        try:
            codes, total = [], 0.0
            for some in self._inputs.split(_ROWS):
                codes.append(network.encode(some))
                if with_error:
                    away = units.likelihood.mean(network.decode(codes[-1])) - some
                    total += away.square().sum(dtype=torch.float64).item()
            together = torch.cat(codes)
            outputs = network.decode(together[torch.from_numpy(self.pictured)])
            back = units.likelihood.mean(outputs).cpu().numpy()
        finally:
            network.train(training)
        # In their own type again before an offset is added.
        pictures = units.undo(back.astype(self.rows.dtype))
        error = units.unit**2 * total / self._inputs.numel() if with_error else None
        return together.cpu().numpy(), pictures, error


def pack_frame(told: dict[str, Any], codes: FloatArray, pictures: FloatArray) -> bytes:
    """Return a frame as one message.

    The length of the header (uint32), the header in JSON with blanks behind it up to a multiple of
    four bytes, then codes and pictures in float32: all little-endian.
    """
    shapes = {"codes": list(codes.shape), "pictures": list(pictures.shape)}
    header = json.dumps({"type": "frame", **told, **shapes}, allow_nan=False).encode()
    header += b" " * (-len(header) % 4)
    numbers = (np.ascontiguousarray(array, dtype="<f4").tobytes() for array in (codes, pictures))
    return b"".join([struct.pack("<I", len(header)), header, *numbers])


def _chosen(n: int, labels: np.ndarray | None) -> np.ndarray:
    """Return the places of the rows that are pictured: one a class first, then evenly spread."""
    found = [] if labels is None else np.unique(labels, return_index=True)[1].tolist()
    spread = np.linspace(0, n - 1, min(n, _PICTURES)).astype(int).tolist()
    more = [place for place in [*spread, *range(n)] if place not in found]
    return np.array([*found, *more][: min(n, _PICTURES)])
