"""How far exported graphs are from the model they were made of."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

from inscape._errors import ExportError
from inscape._typing import FloatArray
from inscape.estimators.conditions import Conditions, Labels, Numbers

TOLERANCE = 1e-5
# Rows that are drawn, and real rows that are taken, evenly spread over those that there are.
_DRAWN, _REAL = 256, 1024
# Rows that go through a graph at a time.
_BLOCK = 256
# A column that hardly moves is judged by this share of the one that moves most.
_LEAST_SHARE = 0.1
# Where a model jumps: how far rows are moved (so little that no smooth model gives another answer),
# and what share of the rows may lie there.
_NUDGES, _MOST_NUDGED = np.geomspace(1e-7, 2e-6, 200)[:, None], 0.02

Answer = Callable[..., FloatArray]


@dataclass(frozen=True)
class Parity:
    """What a comparison found.

    Parameters
    ----------
    encoder, decoder : float
        Largest differences from the model: of codes over their root mean square, and of rows, in
        the units of the network, over that of their column, or over the value where that is more.
    n_drawn, n_real : int
        Rows that were drawn, and real rows.
    """

    encoder: float
    decoder: float
    n_drawn: int
    n_real: int


def compare_graphs(model: Any, directory: Path, *, X: FloatArray | None, y: Any) -> Parity:
    """Run ``encoder.onnx`` and ``decoder.onnx``, and compare them with the model in float64.

    Parameters
    ----------
    model : NetworkEstimator
        Fitted.
    directory : Path
        Where the two files are.
    X : ndarray or None
        Real rows, if there are any.
    y : array-like or None
        What a conditional model is told of them.

    Raises
    ------
    ExportError
        If a graph cannot be run, or differs by more than `TOLERANCE`.
    """
    generator = np.random.default_rng(0)
    rows, told = _draw_rows(model, generator), _draw_told(model.conditions_, generator)
    n_real = 0
    if X is not None:
        some = slice(None, None, max(1, -(-len(X) // _REAL)))
        n_real = len(X[some])
        rows = np.concatenate([rows, np.asarray(X[some], dtype=np.float64)])
        told = None if told is None else np.concatenate([told, _one_a_row(y, len(X), told)[some]])
    encode, decode = (_Runner(directory / f"{name}.onnx", model) for name in ("encoder", "decoder"))
    with warnings.catch_warnings():
        # Rows that are drawn have no names of columns, and need none.
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        codes, units = model.transform(rows, told), model.units_.apply
        encoder = _Side("encoder", model.transform, encode, rows, _as_they_are, by_column=False)
        decoder = _Side("decoder", model.inverse_transform, decode, codes, units, by_column=True)
        return Parity(encoder.difference(told), decoder.difference(told), _DRAWN, n_real)


@dataclass(frozen=True, eq=False)
class _Side:
    """The model and its graph on the same input, seen in units in which they are compared."""

    name: str
    model: Answer
    graph: Answer
    values: FloatArray
    units: Callable[[FloatArray], FloatArray]
    by_column: bool

    def difference(self, told: Any) -> float:
        """Return the largest relative difference; refuse one above the tolerance."""
        wanted = self.units(self.model(self.values, told))
        found = self.units(self.graph(self.values, told))
        sizes = np.sqrt(np.square(wanted).mean(axis=0, keepdims=True))
        if not self.by_column:
            sizes = np.sqrt(np.square(sizes).mean(keepdims=True))
        sizes = np.maximum(sizes, max(_LEAST_SHARE * sizes.max(), np.finfo(np.float64).tiny))
        each = _distance(found, wanted, sizes)
        for row in np.flatnonzero(each > TOLERANCE)[: int(_MOST_NUDGED * len(each))]:
            if self._jumps_to(found[row], each[row], row, told, sizes):
                each[row] = 0.0
        worst = int(each.argmax())
        if each[worst] <= TOLERANCE:
            return float(each[worst])
        kind = "random" if worst < _DRAWN else "real"
        raise ExportError(
            f"The {self.name} as a graph must give what the model gives, to {TOLERANCE:g}; it "
            f"differs by {each[worst]:.2g} on a {kind} row, and nothing was written: hand over "
            f"{self.name}_module() instead, or train a model whose numbers stay smaller."
        )

    def _jumps_to(
        self, found: FloatArray, gap: float, row: int, told: Any, sizes: FloatArray
    ) -> bool:
        """Return whether the model itself gives that where the input is moved by a rounding.

        A code of the k largest, or the nearest of a codebook, is another one beyond an edge.
        """
        values, n = self.values, len(_NUDGES)
        spread = np.sqrt(np.square(values - values.mean(axis=0)).mean(axis=0))
        noise = np.random.default_rng(0).normal(size=(n, values.shape[1]))
        same = None if told is None else np.repeat(told[row : row + 1], n, axis=0)
        near = self.units(self.model(values[row] + _NUDGES * spread * noise, same))
        return bool((_distance(found, near, sizes) < 0.1 * gap).any())


class _Runner:
    """An ONNX file that answers as a method of the estimator does."""

    def __init__(self, path: Path, model: Any) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = torch.get_num_threads()
        with _graph_errors(path.stem):
            self._session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        self._name = path.stem
        self._inputs = self._session.get_inputs()
        self._conditions: Conditions | None = model.conditions_
        if not isinstance(self._inputs[0].shape[0], str):
            raise ExportError(
                f"The {path.stem} as a graph must take any number of rows; a layer of it has fixed "
                "their number, and nothing was written: let the layer ask for shape[0] and not "
                "for len()."
            )

    def __call__(self, values: FloatArray, y: Any) -> FloatArray:
        told = [] if self._conditions is None else [_as_input(self._conditions, y)]
        # The first row comes alone: a graph must take that too.
        ends = [0, *range(1, len(values), _BLOCK), len(values)]
        blocks = []
        for start, end in pairwise(ends):
            parts = [part[start:end] for part in (values, *told)]
            feed = {input.name: part for input, part in zip(self._inputs, parts, strict=True)}
            with _graph_errors(self._name):
                blocks.append(self._session.run(None, feed)[0])
        return np.concatenate(blocks)


@contextlib.contextmanager
def _graph_errors(name: str) -> Iterator[None]:
    """Turn what onnxruntime cannot do into one sentence; its errors have no base of their own."""
    try:
        yield
    except Exception as error:
        reason = str(error).splitlines()[0]
        raise ExportError(
            f"The {name} as a graph must be run by onnxruntime; it says {reason!r}, and nothing "
            f"was written: hand over {name}_module() instead."
        ) from error


def _as_they_are(codes: FloatArray) -> FloatArray:
    return codes


def _distance(found: FloatArray, wanted: FloatArray, sizes: FloatArray) -> FloatArray:
    """Return the largest relative difference of each row; NaN is as far away as can be."""
    with np.errstate(invalid="ignore", over="ignore"):
        # A value far above the size of its column, such as a large count, is judged by itself.
        relative = abs(found - wanted) / np.maximum(sizes, abs(wanted))
        gaps = np.where(found == wanted, 0.0, relative).max(axis=1)
    return np.nan_to_num(gaps, nan=np.inf, posinf=np.inf)


def _as_input(conditions: Conditions, y: Any) -> np.ndarray:
    """Return what is told as the graph takes it."""
    if isinstance(conditions, Labels):
        module = conditions.module()
        return module.classes.numpy()[np.searchsorted(conditions.classes, y)]
    return np.asarray(y, dtype=np.float64).reshape(len(y), -1)


def _one_a_row(y: Any, n_rows: int, like: np.ndarray) -> np.ndarray:
    """Return labels (n_rows,), or numbers (n_rows, n_columns), which may be one for all."""
    told = np.asarray(y)
    if told.ndim == 0 or (told.ndim == 1 and like.shape[1:] not in ((), (1,))):
        told = np.tile(told, (n_rows, 1))
    return told.reshape(n_rows, *like.shape[1:])


def _draw_rows(model: Any, generator: np.random.Generator) -> FloatArray:
    """Return rows that such a model is of, in the units of the data."""
    likelihood, shape = model.parts_.likelihood, (_DRAWN, model.n_features_in_)
    if likelihood.unit_interval:
        drawn = generator.random(shape)
    elif likelihood.counts:
        drawn = generator.poisson(1.0, shape).astype(np.float64)
    else:
        drawn = generator.normal(size=shape)
    return model.units_.undo(drawn)


def _draw_told(conditions: Conditions | None, generator: np.random.Generator) -> Any:
    if isinstance(conditions, Labels):
        return generator.choice(conditions.classes, _DRAWN)
    if isinstance(conditions, Numbers):
        normal = generator.normal(size=(_DRAWN, conditions.n_columns))
        return conditions.means + conditions.scales * normal
    return None
