"""What files of format 1 meant where they said nothing.

Format 2 stores every value resolved. Whatever a default becomes later, a file of format 1 is read
with the meanings that it was written with, which stand here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inscape._parts import read_call

# The scale that a likelihood had where none was said.
_SCALES = {"gaussian": 1.0, "laplace": 1.0}


def say_scale(likelihood: Any) -> Any:
    """Return a likelihood, as it was typed or described, with the scale that it had.

    Examples
    --------
    >>> say_scale("gaussian")
    {'type': 'gaussian', 'scale': 1.0}
    >>> say_scale("bernoulli")
    {'type': 'bernoulli'}
    """
    if isinstance(likelihood, str):
        bare = "(" not in likelihood
        likelihood = {"type": likelihood} if bare else read_call("likelihood", likelihood)
    if isinstance(likelihood, Mapping) and likelihood["type"] in _SCALES:
        word = likelihood["type"]
        return {"type": word, "scale": _SCALES[word], **likelihood}
    return likelihood
