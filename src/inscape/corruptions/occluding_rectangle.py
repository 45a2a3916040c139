"""A rectangle of each picture is hidden."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from inscape._checks import check_number
from inscape.corruptions.image import ImageCorruption


@dataclass(frozen=True)
class OccludingRectangle(ImageCorruption):
    """A rectangle of each picture hidden, at a place drawn for each row.

    The rectangle is the same size in every picture and lies wholly inside, each place as likely
    as any other; all channels are hidden alike.

    Source: after DeVries and Taylor 2017, arXiv 1708.04552, whose square may reach over the edge.

    Parameters
    ----------
    height, width : float
        Sides as shares of the picture's, above 0 and at most 1; rounded to whole pixels, at least
        one.
    value : float
        What the hidden pixels are set to, in the scaled units of the training.
    image_shape : tuple of int or None
        (height, width) or (height, width, channels) of one picture, flattened in that order; None
        is a square with one channel.
    fixed : bool
        Draw once for the whole training instead of anew in each epoch.

    Examples
    --------
    >>> rows = torch.ones(1, 16)
    >>> corrupt = OccludingRectangle(height=0.5, width=0.75)
    >>> corrupt(rows, generator=torch.Generator().manual_seed(0)).view(4, 4)
    tensor([[1., 1., 1., 1.],
            [1., 1., 1., 1.],
            [1., 0., 0., 0.],
            [1., 0., 0., 0.]])
    """

    height: float = 0.5
    width: float = 0.5
    value: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("height", self.height, above=0, maximum=1)
        check_number("width", self.width, above=0, maximum=1)
        check_number("value", self.value)

    def __call__(self, rows: Tensor, *, generator: torch.Generator) -> Tensor:
        """Return a copy of `rows` with a rectangle of each hidden."""
        pictures = self.pictures(rows)
        n_rows, n_high, n_wide, _ = pictures.shape
        down = _stretch(n_rows, n_high, self.height, generator)
        across = _stretch(n_rows, n_wide, self.width, generator)
        hidden = (down[:, :, None, None] & across[:, None, :, None]).to(rows.device)
        return pictures.masked_fill(hidden, self.value).view(rows.shape)


def _stretch(n_rows: int, n_pixels: int, share: float, generator: torch.Generator) -> Tensor:
    """Return, shape (n_rows, n_pixels), where a stretch of one side lies, drawn for each row."""
    length = max(1, round(share * n_pixels))
    first = torch.randint(n_pixels - length + 1, (n_rows, 1), generator=generator)
    pixels = torch.arange(n_pixels)
    return (pixels >= first) & (pixels < first + length)
