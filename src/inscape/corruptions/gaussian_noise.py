"""Normal noise added to every feature."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from inscape._checks import check_number
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
    scale : float
        The standard deviation :math:`s` >= 0, in the scaled units of the training.
    fixed : bool
        Draw once for the whole training instead of anew in each epoch.

    Examples
    --------
    >>> rows = torch.zeros(100, 100)
    >>> corrupted = GaussianNoise(scale=0.5)(rows, generator=torch.Generator().manual_seed(0))
    >>> round(corrupted.std().item(), 2)
    0.5
    """

    scale: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("scale", self.scale, minimum=0)

    def __call__(self, rows: Tensor, *, generator: torch.Generator) -> Tensor:
        """Return `rows` with noise added."""
        noise = torch.randn(rows.shape, dtype=rows.dtype, generator=generator)
        return noise.to(rows.device).mul_(self.scale).add_(rows)
