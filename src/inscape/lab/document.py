"""The document: what page, widget and file read alike, a description and blobs of plain numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from inscape._errors import InvalidParameterError
from inscape._typing import FloatArray

FORMAT: Final = 1
# Types that a page reads without a conversion, by the names of its own arrays.
TYPES: Final[Mapping[str, str]] = {
    "uint8": "Uint8Array",
    "int32": "Int32Array",
    "float32": "Float32Array",
    "float64": "Float64Array",
}


@dataclass(frozen=True, eq=False)
class Document:
    """A representation with its rows, described for whoever shows it.

    Parameters
    ----------
    description : mapping
        Plain data; where it says "blob" it names one of `blobs`. Its own "blobs" tells the type
        and shape of each, in the order in which they are wanted.
    blobs : mapping of str to ndarray
        uint8, int32, float32 or float64, in the order in which they are wanted.
    decode : callable or None
        From codes to rows, for whoever serves it: where the decoder is of the type "server", no
        page can do it by itself.
    encode : callable or None
        From rows to codes, likewise.

    Raises
    ------
    InvalidParameterError
        If a blob has a type that no page reads.

    Examples
    --------
    >>> document = Document({"title": "two codes"}, {"codes": np.zeros((2, 3), np.float32)})
    >>> len(document.blob("codes"))
    24
    """

    description: Mapping[str, Any]
    blobs: Mapping[str, np.ndarray]
    decode: Callable[[FloatArray], FloatArray] | None = None
    encode: Callable[[FloatArray], FloatArray] | None = None

    def __post_init__(self) -> None:
        for name, array in self.blobs.items():
            if array.dtype.name not in TYPES:
                raise InvalidParameterError(
                    f"A blob must be of one of {', '.join(TYPES)}; {name!r} is {array.dtype.name}: "
                    "convert it where nothing is lost."
                )

    def blob(self, name: str) -> bytes:
        """Return the numbers of a blob, little-endian and in C order."""
        array = self.blobs[name]
        return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()

    def to_json(self) -> str:
        """Return the description with the type and shape of each blob; no value is NaN."""
        listed = {
            name: {"type": array.dtype.name, "shape": list(array.shape)}
            for name, array in self.blobs.items()
        }
        told = {"format": FORMAT, **self.description, "blobs": listed}
        return json.dumps(told, allow_nan=False, ensure_ascii=False)
