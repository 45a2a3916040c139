"""The data sets, each read once: several benchmarks train on the same rows."""

from __future__ import annotations

import functools

from inscape import data

load = functools.cache(data.load)
