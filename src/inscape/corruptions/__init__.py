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

| file | what lives there |
|---|---|
| `choice` | choose the same number of features in each row, all rows at once |
| `corruption` | the base of every corruption |
| `gaussian_noise` | normal noise added to every feature |
| `image` | the base of the corruptions that see rows as pictures |
| `occluding_rectangle` | a rectangle of each picture is hidden |
| `pixel_shuffle` | one fixed permutation of all features |
| `rotation` | each picture is turned by an angle of its own |
| `salt_and_pepper` | salt-and-pepper noise |
| `zero_masking` | masking noise: a share of each row's features is set to zero |
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
