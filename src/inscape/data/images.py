"""A folder of images: each image a row, each subfolder a class."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from inscape import _files
from inscape._checks import missing_dependency
from inscape._errors import DamagedFileError, InvalidDataError
from inscape._typing import FloatArray
from inscape.data.arrays import Contents
from inscape.data.dataset import Split, checksum, pixel_names

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".pgm", ".ppm")


def read_images(folder: Path) -> Contents:
    """Read a folder of images; pixels become float32 in [0, 1].

    Subfolders are classes, in the order of their names. If there are `train` and `test`
    subfolders, they are the two parts. If one image has colours, all are taken as RGB.

    Parameters
    ----------
    folder : Path
        Where the images lie; other files and hidden ones are passed over.

    Returns
    -------
    Contents
        With `image_shape` (height, width) or (height, width, 3).

    Raises
    ------
    InvalidDataError
        If there are no images, or their sizes differ; the first that differs is named.
    DamagedFileError
        If an image cannot be decoded; it is named.
    MissingDependencyError
        If Pillow is not installed.
    """
    parts = [path for name in ("train", "test") if (path := folder / name).is_dir()]
    roots = parts if len(parts) == 2 else [folder]
    found = [list(_labelled(root)) for root in roots]
    for root, images in zip(roots, found, strict=True):
        if not images:
            raise InvalidDataError(
                f"{root} must hold images ({', '.join(SUFFIXES)}); it holds none: check the path."
            )
    classes = sorted({label for images in found for _, label in images if label is not None})
    paths = [path for images in found for path, _ in images]
    height, width, has_colours = _common_shape(paths)
    splits = []
    for images in found:
        X = np.empty((len(images), height * width * (3 if has_colours else 1)), dtype=np.float32)
        for row, (path, _) in enumerate(images):
            X[row] = _pixels(path, has_colours)
        splits.append(Split(X, _class_numbers(images, classes)))
    shape = (height, width, 3) if has_colours else (height, width)
    digest = checksum(
        text for path in paths for text in (path.relative_to(folder), _files.sha256(path))
    )
    test = splits[1] if len(splits) == 2 else None
    names = tuple(classes) or None
    return Contents(splits[0], test, shape, pixel_names(shape), names, digest)


def _is_image(path: Path) -> bool:
    hidden = path.name.startswith(".")
    return not hidden and path.suffix.lower() in SUFFIXES and path.is_file()


def _labelled(root: Path) -> Iterator[tuple[Path, str | None]]:
    """Yield each image below `root` and its class, in sorted order."""
    loose = [path for path in sorted(root.iterdir()) if _is_image(path)]
    below = [
        (path, folder.name)
        for folder in sorted(root.iterdir())
        if folder.is_dir() and not folder.name.startswith((".", "__"))
        for path in sorted(folder.rglob("*"))
        if _is_image(path)
    ]
    if loose and below:
        raise InvalidDataError(
            f"{root} must hold either images or one subfolder a class; it holds both "
            f"({loose[0].name} and {below[0][1]}/): move the loose images into a subfolder."
        )
    yield from below or ((path, None) for path in loose)


def _class_numbers(images: list[tuple[Path, str | None]], classes: list[str]) -> np.ndarray | None:
    number = {name: i for i, name in enumerate(classes)}
    labels = [number[label] for _, label in images if label is not None]
    return np.array(labels, dtype=np.int64) if labels else None


def _open(path: Path) -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise missing_dependency("pillow", "Reading images", "data") from error
    try:
        return Image.open(path)
    except (OSError, SyntaxError) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> DamagedFileError:
    return DamagedFileError(
        f"{path} must be a whole image; it is damaged or cut short: replace it or take it out."
    )


def _common_shape(paths: list[Path]) -> tuple[int, int, bool]:
    """Return the common height and width, and whether any image has colours.

    Only the headers are read, so that an odd one is found before anything is decoded.
    """
    size, has_colours = None, False
    for path in paths:
        with _open(path) as image:
            if size is None:
                size = image.size
            if image.size != size:
                raise InvalidDataError(
                    f"All images must have one size; {paths[0].name} is {size[0]} x {size[1]} and "
                    f"{path} is {image.size[0]} x {image.size[1]} (width x height): resize it."
                )
            if image.mode.startswith(("I", "F")):
                raise InvalidDataError(
                    f"{path} must have 8 bits a channel; its mode is {image.mode}: save it with 8."
                )
            has_colours = has_colours or image.mode not in ("1", "L", "LA")
    assert size is not None
    return size[1], size[0], has_colours


def _pixels(path: Path, has_colours: bool) -> FloatArray:
    with _open(path) as image:
        try:
            values = np.asarray(image.convert("RGB" if has_colours else "L"))
        except (OSError, SyntaxError, ValueError) as error:
            raise _damaged(path) from error
    return np.divide(values.reshape(-1), np.float32(255), dtype=np.float32)
