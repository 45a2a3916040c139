"""Each picture is turned by an angle of its own."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from inscape._checks import check_number
from inscape.corruptions.image import ImageCorruption


@dataclass(frozen=True)
class Rotation(ImageCorruption):
    r"""Each picture turned about its centre by an angle drawn uniformly from [-degrees, degrees].

    .. math:: \tilde x(r, c) = x(r \cos a + c \sin a, \; c \cos a - r \sin a)

    with :math:`r` the row and :math:`c` the column of a pixel, counted from the picture's centre.
    Values between pixels are interpolated bilinearly; outside of the picture is 0.

    Parameters
    ----------
    degrees : float
        The largest angle, from 0 to 180; a positive one turns against the clock.
    image_shape : tuple of int or None
        (height, width) or (height, width, channels) of one picture, flattened in that order; None
        is a square with one channel.
    fixed : bool
        Draw once for the whole training instead of anew in each epoch.

    Examples
    --------
    >>> rows = torch.tensor([[1.0, 2.0, 3.0, 4.0]])
    >>> Rotation().turn(rows, torch.tensor([90.0])).round()
    tensor([[2., 4., 1., 3.]])
    """

    degrees: float = 180.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("degrees", self.degrees, minimum=0, maximum=180)

    def __call__(self, rows: Tensor, *, generator: torch.Generator) -> Tensor:
        """Return `rows` with each picture turned by an angle of its own."""
        share = 2 * torch.rand(len(rows), generator=generator, dtype=torch.float64) - 1
        return self.turn(rows, self.degrees * share)

    def turn(self, rows: Tensor, angles: Tensor) -> Tensor:
        """Return `rows` with each picture turned by a given angle.

        Parameters
        ----------
        rows : Tensor, shape (n_rows, n_features)
            The pictures.
        angles : Tensor, shape (n_rows,)
            In degrees, against the clock.
        """
        pictures = self.pictures(rows).permute(0, 3, 1, 2)
        _, _, height, width = pictures.shape
        radians = torch.deg2rad(angles.to(torch.float64))[:, None, None, None]
        cos, sin = (part.to(rows.device, rows.dtype) for part in (radians.cos(), radians.sin()))
        straight, quarter = _grids(height, width).to(rows.device, rows.dtype)
        # torch's affine_grid multiplies a small matrix for each row, at five times the time.
        grid = torch.addcmul(cos * straight, sin, quarter)
        turned = grid_sample(pictures, grid, align_corners=False)
        return turned.permute(0, 2, 3, 1).reshape(rows.shape)


def _grids(height: int, width: int) -> Tensor:
    """Return where each pixel looks for its value, unturned and turned by 90 degrees.

    The shape is (2, height, width, 2), the last axis (across, down). As `grid_sample` has it, each
    side of the picture runs from -1 to 1, however many pixels it has.
    """
    down = (2 * torch.arange(height, dtype=torch.float64) + 1 - height)[:, None] / height
    across = (2 * torch.arange(width, dtype=torch.float64) + 1 - width)[None, :] / width
    down, across = down.expand(height, width), across.expand(height, width)
    straight = torch.stack([across, down], dim=-1)
    quarter = torch.stack([-down * (height / width), across * (width / height)], dim=-1)
    return torch.stack([straight, quarter])
