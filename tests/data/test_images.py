"""Folders of images: what is read is what one sees, and what is chosen is told."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inscape._errors import DamagedFileError, InvalidDataError
from inscape.data import load
from inscape.data.files import read

RNG = np.random.default_rng(0)


def picture(path: Path, value: int = 0, *, shape: tuple[int, ...] = (2, 3), **options) -> Path:
    """Write an image of one value."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full(shape, value, dtype=np.uint8)).save(path, **options)
    return path


def told(folder: Path, **options) -> str:
    return load(folder, **options).told


# --------------------------------------------------------------------------- which images


def test_hidden_folders_at_any_depth_are_passed_over(tmp_path):
    for i in range(3):
        picture(tmp_path / "cat" / f"{i}.png", i)
    for hidden in (".ipynb_checkpoints", "__MACOSX", ".hidden/deeper"):
        picture(tmp_path / "cat" / hidden / "0-checkpoint.png", 99)
        picture(tmp_path / hidden / "cat" / "0.png", 99)
    picture(tmp_path / "cat" / "._0.png", 99)
    picture(tmp_path / "cat" / "deeper" / "3.png", 3)
    found = read(tmp_path).all_or_train
    assert np.rint(255 * found.X[:, 0]).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("folders", "train", "test"),
    [
        (("train", "test"), "train", "test"),
        (("Train", "Test"), "Train", "Test"),
        (("training", "testing"), "training", "testing"),
        (("train", "val"), "train", "val"),
        (("TRAIN", "Validation"), "TRAIN", "Validation"),
    ],
)
def test_the_two_parts_by_whatever_name(tmp_path, folders, train, test):
    for value, folder in enumerate(folders):
        for i in range(2):
            picture(tmp_path / folder / "a" / f"{i}.png", 10 * value)
    data = load(tmp_path)
    assert (data.train.X[0, 0], data.test.X[0, 0]) == (0, np.float32(10) / 255)
    assert data.class_names == ("a",)
    assert f"{train}/ is the training part, {test}/ the test" in data.told


def test_nothing_beside_the_parts_is_dropped_in_silence(tmp_path):
    for value, folder in enumerate(("train", "val", "test", "extra")):
        picture(tmp_path / folder / "a" / "0.png", value)
    data = load(tmp_path)
    assert np.rint(255 * data.train.X[:, 0]).tolist() == [0, 1]
    assert "val/ is part of the training images, test/ the test" in data.told
    assert "passed over beside them: extra/" in data.told


def test_other_kinds_and_empty_classes_are_told(tmp_path):
    picture(tmp_path / "a" / "0.png")
    picture(tmp_path / "a" / "1.png")
    (tmp_path / "b").mkdir()
    for name in ("2.gif", "3.heic", "4.HEIC"):
        (tmp_path / "a" / name).touch()
    assert "passed over 1 .gif, 2 .heic" in told(tmp_path)
    assert "no images in b/" in told(tmp_path)


def test_classes_and_files_are_in_natural_order(tmp_path):
    for value, folder in enumerate(("2", "10", "1")):
        for name in ("10", "9"):
            picture(tmp_path / folder / f"{name}.png", 100 * value + int(name))
    found = read(tmp_path)
    assert found.description.class_names == ("1", "2", "10")
    assert np.rint(255 * found.all_or_train.X[:, 0]).tolist() == [209, 210, 9, 10, 109, 110]
    assert found.all_or_train.y.tolist() == [0, 0, 1, 1, 2, 2]


def test_links_are_followed_once(tmp_path):
    store = tmp_path / "store"
    for i in range(2):
        picture(store / f"{i}.png", i)
    folder = tmp_path / "set"
    (folder / "a").mkdir(parents=True)
    (folder / "b").symlink_to(store)
    (folder / "a" / "sub").symlink_to(store)
    (folder / "a" / "file.png").symlink_to(store / "1.png")
    (folder / "a" / "loop").symlink_to(folder / "a")
    found = read(folder).all_or_train
    assert found.y.tolist() == [0, 0, 0, 1, 1]
    (folder / "a" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    with pytest.raises(InvalidDataError, match=r"gone\.png must be an image; it is a link to"):
        read(folder)
    assert os.path.lexists(folder / "a" / "gone.png")


# --------------------------------------------------------------------------- what they look like


@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_stand_upright(tmp_path, orientation):
    seen = np.arange(6, dtype=np.uint8).reshape(2, 3) * 40
    # What a camera stores so that its tag turns it back (the EXIF standard, tag 0x0112).
    stored = {
        1: seen,
        2: seen[:, ::-1],
        3: seen[::-1, ::-1],
        4: seen[::-1],
        5: seen.T,
        6: np.rot90(seen),
        7: seen[::-1, ::-1].T,
        8: np.rot90(seen, -1),
    }[orientation]
    image = Image.fromarray(np.ascontiguousarray(stored))
    exif = image.getexif()
    exif[0x0112] = orientation
    image.save(tmp_path / "0.png", exif=exif)
    Image.fromarray(seen).save(tmp_path / "1.png")
    found = read(tmp_path)
    assert found.description.image_shape == (2, 3)
    np.testing.assert_array_equal(found.all_or_train.X[0], found.all_or_train.X[1])
    assert any("turned upright" in text for text in found.told) is (orientation > 1)


def test_what_is_transparent_lies_on_white(tmp_path):
    hidden = np.zeros((2, 3, 4), dtype=np.uint8)
    hidden[..., 0] = 200
    hidden[0, :, 3] = 255
    hidden[1, 0, 3] = 51
    Image.fromarray(hidden).save(tmp_path / "0.png")
    alpha = hidden[..., 3:] / 255
    expected = alpha * hidden[..., :3] + (1 - alpha) * 255
    picture(tmp_path / "1.png")
    found = read(tmp_path)
    got = 255 * found.all_or_train.X[0].reshape(2, 3, 3)
    np.testing.assert_allclose(got, expected, atol=1)
    assert "1 images that one can see through lie on white" in found.told
    grey = np.stack([np.full((2, 3), 7), [[255] * 3, [0] * 3]], axis=-1).astype(np.uint8)
    Image.fromarray(grey, mode=None).save(tmp_path / "2.png")
    got = 255 * read(tmp_path).all_or_train.X[2].reshape(2, 3, 3)[..., 0]
    np.testing.assert_allclose(got, [[7] * 3, [255] * 3], atol=1e-4)
    palette = Image.fromarray(np.array([[0, 1, 1], [1, 1, 1]], dtype=np.uint8), mode=None)
    palette = palette.convert("P")
    palette.putpalette([9, 9, 9, 50, 60, 70])
    palette.save(tmp_path / "3.png", transparency=0)
    got = 255 * read(tmp_path).all_or_train.X[3].reshape(2, 3, 3)
    np.testing.assert_allclose(got[0, 0], [255] * 3)
    np.testing.assert_allclose(got[0, 1], [50, 60, 70], atol=1e-4)


def png_of_16_bits(path: Path, shape: tuple[int, ...]) -> None:
    """Write a PNG of 16 bits a channel by hand: Pillow has no such colours."""
    import struct
    import zlib

    values = RNG.integers(0, 2**16, shape).astype(">u2")

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    colour = {2: 0, 3: 2}[len(shape)]
    head = struct.pack(">IIBBBBB", shape[1], shape[0], 16, colour, 0, 0, 0)
    lines = b"".join(b"\0" + row.tobytes() for row in values)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(lines))
        + chunk(b"IEND", b"")
    )


def test_what_would_be_cut_or_left_out_is_refused_all_at_once(tmp_path):
    png_of_16_bits(tmp_path / "a.png", (2, 3, 3))
    png_of_16_bits(tmp_path / "b.png", (2, 3))
    pages = [Image.fromarray(np.full((2, 3), i, dtype=np.uint8)) for i in range(3)]
    pages[0].save(tmp_path / "c.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(InvalidDataError) as refused:
        load(tmp_path)
    message = str(refused.value)
    assert "a.png has more than 8 bits a channel: save it with 8" in message
    assert "b.png has more than 8 bits" in message
    assert "c.tif has 3 pages: save each as an image of its own" in message
    (tmp_path / "a.png").unlink()
    (tmp_path / "c.tif").unlink()
    (tmp_path / "b.png").write_bytes(b"P6 3 2 65535\n" + bytes(36))
    (tmp_path / "b.png").rename(tmp_path / "b.ppm")
    with pytest.raises(InvalidDataError, match=r"b\.ppm has more than 8 bits"):
        load(tmp_path)


def test_all_damaged_images_are_named(tmp_path):
    for i in range(4):
        picture(tmp_path / f"{i}.png", i)
    for i in (1, 3):
        (tmp_path / f"{i}.png").write_bytes(b"no picture")
    with pytest.raises(DamagedFileError, match=r"1\.png must be .* as are 1 others \(3\.png\)"):
        load(tmp_path)


def test_a_photograph_with_a_second_picture_behind_it_is_one_photograph(tmp_path):
    first, second = (Image.fromarray(np.full((8, 8, 3), v, dtype=np.uint8)) for v in (200, 10))
    path = tmp_path / "phone.jpg"
    first.save(path, format="MPO", save_all=True, append_images=[second])
    with Image.open(path) as image:
        assert image.n_frames == 2
    picture(tmp_path / "other.png", shape=(8, 8, 3))
    np.testing.assert_allclose(255 * read(tmp_path).all_or_train.X[1], 200, atol=2)


# --------------------------------------------------------------------------- one size


def test_several_sizes_are_brought_to_one_where_that_is_asked_for(tmp_path):
    ramp = np.repeat(np.arange(0, 240, 20, dtype=np.uint8)[None], 4, axis=0)
    Image.fromarray(ramp).save(tmp_path / "0.png")
    picture(tmp_path / "1.png", 77, shape=(6, 6))
    with pytest.raises(InvalidDataError, match=r"bring all to one with image_size"):
        load(tmp_path)
    whole = read_of(tmp_path, image_size=4)
    assert whole.description.image_shape == (4, 4)
    assert "brought to 4 x 4 pixels (stretched)" in whole.told
    X = 255 * whole.all_or_train.X.reshape(2, 4, 4)
    np.testing.assert_allclose(X[1], 77, atol=1e-3)
    # Each pixel the mean of about three of twelve: a ramp stays a ramp, from end to end.
    np.testing.assert_allclose(X[0].mean(axis=0), ramp[0].reshape(4, 3).mean(axis=1), atol=8)
    middle = read_of(tmp_path, image_size=4, crop=True)
    assert "brought to 4 x 4 pixels (the middle square)" in middle.told
    X = 255 * middle.all_or_train.X.reshape(2, 4, 4)
    np.testing.assert_allclose(X[0], ramp[:, 4:8], atol=1)
    assert load(tmp_path, image_size=4).checksum != load(tmp_path, image_size=5).checksum


def read_of(folder, **options):
    from inscape.data import Reading

    return read(folder, reading=Reading(**options))


# --------------------------------------------------------------------------- IDX


@pytest.mark.parametrize("place", ["", "raw", "MNIST/raw"])
@pytest.mark.parametrize("form", ["train-images-idx3-ubyte", "train-images.idx3-ubyte"])
@pytest.mark.parametrize("compressed", [True, False])
def test_a_folder_of_idx_files(tmp_path, place, form, compressed):
    import gzip

    from inscape.data.idx import idx_content

    images = RNG.integers(0, 256, (6, 2, 3), dtype=np.uint8)
    labels = np.arange(6, dtype=np.uint8)
    parts = {
        form: images[:4],
        form.replace("images", "labels").replace("idx3", "idx1"): labels[:4],
        form.replace("train", "t10k"): images[4:],
        form.replace("train-images", "t10k-labels").replace("idx3", "idx1"): labels[4:],
    }
    folder = tmp_path / place
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in parts.items():
        content = idx_content(values)
        name = f"{name}.gz" if compressed else name
        (folder / name).write_bytes(gzip.compress(content) if compressed else content)
    data = load(tmp_path)
    np.testing.assert_array_equal(data.train.X, images[:4].reshape(4, 6) / np.float32(255))
    assert data.test.y.tolist() == [4, 5]
    assert data.image_shape == (2, 3)
    alone = next(path for path in folder.iterdir() if path.name.startswith("train-images"))
    assert read(alone).all_or_train.n_samples == 4
