"""Images as rows of pixels: upright, of one size, with nothing cut, hidden or left out unseen."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from inscape._checks import missing_dependency
from inscape._errors import DamagedFileError, InvalidDataError
from inscape._typing import FloatArray, ImageShape
from inscape.data.reading import Reading

_EXIF_ORIENTATION: Final = 0x0112
_MOST_NAMED: Final = 3
_WHITE: Final = 255


class Pictures:
    """Images that become rows of one shape.

    All of them are looked at first, so that all that does not fit is told before any row is made.

    Parameters
    ----------
    paths : sequence of Path
        The images.
    reading : Reading
        `image_size` and `crop`.
    colours : bool
        Whether all are taken as RGB, even if none has colours.

    Raises
    ------
    InvalidDataError
        If sizes differ, an image has more than 8 bits a channel, or several pages.
    DamagedFileError
        If an image cannot be opened; it is named.
    """

    def __init__(self, paths: Sequence[Path], reading: Reading, *, colours: bool = False) -> None:
        self.size, self.crop = reading.image_size, reading.crop
        sizes: dict[tuple[int, int], Path] = {}
        faults: list[str] = []
        self._has_colours, see_through, n_turned = colours, 0, 0
        damaged: list[Path] = []
        for path in paths:
            try:
                with _opened(path) as image:
                    # First: looking for what the camera says may read the whole of the image.
                    faults += _faults(path, image)
                    turned = image.getexif().get(_EXIF_ORIENTATION, 1)
                    n_turned += turned not in (0, 1)
                    size = image.size[::-1] if turned in (5, 6, 7, 8) else image.size
                    sizes.setdefault(size, path)
                    see_through += _is_see_through(image)
                    grey = image.mode in ("1", "L", "LA", "La")
                    self._has_colours = self._has_colours or not grey
            except DamagedFileError:
                damaged.append(path)
        if damaged:
            raise _damaged(damaged)
        if len(sizes) > 1 and self.size is None:
            faults.insert(0, _told_sizes(sizes))
        if faults:
            more = f"; and {len(faults) - _MOST_NAMED} more" if len(faults) > _MOST_NAMED else ""
            raise InvalidDataError(
                f"All images must have one size, 8 bits a channel and one page; "
                f"{'; '.join(faults[:_MOST_NAMED])}{more}."
            )
        width, height = next(iter(sizes)) if self.size is None else (self.size, self.size)
        self.shape: ImageShape = (height, width, 3) if self._has_colours else (height, width)
        self.told = self._told(sizes, see_through, n_turned)

    def _told(self, sizes: dict[Any, Path], n_see_through: int, n_turned: int) -> list[str]:
        told = []
        if self.size is not None and set(sizes) != {(self.size, self.size)}:
            how = "the middle square" if self.crop else "stretched"
            told.append(f"brought to {self.size} x {self.size} pixels ({how})")
        if n_turned:
            told.append(f"{n_turned} images are turned upright, as their cameras say")
        if n_see_through:
            told.append(f"{n_see_through} images that one can see through lie on white")
        return told

    def pixels(self, paths: Sequence[Path]) -> FloatArray:
        """Return images as rows (n_images, n_pixels), float32 in [0, 1]."""
        X = np.empty((len(paths), int(np.prod(self.shape))), dtype=np.float32)
        for row, path in enumerate(paths):
            X[row] = self._row(path)
        return X

    def _row(self, path: Path) -> FloatArray:
        from PIL import Image, ImageOps

        with _opened(path) as image:
            upright = ImageOps.exif_transpose(image)
            if _is_see_through(upright):
                solid = upright.convert("RGBA")
                paper = Image.new("RGBA", solid.size, (_WHITE, _WHITE, _WHITE, _WHITE))
                upright = Image.alpha_composite(paper, solid)
            plain = upright.convert("RGB" if self._has_colours else "L")
        values = np.asarray(self._sized(plain))
        return np.divide(values.reshape(-1), np.float32(255), dtype=np.float32)

    def _sized(self, image: Any) -> Any:
        from PIL import Image, ImageOps

        if self.size is None or image.size == (self.size, self.size):
            return image
        to = (self.size, self.size)
        if self.crop:
            return ImageOps.fit(image, to, Image.Resampling.BILINEAR)
        return image.resize(to, Image.Resampling.BILINEAR)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        from PIL import Image
    except ImportError as error:
        raise missing_dependency("pillow", "Reading images", "data") from error
    try:
        with Image.open(path) as image:
            yield image
    except Image.DecompressionBombError as error:
        raise InvalidDataError(
            f"{path} must have at most {2 * (Image.MAX_IMAGE_PIXELS or 0):,} pixels; it has more: "
            "bring it to a smaller size."
        ) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise _damaged([path]) from error


def _damaged(paths: Sequence[Path]) -> DamagedFileError:
    first, others = paths[0], [path.name for path in paths[1:]]
    more = ", ".join(others[:_MOST_NAMED]) + (", ..." if len(others) > _MOST_NAMED else "")
    also = f", as are {len(others)} others ({more})" if others else ""
    return DamagedFileError(
        f"{first} must be a whole image; it is damaged or cut short{also}: replace it or take it "
        "out."
    )


def _is_see_through(image: Any) -> bool:
    return image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info


def _faults(path: Path, image: Any) -> list[str]:
    """Return what of an image would be lost."""
    found = []
    if image.mode.startswith(("I", "F")) or _has_16_bits(image):
        found.append(f"{path} has more than 8 bits a channel: save it with 8")
    # What a phone adds behind a photograph (.mpo) is the same once more, as a map or a thumbnail.
    pages = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
    if pages > 1:
        found.append(f"{path} has {pages} pages: save each as an image of its own")
    return found


def _has_16_bits(image: Any) -> bool:
    """Return whether Pillow, which has no colours of 16 bits, is going to cut them to 8."""
    told = " ".join(str(part) for tile in image.tile for part in tile)
    if ";16" in told:
        return True
    # Of .ppm and .pgm the decoder is told the largest value.
    arguments = image.tile[0][3] if image.tile else None
    largest = arguments[-1] if isinstance(arguments, tuple) and arguments else arguments
    return image.format == "PPM" and isinstance(largest, int) and largest > _WHITE


def _told_sizes(sizes: dict[tuple[int, int], Path]) -> str:
    (first, path), (other, its_path), *_ = sizes.items()
    more = f", and {len(sizes) - 2} sizes more" if len(sizes) > 2 else ""
    return (
        f"{path.name} is {first[0]} x {first[1]} and {its_path} is {other[0]} x {other[1]} "
        f"(width x height){more}: bring all to one with image_size, such as image_size=64"
    )
