"""Modules that hold what was measured, not trained: its digits stay, whatever the precision.

A mean a million spreads away from 0 is lost in float32, so ``module.float()`` and ``.half()``
change the network around these modules and leave their numbers as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from inscape._errors import InvalidDataError


class Exact(nn.Module):
    """A module whose buffers go to any device and keep their type."""

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Any:
        before = dict(self._buffers)
        super()._apply(fn, recurse)
        for name, kept in before.items():
            moved = self._buffers[name]
            if kept is not None and moved is not None and moved.dtype != kept.dtype:
                self._buffers[name] = kept.to(moved.device)
        return self


class Affine(Exact):
    r"""The map :math:`(x - \mathrm{shift}) / \mathrm{scale}` and its inverse, in the type of x.

    Parameters
    ----------
    shift, scale : array-like, shape (n_features,), or one number
        As a `Scaler` or a `Frame` holds them.

    Examples
    --------
    >>> years = Affine([1e9], 1e3).half()
    >>> years(torch.tensor([[1e9 + 500]], dtype=torch.float64))
    tensor([[0.5000]], dtype=torch.float64)
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, shift: Any, scale: Any) -> None:
        super().__init__()
        self.register_buffer("shift", torch.from_numpy(np.array(shift)))
        self.register_buffer("scale", torch.from_numpy(np.array(scale)))

    def forward(self, rows: Tensor) -> Tensor:
        """Return rows (n, n_features) less the shift, over the scale."""
        return (rows - self.shift.to(rows.dtype)) / self.scale.to(rows.dtype)

    def undo(self, rows: Tensor) -> Tensor:
        """Return the rows of which `forward` made these."""
        return rows * self.scale.to(rows.dtype) + self.shift.to(rows.dtype)


class ToldLabels(Exact):
    """Labels as a network is told them: each a row of zeros with a one.

    Parameters
    ----------
    classes : ndarray, shape (n_classes,)
        The labels; texts are told by their place among them, 0, 1, ...

    Examples
    --------
    >>> ToldLabels(np.array([3, 5]))(torch.tensor([5, 3]))
    tensor([[0., 1.],
            [1., 0.]])
    """

    classes: Tensor

    def __init__(self, classes: np.ndarray) -> None:
        super().__init__()
        numbers = classes if classes.dtype.kind in "fiub" else np.arange(len(classes))
        kind = np.float64 if numbers.dtype.kind == "f" else np.int64
        self.register_buffer("classes", torch.from_numpy(numbers.astype(kind)))

    def forward(self, y: Tensor) -> Tensor:
        """Return zeros and ones (n, n_classes).

        A recorded graph cannot refuse a label that it does not know: it answers NaN.

        Raises
        ------
        InvalidDataError
            If the model was fitted without one of these labels.
        """
        told = y.reshape(-1, 1) == self.classes
        known = told.any(dim=1, keepdim=True)
        if not torch.compiler.is_compiling() and not bool(known.all()):
            unknown = y.reshape(-1)[~known.flatten()][0].item()
            raise InvalidDataError(
                f"y must hold labels that the model was fitted with; got {unknown!r}: take one of "
                f"{', '.join(map(str, self.classes.tolist()))}."
            )
        return told.float().where(known, torch.nan)


class ToldNumbers(Exact):
    """Numbers as a network is told them: less their means, over their standard deviations.

    Parameters
    ----------
    means, scales : ndarray, shape (n_columns,)
        Of the training rows.
    """

    means: Tensor
    scales: Tensor

    def __init__(self, means: np.ndarray, scales: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("means", torch.from_numpy(np.array(means)))
        self.register_buffer("scales", torch.from_numpy(np.array(scales)))

    def forward(self, y: Tensor) -> Tensor:
        """Return the numbers, float32 of shape (n, n_columns)."""
        numbers = y.reshape(y.shape[0], -1)
        if numbers.shape[1] != len(self.means):
            raise InvalidDataError(
                f"y must have shape (n_samples, {len(self.means)}), as the model was fitted; got "
                f"{tuple(y.shape)}: give it the same columns."
            )
        return ((numbers.double() - self.means) / self.scales).float()
