"""Normal noise added to every feature."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from inscape._checks import check_number
from inscape._errors import InvalidParameterError
from inscape.corruptions.corruption import Corruption


@dataclass(frozen=True)
class GaussianNoise(Corruption):
    r"""Independent normal noise added to every feature.

    .. math:: \tilde x_i = x_i + s \, \epsilon_i, \quad \epsilon_i \sim N(0, 1)

    Nothing is clipped: features that lay in [0, 1] leave it, as the theory of denoising asks for.

    Source: Vincent, Larochelle, Lajoie, Bengio and Manzagol 2010, JMLR 11, "additive isotropic
    Gaussian noise".

    Parameters
    ----------
    scale : float, or pair of float
        The standard deviation :math:`s` >= 0, in the scaled units of the training; or the bounds
        between which each row's own is drawn, evenly on a logarithmic scale.
    fixed : bool
        Draw once for the whole training instead of anew in each epoch.

    Examples
    --------
    >>> rows = torch.zeros(100, 100)
    >>> corrupted = GaussianNoise(scale=0.5)(rows, generator=torch.Generator().manual_seed(0))
    >>> round(corrupted.std().item(), 2)
    0.5
    """

    scale: float | tuple[float, float] = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.scale, (tuple, list)):
            check_number("scale", self.scale, minimum=0)
            return
        if len(self.scale) != 2:
            raise InvalidParameterError(
                f"`scale` must be a number, or a pair of bounds such as (0.1, 1.0); got "
                f"{self.scale!r}."
            )
        low, high = self.scale
        check_number("scale[0]", low, above=0)
        check_number("scale[1]", high, minimum=low)
        object.__setattr__(self, "scale", (float(low), float(high)))

    def __call__(self, rows: Tensor, *, generator: torch.Generator) -> Tensor:
        """Return `rows` with noise added."""
        noise = torch.randn(rows.shape, dtype=rows.dtype, generator=generator)
        return noise.mul_(self._scales(rows, generator)).to(rows.device).add_(rows)

    def _scales(self, rows: Tensor, generator: torch.Generator) -> Any:
        if not isinstance(self.scale, tuple):
            return self.scale
        low, high = map(math.log, self.scale)
        shares = torch.rand(len(rows), 1, dtype=rows.dtype, generator=generator)
        return shares.mul_(high - low).add_(low).exp_()
