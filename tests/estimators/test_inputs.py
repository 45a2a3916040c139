"""What `fit` and `transform` take: columns by name, what load returns, labels that can be saved."""

from __future__ import annotations

import datetime
import decimal

import numpy as np
import pandas
import polars
import pytest
import torch
from scipy import sparse
from sklearn.datasets import load_digits, load_iris

import inscape
from inscape import data
from inscape._errors import InvalidDataError
from inscape.estimators.inputs import make_generator
from inscape.networks import Dense

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)) @ RNG.normal(size=(3, 5))
NAMES = list("abcde")


def small(**options):
    given = {"n_components": 2, "hidden": (), "epochs": 1, "validation_fraction": 0}
    return inscape.Autoencoder(**given | {"random_state": 0} | options)


@pytest.fixture(scope="module")
def plain():
    return small().fit(X)


# --------------------------------------------------------------------------- names


def frames(values, names):
    pyarrow = pytest.importorskip("pyarrow")
    table = dict(zip(names, values.T, strict=True))
    yield pandas.DataFrame(table)
    yield polars.DataFrame(table)
    yield polars.LazyFrame(table)
    yield pyarrow.table(table)
    yield table
    yield {name: column.tolist() for name, column in table.items()}
    yield np.rec.fromarrays(list(table.values()), names=",".join(names))


def test_columns_are_found_by_name_in_every_kind_of_frame(plain, tmp_path):
    codes = plain.transform(X)
    order = [3, 0, 4, 1, 2]
    for fitted_on in frames(X, NAMES):
        model = small().fit(fitted_on)
        np.testing.assert_array_equal(model.transform(fitted_on), codes)
        assert list(model.feature_names_in_) == NAMES
        model.save(tmp_path / "model", overwrite=True)
        for again in (model, inscape.load(tmp_path / "model")):
            for given in frames(X[:, order], [NAMES[i] for i in order]):
                np.testing.assert_array_equal(again.transform(given), codes)
    assert again.description_.feature_names == tuple(NAMES)


def test_names_that_the_model_does_not_know_are_told(plain):
    with pytest.warns(UserWarning, match="X has feature names, but Autoencoder was fitted without"):
        codes = plain.transform(pandas.DataFrame(X, columns=NAMES))
    np.testing.assert_array_equal(codes, plain.transform(X))


def test_names_that_differ_are_one_sentence():
    frame = pandas.DataFrame(X, columns=NAMES)
    model = small().fit(frame)
    with pytest.raises(InvalidDataError) as refused:
        model.transform(frame.rename(columns={"b": "B"}).assign(z=1).drop(columns="e"))
    told = str(refused.value)
    assert "got no 'b', 'e'; 'B', 'z', which the model has not seen" in told
    assert "\n" not in told


def test_a_model_of_an_earlier_version_finds_names_too(tmp_path):
    import json

    from inscape._files import write_manifest

    frame = pandas.DataFrame(X, columns=NAMES)
    small().fit(frame).save(tmp_path / "model")
    path = tmp_path / "model" / "model" / "config.json"
    config = json.loads(path.read_text())
    # Nor did it tell checksums.
    del config["data"], config["sha256"]
    config["format"] = 2
    path.write_text(json.dumps(config))
    write_manifest(tmp_path / "model")
    model = inscape.load(tmp_path / "model")
    np.testing.assert_array_equal(model.transform(frame[NAMES[::-1]]), model.transform(frame))


# --------------------------------------------------------------------------- what load returns


def test_fit_takes_what_load_returns_and_remembers_it(tmp_path):
    digits = data.load("digits")
    expected = small().fit(digits.train.X).transform(digits.test.X)
    for given in (digits, digits.train):
        model = small().fit(given)
        np.testing.assert_array_equal(model.transform(digits.test), expected)
        np.testing.assert_array_equal(model.transform(digits.test.X), expected)
        model.save(tmp_path / "model", overwrite=True)
        kept = inscape.load(tmp_path / "model").description_
        assert kept == digits.description
        assert kept.image_shape == (8, 8)
        assert kept.class_names == tuple("0123456789")
    with pytest.raises(InvalidDataError, match=r"two parts: give its \.train or its \.test"):
        model.transform(digits)
    other = data.load(np.zeros((5, 4, 16)) + np.arange(5)[:, None, None])
    with pytest.raises(
        InvalidDataError,
        match="must be pictures of 8 x 8, as the model was fitted with; got 4 x 16",
    ):
        model.transform(other.train)


def test_figures_need_neither_shape_nor_names(tmp_path):
    from sklearn.pipeline import make_pipeline

    digits = data.load("digits")
    small().fit(digits).save(tmp_path / "model")
    model = inscape.load(tmp_path / "model")
    codes = model.transform(digits.test)
    figure = inscape.figures.map_and_grid(model, codes, digits.test.y, n=3)
    assert figure.axes[1].images[0].get_array().shape == (24, 24)
    assert {text.get_text() for text in figure.axes[0].texts} >= set("0123456789")
    grid = inscape.figures.decoder_grid(make_pipeline("passthrough", model), codes=codes, n=2)
    assert grid.axes[0].images[0].get_array().shape == (16, 16)
    own = inscape.figures.decoder_grid(model, image_shape=(4, 16), codes=codes, n=2)
    assert own.axes[0].images[0].get_array().shape == (8, 32)
    nameless = small().fit(digits.train.X)
    with pytest.raises(inscape._errors.InvalidParameterError, match="`image_shape` must be"):
        inscape.figures.decoder_grid(nameless, codes=codes, n=2)


def test_fit_takes_bunches_and_mappings():
    iris = load_iris()
    model = small().fit(iris)
    np.testing.assert_array_equal(
        model.transform(iris), small().fit(iris.data).transform(iris.data)
    )
    assert model.description_.feature_names == tuple(iris.feature_names)
    assert model.description_.class_names == ("setosa", "versicolor", "virginica")
    assert small().fit(load_digits()).description_.image_shape == (8, 8)
    framed = load_iris(as_frame=True)
    assert small().fit(framed).description_.feature_names == tuple(iris.feature_names)
    np.testing.assert_array_equal(
        small().fit({"X": X, "y": range(60)}).transform(X), small().fit(X).transform(X)
    )
    assert data.load(iris).class_names == ("setosa", "versicolor", "virginica")
    assert data.load(iris).feature_names == tuple(iris.feature_names)
    with pytest.raises(InvalidDataError, match="a mapping of 'rows'"):
        small().fit({"rows": X})


def test_labels_come_along_to_a_conditional_model():
    rows = data.load({"X": X, "y": ["u", "v"] * 30})
    options = {"conditional": True, "epochs": 1, "random_state": 0}
    model = inscape.VariationalAutoencoder(2, **options).fit(rows.train)
    expected = inscape.VariationalAutoencoder(2, **options).fit(rows.train.X, rows.train.y)
    np.testing.assert_array_equal(
        model.transform(rows.test), expected.transform(rows.test.X, rows.test.y)
    )


LABELS = {
    "dates": np.array(["2020-01-01", "2020-01-02"], dtype="M8[D]"),
    "timestamps": pandas.to_datetime(["2020-01-01", "2020-01-02"]) + pandas.Timedelta(hours=10),
    "objects of dates": [datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)],
    "bytes": np.array([b"u", b"v"]),
    "objects of bytes": np.array([b"u", b"v"], dtype=object),
    "objects of integers": np.array([10, 2], dtype=object),
    "decimals": np.array([decimal.Decimal(1), decimal.Decimal(2)], dtype=object),
    "booleans": np.array([True, False]),
    "categories": pandas.Categorical(["u", "v"]),
    "texts": ["u", "v"],
}


@pytest.mark.parametrize("kind", LABELS)
def test_every_kind_of_label_is_fitted_saved_and_told_again(kind, tmp_path):
    y = LABELS[kind]
    labels = y[:1].repeat(30).append(y[1:].repeat(30)) if hasattr(y, "append") and hasattr(
        y, "repeat"
    ) else np.repeat(np.asarray(y), 30)  # fmt: skip
    model = inscape.VariationalAutoencoder(2, conditional=True, epochs=1, random_state=0)
    model.fit(X, labels).save(tmp_path / "model")
    again = inscape.load(tmp_path / "model")
    expected = inscape.VariationalAutoencoder(2, conditional=True, epochs=1, random_state=0)
    swapped = kind == "objects of integers" or kind == "booleans"
    numbers = np.repeat([1, 0] if swapped else [0, 1], 30)
    np.testing.assert_array_equal(
        again.transform(X, labels), expected.fit(X, numbers).transform(X, numbers)
    )


@pytest.mark.parametrize(
    "labels",
    [["u", None] * 30, ["u", np.nan] * 30, np.array(["NaT", "2020"] * 30, dtype="M8[D]")],
)
def test_missing_labels_are_no_class(labels):
    model = inscape.VariationalAutoencoder(2, conditional=True, epochs=1)
    with pytest.raises(InvalidDataError, match=r"y must have no missing label; row . has none"):
        model.fit(X, labels)


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ([1.0, np.nan] * 30, "y must be finite; got NaN at row 1"),
        (pandas.array([1, None] * 30, dtype="Int64"), "y must be finite; got NaN at row 1"),
        (sparse.csr_matrix(np.eye(60)), "y must be a dense array; got csr_matrix, a sparse one"),
    ],
)
def test_labels_that_are_none_are_one_sentence_everywhere(labels, told):
    model = inscape.VariationalAutoencoder(2, conditional=True, epochs=1)
    for refused in (lambda: model.fit(X, labels), lambda: data.load(X, y=labels)):
        with pytest.raises(InvalidDataError, match=told):
            refused()


# --------------------------------------------------------------------------- arrays


def test_arrays_of_odd_layout_are_the_same_rows(plain):
    codes = plain.transform(X)
    layouts = {
        "backwards": X[::-1][::-1],
        "one row, backwards": X[::-1][-1:],
        "columns backwards": X[:, ::-1][:, ::-1],
        "Fortran": np.asfortranarray(X),
        "every other": np.repeat(X, 2, axis=0)[::2],
        "big-endian": X.astype(">f8"),
        "tensor with gradients": torch.tensor(X, requires_grad=True),
        "list": X.tolist(),
        "list of rows": list(X),
        "nothing masked": np.ma.masked_invalid(X),
        "read-only": np.frombuffer(X.tobytes()).reshape(X.shape),
        "objects": X.astype(object),
        "matrix": X.view(np.matrix),
        "list of tensors": [torch.tensor(row, requires_grad=True) for row in X],
        "other bytes": X.astype(">f8"),
        "more bits": X.astype(np.longdouble),
    }
    for name, given in layouts.items():
        got = plain.transform(given)
        np.testing.assert_allclose(got, codes[: len(got)], rtol=1e-12, err_msg=name)
    back = plain.inverse_transform(codes)
    flipped = plain.inverse_transform(codes[::-1][:1])
    np.testing.assert_allclose(flipped, back[-1:], rtol=1e-12)
    np.testing.assert_allclose(
        plain.inverse_transform(torch.tensor(codes, requires_grad=True)), back, rtol=1e-12
    )


def test_rows_backwards_without_a_frame():
    model = inscape.Autoencoder(network=Dense(bias="torch_default"), epochs=1).fit(X[::-1])
    np.testing.assert_array_equal(model.transform(X[::-1][:1]), model.transform(X[-1:].copy()))


dates = pandas.DataFrame({"d": pandas.date_range("2020", periods=60), "a": range(60)})
hidden = np.ma.masked_greater(X, 1)
REFUSED = [
    (np.zeros((5, 2, 2)), r"X.reshape\(len\(X\), -1\) makes a row of each picture"),
    (sparse.csr_array(X), "a sparse one, which is not supported: pass X.toarray"),
    (sparse.dok_matrix(X), "a sparse one"),
    (hidden, r"no masked values; got one at row \d+, column \d"),
    (dates, r"dates in 'd' \(2020-01-01 to 2020-02-29\): with data.load, take dates='days'"),
    (polars.from_pandas(dates), "dates in 'd'"),
    ([dates, dates], "one table; got a list of 2: join them"),
    ({"a": [1, 2], "b": [3]}, r"equally long; got lengths \[1, 2\]"),
    (pandas.DataFrame({"a": [1.0, None]}), r"missing values in 'a' \(1, first in row 1"),
    (pandas.DataFrame(np.eye(3), columns=["a", "a", "b"]), "'a' is there more than once"),
    (np.array([["2020", "2021"], ["2022", "2023"]], dtype="M8[Y]"), "numbers; got datetime64"),
    ([[datetime.datetime(2020, 1, 1)], [datetime.datetime(2021, 1, 1)]], "got dates"),
    (np.array([["1_000", 2.0], [1, 2]], dtype=object), "got text .such as '1_000'"),
    (np.array([["1", "2"], ["1_000", "3"]]), "must hold numbers; got text"),
    ([["1", "2"], ["4", "3"]], "must hold numbers; got text"),
    (X * 1j, "Complex data not supported"),
    ([{"a": 1}, {"a": 2}], r"a list of mappings: pandas.DataFrame\(X\)"),
    ((row for row in X), "got generator: make an array of it"),
    ({1, 2}, "got set"),
    (None, "got NoneType"),
    (np.array([[2**60 + 1, 1], [2**60, 2]]), "floats tell apart; got integers past 2.53"),
    ([[2**60 + 1, 1], [2**60, 2]], "floats tell apart; got integers past 2.53"),
    (np.array([[2**60 + 1, 1], [2**60, 2]], dtype=object), "floats tell apart; got integers"),
    ([[10**400, 1], [2, 2]], "floats tell apart; got integers past 2.53"),
    ([np.ma.array([1.0, 2], mask=[0, 1]), np.ma.array([1.0, 2])], "NaN at row 0, column 1"),
    (np.ma.array([[2**60 + 1, 1], [2**60, 2]], mask=[[0, 1], [0, 0]]), "no masked values"),
    (np.array([["1", "2"]] * 3, dtype=np.dtypes.StringDType()), "must hold numbers; got text"),
    (np.ones((2, 2), dtype=[("a", "f8")]), "got fields named 'a': give a table"),
    (1 + np.eye(3, dtype=np.longdouble) * 2.0**-60, "float128 that float64 merges"),
    (np.array([[np.longdouble("1e4000")], [1]]), "fit float64"),
    (X * 1e300, "must lie within 1e.150"),
    (torch.tensor(X).to_sparse(), "a sparse one, which is not supported: pass X.to_dense"),
    (torch.zeros(3, 2, device="meta"), "a tensor of plain numbers; got one of torch.float32"),
    (torch.tensor(X * 1j).conj(), "Complex data not supported"),
    (pandas.DataFrame(np.empty((0, 2))), "must hold rows; got none, in 2 columns"),
]


@pytest.mark.parametrize(("given", "message"), REFUSED, ids=[text for _, text in REFUSED])
def test_what_cannot_be_rows_is_one_sentence(given, message):
    with pytest.raises(InvalidDataError, match=message) as refused:
        small().fit(given)
    assert "\n" not in str(refused.value)


def test_masks_are_not_lost_in_measures_and_dynamics():
    from inscape import dynamics, measures

    masked = np.ma.masked_greater(RNG.normal(size=(6, 6)), 1)
    for function in (
        lambda: measures.similarity(masked),
        lambda: measures.centered_kernel_alignment(masked, masked),
        lambda: dynamics.simulate(np.eye(6), masked, gamma=0.1),
        lambda: inscape.figures.latent_map(masked),
        lambda: data.load(masked),
    ):
        with pytest.raises(InvalidDataError, match=r"masked|NaN at row"):
            function()


# --------------------------------------------------------------------------- digits, held-out rows


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("scaler", [None, "standard", "minmax"])
def test_an_offset_of_a_hundred_millions_costs_nothing(precision, scaler):
    Y = 1e8 + X
    loaded = data.load(Y)
    model = small(n_components=3, precision=precision, scaler=scaler, epochs=10).fit(loaded.train)
    back = model.reconstruct(loaded.test)
    centred = loaded.test.X - loaded.train.X.mean(axis=0)
    share = 1 - np.square(back - loaded.test.X).sum() / np.square(centred).sum()
    # Three directions hold all of these rows; a single epoch ends where a processor's digits say.
    assert share > 0.999


def test_the_scaler_sees_no_row_that_is_held_out():
    model = small(scaler="standard", validation_fraction=0.5).fit(X)
    order = torch.randperm(60, generator=make_generator(0)).numpy()
    np.testing.assert_allclose(model.scaler_.shift, X[order[30:]].mean(axis=0), rtol=1e-12)


def test_encoding_with_a_scaler_does_not_hold_the_rows_again():
    import tracemalloc

    rows = np.random.default_rng(0).normal(size=(50_000, 60)).astype(np.float32)
    model = small(scaler="standard").fit(rows[:2000])
    expected = model.transform(rows[-10:])
    tracemalloc.start()
    codes = model.transform(rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.5 * rows.nbytes
    np.testing.assert_allclose(codes[-10:], expected, atol=1e-5)
