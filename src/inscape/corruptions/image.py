"""The base of the corruptions that see rows as pictures."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

from torch import Tensor

from inscape._checks import check_widths, image_shape_of
from inscape._typing import ImageShape
from inscape.corruptions.corruption import Corruption


@dataclass(frozen=True)
class ImageCorruption(Corruption):
    """A corruption of rows that are flattened pictures.

    Parameters
    ----------
    image_shape : tuple of int or None
        (height, width) or (height, width, channels) of one picture, flattened in that order; None
        is a square with one channel.
    fixed : bool
        Draw once for the whole training instead of anew in each epoch.
    """

    image_shape: tuple[int, ...] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.image_shape is not None:
            shape = check_widths("image_shape", self.image_shape, fewest=2)
            object.__setattr__(self, "image_shape", shape)

    def for_pictures(self, image_shape: ImageShape) -> Self:
        return replace(self, image_shape=image_shape) if self.image_shape is None else self

    def pictures(self, rows: Tensor) -> Tensor:
        """Return `rows` as pictures, shape (n_rows, height, width, channels).

        Raises
        ------
        InvalidParameterError
            If `image_shape` does not fit the number of features.
        """
        return rows.reshape(len(rows), *image_shape_of(rows.shape[1], self.image_shape))
