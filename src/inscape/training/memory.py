"""What a step frees stays at hand for the next one."""

from __future__ import annotations

from typing import Final

import torch

# Just under the 32 MiB up to which glibc learns from a block (DEFAULT_MMAP_THRESHOLD_MAX).
_BLOCK_BYTES: Final = 2**25 - 2**16


def keep_freed_memory() -> None:
    """Teach the C library to keep up to 64 MiB that a step frees, instead of giving them back.

    glibc hands freed memory above a threshold to the kernel, and the next step pays for each 4 KiB
    of it with a page fault: a quarter of the time of a convolutional epoch. The threshold starts at
    128 KiB and follows the largest block that was freed so far: twice its size. One block as
    large as it listens to, never written to, costs nothing and is lesson enough. Other C libraries
    take no notice.

    References
    ----------
    mallopt(3), M_MMAP_THRESHOLD and M_TRIM_THRESHOLD, on their dynamic adjustment.
    """
    torch.empty(_BLOCK_BYTES, dtype=torch.uint8)
