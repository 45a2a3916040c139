"""The data sets that have a name: MNIST (bundled), Fashion-MNIST (found or fetched), digits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inscape._errors import DamagedFileError
from inscape._typing import FloatArray
from inscape.data import places
from inscape.data.dataset import Dataset, Split, checksum, pixel_names
from inscape.data.idx import read_idx

_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
# The sha256 of the uncompressed files: the compressed ones differ from mirror to mirror.
MNIST_SHA256 = dict(
    zip(
        _FILES,
        (
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
        strict=True,
    )
)
FASHION_MNIST_SHA256 = dict(
    zip(
        _FILES,
        (
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
        strict=True,
    )
)
DIGIT_NAMES = tuple("0123456789")
FASHION_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


@dataclass(frozen=True)
class DatasetInfo:
    """What there is to know of a named data set without loading it.

    Parameters
    ----------
    name : str
        What `load` takes.
    n_train, n_test, n_features : int
        The rows of both parts and the columns.
    licence : str
        As its publishers state it, or as it is commonly stated.
    place : str
        Where it was found on this machine.
    """

    name: str
    n_train: int
    n_test: int
    n_features: int
    licence: str
    place: str


@dataclass(frozen=True)
class NamedSet:
    """A row of the table of named data sets: its facts, where it is, and how it is read."""

    n_train: int
    n_test: int
    n_features: int
    licence: str
    find: Callable[[], str]
    read: Callable[[], Dataset]


def _bundled() -> dict[str, Path]:
    folder = Path(__file__).with_name("mnist")
    return {name: folder / f"{name}.gz" for name in _FILES}


def _read_mnist() -> Dataset:
    paths = _bundled()
    for path in paths.values():
        if not path.is_file():
            raise DamagedFileError(
                f"{path} must come with the package; it is not there: install inscape again."
            )
    return _image_set("mnist", paths, MNIST_SHA256, DIGIT_NAMES)


def _image_set(
    name: str, paths: Mapping[str, Path], sha256: Mapping[str, str], class_names: tuple[str, ...]
) -> Dataset:
    arrays = [read_idx(paths[file], sha256=sha256[file]) for file in _FILES]
    return _from_arrays(name, arrays, sha256, class_names)


def _from_arrays(
    name: str, arrays: list[np.ndarray], sha256: Mapping[str, str], class_names: tuple[str, ...]
) -> Dataset:
    train, train_labels, test, test_labels = arrays
    image_shape = tuple(train.shape[1:])
    return Dataset(
        name=name,
        train=Split(_unit_pixels(train), train_labels.astype(np.int64)),
        test=Split(_unit_pixels(test), test_labels.astype(np.int64)),
        image_shape=image_shape,
        feature_names=pixel_names(image_shape),
        class_names=class_names,
        # Of the verified contents, so that it is the same wherever the files were found.
        checksum=checksum(sha256[file] for file in _FILES),
    )


def _unit_pixels(images: np.ndarray) -> FloatArray:
    return np.divide(images.reshape(len(images), -1), np.float32(255), dtype=np.float32)


def _find_fashion_mnist() -> str:
    paths = places.find_files(_FILES)
    if paths is not None:
        return str(paths[_FILES[0]].parent)
    return str(places.find_openml() or "not found (fetched on first use)")


def _read_fashion_mnist() -> Dataset:
    name = "fashion-mnist"
    paths = places.find_files(_FILES)
    if paths is None:
        openml = places.find_openml()
        arrays = None if openml is None else places.read_openml(openml, FASHION_MNIST_SHA256)
        if arrays is not None:
            return _from_arrays(name, arrays, FASHION_MNIST_SHA256, FASHION_NAMES)
        paths = places.fetch_files(FASHION_MNIST_SHA256)
    return _image_set(name, paths, FASHION_MNIST_SHA256, FASHION_NAMES)


def _read_digits() -> Dataset:
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    pixels, labels = (X / 16).astype(np.float32), y.astype(np.int64)
    test = _stratified(labels, fraction=0.2)
    return Dataset(
        name="digits",
        train=Split(pixels[~test], labels[~test]),
        test=Split(pixels[test], labels[test]),
        image_shape=(8, 8),
        feature_names=pixel_names((8, 8)),
        class_names=DIGIT_NAMES,
        checksum=checksum([pixels, labels]),
    )


def _stratified(labels: np.ndarray, *, fraction: float) -> np.ndarray:
    """Return a mask (n_samples,) that holds the same fraction of each class; always the same."""
    generator = np.random.default_rng(0)
    chosen = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == label))
        chosen[rows[: round(fraction * len(rows))]] = True
    return chosen


NAMED: dict[str, NamedSet] = {
    "mnist": NamedSet(
        n_train=60_000,
        n_test=10_000,
        n_features=784,
        licence="CC BY-SA 3.0 (as commonly stated)",
        find=lambda: "bundled with inscape",
        read=_read_mnist,
    ),
    "fashion-mnist": NamedSet(
        n_train=60_000,
        n_test=10_000,
        n_features=784,
        licence="MIT",
        find=_find_fashion_mnist,
        read=_read_fashion_mnist,
    ),
    "digits": NamedSet(
        n_train=1_438,
        n_test=359,
        n_features=64,
        licence="CC BY 4.0",
        find=lambda: "bundled with scikit-learn",
        read=_read_digits,
    ),
}


def available() -> tuple[DatasetInfo, ...]:
    """Return the named data sets, and where each was found on this machine.

    Nothing is read or fetched.

    Examples
    --------
    >>> [info.name for info in available()]
    ['mnist', 'fashion-mnist', 'digits']
    """
    return tuple(
        DatasetInfo(name, row.n_train, row.n_test, row.n_features, row.licence, row.find())
        for name, row in NAMED.items()
    )
