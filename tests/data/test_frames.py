"""Frames and files of frames: every type of column is read right, or refused by its name."""

from __future__ import annotations

import datetime
import decimal
import time
import zipfile

import numpy as np
import pandas
import polars
import pytest
from sklearn.preprocessing import OneHotEncoder

from inscape._errors import DamagedFileError, InvalidDataError, MissingDependencyError
from inscape.data import Reading, load
from inscape.data.files import read

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


def rows(source, **options):
    return read(source, reading=Reading(**options)).all_or_train.X


def names(source, **options):
    return read(source, reading=Reading(**options)).description.feature_names


def refusal(source, **options):
    with pytest.raises(InvalidDataError) as refused:
        read(source, reading=Reading(**options))
    assert "\n" not in str(refused.value)
    return str(refused.value)


ODD = {
    "pyarrow dates": (
        pyarrow.table({"a": [datetime.date(2020, 1, 2)] * 2}).to_pandas(
            types_mapper=pandas.ArrowDtype
        ),
        r"dates in 'a' \(2020-01-02 to 2020-01-02\)",
    ),
    "bytes": (pandas.DataFrame({"a": [b"x", b"\xff"]}), "text in 'a' .2 words"),
    "huge": (pandas.DataFrame({"a": [10**400, 1]}), "integers past 2.53, .* in 'a'"),
    "struct": (polars.DataFrame({"a": [{"x": 1, "y": 2}] * 2}), r"Python objects \(dict\) in 'a'"),
    "two categories": (
        pandas.DataFrame({"a": pandas.Categorical(np.array([1, "1"], dtype=object))}),
        "two categories that are both written '1' in 'a'",
    ),
    "lists beside their names": (
        pandas.DataFrame({"a": [[1, 2], [3, 4]], "a_0": [7, 8]}), "'a_0' is there more than once"
    ),
    "mixed": (
        pandas.DataFrame({"a": [1, 2.5, "Total"]}), "among numbers in 'a' .'Total' in row 2"
    ),
    "masked": (
        {"a": np.ma.array([1.0, 2], mask=[0, 1])}, r"missing values in 'a' \(1, first in row 1"
    ),
    "nothing": ({"a": [None, None]}, "no value at all in 'a': leave columns out with drop"),
}  # fmt: skip


@pytest.mark.parametrize("kind", ODD)
def test_odd_columns_are_told_by_their_names(kind):
    source, told = ODD[kind]
    with pytest.raises(InvalidDataError, match=told):
        read(source)


def test_what_two_columns_would_both_be_called_is_told():
    frame = pandas.DataFrame({"a": ["x", "y", "x"], "a=x": [1, 2, 3]})
    assert "'a=x' is there more than once" in refusal(frame, categories="one_hot")


def test_bytes_that_are_no_text_stay_two_words():
    frame = pandas.DataFrame({"a": [b"\xff", b"\xfe", b"\xff"], "b": [1, 2, 3]})
    assert rows(frame, categories="one_hot").tolist() == [[0, 1, 1], [1, 0, 2], [0, 1, 3]]
    assert load(np.eye(3), y=frame["a"].to_numpy()).class_names == ("\\xfe", "\\xff")


def test_fields_of_an_array_are_columns(tmp_path):
    fields = np.zeros(4, dtype=[("a", "f4", (2,)), ("b", ">i2")])
    fields["a"], fields["b"] = np.arange(8).reshape(4, 2), [5, 6, 7, 9]
    np.save(tmp_path / "rows.npy", fields)
    for source in (fields, fields.view(np.recarray), tmp_path / "rows.npy"):
        assert names(source) == ("a_0", "a_1", "b")
        assert rows(source).tolist() == [[0, 1, 5], [2, 3, 6], [4, 5, 7], [6, 7, 9]]
    hidden = np.ma.array(fields, mask=[((False, True), False)] + [((False, False), False)] * 3)
    assert rows(hidden, missing="drop").tolist() == [[2, 3, 6], [4, 5, 7], [6, 7, 9]]


def test_a_sheet_without_a_header(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    X = [[0.5, 2.25], [3.5, 7.0], [1.5, 0.25]]
    sheets = {"none": (X, ("x0", "x1")), "spaces": ([[" a ", "b"], *X], ("a", "b"))}
    for name, (cells, expected) in sheets.items():
        book = openpyxl.Workbook()
        for row in cells:
            book.active.append(row)
        book.save(tmp_path / f"{name}.xlsx")
        assert names(tmp_path / f"{name}.xlsx") == expected
        assert rows(tmp_path / f"{name}.xlsx").tolist() == X
    book = openpyxl.Workbook()
    for row in (["a", "b"], [], *X, ["Total", 9.5]):
        book.active.append(row)
    book.save(tmp_path / "total.xlsx")
    assert "among numbers in 'a' ('Total' in row 3, line 6)" in refusal(tmp_path / "total.xlsx")


NUMBERS = {
    "pandas Int64": pandas.DataFrame({"a": pandas.array([1, 2, 3], dtype="Int64")}),
    "pandas boolean": pandas.DataFrame({"a": pandas.array([True, False, True], dtype="boolean")}),
    "pandas Float32": pandas.DataFrame({"a": pandas.array([1, 2, 3], dtype="Float32")}),
    "pandas pyarrow": pandas.DataFrame({"a": [1, 2, 3]}).convert_dtypes(dtype_backend="pyarrow"),
    "pandas objects": pandas.DataFrame({"a": [1, 2, 3]}, dtype=object),
    "pandas Decimal": pandas.DataFrame({"a": [decimal.Decimal(i) for i in (1, 2, 3)]}),
    "pandas Sparse": pandas.DataFrame({"a": pandas.arrays.SparseArray([1.0, 2.0, 3.0])}),
    "polars Int128": polars.DataFrame({"a": polars.Series([1, 2, 3], dtype=polars.Int128)}),
    "polars Decimal": polars.DataFrame({"a": [decimal.Decimal(i) for i in (1, 2, 3)]}),
    "polars lazy": polars.LazyFrame({"a": [1, 2, 3]}),
    "polars Boolean": polars.DataFrame({"a": [True, False, True]}),
    "pyarrow": pyarrow.table({"a": [1, 2, 3]}),
    "pyarrow chunks": pyarrow.table({"a": pyarrow.chunked_array([[1, 2], [3]])}),
    "pyarrow decimal": pyarrow.table({"a": [decimal.Decimal(i) for i in (1, 2, 3)]}),
    "pyarrow half": pyarrow.table({"a": np.array([1, 2, 3], dtype=np.float16)}),
    "mapping": {"a": [1, 2, 3]},
}  # fmt: skip


@pytest.mark.parametrize("kind", NUMBERS)
def test_every_type_of_number(kind):
    expected = [1, 0, 1] if "oolean" in kind else [1, 2, 3]
    assert rows(NUMBERS[kind])[:, 0].tolist() == expected


GONE = {
    "pandas Int64": pandas.DataFrame({"a": pandas.array([1, None, 3], dtype="Int64")}),
    "pandas boolean": pandas.DataFrame({"a": pandas.array([True, None, False], dtype="boolean")}),
    "pandas pyarrow": pandas.DataFrame({"a": [1, None, 3]}).convert_dtypes(dtype_backend="pyarrow"),
    "pandas objects": pandas.DataFrame({"a": [1, None, 3]}, dtype=object),
    "polars": polars.DataFrame({"a": [1, None, 3]}),
    "polars Boolean": polars.DataFrame({"a": [True, None, False]}),
    "polars Int128": polars.DataFrame({"a": polars.Series([1, None, 3], dtype=polars.Int128)}),
    "pyarrow": pyarrow.table({"a": [1, None, 3]}),
    "pyarrow bool": pyarrow.table({"a": [True, None, False]}),
    "mapping": {"a": [1, None, 3]},
}


@pytest.mark.parametrize("kind", GONE)
def test_missing_values_are_refused_filled_or_dropped(kind):
    told = "no missing values; got missing values in 'a' (1, first in row 1): take missing='mean'"
    assert told in refusal(GONE[kind])
    kept = [1, 0] if "ool" in kind else [1, 3]
    assert rows(GONE[kind], missing="drop")[:, 0].tolist() == kept
    assert np.isnan(rows(GONE[kind], missing="mean")[1, 0]), "filled when the parts are known"
    values = np.concatenate([part.X[:, 0] for part in two_parts(GONE[kind])])
    assert np.isfinite(values).all()


def two_parts(source):
    data = load(source, missing="mean", test_fraction=0.3, random_state=1)
    return data.train, data.test


def test_all_missing_is_told():
    for missing in ("refuse", "mean", "drop"):
        with pytest.raises(InvalidDataError, match="no value at all in 'b': leave columns out"):
            load({"a": [1.0, 2.0], "b": [None, None]}, missing=missing)
    # A value that the test part alone has is no mean of the training part.
    rows = {"a": np.arange(5.0), "b": [None] * 5}
    rows["b"][int(load({"a": rows["a"]}).test.X[0, 0])] = 1.0
    with pytest.raises(InvalidDataError, match="among the training rows; got none in 'b'"):
        load(rows, missing="mean")


def library_dates():
    stamps = pandas.date_range("2020-01-01 06:00", periods=3, freq="12h")
    plain = pandas.DataFrame({"t": stamps})
    yield plain
    yield pandas.DataFrame({"t": stamps.tz_localize("UTC").tz_convert("Asia/Tokyo")})
    yield polars.from_pandas(plain)
    yield pyarrow.Table.from_pandas(plain)
    yield {"t": list(stamps)}
    yield {"t": stamps.to_numpy()}
    yield {"t": [str(stamp) for stamp in stamps]}


def test_dates_become_days_in_every_library():
    for source in library_dates():
        assert "dates in 't' (2020-01-01T06:00:00 to 2020-01-02T06:00:00)" in refusal(source)
        found = rows(source, dates="days")
        # 18,262 days from 1970 to 2020: fifty years and twelve leap days.
        np.testing.assert_array_equal(found[:, 0], [18262.25, 18262.75, 18263.25])
    whole = {"t": [datetime.date(2020, 1, 1), None, datetime.date(2020, 1, 3)]}
    assert rows(whole, dates="days", missing="drop")[:, 0].tolist() == [18262, 18264]
    stamp = pandas.DataFrame({"t": pandas.date_range("2020", periods=3, freq="1ms")})
    found = rows(stamp, dates="days")
    assert found.dtype == np.float64
    assert len(set(found[:, 0].tolist())) == 3


def library_words():
    words = ["b", "a10", "a2", "b"]
    yield pandas.DataFrame({"k": words, "n": range(4)})
    yield pandas.DataFrame({"k": pandas.Categorical(words, ["b", "x", "a10", "a2"]), "n": range(4)})
    yield pandas.DataFrame({"k": pandas.array(words, dtype="string"), "n": range(4)})
    yield polars.DataFrame({"k": words, "n": range(4)})
    yield polars.DataFrame(
        {"k": polars.Series(words, dtype=polars.Categorical), "n": list(range(4))}
    )
    yield pyarrow.table({"k": words, "n": range(4)})
    yield pyarrow.table({"k": pyarrow.array(words).dictionary_encode(), "n": range(4)})
    yield {"k": [word.encode() for word in words], "n": range(4)}


def test_words_become_zeros_and_ones_in_every_library():
    words = np.array([["b"], ["a10"], ["a2"], ["b"]])
    oracle = OneHotEncoder(categories=[["a2", "a10", "b"]], sparse_output=False)
    expected = np.column_stack([oracle.fit_transform(words), range(4)])
    for source in library_words():
        assert "text in 'k' (3 words, such as 'a2')" in refusal(source)
        np.testing.assert_array_equal(rows(source, categories="one_hot"), expected)
        assert names(source, categories="one_hot") == ("k=a2", "k=a10", "k=b", "n")
        labelled = read(source, reading=Reading(target="k"))
        assert labelled.description.class_names == ("a2", "a10", "b")
        assert labelled.all_or_train.y.tolist() == [2, 1, 0, 2]


def test_the_order_of_ordered_categories_is_kept():
    order = ["low", "mid", "high"]
    words = ["high", "low", "mid", "low"]
    ordered = pandas.Categorical(words, order, ordered=True)
    found = [
        pandas.DataFrame({"k": ordered, "n": range(4)}),
        polars.DataFrame({"k": polars.Series(words, dtype=polars.Enum(order)), "n": range(4)}),
        pyarrow.Table.from_pandas(pandas.DataFrame({"k": ordered, "n": range(4)})),
    ]
    for source in found:
        labelled = read(source, reading=Reading(target="k"))
        assert labelled.description.class_names == tuple(order)
        assert labelled.all_or_train.y.tolist() == [2, 0, 1, 0]
    data = load(np.eye(4), y=ordered)
    assert data.class_names == tuple(order)


def test_lists_in_columns_are_flattened_or_refused():
    cells = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    fixed = pyarrow.list_(pyarrow.float32(), 2)
    sources = [
        pyarrow.table({"v": cells, "n": range(3)}),
        pyarrow.table({"v": pyarrow.array(cells, fixed), "n": range(3)}),
        polars.DataFrame({"v": cells, "n": range(3)}),
        pandas.DataFrame({"v": [np.array(cell) for cell in cells], "n": range(3)}),
    ]  # fmt: skip
    for source in sources:
        np.testing.assert_array_equal(rows(source), [[1, 2, 0], [3, 4, 1], [5, 6, 2]])
        assert names(source) == ("v_0", "v_1", "n")
        assert read(source).told[0] == "lists in 'v' became 2 columns, 'v_0', ..."
    assert "lists of different lengths in 'v'" in refusal(pyarrow.table({"v": [[1], [1, 2]]}))
    assert "Python objects (dict) in 's'" in refusal(pyarrow.table({"s": [{"a": 1}, {"a": 2}]}))


def test_large_integers():
    large = [2**53 + 1, 2**53 + 3]
    for source in (pandas.DataFrame({"a": large}), polars.DataFrame({"a": large}), {"a": large}):
        assert "integers past 2^53, which floats merge, such as 9007199254740993" in refusal(source)
    kept = read(pandas.DataFrame({"a": [1, 2], "k": large}), reading=Reading(target="k"))
    assert kept.all_or_train.y.tolist() == large


# --------------------------------------------------------------------------- files


def write(frame, path):
    if path.suffix == ".xlsx":
        pytest.importorskip("openpyxl")
        frame.to_excel(path, index=False)
    elif path.suffix == ".arrow":
        table = pyarrow.Table.from_pandas(frame, preserve_index=False)
        with (
            pyarrow.OSFile(str(path), "wb") as sink,
            pyarrow.ipc.new_stream(sink, table.schema) as writer,
        ):
            writer.write_table(table)
    else:
        {".parquet": frame.to_parquet, ".feather": frame.to_feather}[path.suffix](path)


@pytest.mark.parametrize("suffix", [".parquet", ".feather", ".arrow", ".xlsx"])
def test_files_of_frames(tmp_path, suffix):
    frame = pandas.DataFrame(
        {
            "a": [1.5, 2.5, 3.5],
            "b": [3, 1, 2],
            "k": ["u", "v", "u"],
            "t": pandas.date_range("2020", periods=3),
        }
    )
    path = tmp_path / f"rows{suffix}"
    write(frame, path)
    found = read(path, reading=Reading(target="k", dates="days"))
    days = [[18262], [18263], [18264]]
    np.testing.assert_array_equal(
        found.all_or_train.X, np.hstack([frame[["a", "b"]].to_numpy(), days])
    )
    assert found.description.feature_names == ("a", "b", "t")
    assert found.all_or_train.y.tolist() == [0, 1, 0]
    assert load(path, target="k", dates="days").name == "rows"
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b""):
        path.write_bytes(content)
        with pytest.raises(DamagedFileError, match="is damaged or cut short"):
            load(path)


def test_the_index_of_pandas_is_no_feature(tmp_path):
    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    path = tmp_path / "rows.parquet"
    for index in (
        pandas.Index([7, 9], name="person"),
        pandas.Index([7, 9]),
        pandas.Index(["u", "v"]),
    ):
        frame.set_axis(index).to_parquet(path)
        np.testing.assert_array_equal(rows(path), frame)
        assert names(path) == ("a", "b")
    frame.set_axis(pandas.Index([7, 9], name="person")).to_parquet(path)
    assert "left out 'person'" in read(path).told
    assert names(path, index="none") == ("a", "b", "person")
    kept = read(path, reading=Reading(keep=("person",))).all_or_train.kept
    assert kept["person"].tolist() == ["7", "9"]


def test_odd_files_of_frames(tmp_path):
    path = tmp_path / "odd.parquet"
    parquet.write_table(pyarrow.table({"a": pyarrow.array([], pyarrow.float64())}), path)
    assert "must hold rows; got none, in 1 columns" in refusal(path)
    twice = pyarrow.table([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], names=["a", "a", "b"])
    parquet.write_table(twice, path)
    assert "'a' is there more than once" in refusal(path)
    parquet.write_table(pyarrow.table({}), path)
    assert "at least one column" in refusal(path)


def test_excel_without_its_package(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w"):
        pass
    with pytest.raises(MissingDependencyError, match=r"openpyxl.*pip install 'inscape\[excel\]'"):
        load(tmp_path / "a.xlsx")


# --------------------------------------------------------------------------- speed


def test_time_grows_with_columns_and_not_with_their_square():
    def seconds(n_columns):
        frame = pandas.DataFrame(np.eye(5, n_columns))
        frame.columns = [f"column {i}" for i in range(n_columns)]
        frame["k"] = ["u", "v", "u", "v", "u"]
        started = time.process_time()
        read(frame, reading=Reading(target="k"))
        return time.process_time() - started

    seconds(100)
    assert seconds(8000) < 16 * seconds(1000) + 0.2
