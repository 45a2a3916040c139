"""What files meant where they said nothing.

Format 2 stores every value resolved. Whatever a default becomes later, a file of format 1 is read
with the meanings that it was written with, which stand here; so are the options that a part got
after files of format 2 had told all that it had.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inscape._parts import read_call

# Dead units came back seldom, and nothing was asked of the matrices beside the bottleneck.
_LARGEST = {
    "revival": 1 / 32,
    "revival_k": None,
    "dead_after": 1000,
    "tied_start": False,
    "unit_columns": False,
}
# What options of parts were where none was said, and are not now.
_DEFAULTS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "likelihood": {"gaussian": {"scale": 1.0}, "laplace": {"scale": 1.0}},
    "optimizer": {"muon": {"vector_learning_rate": 0.01}},
    "bottleneck": {"top_k": _LARGEST, "batch_top_k": _LARGEST},
}


def say_defaults(family: str, part: Any) -> Any:
    """Return a part, as it was typed or described, with the options that it had.

    A word that stood for what it stands for now is left as it is.

    Examples
    --------
    >>> say_defaults("likelihood", "gaussian")
    {'type': 'gaussian', 'scale': 1.0}
    >>> say_defaults("likelihood", "bernoulli")
    'bernoulli'
    """
    if isinstance(part, str):
        if "(" not in part and part not in _DEFAULTS[family]:
            return part
        part = {"type": part} if "(" not in part else read_call(family, part)
    if isinstance(part, Mapping):
        return {"type": part["type"], **_DEFAULTS[family].get(part["type"], {}), **part}
    return part
