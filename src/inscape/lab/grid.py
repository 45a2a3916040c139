"""A decoder that no page can compute, as a grid of rows that were decoded beforehand."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import numpy as np

from inscape._typing import FloatArray
from inscape.data.floats import merged_columns
from inscape.figures._drawing.scales import spread_about
from inscape.lab.document import Document

# Places a side: what lies between two of them is interpolated.
GRID: Final = 33


def with_grid(document: Document) -> Document:
    """Return a document whose decoder is a grid, for a page that has no server to ask.

    The places are even on the spread map (`figures`): over the box of the test codes, in the plane
    of the codes, or of their first two axes where there are more than two components. On the way a
    row is a mean of the four around it, and says so.

    Parameters
    ----------
    document : Document
        Whose decoder is of the type "server".
    """
    n_test, blobs = document.description["data"]["n_test"], dict(document.blobs)
    codes = blobs["codes"][:n_test].astype(np.float64)
    axes = document.description["axes"]
    # One component has a plane too, whose second side changes nothing.
    centre, directions = np.zeros(codes.shape[1]), np.eye(2, codes.shape[1])
    if axes is not None:
        centre, directions = blobs[axes["centre"]], blobs[axes["directions"]]
    plane = (codes - centre) @ directions[:2].T
    scale = spread_about(plane)
    drawn = scale.to_plane(plane)
    low, high = drawn.min(axis=0), drawn.max(axis=0)
    # One code many times over has a place, and its surroundings too.
    low, high = np.where(high > low, low, low - 1), np.where(high > low, high, high + 1)
    sides = [np.linspace(a, b, GRID) for a, b in zip(low, high, strict=True)]
    # A row of the grid is of one second component, as rows of a picture are.
    places = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2)
    wanted = centre + scale.to_codes(places) @ directions[:2]
    assert document.decode is not None
    rows = np.asarray(document.decode(wanted.astype(blobs["codes"].dtype)))
    last = document.description["data"]["rows"]["blob"]
    kept = {last: blobs.pop(last)}
    grid = _short(rows, document.description["data"]["rows"]["high"])
    told: dict[str, Any] = {
        "type": "grid",
        "blob": "grid",
        "centre": scale.centre.tolist(),
        "unit": scale.unit,
        "low": low.tolist(),
        "high": high.tolist(),
        "size": GRID,
    }
    return dataclasses.replace(
        document,
        description={**document.description, "decoder": told},
        blobs={**blobs, "grid": grid.reshape(GRID, GRID, -1), **kept},
        decode=None,
    )


def _short(rows: FloatArray, high: float | None) -> np.ndarray:
    """Return rows as bytes where those of the data are bytes, else as the floats that they need."""
    if high is not None:
        return np.rint(rows.clip(0, high) * (255 / high)).astype(np.uint8)
    return rows.astype(np.float64 if merged_columns(rows).any() else np.float32)
