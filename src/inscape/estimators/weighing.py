"""What each row counts: weights are checked, and refused where a part cannot take them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from inscape._checks import check_finite
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape._typing import FloatArray, IntArray
from inscape.data.arrays import as_array
from inscape.networks import BottleneckModule, Network
from inscape.training import Plan


def check_weights(sample_weight: Any, n_rows: int) -> FloatArray:
    """Return weights as float64 of shape (n_rows,).

    Raises
    ------
    InvalidDataError
        If they are not one finite number >= 0 a row, some of them above 0.
    """
    try:
        given = as_array(sample_weight, name="sample_weight")
        weights = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidDataError(
            f"sample_weight must hold numbers; got {error}: give one a row."
        ) from error
    if weights.ndim == 0:
        weights = np.full(n_rows, weights)
    if weights.shape != (n_rows,):
        raise InvalidDataError(
            f"sample_weight must hold a number for each of {n_rows} rows; got the shape "
            f"{weights.shape}: give one a row."
        )
    check_finite(weights, name="sample_weight")
    if (weights < 0).any():
        row = int(np.argmax(weights < 0))
        raise InvalidDataError(
            f"sample_weight must not be below 0; got {weights[row]:g} at row {row}: a row that is "
            "not to count has the weight 0."
        )
    if not weights.any():
        raise InvalidDataError(
            f"sample_weight must be above 0 for some rows; got the weight zero for all {n_rows}: "
            "leave it out to count all rows alike."
        )
    return np.ascontiguousarray(weights)


def weigh(
    rows: FloatArray, y: Any, sample_weight: Any
) -> tuple[FloatArray, Any, FloatArray | None]:
    """Return the rows that count, what is told of them, and their weights; None where all are 1.

    Parameters
    ----------
    rows : ndarray, shape (n_samples, n_features)
        All rows.
    y : array-like or None
        What is told of each, if anything.
    sample_weight : array-like or None
        What each counts; those of 0 are left out.
    """
    if sample_weight is None:
        return rows, y, None
    weights = check_weights(sample_weight, len(rows))
    kept = weights > 0
    if not kept.all():
        told = None if y is None else np.asarray(y)
        if told is not None and told.ndim and len(told) == len(rows):
            y = told[kept]
        rows, weights = rows[kept], weights[kept]
    return rows, y, None if (weights == 1).all() else weights


def check_takes_weights(parts: Any, options: Any) -> None:
    """Refuse parts that look at a batch as a whole, and know of no weights.

    Raises
    ------
    InvalidParameterError
        If there is one.
    """
    pieces: list[Any] = [
        *getattr(parts, "penalty", ()),
        *(part for name in ("divergence", "bound") if (part := getattr(parts, name, None))),
    ]
    found = [type(part).__name__ for part in pieces if not part.takes_weights]
    if parts.likelihood.calibrates:
        found.append(f"{type(parts.likelihood).__name__} with a scale of each batch")
    if options.get("layerwise_epochs") is not None:
        found.append("layerwise_epochs")
    _refuse(found)


def check_network_takes_weights(plan: Plan, network: Network) -> None:
    """Refuse layers that take statistics of a batch, as batch normalisation and codebooks do.

    Raises
    ------
    InvalidParameterError
        If there is one.
    """
    bottlenecks = [m for m in network.bottleneck.modules() if isinstance(m, BottleneckModule)]
    found = [type(module).__name__ for module in bottlenecks]
    _refuse([*found, *(["batch normalisation"] if not plan.lone_rows else [])])


def spread_by_weight(weights: FloatArray, most: int) -> IntArray:
    """Return places of at most so many rows, each as often as its weight says, evenly spread.

    Examples
    --------
    >>> spread_by_weight(np.array([1.0, 3.0]), 4)
    array([0, 1, 1, 1])
    """
    n = min(most, max(len(weights), round(float(weights.sum()))))
    ends = np.cumsum(weights)
    return np.searchsorted(ends, (np.arange(n) + 0.5) / n * ends[-1]).clip(max=len(weights) - 1)


def _refuse(found: Iterable[str]) -> None:
    names = list(found)
    if names:
        raise InvalidParameterError(
            f"`sample_weight` must be left out where a part looks at whole batches; got "
            f"{', '.join(names)}: repeat rows in place of weighing them, or take another part."
        )
