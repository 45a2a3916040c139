"""The IDX format, in which MNIST and its successors are published.

A big-endian header (two zero bytes, a type code, the number of axes, the length of each axis)
and then the values in C order; usually compressed with gzip.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from inscape._errors import DamagedFileError

_TYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}


def read_idx(path: Path, *, sha256: str | None = None) -> np.ndarray:
    """Read an IDX file, plain or compressed with gzip.

    Parameters
    ----------
    path : Path
        The file.
    sha256 : str or None
        What the sha256 of the uncompressed content must be; None checks nothing. It is the
        content's and not the file's, because the same data circulate in different compressions.

    Returns
    -------
    ndarray
        The values in the machine's byte order; read-only.

    Raises
    ------
    DamagedFileError
        If the file is cut short, has trailing bytes, is not IDX, or has another sha256.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "labels-idx1-ubyte"
    >>> _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]))
    >>> read_idx(path)
    array([7, 9], dtype=uint8)
    """
    content = _content(path)
    values = _parse(content, path)
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise DamagedFileError(
            f"{path} must hold the published data; its content has another sha256 than "
            f"{sha256[:12]}...: delete it or replace it by the published file."
        )
    return values


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile, struct.error) as error:
        raise DamagedFileError(
            f"{path} must be a whole gzip file; it is damaged or cut short: fetch it again."
        ) from error


def _parse(content: bytes, path: Path) -> np.ndarray:
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _TYPES:
        raise DamagedFileError(
            f"{path} must be an IDX file and start with 0x00 0x00, a type code and the number of "
            f"axes; it starts with {content[:4].hex(' ') or 'nothing'}: fetch it again."
        )
    dtype, n_axes = _TYPES[content[2]], content[3]
    start = 4 + 4 * n_axes
    # A header that is itself cut short has fewer than `start` bytes: its axes cannot be read.
    shape = struct.unpack(f">{n_axes}I", content[4:start]) if len(content) >= start else ()
    expected = start + math.prod(shape) * dtype.itemsize
    if len(content) < start or len(content) != expected:
        raise DamagedFileError(
            f"{path} must be {expected} bytes long uncompressed, as its header says; it has "
            f"{len(content)}: fetch it again."
        )
    values = np.frombuffer(content, dtype=dtype, offset=start).reshape(shape)
    return values.astype(dtype.newbyteorder("="), copy=False)


def idx_content(values: np.ndarray) -> bytes:
    """Return the uncompressed content of the IDX file that holds `values`.

    Parameters
    ----------
    values : ndarray
        Of one of the six types that IDX has.

    Returns
    -------
    bytes
        Header and values, big-endian.

    Examples
    --------
    >>> idx_content(np.array([7, 9], dtype=np.uint8)).hex(" ")
    '00 00 08 01 00 00 00 02 07 09'
    """
    code = next(code for code, dtype in _TYPES.items() if dtype == values.dtype.newbyteorder(">"))
    header = struct.pack(f">HBB{values.ndim}I", 0, code, values.ndim, *values.shape)
    return header + values.astype(_TYPES[code]).tobytes()
