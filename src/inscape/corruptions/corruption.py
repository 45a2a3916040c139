"""The base of every corruption."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Self

import torch
from torch import Tensor

from inscape._errors import InvalidParameterError
from inscape._parts import Part
from inscape._typing import ImageShape


@dataclass(frozen=True)
class Corruption(Part):
    """What is done to the input before it is encoded, while the target stays clean.

    Parameters
    ----------
    fixed : bool
        Draw once for the whole training, so that each epoch sees the same corrupted rows; by
        default each epoch draws anew. It is the loop that obeys it.
    """

    fixed: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        if self.fixed not in (True, False):
            raise InvalidParameterError(f"`fixed` must be True or False; got {self.fixed!r}.")

    @abstractmethod
    def __call__(self, rows: Tensor, *, generator: torch.Generator) -> Tensor:
        """Return a corrupted copy of `rows`.

        Parameters
        ----------
        rows : Tensor, shape (n_rows, n_features)
            Floats on any device, in the scaled units of the training; they are left as they are.
        generator : torch.Generator
            Where every draw comes from. It is one of the CPU, whatever the device of the rows, so
            that the draws are the same on every device.

        Returns
        -------
        Tensor, shape (n_rows, n_features)
            Of the same type and on the same device.
        """

    def for_pictures(self, image_shape: ImageShape) -> Self:
        """Return the same corruption, told the shape of the pictures that the rows are."""
        return self
