"""Where Fashion-MNIST may already lie on this machine, and how it is fetched where it does not."""

from __future__ import annotations

import gzip
import hashlib
import os
import sys
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from inscape._errors import DamagedFileError, DataNotFoundError
from inscape.data.idx import idx_content, read_idx

FOLDER = "fashion-mnist"
MIRRORS = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
)


def folders() -> Iterator[Path]:
    """Yield the folders that may hold the four IDX files, in the order in which they are tried.

    Yields
    ------
    Path
        INSCAPE_DATA, Debian's folder, torchvision's usual folders, Keras' cache, our own cache.
    """
    home = Path.home()
    own = os.environ.get("INSCAPE_DATA")
    if own:
        yield Path(own).expanduser() / FOLDER
        yield Path(own).expanduser()
    yield Path("/usr/share/datasets") / FOLDER
    for root in (Path("data"), home / "data"):
        yield root / "FashionMNIST" / "raw"
    yield Path(os.environ.get("KERAS_HOME") or home / ".keras") / "datasets" / FOLDER
    yield cache_folder()


def cache_folder() -> Path:
    """Return the folder of this user's cache that fetched files are kept in."""
    import pooch

    return Path(pooch.os_cache("inscape")).expanduser() / FOLDER


def find_files(names: tuple[str, ...]) -> dict[str, Path] | None:
    """Return where each of the IDX files lies, in the first folder that holds all of them.

    Parameters
    ----------
    names : tuple of str
        File names without ".gz"; both the plain and the compressed file will do.

    Returns
    -------
    dict of str to Path, or None
        None if no folder holds them all.
    """
    for folder in folders():
        found = {
            name: path
            for name in names
            for path in (folder / name, folder / f"{name}.gz")
            if path.is_file()
        }
        if len(found) == len(names):
            return found
    return None


def find_openml() -> Path | None:
    """Return the file of scikit-learn's `fetch_openml("Fashion-MNIST")`, if the user has it."""
    home = os.environ.get("SCIKIT_LEARN_DATA") or Path.home() / "scikit_learn_data"
    root = Path(home).expanduser() / "openml"
    # 18238735 is the file's number at OpenML; older versions of scikit-learn used it alone.
    for pattern in ("Fashion-MNIST.arff*.gz", "18238735.gz"):
        for path in sorted(root.rglob(pattern)):
            return path
    return None


def read_openml(path: Path, checksums: Mapping[str, str]) -> list[np.ndarray] | None:
    """Read OpenML's 70,000 rows as the four published arrays.

    Parameters
    ----------
    path : Path
        What `find_openml` returned.
    checksums : mapping of str to str
        The sha256 of the four IDX contents, in the order of the arrays.

    Returns
    -------
    list of ndarray, or None
        Training images and labels, test images and labels; None if they are not the published
        ones: another revision at OpenML is no damage, and the next source is tried.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                if line.strip().lower() == "@data":
                    break
            table = np.loadtxt(file, delimiter=",", dtype=np.uint8, comments="%", ndmin=2)
    except (OSError, EOFError, ValueError, zlib.error):
        return None
    if table.shape != (70_000, 785):
        return None
    images, labels = table[:, :-1].reshape(-1, 28, 28), table[:, -1]
    arrays = [images[:60_000], labels[:60_000], images[60_000:], labels[60_000:]]
    same = all(
        hashlib.sha256(idx_content(array)).hexdigest() == sha256
        for array, sha256 in zip(arrays, checksums.values(), strict=True)
    )
    return arrays if same else None


def fetch_files(checksums: Mapping[str, str]) -> dict[str, Path]:
    """Fetch the IDX files into this user's cache, from the first mirror that has each.

    Parameters
    ----------
    checksums : mapping of str to str
        File names without ".gz", and the sha256 of their uncompressed content.

    Returns
    -------
    dict of str to Path
        Where each file lies now.

    Raises
    ------
    DataNotFoundError
        If no mirror could be reached, or the cache cannot be written.
    DamagedFileError
        If what the mirrors gave is not the published file.
    """
    return {name: _fetch_file(name, sha256) for name, sha256 in checksums.items()}


def _fetch_file(name: str, sha256: str) -> Path:
    import pooch

    damage: DamagedFileError | None = None
    problem: Exception | None = None
    show = sys.stderr.isatty()
    for mirror in MIRRORS:
        downloader = pooch.HTTPDownloader(progressbar=show, timeout=(5, 30))
        try:
            # The content is verified below and not by pooch: mirrors compress it differently.
            path = Path(
                pooch.retrieve(
                    f"{mirror}{name}.gz",
                    known_hash=None,
                    fname=f"{name}.gz",
                    path=cache_folder(),
                    downloader=downloader,
                )
            )
            read_idx(path, sha256=sha256)
            return path
        except DamagedFileError as error:
            damage = error
            path.unlink(missing_ok=True)
        except (OSError, ValueError) as error:
            problem = error
    if damage is not None:
        raise damage
    raise DataNotFoundError(
        f"fashion-mnist must be on this machine or fetchable; it is not here and no mirror gave "
        f"{name}.gz: set INSCAPE_DATA to a folder that holds {FOLDER}/ with the four .gz files, "
        "or try again with a network."
    ) from problem
