"""What a run was made with: versions, device, threads, data, command."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from inscape.data import Dataset
from inscape.data.dataset import numbered_names

_PACKAGES = ("inscape", "torch", "numpy", "scikit-learn", "safetensors", "matplotlib")
# Those that a training computes with.
_ARITHMETIC = ("inscape", "torch", "numpy", "scikit-learn")


def describe_environment(dataset: Dataset | None, *, n_threads: int, device: str) -> dict[str, Any]:
    """Return what has to be known to repeat a run to the bit.

    Parameters
    ----------
    dataset : Dataset or None
        Its checksum is kept, so that a resume notices other data; None where data are generated.
    n_threads : int
        Threads of torch; another number may round differently.
    device : str
        Where the run trains.
    """
    return describe_software() | {
        "device": device,
        "n_threads": n_threads,
        "data": {"name": "generated"} if dataset is None else _describe_data(dataset),
    }


def _describe_data(dataset: Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "checksum": dataset.checksum,
        "n_train": len(dataset.train.X),
        "n_test": len(dataset.test.X),
        "n_features": dataset.train.X.shape[1],
        "image_shape": dataset.image_shape,
        "feature_names": _own_names(dataset),
        "told": dataset.told,
    }


def _own_names(dataset: Dataset) -> list[str] | None:
    """Return the names of columns, unless they are but their places."""
    names = dataset.feature_names
    of_places = dataset.image_shape is not None or names == numbered_names(len(names))
    return None if of_places else list(names)


def describe_software() -> dict[str, Any]:
    """Return which run it is, and when, by which command and with which versions it is made."""
    return {
        # Of this run alone: two of the same config have two.
        "identity": uuid.uuid4().hex,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "machine": platform.machine(),
        "packages": {name: metadata.version(name) for name in _PACKAGES},
    }


def describe_arithmetic(device: str) -> dict[str, str]:
    """Return what the bits of a training hang on, beside its config, data and threads.

    Parameters
    ----------
    device : str
        Where it trains.
    """
    import torch

    cuda = device.startswith("cuda") and torch.cuda.is_available()
    processor = torch.cuda.get_device_name(device) if cuda else torch.backends.cpu
    return {
        **{name: metadata.version(name) for name in _ARITHMETIC},
        "processor": processor if isinstance(processor, str) else processor.get_cpu_capability(),
        "machine": platform.machine(),
    }


def default_threads() -> int:
    """Return half the physical cores that this process may use, and at least one.

    Layers of some hundred units gain a fifth from a second thread; where something else runs on
    the same core, waiting for that thread costs tenfold. Logical CPUs that share a core count
    once.
    """
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    cores = set()
    for cpu in sorted(allowed or ()):
        siblings = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        with contextlib.suppress(OSError):
            cores.add(siblings.read_text(encoding="utf-8").strip())
    return max(1, (len(cores) or (os.cpu_count() or 2) // 2) // 2)


@contextlib.contextmanager
def torch_threads(n_threads: int) -> Iterator[None]:
    """Let torch use `n_threads` inside, and as many as before afterwards."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
