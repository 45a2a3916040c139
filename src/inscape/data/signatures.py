"""What the first bytes of a file say that it is, whatever its name says."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Final

from inscape._errors import InvalidDataError

# Bytes that tell a kind.
HEAD: Final = 4096
_CSV: Final = "save it as CSV in UTF-8"
_RENAME: Final = "rename it to {}"
# How a file begins, what that tells, which names go with that, and what helps where it has another.
_SIGNATURES: Final[tuple[tuple[bytes, str, tuple[str, ...], str], ...]] = (
    (b"PAR1", "is Parquet", (".parquet",), _RENAME.format(".parquet")),
    (b"ARROW1", "is Arrow, or Feather", (".arrow", ".feather"), _RENAME.format(".arrow")),
    (b"FEA1", "is Feather of version 1", (), "pandas.read_feather(file).to_parquet(...)"),
    (b"\x93NUMPY", "is an array of NumPy", (".npy",), _RENAME.format(".npy")),
    (b"\x1f\x8b", "is compressed with gzip", (), "add .gz to its name, or unpack it first"),
    (b"BZh", "is compressed with bzip2", (), "add .bz2 to its name, or unpack it first"),
    (b"\xfd7zXZ", "is compressed with xz", (), "add .xz to its name, or unpack it first"),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd", (), "unpack it first"),
    (b"\x89HDF", "is HDF5", (), "np.save of one of h5py's arrays"),
    (
        b"\xd0\xcf\x11\xe0",
        "is an old or locked Excel file",
        (),
        "save it as .xlsx without password",
    ),
    (b"\x89PNG", "is a picture", (), "give the folder that it is in, or the table that was meant"),
    (
        b"\xff\xd8\xff",
        "is a picture",
        (),
        "give the folder that it is in, or the table that was meant",
    ),
    (b"%PDF", "is a PDF", (), "export the table itself"),
    (b"SQLite format 3", "is a database", (), "export the table itself"),
    (b"version https://git-lfs", "is a pointer of Git LFS", (), "fetch the file with git lfs pull"),
    (b"\xff\xfe", "is text in UTF-16", (), _CSV),
    (b"\xfe\xff", "is text in UTF-16", (), _CSV),
    (b"\0\0\xfe\xff", "is text in UTF-32", (), _CSV),
)
_HTML: Final = (b"<!doctype html", b"<html", b"<?xml")
_JSON: Final = (b'{"', b"[{", b"[[", b"[\n", b"[\r\n")


def check_signature(path: Path, suffix: str, head: bytes) -> None:
    """Refuse a file that is of another kind than its name says, where its first bytes tell.

    Parameters
    ----------
    path : Path
        The file.
    suffix : str
        Which kind its name says: ".csv", ".npy", ...
    head : bytes
        How it begins, unpacked; `HEAD` bytes are enough.

    Raises
    ------
    InvalidDataError
        If it is of another kind; the message says which, and what helps.

    Examples
    --------
    >>> check_signature(Path("a.csv"), ".csv", b"PAR1")
    Traceback (most recent call last):
    inscape._errors.InvalidDataError: a.csv must be what its name says; it is Parquet: rename it \
to .parquet.
    """
    found, suffixes, how = _kind(path, head)
    if not found and suffix in (".csv", ".tsv"):
        found, how = _odd_text(head)
    elif not found and _is_text(head):
        found, how = "is text", "rename it to .csv if it is a table"
    if found and suffix not in suffixes:
        raise InvalidDataError(f"{path} must be what its name says; it {found}: {how}.")


def _kind(path: Path, head: bytes) -> tuple[str, tuple[str, ...], str]:
    if head.startswith(b"PK\x03\x04"):
        return _kind_of_archive(path)
    for start, what, suffixes, how in _SIGNATURES:
        if head.startswith(start):
            return what, suffixes, how
    begin = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if begin.startswith(_HTML):
        return "is a web page", (), "fetch the file itself, or export the table in it"
    if begin.startswith(_JSON):
        return "is JSON", (), "pandas.read_json(file).to_parquet(...)"
    return "", (), ""


def _kind_of_archive(path: Path) -> tuple[str, tuple[str, ...], str]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return "is a zip archive, or part of one", (".xlsx", ".npz"), "fetch it again"
    if "xl/workbook.xml" in names:
        return "is an Excel file", (".xlsx",), _RENAME.format(".xlsx")
    if names and all(name.endswith(".npy") for name in names):
        return "is arrays of NumPy", (".npz",), _RENAME.format(".npz")
    return "is a zip archive", (), "unpack it first"


def _odd_text(head: bytes) -> tuple[str, str]:
    """Return what a file that should hold text is instead, and what helps; or nothing."""
    if b"\0" in head:
        return "has zero bytes, as UTF-16 has and what is no text", _CSV
    if head.removeprefix(b"\xef\xbb\xbf").lower().startswith((b"sep=", b'"sep=')):
        return "begins with a line for Excel (sep=...)", "take that line out"
    return "", ""


def _is_text(head: bytes) -> bool:
    if not head or b"\0" in head:
        return False
    try:
        # The last character may be cut.
        text = head[:-4].decode("utf-8") if len(head) == HEAD else head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(head) - 8 and error.start > 0
    return all(letter.isprintable() or letter.isspace() for letter in text.removeprefix("\ufeff"))
