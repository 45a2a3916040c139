"""Corruptions: what is done to the input before encoding, each a small immutable part.

A denoising autoencoder sees a corrupted row and has to give the clean one. What was taken away it
can only put back from what is left, and so it must learn how features depend on each other. A
corruption takes rows and a generator, and returns other rows; the rows themselves stay as they are:

>>> import torch
>>> from inscape.corruptions import ZeroMasking
>>> rows, generator = torch.ones(2, 5), torch.Generator().manual_seed(0)
>>> corrupt = ZeroMasking(share=0.4)
>>> corrupt(rows, generator=generator).sum(dim=1), rows.sum(dim=1)
(tensor([3., 3.]), tensor([5., 5.]))

Each call draws anew from the generator. Given the same generator's state, the draws are the same:

>>> state = generator.get_state()
>>> first, second = (corrupt(rows, generator=generator) for _ in range(2))
>>> bool((first == second).all())
False
>>> bool((corrupt(rows, generator=generator.set_state(state)) == first).all())
True

Every corruption has the option `fixed`: drawn once for the whole training, not anew each epoch.

- `corruption`: the base that a corruption of your own extends
- `zero_masking`, `salt_and_pepper`, `gaussian_noise`: features alone
- `image`: the base of those that see pictures; `occluding_rectangle`, `rotation`
- `pixel_shuffle`: all features in another order
- `choice`: the same number of features of each row, drawn at random
"""

from inscape._parts import Family
from inscape.corruptions.corruption import Corruption
from inscape.corruptions.gaussian_noise import GaussianNoise
from inscape.corruptions.image import ImageCorruption
from inscape.corruptions.occluding_rectangle import OccludingRectangle
from inscape.corruptions.pixel_shuffle import PixelShuffle
from inscape.corruptions.rotation import Rotation
from inscape.corruptions.salt_and_pepper import SaltAndPepper
from inscape.corruptions.zero_masking import ZeroMasking

CORRUPTIONS = Family(
    Corruption,
    {
        "zero_masking": ZeroMasking,
        "salt_and_pepper": SaltAndPepper,
        "gaussian_noise": GaussianNoise,
        "occluding_rectangle": OccludingRectangle,
        "rotation": Rotation,
        "pixel_shuffle": PixelShuffle,
    },
)

__all__ = [
    "CORRUPTIONS",
    "Corruption",
    "GaussianNoise",
    "ImageCorruption",
    "OccludingRectangle",
    "PixelShuffle",
    "Rotation",
    "SaltAndPepper",
    "ZeroMasking",
]
