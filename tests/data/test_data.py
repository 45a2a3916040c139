"""The room `data`: known facts of the named sets, every kind of source, every refusal."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import get_args

import numpy as np
import pandas
import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from inscape._errors import (
    DamagedFileError,
    DataNotFoundError,
    InscapeError,
    InvalidDataError,
    InvalidParameterError,
    MissingDependencyError,
)
from inscape._typing import ScalerName
from inscape.data import Dataset, Reading, Scaler, Split, available, fit_scaler, load, named, places
from inscape.data.files import read
from inscape.data.idx import idx_content, read_idx
from inscape.data.scaling import SCALERS

QUICK = settings(max_examples=40, deadline=None)
INSCAPE_DATA = os.environ.get("INSCAPE_DATA")
FILES = tuple(named.MNIST_SHA256)
HAS_FASHION = INSCAPE_DATA is not None and places.find_files(FILES) is not None


def assert_sound(data: Dataset) -> None:
    """What `load` promises of every data set."""
    for part in (data.train, data.test):
        assert part.X.dtype == np.float32
        assert part.X.ndim == 2
        assert part.X.flags.c_contiguous
        assert np.isfinite(part.X).all()
        assert part.X.shape[1] == len(data.feature_names) == data.n_features
        assert part.y is None or part.y.shape == (part.n_samples,)
    assert len(set(data.feature_names)) == data.n_features
    assert data.image_shape is None or np.prod(data.image_shape) == data.n_features
    assert len(data.checksum) == 64
    assert int(data.checksum, 16) >= 0


@pytest.fixture
def table() -> np.ndarray:
    return np.random.default_rng(3).normal(size=(20, 3)).astype(np.float32)


# --------------------------------------------------------------------------- named sets


@pytest.fixture(scope="module")
def mnist() -> Dataset:
    return load("mnist")


def test_mnist_is_the_published_one(mnist):
    assert_sound(mnist)
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(mnist.train.y).tolist() == counts
    assert mnist.test.n_samples == 10_000
    assert mnist.test.y[:5].tolist() == [7, 2, 1, 0, 4]
    assert mnist.train.X.mean(dtype=np.float64) == pytest.approx(0.1307, abs=5e-5)
    assert (mnist.train.X.min(), mnist.train.X.max()) == (0, 1)
    assert mnist.image_shape == (28, 28)
    assert mnist.feature_names[29] == "pixel_1_1"
    assert mnist.class_names == tuple("0123456789")
    assert mnist.train.y.dtype == np.int64


def test_digits_are_stratified_and_complete():
    from sklearn.datasets import load_digits

    data = load("digits")
    assert_sound(data)
    X, y = load_digits(return_X_y=True)
    both = np.concatenate([data.train.X, data.test.X]) * 16
    np.testing.assert_array_equal(np.unique(both, axis=0), np.unique(X, axis=0))
    shares = np.bincount(data.test.y) / np.bincount(y)
    np.testing.assert_allclose(shares, 0.2, atol=0.005)
    assert data.checksum == load("digits").checksum
    np.testing.assert_array_equal(data.test.X, load("digits", random_state=5).test.X)


@pytest.mark.skipif(not HAS_FASHION, reason="INSCAPE_DATA names no folder with fashion-mnist")
def test_fashion_mnist_is_the_published_one():
    data = load("fashion-mnist")
    assert_sound(data)
    assert np.bincount(data.train.y).tolist() == [6000] * 10
    assert np.bincount(data.test.y).tolist() == [1000] * 10
    assert data.train.X.mean(dtype=np.float64) == pytest.approx(0.2860, abs=5e-5)
    assert data.class_names[data.train.y[0]] == "Ankle boot"


def test_a_damaged_bundled_file_is_named(monkeypatch, tmp_path):
    shutil.copytree(Path(named.__file__).with_name("mnist"), tmp_path / "mnist")
    monkeypatch.setattr(named, "__file__", str(tmp_path / "named.py"))
    labels = tmp_path / "mnist" / "t10k-labels-idx1-ubyte.gz"
    content = bytearray(gzip.decompress(labels.read_bytes()))
    content[100] = (content[100] + 1) % 10
    labels.write_bytes(gzip.compress(bytes(content)))
    with pytest.raises(DamagedFileError, match=r"t10k-labels-idx1-ubyte\.gz must hold the publish"):
        load("mnist")
    labels.unlink()
    with pytest.raises(DamagedFileError, match="must come with the package"):
        load("mnist")


def small_fashion(monkeypatch) -> dict[str, bytes]:
    """Four small IDX contents, and a table of checksums that makes them the published ones."""
    import hashlib

    generator = np.random.default_rng(0)
    parts = [
        generator.integers(0, 256, (6, 4, 4), dtype=np.uint8),
        np.arange(6, dtype=np.uint8),
        generator.integers(0, 256, (3, 4, 4), dtype=np.uint8),
        np.arange(3, dtype=np.uint8),
    ]
    contents = {name: idx_content(part) for name, part in zip(FILES, parts, strict=True)}
    checksums = {name: hashlib.sha256(part).hexdigest() for name, part in contents.items()}
    monkeypatch.setattr(named, "FASHION_MNIST_SHA256", checksums)
    return contents


@pytest.fixture
def bare_machine(monkeypatch, tmp_path):
    """A machine with no cache and no network."""
    import pooch

    def no_network(url, **options):
        raise ConnectionError(f"no network for {url}")

    home = tmp_path / "home"
    home.mkdir()
    for variable in ("INSCAPE_DATA", "KERAS_HOME", "SCIKIT_LEARN_DATA", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home)
    monkeypatch.setattr(pooch, "retrieve", no_network)
    return home


def without_debian(found):
    return (path for path in found if not str(path).startswith("/usr/share"))


PLACES = {
    "INSCAPE_DATA/fashion-mnist": "own/fashion-mnist",
    "INSCAPE_DATA": "own",
    "torchvision, here": "data/FashionMNIST/raw",
    "torchvision, at home": "home-data/FashionMNIST/raw",
    "Keras": ".keras/datasets/fashion-mnist",
    "KERAS_HOME": "keras-home/datasets/fashion-mnist",
    "fetched before": ".cache/inscape/fashion-mnist",
}


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("place", PLACES)
def test_fashion_mnist_is_found_where_others_left_it(monkeypatch, bare_machine, place, compressed):
    contents = small_fashion(monkeypatch)
    if place.startswith("INSCAPE_DATA"):
        monkeypatch.setenv("INSCAPE_DATA", str(bare_machine / "own"))
    if place == "KERAS_HOME":
        monkeypatch.setenv("KERAS_HOME", str(bare_machine / "keras-home"))
    folder = bare_machine / PLACES[place].replace("home-data", "data")
    if place == "torchvision, at home":
        (bare_machine / "elsewhere").mkdir()
        monkeypatch.chdir(bare_machine / "elsewhere")
    folder.mkdir(parents=True)
    for name, content in contents.items():
        path = folder / (f"{name}.gz" if compressed else name)
        path.write_bytes(gzip.compress(content, mtime=0) if compressed else content)
    monkeypatch.setattr(places, "folders", lambda found=places.folders: without_debian(found()))

    data = load("fashion-mnist")
    assert (data.train.n_samples, data.test.n_samples) == (6, 3)
    assert data.image_shape == (4, 4)
    found = {info.name: info.place for info in available()}
    assert Path(found["fashion-mnist"]).resolve() == folder

    path.write_bytes(idx_content(np.zeros(3, dtype=np.uint8)))
    with pytest.raises(DamagedFileError, match=path.name):
        load("fashion-mnist")


def test_fashion_mnist_nowhere_and_no_network_says_what_to_do(monkeypatch, bare_machine):
    monkeypatch.setattr(places, "folders", lambda found=places.folders: without_debian(found()))
    with pytest.raises(DataNotFoundError, match="set INSCAPE_DATA to a folder that holds fashion"):
        load("fashion-mnist")
    found = {info.name: info.place for info in available()}
    assert found["fashion-mnist"] == "not found (fetched on first use)"
    assert found["mnist"] == "bundled with inscape"


def test_a_bad_mirror_is_passed_over_and_a_good_one_verified(monkeypatch, bare_machine):
    import pooch

    contents = small_fashion(monkeypatch)
    asked: list[str] = []
    unreachable, good = places.MIRRORS[0], places.MIRRORS[2]

    def mirrors(url, *, known_hash, fname, path, downloader):
        asked.append(url)
        if url.startswith(unreachable):
            raise ConnectionError(url)
        content = b"<html>sorry</html>"
        if url.startswith(good):
            content = contents[fname.removesuffix(".gz")]
        Path(path).mkdir(parents=True, exist_ok=True)
        (Path(path) / fname).write_bytes(gzip.compress(content, mtime=0))
        return str(Path(path) / fname)

    monkeypatch.setattr(pooch, "retrieve", mirrors)
    monkeypatch.setattr(places, "folders", lambda found=places.folders: without_debian(found()))
    assert load("fashion-mnist").train.n_samples == 6
    assert len(asked) == 12
    assert load("fashion-mnist").test.n_samples == 3
    assert len(asked) == 12, "what was fetched once is found in the cache"

    monkeypatch.setattr(places, "MIRRORS", places.MIRRORS[:2])
    shutil.rmtree(bare_machine / ".cache")
    with pytest.raises(DamagedFileError, match="train-images"):
        load("fashion-mnist")
    assert not list((bare_machine / ".cache").rglob("*.gz")), "a damaged fetch is not kept"


def test_openml_cache_is_read_and_another_revision_passed_over(monkeypatch, bare_machine):
    folder = bare_machine / "scikit_learn_data/openml/openml.org/data/v1/download/18238735"
    folder.mkdir(parents=True)
    path = folder / "Fashion-MNIST.arff.gz"
    path.write_bytes(gzip.compress(b"@relation F\n@data\n0,1,2\n3,4,5\n", mtime=0))
    assert places.find_openml() == path
    assert places.read_openml(path, named.FASHION_MNIST_SHA256) is None

    rows = np.zeros((70_000, 785), dtype=np.uint8)
    rows[:, -1] = np.arange(70_000) % 10
    monkeypatch.setattr(np, "loadtxt", lambda *args, **options: rows)
    parts = [
        rows[:60_000, :-1].reshape(-1, 28, 28),
        rows[:60_000, -1],
        rows[60_000:, :-1].reshape(-1, 28, 28),
        rows[60_000:, -1],
    ]
    import hashlib

    checksums = {
        name: hashlib.sha256(idx_content(part)).hexdigest()
        for name, part in zip(FILES, parts, strict=True)
    }
    images, labels, _, _ = places.read_openml(path, checksums)
    assert images.shape == (60_000, 28, 28)
    assert labels[:3].tolist() == [0, 1, 2]


def test_available_lists_every_named_set(mnist):
    rows = available()
    assert [row.name for row in rows] == list(named.NAMED)
    for row, data in ((rows[0], mnist), (rows[2], load("digits"))):
        assert (row.n_train, row.n_test) == (data.train.n_samples, data.test.n_samples)
        assert row.n_features == data.n_features
        assert row.licence


def test_named_sets_refuse_labels_of_ones_own():
    with pytest.raises(InvalidParameterError, match="`y` and `target` must be None"):
        load("digits", target="digit")


@pytest.mark.parametrize(
    ("name", "meant"), [("mnits", "mnist"), ("MNIST", "mnist"), ("fashion_mnist", "fashion-mnist")]
)
def test_an_unknown_name_names_the_nearest(name, meant):
    with pytest.raises(DataNotFoundError, match=f"Did you mean '{meant}'"):
        load(name)


# --------------------------------------------------------------------------- IDX


@QUICK
@given(
    values=st.sampled_from(["u1", "i1", "i2", "i4", "f4", "f8"]).flatmap(
        lambda kind: arrays.arrays(kind, arrays.array_shapes(max_dims=4, max_side=4))
    ),
    compressed=st.booleans(),
)
def test_idx_round_trip(tmp_path_factory, values, compressed):
    path = tmp_path_factory.getbasetemp() / "values-idx"
    content = idx_content(values)
    path.write_bytes(gzip.compress(content, mtime=0) if compressed else content)
    back = read_idx(path)
    assert back.dtype == values.dtype
    np.testing.assert_array_equal(back, values)


WHOLE = idx_content(np.arange(12, dtype=np.uint8).reshape(3, 2, 2))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it starts with nothing"),
        (b"\x89PNG" + WHOLE, "must be an IDX file"),
        (b"\0\0\x07" + WHOLE[3:], "must be an IDX file"),
        (WHOLE[:-1], "must be 28 bytes long uncompressed, as its header says; it has 27"),
        (WHOLE + b"\0", "it has 29"),
        (WHOLE[:9], "bytes long"),
        (gzip.compress(WHOLE, mtime=0)[:-9], "must be a whole gzip file"),
        (gzip.compress(WHOLE, mtime=0)[:5], "must be a whole gzip file"),
        (
            gzip.compress(WHOLE, mtime=0)[:20] + b"garbage" + gzip.compress(WHOLE)[27:],
            "whole gzip file",
        ),
    ],
)
def test_idx_damage_is_named(tmp_path, content, message):
    path = tmp_path / "broken-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match=f"broken-idx3-ubyte must.*{message}|{message}"):
        read_idx(path)


# --------------------------------------------------------------------------- arrays and frames


def test_an_array_is_split_by_a_permutation(table):
    data = load(table, y=np.arange(20))
    assert_sound(data)
    assert (data.train.n_samples, data.test.n_samples) == (16, 4)
    assert sorted([*data.train.y, *data.test.y]) == list(range(20))
    assert data.test.y.tolist() != [16, 17, 18, 19]
    np.testing.assert_array_equal(data.train.X, table[data.train.y])
    np.testing.assert_array_equal(data.test.X, table[data.test.y])
    assert data.feature_names == ("x0", "x1", "x2")
    assert data.image_shape is data.class_names is None
    assert (load(table, random_state=1).test.X != data.test.X).any()
    np.testing.assert_array_equal(load(table).test.X, data.test.X)
    assert load(table, test_fraction=0.5).test.n_samples == 10
    assert load(table[:2]).test.n_samples == load(table, test_fraction=0.001).test.n_samples == 1
    assert load(data) is data
    assert repr(data) == "Dataset('array', 16 train + 4 test rows of 3 features)"
    assert repr(data.train) == "Split(16 rows of 3 features, with labels)"


def test_the_checksum_follows_the_data(table):
    first = load(table).checksum
    assert load(table.copy()).checksum == first == load(table, random_state=9).checksum
    changed = table.copy()
    changed[0, 0] += 1
    others = [
        load(changed),
        load(table.reshape(10, 6)),
        load(table.astype(np.float64)),
        load(table, y=range(20)),
        load(table, y=[*"ab"] * 10),
        load(table, y=[*"ac"] * 10),
    ]
    assert len({first, *(data.checksum for data in others)}) == 7


@pytest.mark.parametrize("dtype", ["f8", "f2", "i8", "u1", "?", ">f4"])
def test_every_number_type_becomes_float32(dtype):
    values = (np.arange(24).reshape(8, 3) % 5).astype(dtype)
    rows = read(values).all_or_train.X
    assert rows.dtype == np.float32
    assert rows.dtype.isnative
    np.testing.assert_array_equal(rows, values.astype(np.float32))
    np.testing.assert_array_equal(read(np.asfortranarray(values)).all_or_train.X, rows)


def test_images_are_flattened_and_bytes_scaled():
    images = np.arange(5 * 2 * 3 * 3).reshape(5, 2, 3, 3).astype(np.uint8)
    contents = read(images)
    assert contents.description.image_shape == (2, 3, 3)
    assert contents.description.feature_names[-1] == "pixel_1_2_2"
    np.testing.assert_array_equal(contents.all_or_train.X, images.reshape(5, -1) / np.float32(255))
    assert read(images[..., :1]).description.image_shape == (2, 3)
    assert read(images[..., 0]).description.feature_names[-1] == "pixel_1_2"
    assert read(images.astype(float)[..., 0]).all_or_train.X.max() > 1, "only bytes are scaled"
    assert read(images[:, 0, :, 0]).all_or_train.X.max() > 1, "a table of bytes stays as it is"


def test_pairs_and_labels(table):
    data = load((table, ["b", "a"] * 10))
    assert data.class_names == ("a", "b")
    assert set(data.train.y) <= {0, 1}
    assert load((table, np.arange(20)[:, None])).train.y.ndim == 1
    assert load((table, np.arange(20.0))).train.y.dtype == np.int64
    assert load((table, np.arange(20) / 3)).train.y.dtype == np.float64
    assert load((table, np.array([True, False] * 10))).train.y.dtype == np.int64
    assert load((table, np.array([1, 2] * 10, dtype=object))).train.y.dtype == np.int64
    assert load((table, np.array([b"u", b"v"] * 10))).class_names == ("u", "v")
    assert load((table, np.array([10, 2] * 10, dtype=object))).train.y.max() == 10
    assert load((table, np.array(["10", "2"] * 10, dtype=object))).class_names == ("2", "10")
    assert load((table, np.array([2**53, 2**53 + 1] * 10, dtype=object))).train.y.max() == 2**53 + 1
    assert load((table, np.eye(4)[np.arange(20) % 4])).train.y.max() == 3
    assert load((table, np.array([0.5, 1.25] * 10, dtype=object))).train.y.dtype == np.float64
    stamps = pandas.to_datetime(["2020-01-02", "2020-01-01"] * 10)
    assert load((table, stamps)).class_names == ("2020-01-01", "2020-01-02")
    assert load((table, list(stamps))).class_names == ("2020-01-01", "2020-01-02")
    assert load((table, [b"u", b"v"] * 10)).class_names == ("u", "v")
    assert load((table, np.array(["u", 3] * 10, dtype=object))).class_names == ("3", "u")


@pytest.mark.parametrize("library", [pandas, polars])
def test_frames(library, table):
    columns = {"a": table[:, 0], "b": np.arange(20), "kind": ["u", "v"] * 10}
    data = load(library.DataFrame(columns), target="kind")
    assert_sound(data)
    assert data.name == "frame"
    assert data.feature_names == ("a", "b")
    assert data.class_names == ("u", "v")
    assert data.train.y.tolist() == [int(row) % 2 for row in data.train.X[:, 1]]
    with pytest.raises(InvalidDataError, match=r"got text in 'kind' \(2 words, such as 'u'\)"):
        load(library.DataFrame(columns))
    with pytest.raises(InvalidParameterError, match="Did you mean 'kind'"):
        load(library.DataFrame(columns), target="kinds")
    columns["b"] = [None, *range(19)]
    with pytest.raises(InvalidDataError, match=r"missing values in 'b' \(1, first in row 0\)"):
        load(library.DataFrame(columns), target="kind")
    columns["kind"][3] = None
    columns["b"] = range(20)
    with pytest.raises(InvalidDataError, match="no label in 1 rows, first in row 3"):
        load(library.DataFrame(columns), target="kind")
    with pytest.raises(InvalidDataError, match="at least one column"):
        load(library.DataFrame({"kind": [1, 2]}), target="kind")


def test_odd_frames():
    nullable = pandas.DataFrame({"a": pandas.array([1, 2, None], dtype="Int64")})
    with pytest.raises(InvalidDataError, match=r"missing values in 'a' \(1, first in row 2\)"):
        load(nullable)
    assert load(nullable[:2].rename(columns={"a": 7})).feature_names == ("7",)
    twice = pandas.DataFrame(np.eye(3), columns=["a", "a", "b"])
    with pytest.raises(InvalidDataError, match="'a' is there more than once"):
        load(twice)
    dates = pandas.DataFrame({"when": pandas.date_range("2020", periods=3)})
    with pytest.raises(
        InvalidDataError, match=r"got dates in 'when' .2020-01-01 to 2020-01-03.: take dates='days'"
    ):
        load(dates)
    kinds = pandas.DataFrame({"a": [1, 2, 3], "k": pandas.Categorical(["u", "v", "u"])})
    assert load(kinds, target="k").class_names == ("u", "v")
    assert load(kinds[["a"]], y=[1, 2, 3]).train.y is not None


BAD_ARRAYS = [
    (np.empty((0, 3)), r"X must not be empty; got shape \(0, 3\)"),
    (np.empty((3, 0)), "X must not be empty"),
    ([], "rows and columns"),
    (np.arange(3.0), r"reshape\(-1, 1\)"),
    (np.float64(1), "rows and columns"),
    (np.ones((1, 3)), "at least 2 rows"),
    (np.array([["a", "b"]] * 3), "real numbers; got text"),
    (np.array([["a", 1]] * 3, dtype=object), "real numbers; got text"),
    (np.array([[{}, 1]] * 3, dtype=object), "real numbers; got Python objects"),
    (np.array([[None, 1]] * 3, dtype=object), "NaN at row 0, column 0"),
    (np.ones((3, 2)) * 1j, "real numbers; got complex128"),
    ([[1, 2], [3]], "equally long"),
    (np.array([[0, 1], [np.nan, 1]]), "NaN at row 1, column 0"),
    (np.array([[0, 1], [1, np.inf]], dtype=np.float32), "infinity at row 1, column 1"),
    (np.array([[0, 1], [1, 1e39]]), r"must fit float32.*1e\+39 at row 1, column 1"),
    (np.ones((2, 2, 2, 2, 2)), "2 dimensions, or 3 or 4 for images"),
    (np.ones((2, 3, 32, 32)), "channels last"),
    (np.full((3, 2, 2), np.nan), "NaN at row 0, column 0"),
]


@pytest.mark.parametrize(("values", "message"), BAD_ARRAYS, ids=[text for _, text in BAD_ARRAYS])
def test_bad_arrays_are_refused_in_one_sentence(values, message):
    with pytest.raises(InvalidDataError, match=message) as caught:
        load(values)
    assert "\n" not in str(caught.value)


def test_sparse_arrays_are_refused():
    from scipy.sparse import csr_matrix

    with pytest.raises(InvalidDataError, match="dense array; got csr_matrix"):
        load(csr_matrix(np.eye(3)))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a", float("nan")] * 10, "no missing label; row 1 has none"),
        (np.array(["nan", "b"] * 10), "no missing label; row 0 has none"),
        (np.array(["NaT", "2020"] * 10, dtype="M8[D]"), "no missing label; row 0 has none"),
        (np.ma.masked_equal(np.arange(20), 3), "no masked values; got one at row 3"),
        (range(19), "one label a row, 20 in all"),
        (np.ones((20, 2)), "one label a row"),
        ([np.nan] * 20, "y must be finite; got NaN at row 0"),
        (np.array(["a", None] * 10, dtype=object), "no missing label; row 1 has none"),
    ],
)
def test_bad_labels_are_refused(table, labels, message):
    with pytest.raises(InvalidDataError, match=message):
        load(table, y=labels)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"test_fraction": 0}, "`test_fraction` must be a number > 0 and < 1; got 0"),
        ({"test_fraction": 1.0}, "`test_fraction` must"),
        ({"test_fraction": "half"}, "`test_fraction` must"),
        ({"random_state": -1}, "`random_state` must be an integer >= 0"),
        ({"target": "a"}, "only a table has named columns"),
        ({"target": "a", "y": range(20)}, "labels were given as `y` too"),
    ],
)
def test_bad_options_are_refused(table, options, message):
    with pytest.raises(InvalidParameterError, match=message):
        load(table, **options)


def test_a_pair_has_its_labels(table):
    with pytest.raises(InvalidParameterError, match="brings its own labels"):
        load((table, range(20)), y=range(20))


# --------------------------------------------------------------------------- .npy and .npz


def test_npy_of_float32_stays_mapped_and_is_split_in_order(tmp_path, table):
    path = tmp_path / "rows.npy"
    np.save(path, table)
    data = load(path)
    assert_sound(data)
    assert data.name == "rows"
    for part in (data.train.X, data.test.X):
        assert isinstance(part, np.memmap)
    np.testing.assert_array_equal(data.train.X, table[:16])
    np.testing.assert_array_equal(data.test.X, table[16:])
    np.save(path, table.astype(np.float64))
    assert not isinstance(load(str(path)).train.X, np.memmap)
    np.save(path, table.reshape(5, 2, 6))
    images = load(path)
    assert images.image_shape == (2, 6)
    assert isinstance(images.train.X, np.memmap)
    np.save(path, np.asfortranarray(table))
    assert_sound(load(path))


def test_npy_is_not_held_twice(tmp_path):
    import tracemalloc

    X = np.random.default_rng(0).normal(size=(100_000, 30))
    np.save(tmp_path / "rows.npy", X)
    tracemalloc.start()
    data = load(tmp_path / "rows.npy")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5 * (data.train.X.nbytes + data.test.X.nbytes)
    # As from an array, which is left as it is.
    before = X.astype(np.float32)
    same = load(before)
    np.testing.assert_array_equal(data.train.X, same.train.X)
    np.testing.assert_array_equal(data.test.X, same.test.X)
    np.testing.assert_array_equal(before, X.astype(np.float32))


def test_bad_npy(tmp_path, table):
    path = tmp_path / "rows.npy"
    np.save(path, table)
    whole = path.read_bytes()
    for content in (whole[:-1], whole[:40], whole[:6], b""):
        path.write_bytes(content)
        with pytest.raises(DamagedFileError, match=r"rows\.npy must be a whole \.npy file"):
            load(path)
    np.save(path, np.array([[{}]]), allow_pickle=True)
    with pytest.raises(InvalidDataError, match="Python objects, which are never unpickled"):
        load(path)
    np.save(path, np.array([["a"]]))
    with pytest.raises(InvalidDataError, match="real numbers; got text"):
        load(path)
    for empty in (np.empty((0, 3), dtype=np.float32), np.empty((3, 0))):
        np.save(path, empty)
        with pytest.raises(InvalidDataError, match="must not be empty"):
            load(path)
    table[3, 1] = np.nan
    np.save(path, table)
    with pytest.raises(InvalidDataError, match="NaN at row 3, column 1"):
        load(path)
    with pytest.raises(InvalidParameterError, match="only a table"):
        load(path, target="a")
    with pytest.raises(InvalidParameterError, match="a file brings its own labels"):
        load(path, y=[1])


@pytest.mark.parametrize("keys", [("X", "y"), ("data", "labels"), ("x", "target"), ("Data", "Y")])
def test_npz_of_one_part(tmp_path, table, keys):
    path = tmp_path / "rows.npz"
    np.savez(path, **dict(zip(keys, (table, np.arange(20)), strict=True)))
    data = load(path)
    assert_sound(data)
    np.testing.assert_array_equal(data.train.X, table[data.train.y])


def test_npz_with_a_test_part(tmp_path):
    path = tmp_path / "keras.npz"
    images = np.arange(9 * 4, dtype=np.uint8).reshape(9, 2, 2)
    parts = {"x_train": images[:6], "y_train": range(6), "X_TEST": images[6:], "Y_test": range(3)}
    np.savez_compressed(path, **parts)
    data = load(path, test_fraction=0.5)
    assert_sound(data)
    assert data.test.y.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(data.test.X, images[6:].reshape(3, 4) / np.float32(255))
    np.savez(path, x_train=images, x_test=images[:, :1])
    with pytest.raises(InvalidDataError, match="X_test must have the features of X"):
        load(path)
    np.savez(path, x_train=images)
    assert load(path).test.n_samples == 2


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "dia", "bsr"])
def test_sparse_npz_is_never_read_as_something_else(tmp_path, kind):
    from scipy import sparse

    path = tmp_path / "rows.npz"
    sparse.save_npz(path, sparse.random(20, 10, 0.3, random_state=0).asformat(kind))
    with pytest.raises(InvalidDataError, match=rf"sparse one of SciPy \({kind}\): save it with"):
        load(path)
    # What the sentence says is right.
    np.savez(path, X=sparse.load_npz(path).toarray())
    assert load(path).n_features == 10


def test_bad_npz(tmp_path, table):
    path = tmp_path / "rows.npz"
    np.savez(path, X=table)
    whole = path.read_bytes()
    for content in (whole[:-30], b"", whole[:90] + b"\xff" * 20 + whole[110:]):
        path.write_bytes(content)
        with pytest.raises(DamagedFileError, match=r"rows\.npz must be a whole \.npz file"):
            load(path)
    with zipfile.ZipFile(path, "w"):
        pass
    with pytest.raises(InvalidDataError, match="it holds nothing"):
        load(path)
    np.savez(path, weights=table)
    with pytest.raises(InvalidDataError, match="it holds 'weights'"):
        load(path)
    np.savez(path, X=np.array([[{}]]), allow_pickle=True)
    with pytest.raises(InvalidDataError, match="never unpickled"):
        load(path)


# --------------------------------------------------------------------------- .csv and .parquet


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("header", ["", "a{0}b{0}c"])
def test_csv_equals_numpy(tmp_path, table, header, delimiter):
    path = tmp_path / "rows.csv"
    np.savetxt(path, table, delimiter=delimiter, header=header.format(delimiter), comments="")
    rows = read(path)
    np.testing.assert_allclose(rows.all_or_train.X, table, rtol=1e-6)
    assert rows.description.feature_names == (("a", "b", "c") if header else ("x0", "x1", "x2"))
    assert_sound(load(path))


def test_csv_target_and_quotes(tmp_path):
    path = tmp_path / "flowers.csv"
    text = '\ufeff"width, cm",kind,n\n1.5,"rose, red",1\n\n2.5,tulip,2\n3.5,"rose, red",3\n'
    path.write_text(text, encoding="utf-8")
    contents = read(path, reading=Reading(target="kind"))
    assert contents.description.feature_names == ("width, cm", "n")
    assert contents.description.class_names == ("rose, red", "tulip")
    assert contents.all_or_train.y.tolist() == [0, 1, 0]
    np.testing.assert_array_equal(contents.all_or_train.X, [[1.5, 1], [2.5, 2], [3.5, 3]])
    path.write_text("0,1,label\n5,6,1\n7,8,2\n")
    assert read(path, reading=Reading(target="label")).description.feature_names == ("0", "1")
    assert read(path, reading=Reading(target="label")).all_or_train.y.tolist() == [1, 2]
    path.write_text("5,6,1\n7,8,2\n")
    assert read(path, reading=Reading(target="x2")).all_or_train.y.tolist() == [1, 2]
    assert read(path, reading=Reading(target="x2")).checksum != read(path).checksum


BAD_CSV = {
    "": "must hold rows of numbers; it holds none",
    "\n\n": "it holds none",
    "a,b\n": "it holds none",
    "a,a\n1,2\n": "'a' is there more than once",
    "a,b\n1,2\n3,x\n": r"text among numbers in 'b' \('x' in row 1, line 3\)",
    "1,2\n3,\n": r"missing values in 'x1' \(1, first in row 1, line 2\)",
    "1,2\n3\n": "must have 2 cells; row 1, line 2, has 1",
    "a,b\n1,2,3\n": "must have 2 cells",
    "a,b\n1,nan\n2,3\n": r"missing values in 'b' \(1, first in row 0, line 2\)",
    "a,b\n1,2\n": "at least 2 rows",
}


@pytest.mark.parametrize("text", BAD_CSV, ids=[repr(text) for text in BAD_CSV])
def test_bad_csv(tmp_path, text):
    path = tmp_path / "rows.csv"
    path.write_text(text)
    with pytest.raises(InvalidDataError, match=BAD_CSV[text]):
        load(path)


def test_bad_csv_target_and_encoding(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("a,kind\n1,\n2,v\n")
    with pytest.raises(InvalidDataError, match="no label in 1 rows, first in row 0, line 2"):
        load(path, target="kind")
    with pytest.raises(InvalidParameterError, match="Did you mean 'kind'"):
        load(path, target="kin")
    path.write_bytes(b"a,b\n\xff\xfe,1\n")
    with pytest.raises(InvalidDataError, match="text in UTF-8"):
        load(path)
    path.write_text("kind\nu\nv\n")
    with pytest.raises(InvalidDataError, match="at least one column"):
        load(path, target="kind")


def test_parquet(tmp_path, table):
    pytest.importorskip("pyarrow")
    path = tmp_path / "rows.parquet"
    frame = pandas.DataFrame(table, columns=["a", "b", "c"]).assign(kind=["u", "v"] * 10)
    order = np.random.default_rng(0).permutation(20)
    frame.iloc[order].to_parquet(path)
    contents = read(path, reading=Reading(target="kind"))
    assert contents.description.feature_names == ("a", "b", "c"), (
        "pandas' row labels are no feature"
    )
    np.testing.assert_array_equal(contents.all_or_train.X, table[order])
    assert contents.description.class_names == ("u", "v")
    assert_sound(load(path, target="kind"))
    with pytest.raises(InvalidDataError, match="got text in 'kind'"):
        load(path)
    whole = path.read_bytes()
    for content in (whole[:-20], whole[:100], b""):
        path.write_bytes(content)
        with pytest.raises(DamagedFileError, match="must be a whole Parquet file"):
            load(path)


@pytest.mark.parametrize(
    ("module", "name", "package"), [("pyarrow", "a.parquet", "pyarrow"), ("PIL", "b", "pillow")]
)
def test_a_missing_package_names_its_extra(monkeypatch, tmp_path, module, name, package):
    (tmp_path / "a.parquet").touch()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c.png").touch()
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependencyError, match=rf"{package}.*pip install 'inscape\[data\]'"):
        load(tmp_path / name)


# --------------------------------------------------------------------------- folders of images


def write_image(path: Path, value: int, *, size: tuple[int, int] = (3, 2), mode: str = "L") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value if mode == "L" else (value, 0, 255)).save(path)


def test_subfolders_are_classes(tmp_path):
    for kind, value in (("cat", 0), ("ant", 51)):
        for i in range(4):
            write_image(tmp_path / kind / f"{i}.png", value)
    (tmp_path / "cat" / "notes.txt").write_text("passed over")
    (tmp_path / ".hidden").mkdir()
    data = load(tmp_path)
    assert_sound(data)
    assert data.image_shape == (2, 3)
    assert data.class_names == ("ant", "cat")
    np.testing.assert_array_equal(
        data.train.X[:, 0], np.where(data.train.y == 0, 0.2, 0).astype("f")
    )
    before = data.checksum
    assert load(str(tmp_path)).checksum == before
    write_image(tmp_path / "cat" / "0.png", 7)
    assert load(tmp_path).checksum != before


def test_train_and_test_folders_and_colours(tmp_path):
    write_image(tmp_path / "train" / "a" / "0.png", 255, mode="RGB")
    write_image(tmp_path / "train" / "b" / "0.png", 51)
    write_image(tmp_path / "test" / "b" / "0.jpg", 0)
    data = load(tmp_path)
    assert_sound(data)
    assert data.image_shape == (2, 3, 3)
    assert (data.train.y.tolist(), data.test.y.tolist()) == ([0, 1], [1])
    np.testing.assert_array_equal(data.train.X[0, :3], np.float32([1, 0, 1]))
    np.testing.assert_allclose(data.train.X[1, :3], 0.2)
    shutil.rmtree(tmp_path / "test" / "b")
    with pytest.raises(InvalidDataError, match="test must hold images"):
        load(tmp_path)


def test_loose_images_have_no_labels(tmp_path):
    for i in range(5):
        write_image(tmp_path / f"{i}.png", i)
    data = load(tmp_path)
    assert data.train.y is data.class_names is None
    with pytest.raises(InvalidParameterError, match="a folder of images has no columns"):
        load(tmp_path, target="a")
    write_image(tmp_path / "more" / "0.png", 0)
    with pytest.raises(InvalidDataError, match="either images or one subfolder a class"):
        load(tmp_path)


def test_bad_images(tmp_path):
    with pytest.raises(InvalidDataError, match="must hold images"):
        load(tmp_path)
    for i in range(3):
        write_image(tmp_path / f"{i}.png", i, size=(30, 20))
    write_image(tmp_path / "1.png", 0, size=(4, 4))
    with pytest.raises(InvalidDataError, match=r"0\.png is 30 x 20 and .*1\.png is 4 x 4"):
        load(tmp_path)
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (20, 30), dtype=np.uint8))
    noise.save(tmp_path / "1.png")
    whole = (tmp_path / "1.png").read_bytes()
    for content in (b"", b"no picture", whole[:45], whole[:300]):
        (tmp_path / "1.png").write_bytes(content)
        with pytest.raises(DamagedFileError, match=r"1\.png must be a whole image"):
            load(tmp_path)
    Image.fromarray(np.zeros((20, 30), dtype=np.uint16)).save(tmp_path / "1.png")
    with pytest.raises(InvalidDataError, match="8 bits a channel"):
        load(tmp_path)


# --------------------------------------------------------------------------- paths


def test_paths_that_are_not_there_or_of_no_known_kind(tmp_path):
    for source in (tmp_path / "no.csv", str(tmp_path / "no.npy"), "no.csv", Path("mnist-not-here")):
        with pytest.raises(DataNotFoundError, match="must be an existing file or folder"):
            load(source)
    for name, how in (("a.h5", "np.save"), ("a.pkl", "never loaded"), ("a.odd", "give the array")):
        (tmp_path / name).touch()
        with pytest.raises(InvalidDataError, match=rf"one of \.npy, \.npz, \.csv, .*{how}"):
            load(tmp_path / name)
    assert issubclass(DataNotFoundError, InscapeError)


# --------------------------------------------------------------------------- scaling


def test_the_table_of_scalers_has_the_words_of_the_options():
    assert set(SCALERS) == set(get_args(ScalerName))
    with pytest.raises(InvalidParameterError, match="Did you mean 'minmax'"):
        fit_scaler("min-max", np.eye(3))


MATRICES = arrays.arrays(
    np.float32,
    st.tuples(st.integers(2, 12), st.integers(1, 4)),
    elements=st.floats(-1000, 1000, width=32).map(lambda value: np.float32(round(value, 2))),
)


@QUICK
@given(X=MATRICES)
@pytest.mark.parametrize(
    ("name", "oracle"), [("minmax", MinMaxScaler), ("standard", StandardScaler)]
)
def test_scalers_agree_with_sklearn(name, oracle, X):
    scaler = fit_scaler(name, X)
    scaled = scaler.transform(X)
    assert scaled.dtype == np.float32
    assert scaler.shift.dtype == scaler.scale.dtype == np.float64
    expected = oracle().fit_transform(X.astype(np.float64))
    # Rounded once, at the end.
    np.testing.assert_allclose(scaled, expected, rtol=1e-6, atol=1e-6)
    restored = scaler.inverse_transform(scaled)
    np.testing.assert_allclose(restored, X, rtol=1e-6, atol=1e-6 * max(1, np.abs(X).max()))
    constant = np.ptp(X, axis=0) == 0
    np.testing.assert_array_equal(restored[:, constant], X[:, constant])
    assert (scaler.scale[constant] == 1).all()
    assert (scaled[:, constant] == 0).all()
    if name == "minmax":
        assert scaled.min() == 0
        assert scaled.max() == (0 if constant.all() else 1), "never 1.0000001"


def test_standard_scaler_sums_in_float64():
    X = np.full((100_000, 1), 1000.1, dtype=np.float32)
    X[::2] += 1
    scaled = fit_scaler("standard", X).transform(X)
    assert abs(scaled.mean(dtype=np.float64)) < 2e-4
    assert scaled.std(dtype=np.float64) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("name", SCALERS)
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_an_offset_takes_no_digits(name, kind):
    noise = np.random.default_rng(0).normal(size=(20_000, 2))
    X = (1e8 + 100 * noise).astype(kind)
    scaled = fit_scaler(name, X).transform(X)
    oracle = {"minmax": MinMaxScaler, "standard": StandardScaler}[name]
    expected = oracle().fit_transform((X - 1e8).astype(np.float64))
    np.testing.assert_allclose(scaled, expected, atol=1e-6)


def test_scaling_holds_one_copy_and_no_more():
    import tracemalloc

    X = np.random.default_rng(0).normal(size=(200_000, 40)).astype(np.float32)
    scaler = fit_scaler("standard", X)
    tracemalloc.start()
    scaler.transform(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.3 * X.nbytes


@pytest.mark.parametrize("name", SCALERS)
def test_constant_columns_are_restored_exactly_at_any_length(name):
    for n_samples in range(2, 60):
        # The mean of many equal numbers is not always that number.
        X = np.full((n_samples, 1), 0.1, dtype=np.float32)
        scaler = fit_scaler(name, X)
        assert scaler.scale.tolist() == [1]
        np.testing.assert_array_equal(scaler.inverse_transform(scaler.transform(X)), X)


def test_scaler_refuses_what_does_not_fit():
    scaler = fit_scaler("minmax", np.eye(3))
    for method in (scaler.transform, scaler.inverse_transform):
        with pytest.raises(InvalidDataError, match=r"shape \(n_samples, 3\), as the scaler was"):
            method(np.eye(4))
    with pytest.raises(InvalidDataError, match="rows and columns"):
        fit_scaler("minmax", np.empty((0, 3)))
    wide = np.array([[0, -3e38], [1, 3e38]], dtype=np.float32)
    np.testing.assert_array_equal(fit_scaler("minmax", wide).transform(wide), [[0, 0], [1, 1]])
    with pytest.raises(InvalidDataError, match="column 1 does not"):
        fit_scaler("minmax", np.array([[0, -1e308], [1, 1e308]]))
    tiny = np.array([[0.0], [1e-45]], dtype=np.float32)
    np.testing.assert_array_equal(fit_scaler("standard", tiny).scale, [1])
    assert isinstance(scaler, Scaler)


# --------------------------------------------------------------------------- imports


def test_importing_data_loads_nothing_heavy():
    heavy = ["torch", "sklearn", "pandas", "polars", "pyarrow", "PIL", "pooch", "matplotlib"]
    code = f"import sys, inscape.data; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_parts_are_frozen(table):
    part = Split(table)
    with pytest.raises(AttributeError):
        part.X = table
    assert part.n_features == 3
