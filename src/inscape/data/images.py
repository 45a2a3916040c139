"""A folder of images: which there are, to which part and class each belongs, and all as rows."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from inscape import _files
from inscape._errors import InvalidDataError
from inscape.data.arrays import Contents
from inscape.data.columns import natural
from inscape.data.dataset import Description, Split, checksum, pixel_names
from inscape.data.pictures import Pictures
from inscape.data.reading import Reading

SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".pgm", ".ppm")
# Pictures too, but not read: they are told, not passed over in silence.
_OTHER_SUFFIXES: Final = (".gif", ".heic", ".heif", ".avif", ".jp2", ".svg", ".psd", ".raw", ".dcm")
_TRAIN: Final = ("train", "training", "trainset", "train_set")
_TEST: Final = ("test", "testing", "testset", "test_set")
_VALIDATION: Final = ("val", "valid", "validation", "dev")


@dataclass(frozen=True)
class _Found:
    """An image, and the class that its folder stands for."""

    path: Path
    label: str | None


def read_images(folder: Path, reading: Reading, *, colours: bool = False) -> Contents:
    """Read a folder of images; pixels become float32 in [0, 1].

    Subfolders are classes, in the order in which people sort them. If there are `train` and `test`
    subfolders (or Training and testing, or train and val), they are the two parts; validation
    images beside a test part are training images. If one image has colours, all are taken as RGB.

    Parameters
    ----------
    folder : Path
        Where the images lie; hidden files and folders are passed over.
    reading : Reading
        `image_size` and `crop`, where images are to be brought to one size.
    colours : bool
        Whether all are taken as RGB, even if none has colours.

    Returns
    -------
    Contents
        With the shape of the images, (height, width) or (height, width, 3).

    Raises
    ------
    InvalidDataError
        If there are no images, their sizes differ, or what they hold would be lost; all of these
        are told at once.
    DamagedFileError
        If an image cannot be decoded; it is named.
    MissingDependencyError
        If Pillow is not installed.
    """
    parts, told = _parts(folder)
    found = [[image for root in roots for image in _labelled(root)] for roots in parts]
    for roots, images in zip(parts, found, strict=True):
        if not images:
            raise InvalidDataError(
                f"{' and '.join(map(str, roots))} must hold images ({', '.join(SUFFIXES)}); it "
                f"holds none: {' and '.join(_told_passed(folder)) or 'check the path'}."
            )
    classes = sorted(
        {i.label for images in found for i in images if i.label is not None}, key=natural
    )
    paths = [image.path for images in found for image in images]
    pictures = Pictures(paths, reading, colours=colours)
    splits = [
        Split(pictures.pixels([i.path for i in images]), _class_numbers(images, classes))
        for images in found
    ]
    digest = checksum(
        [
            *(text for path in paths for text in (path.relative_to(folder), _files.sha256(path))),
            *(() if reading.image_size is None else (reading.image_size, reading.crop)),
        ]
    )
    return Contents(
        splits[0],
        splits[1] if len(splits) == 2 else None,
        Description(
            pixel_names(pictures.shape),
            pictures.shape,
            tuple(classes) or None,
            crop=None if reading.image_size is None else reading.crop,
        ),
        digest,
        (*told, *_told_passed(folder), *pictures.told),
    )


def _is_hidden(name: str) -> bool:
    # .ipynb_checkpoints, .git; __MACOSX, __pycache__
    return name.startswith((".", "__"))


def _folders(root: Path) -> list[Path]:
    found = (path for path in root.iterdir() if path.is_dir() and not _is_hidden(path.name))
    return sorted(found, key=lambda path: natural(path.name))


def _parts(folder: Path) -> tuple[list[list[Path]], list[str]]:
    """Return the folders of the one part, or of the two that there are, and what was chosen."""
    by_name: dict[str, list[Path]] = {"train": [], "test": [], "val": [], "": []}
    for path in _folders(folder):
        word = path.name.lower().replace("-", "_")
        kinds = (("train", _TRAIN), ("test", _TEST), ("val", _VALIDATION))
        kind = next((kind for kind, names in kinds if word in names), "")
        by_name[kind].append(path)
    train, test, validation, others = by_name.values()
    if not train or not (test or validation):
        return [[folder]], []
    told = []
    if not test:
        test, validation = validation, []
    if validation:
        told.append(f"{_names(validation)} is part of the training images, {_names(test)} the test")
    else:
        told.append(f"{_names(train)} is the training part, {_names(test)} the test")
    if others:
        told.append(f"passed over beside them: {_names(others)}")
    return [[*train, *validation], test], told


def _names(paths: Sequence[Path]) -> str:
    return ", ".join(f"{path.name}/" for path in paths)


def _files_below(root: Path) -> Iterator[Path]:
    """Yield every file below `root` in natural order, through links, each folder once."""
    seen: set[str] = set()
    for place, folders, files in os.walk(root, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted((name for name in folders if not _is_hidden(name)), key=natural)
        for name in sorted(files, key=natural):
            if not _is_hidden(name):
                yield Path(place) / name


def _is_image(path: Path) -> bool:
    if path.suffix.lower() not in SUFFIXES:
        return False
    if path.is_symlink() and not path.exists():
        raise InvalidDataError(
            f"{path} must be an image; it is a link to {os.readlink(path)}, which is not there: "
            "mend or remove the link."
        )
    return path.is_file()


def _labelled(root: Path) -> Iterator[_Found]:
    """Yield each image below `root` and its class, in natural order."""
    own = sorted((p for p in root.iterdir() if not p.is_dir()), key=lambda path: natural(path.name))
    loose = [path for path in own if not _is_hidden(path.name) and _is_image(path)]
    below = [
        _Found(path, folder.name)
        for folder in _folders(root)
        for path in _files_below(folder)
        if _is_image(path)
    ]
    if loose and below:
        raise InvalidDataError(
            f"{root} must hold either images or one subfolder a class; it holds both "
            f"({loose[0].name} and {below[0].label}/): move the loose images into a subfolder."
        )
    yield from below or (_Found(path, None) for path in loose)


def _told_passed(folder: Path) -> list[str]:
    """Tell of pictures that are of no kind that is read, and of classes without any image."""
    files = list(_files_below(folder))
    others = Counter(p.suffix.lower() for p in files if p.suffix.lower() in _OTHER_SUFFIXES)
    told = []
    if others:
        counts = ", ".join(f"{count} {suffix}" for suffix, count in sorted(others.items()))
        told.append(f"passed over {counts}: convert them to .png")
    holding = {p.parent for p in files if p.suffix.lower() in SUFFIXES}
    above = {parent for path in holding for parent in (path, *path.parents)}
    empty = [path for path in _folders(folder) if path not in above]
    if empty:
        told.append(f"no images in {_names(empty)}")
    return told


def _class_numbers(images: Sequence[_Found], classes: Sequence[str]) -> np.ndarray | None:
    number = {name: i for i, name in enumerate(classes)}
    labels = [number[image.label] for image in images if image.label is not None]
    return np.array(labels, dtype=np.int64) if labels else None
