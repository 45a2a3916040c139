"""Labels as a conditional model is told them: rows of zeros with a one."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from inscape._errors import InvalidDataError


def find_classes(y: Any) -> np.ndarray:
    """Return the labels that there are, sorted.

    Raises
    ------
    InvalidDataError
        If there are none.
    """
    if y is None:
        raise InvalidDataError(
            "y must hold the labels of a conditional model; got None: fit(X, y), or "
            "conditional=False."
        )
    return np.unique(np.asarray(y))


def one_hot_labels(y: Any, classes: np.ndarray | None, *, n_rows: int) -> Tensor:
    """Return labels as rows of zeros with a one, (n_rows, n_classes).

    Parameters
    ----------
    y : array-like, shape (n_rows,), a label for all, or None
        The labels.
    classes : ndarray or None
        Those that the model was fitted with; None gives no columns.
    n_rows : int
        How many are needed.

    Raises
    ------
    InvalidDataError
        If labels are missing, or were not seen in training.
    """
    if classes is None:
        return torch.zeros(n_rows, 0)
    labels = np.asarray(y)
    if labels.ndim == 0 and y is not None:
        labels = np.full(n_rows, labels)
    if y is None or labels.shape != (n_rows,):
        raise InvalidDataError(
            f"y must hold a label for each of {n_rows} rows of a conditional model; got "
            f"{'None' if y is None else f'the shape {labels.shape}'}: pass their labels."
        )
    places = np.searchsorted(classes, labels).clip(max=len(classes) - 1)
    unknown = classes[places] != labels
    if unknown.any():
        raise InvalidDataError(
            "y must hold labels that the model was fitted with; got "
            f"{labels[unknown].tolist()[0]!r}: take one of {', '.join(map(str, classes))}."
        )
    return one_hot(torch.from_numpy(places), len(classes)).float()
