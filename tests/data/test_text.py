"""Tables in text: nothing read wrong, everything told. Expected values are pandas' or by hand."""

from __future__ import annotations

import bz2
import gzip
import lzma

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape._errors import DamagedFileError, InvalidDataError, InvalidParameterError
from inscape.data import Reading, load
from inscape.data.columns import natural
from inscape.data.files import read


@pytest.fixture
def file(tmp_path):
    return tmp_path / "table.csv"


def contents(file, text, **options):
    """What is read of a text."""
    file.write_text(text, encoding="utf-8")
    return read(file, reading=Reading(**options))


def names_of(file, **options):
    return read(file, reading=Reading(**options)).description.feature_names


def names(file, text, **options):
    return contents(file, text, **options).description.feature_names


def refusal(file, text, **options):
    with pytest.raises(InvalidDataError) as refused:
        contents(file, text, **options)
    assert "\n" not in str(refused.value)
    return str(refused.value).replace(str(file), "FILE")


# --------------------------------------------------------------------------- the first line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2001,2002,2003\n1.5,2,3\n4,5,6\n", ("2001", "2002", "2003")),
        ("0,1,2\n5,3,9\n4,5,7\n", ("0", "1", "2")),
        ("1990;1995;2000\n1;1;1\n2;9;2\n", ("1990", "1995", "2000")),
        ("id,2019\n1,2\n3,4\n", ("id", "2019")),
        ("1,2,3\n4,5,6\n7,8,9\n", ("x0", "x1", "x2")),
        ("1,2,3\n2,3,4\n9,1,1\n", ("x0", "x1", "x2")),
        (",1990,1991,1992\n1,4,2,3\n2,4,5,6\n", ("1990", "1991", "1992")),
        ("# a b\n1 2\n3 4\n", ("a", "b")),
        ("5,6,1\n7,8,2\n", ("x0", "x1", "x2")),
        ("1,2\n3,4\n", ("x0", "x1")),
        ('"a;b";c\n1;2\n3;4\n', ("a;b", "c")),
        ('"a,b,c";d\n1;2\n3;4\n', ("a,b,c", "d")),
        ("# a,b\n1,2\n3,4\n", ("a", "b")),
        ("a,,c\n1,2,3\n3,4,5\n", ("a", "x1", "c")),
        ('"two\nlines",b\n1,2\n3,4\n', ("two\nlines", "b")),
        ("a|b\n1|2\n3|4\n", ("a", "b")),
        ("a,b,\n1,2,\n3,4,\n", ("a", "b")),
        ("1,2,\n3,4,\n", ("x0", "x1")),
        ("a,b\n1,2,\n3,4,\n", ("a", "b")),
        ("a,b,\n1,2\n3,4\n", ("a", "b")),
        ('"a", "b"\n"1", "2"\n3, "4"\n', ("a", "b")),
        ("  a   b\n  1  20 \n 10 200\n", ("a", "b")),
    ],
)
def test_the_header_is_found(file, text, expected):
    assert names(file, text) == expected


def test_words_beside_years_are_names_too(file):
    text = "country,1990,1991,1992\nA,1.5,2,3\nB,4,5,6\n"
    assert names(file, text, index="country") == ("1990", "1991", "1992")
    assert names(file, text, keep="country") == ("1990", "1991", "1992")


def test_the_header_can_be_said(file):
    text = "2001,2002,2003\n1.5,2,3\n4,5,6\n"
    assert names(file, text, header=False) == ("x0", "x1", "x2")
    assert contents(file, text, header=False).all_or_train.X[0].tolist() == [2001, 2002, 2003]
    assert names(file, "1,2\n3,4\n5,6\n", header=True) == ("1", "2")
    told = contents(file, text).told
    assert told[0] == "the first line (2001, 2002, 2003) is the header"
    assert contents(file, "1,2\n3,4\n").told[0] == "no header: the first line (1, 2) is a row"


@pytest.mark.parametrize("columns", [[*"abc"], [0, 1, 2], ["a,b", "b c", 'q"q'], ["", "b", "c"]])
def test_what_pandas_writes_is_what_is_read(file, columns):
    frame = pandas.DataFrame(np.random.default_rng(0).normal(size=(30, 3)), columns=columns)
    for index in (False, True):
        frame.to_csv(file, index=index)
        # The oracle reads its own file by its own rules.
        there = pandas.read_csv(file, index_col=0 if index else None)
        found = read(file)
        np.testing.assert_array_equal(found.all_or_train.X, there.to_numpy(dtype=np.float32))
        assert any("names the rows" in told for told in found.told) is index
    if columns[0] == "":
        return
    pandas.read_csv(file).to_csv(file)
    # Written twice, there are two: one without a name, and "Unnamed: 0".
    assert read(file).description.feature_names == tuple(map(str, columns))
    assert "left out 'Unnamed: 0'" in read(file).told
    assert "Unnamed: 0" in names_of(file, index="none")


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(-(10**6), 10**6)),
            st.one_of(st.none(), st.floats(-1e6, 1e6, width=32)),
            st.sampled_from(["u", 'v "w"', "x, y", "zwei\nZeilen", "ü"]),
        ),
        min_size=2,
        max_size=12,
    ),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    index=st.booleans(),
)
def test_any_table_that_pandas_writes_comes_back(tmp_path_factory, rows, separator, index):
    file = tmp_path_factory.getbasetemp() / "any.csv"
    frame = pandas.DataFrame(rows, columns=["a", "b", "kind"]).astype({"a": float, "b": float})
    if frame[["a", "b"]].isna().all().any():
        return
    frame.to_csv(file, sep=separator, index=index)
    found = read(file, reading=Reading(target="kind", missing="mean"))
    assert found.description.feature_names == ("a", "b")
    np.testing.assert_array_equal(
        found.all_or_train.X, frame[["a", "b"]].to_numpy().astype(found.all_or_train.X.dtype)
    )
    words = np.array(found.description.class_names, dtype=object)
    assert words[found.all_or_train.y].tolist() == frame["kind"].tolist()


def test_what_r_writes_is_what_is_read(file):
    found = contents(file, '"a" "b"\n"one" 1 2\n"two" 3 4\n'.replace(" ", ","))
    assert found.description.feature_names == ("a", "b")
    np.testing.assert_array_equal(found.all_or_train.X, [[1, 2], [3, 4]])


def test_an_index_is_said_or_none(file):
    text = ",a,name\n5,1,9\n7,2,8\n"
    assert names(file, text) == ("a", "name")
    assert names(file, text, index="none") == ("x0", "a", "name")
    assert names(file, text, index="name") == ("x0", "a")
    with pytest.raises(InvalidParameterError, match="`index` must be one of the columns"):
        contents(file, text, index="nam")


# --------------------------------------------------------------------------- digits


LABELS = {
    "007 07 7": (("007", "07", "7"), [0, 1, 2]),
    "1e3 1000 7": (("1e3", "7", "1000"), [0, 2, 1]),
    "9007199254740992 9007199254740993 1": (None, [2**53, 2**53 + 1, 1]),
    "99999999999999999999 1 2": (("1", "2", "99999999999999999999"), [2, 0, 1]),
    "1 10 2": (None, [1, 10, 2]),
    "1.0 2.0 3.0": (None, [1, 2, 3]),
    "1.5 2.50 3": (None, [1.5, 2.5, 3]),
    "b a10 a2": (("a2", "a10", "b"), [2, 1, 0]),
    "1_000 1000 1": (("1", "1_000", "1000"), [1, 2, 0]),
    "True False True": (("False", "True"), [1, 0, 1]),
    "2020-01-02 2020-01-01 2020-01-03": (("2020-01-01", "2020-01-02", "2020-01-03"), [1, 0, 2]),
}


@pytest.mark.parametrize("words", LABELS)
def test_labels_keep_what_tells_them_apart(file, words):
    classes, expected = LABELS[words]
    text = "a,k\n" + "".join(f"{i},{word}\n" for i, word in enumerate(words.split()))
    found = contents(file, text, target="k")
    assert found.description.class_names == classes
    assert found.all_or_train.y.tolist() == expected


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("0123456789.e+-", min_size=1, max_size=6), min_size=2, max_size=8))
def test_two_words_are_two_labels(tmp_path_factory, words):
    from inscape.data.columns import is_missing_word

    file = tmp_path_factory.getbasetemp() / "labels.csv"
    words = [word for word in words if not is_missing_word(word)]
    if len(words) < 2:
        return
    file.write_text("a,k\n" + "".join(f"{i},{word}\n" for i, word in enumerate(words)))
    found = read(file, reading=Reading(target="k"))
    y = found.all_or_train.y
    if y.dtype == np.int64:
        assert len(set(y.tolist())) == len(set(words))
    else:
        # Numbers that are not whole are measurements: 1.5 and 1.50 are one.
        np.testing.assert_array_equal(y, [float(word) for word in words])


def test_large_integers_are_no_features(file):
    text = "a,b\n1,9007199254740993\n2,9007199254740992\n"
    assert "integers past 2^53, which floats merge, such as 9007199254740993 in 'b'" in (
        refusal(file, text)
    )
    assert names(file, text, drop=("b",)) == ("a",)
    assert contents(file, text, keep=("b",)).all_or_train.kept["b"].tolist() == [
        "9007199254740993",
        "9007199254740992",
    ]
    assert names(file, "a,b\n1,1e300\n2,2e30\n", drop=("b",)) == ("a",)


def test_spaces_between_cells_change_no_number(file):
    """As pandas reads them."""
    for text, options in (
        ("  a   b c\n  1  20 .5\n 10 200 6\n", {"sep": r"\s+"}),
        ('a, b, "c"\n1,  "20" , .5\n10, "200",6\n', {"skipinitialspace": True}),
        ('  "a", b, c\n  "1", 20, .5\n "10",200, "6"\n', {"skipinitialspace": True}),
    ):
        found = contents(file, text)
        expected = pandas.read_csv(file, **options)
        np.testing.assert_array_equal(found.all_or_train.X, expected.to_numpy())
        assert found.description.feature_names == ("a", "b", "c")


def test_spaces_inside_of_quotes_are_kept(file):
    """As pandas reads them."""
    text = 'a,n\n1, "x , ""y"" ,  ""z"\n2,  " u\n , ""v"""\n3,"w, "\n4,"w,"\n'
    found = contents(file, text, target="n")
    expected = pandas.read_csv(file, skipinitialspace=True)["n"].str.strip()
    words = np.array(found.description.class_names)[found.all_or_train.y]
    assert words.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("word", "way"),
    [
        ("0,126", "say decimal=',', or leave"),
        ("1,126", "say decimal=',' if a comma stands before the fraction, else write numbers"),
        ("1,126.5", "write numbers without a mark between thousands, or leave"),
        ("1.126,5", "without a mark between thousands, say decimal=',', or leave"),
        ("1 126", "write plain numbers, without the marks of '1 126', or leave"),
        ("1\u00a0126", "without the marks of"),
        ("5%", "without the marks of '5%'"),
        ("$5.50", "without the marks of"),
        ("5.50 \u20ac", "without the marks of"),
        ("(5.50)", "without the marks of"),
        ("\u22125.50", "without the marks of"),
        ("Total", "mend these cells, or leave"),
        ("-", "mend these cells, or leave"),
    ],
)
def test_numbers_in_dress_are_told_how_to_undress(file, word, way):
    body = "".join(f"{i};{i + 0.25}\n" for i in range(9))
    told = refusal(file, f"a;b\n{body}9;{word}\n")
    assert f"text among numbers in 'b' ({word!r} in row 9, line 11)" in told
    assert way in told
    # Even where words are categories: nine numbers and a word are none.
    assert "text among numbers in 'b'" in refusal(
        file, f"a;b\n{body}9;{word}\n", categories="one_hot"
    )


@pytest.mark.parametrize("word", ["NA", "null", "?", "#DIV/0!", "#N/A", "-1.#IND", "<NA>", ""])
def test_what_stands_for_nothing_is_missing(file, word):
    found = contents(file, f"a,b\n1,2\n3,{word}\n5,6\n", missing="drop")
    assert found.all_or_train.X.tolist() == [[1, 2], [5, 6]]


@pytest.mark.parametrize("word", ["1_000", "0x10", "1,5", "12kg"])
def test_a_cell_that_is_no_plain_number_is_told_with_its_line(file, word):
    told = refusal(file, f'a,b\n1,2\n3,"{word}"\n5,6\n')
    assert f"text among numbers in 'b' ('{word}' in row 1, line 3)" in told


def test_numbers_too_small_for_float32_are_kept(file):
    found = contents(file, "a,b\n1e-50,1\n3e-50,2\n2e-50,2\n")
    np.testing.assert_array_equal(found.all_or_train.X[:, 0], [1e-50, 3e-50, 2e-50])
    # A column that tells nothing apart needs no digits.
    assert contents(file, "a,b\n.1,1\n.1,2\n.1,3\n").all_or_train.X.dtype == np.float32


def test_timestamps_keep_their_seconds(file):
    found = contents(file, "a,b\n1700000000,1\n1700000001,2\n")
    assert found.all_or_train.X[:, 0].tolist() == [1700000000, 1700000001]
    assert "float64, for float32 has not the digits of 'a'" in found.told


# --------------------------------------------------------------------------- everything at once


def test_all_that_is_wrong_is_told_at_once(file):
    text = (
        "kind,when,size,good,typo\n"
        + "".join(f"{'uv'[i % 2]},2020-01-0{i + 1},{i},{i}.5,{i}\n" for i in range(5))
        + "u,2020-02-01,99999999999999993,,oops\n"
    )
    told = refusal(file, text)
    for part in (
        "text in 'kind' (2 words, such as 'u')",
        "dates in 'when' (2020-01-01 to 2020-02-01)",
        "integers past 2^53, which floats merge, such as 99999999999999993 in 'size'",
        "text among numbers in 'typo' ('oops' in row 5, line 7)",
        "missing values in 'good' (1, first in row 5, line 7)",
        "name the label with target",
        "categories='one_hot'",
        "dates='days'",
        "missing='mean' or missing='drop'",
    ):
        assert part in told


def test_names_are_no_categories(file):
    text = "name,size,kind\n" + "".join(f"person {i},{i},{'uv'[i % 2]}\n" for i in range(30))
    told = refusal(file, text, categories="one_hot")
    assert "words that hardly repeat in 'name' (30 words, such as 'person 0')" in told
    assert "keep such names with keep" in told
    assert names(file, text, categories="one_hot", keep="name") == ("size", "kind=u", "kind=v")


def test_all_that_is_missing_is_told_at_once(file):
    told = refusal(file, "a,b,c\n1,,2\n,NA,3\n3,4,?\n")
    assert "'a' (1, first in row 1, line 3)" in told
    assert "'b' (2, first in row 0, line 2)" in told
    assert "'c' (1, first in row 2, line 4)" in told
    told = refusal(file, "a,b\nNA,1\nu,2\nv,3\n", categories="one_hot")
    assert "'NA' was read as missing" in told


def test_all_rows_of_another_length_are_told(file):
    told = refusal(file, "a,b\n1,2\n3\n4,5,6\n7,8\n9\n1\n")
    assert told == (
        "Every row of FILE must have 2 cells; row 1, line 3, has 1, row 2, line 4, has 3, row 4, "
        "line 6, has 1, and 1 more: mend or remove them, or say what stands between the cells "
        "with delimiter."
    )


def test_what_helps_is_said_for_what_came(file):
    for text, words in {
        'a,b\n1,"1,234"\n2,"12,345"\n3,7\n': "write numbers without a mark between thousands",
        "a;b\n1;1,5\n2;2,25\n": "say decimal=','",
        "a,b\n1,02/03/2020\n2,02/04/2020\n": "write dates as 2020-12-31",
        "a,b\n1,inf\n2,3\n": "infinite values in 'b' (1, first in row 0, line 2): mend these",
    }.items():
        assert words in refusal(file, text)
    # With a decimal comma a point is no part of a number: 1.234 would be read as 1 and a bit.
    assert "'1.234' in row 0" in refusal(file, "a;b\n1;1.234\n2;5,5\n3;7\n", decimal=",")
    told = contents(file, "label,a\n1,2\n2,4\n").told
    assert any("'label' is a feature: name it with target" in text for text in told)


# --------------------------------------------------------------------------- options


TABLE = (
    "id,island,born,size,weight,sex\n"
    "a1,Dream,2020-01-01,1.5,10,f\n"
    "a2,Biscoe,2020-01-02,2.5,,m\n"
    "a3,Dream,2020-01-04,3.5,30,f\n"
    "a4,Dream,2020-01-05,4.5,20,m\n"
)


def test_categories_dates_and_missing_values_are_what_pandas_makes_of_them(file):
    found = contents(
        file, TABLE, target="sex", keep=("id",), categories="one_hot", dates="days", missing="mean"
    )
    frame = pandas.read_csv(file, parse_dates=["born"])
    expected = pandas.concat(
        [
            pandas.get_dummies(frame["island"], prefix_sep="=", prefix="island", dtype=float),
            (frame["born"] - pandas.Timestamp(0)).dt.days.rename("born"),
            frame[["size", "weight"]],
        ],
        axis=1,
    )
    assert list(found.description.feature_names) == list(expected.columns)
    np.testing.assert_array_equal(found.all_or_train.X, expected.to_numpy(dtype=np.float32))
    assert found.all_or_train.kept["id"].tolist() == ["a1", "a2", "a3", "a4"]
    assert found.all_or_train.y.tolist() == [0, 1, 0, 1]
    told = "; ".join(found.told)
    assert "one-hot 'island' (2)" in told
    assert "days since 1970 in 'born'" in told
    assert "'id' kept beside the rows" in told


def test_the_mean_is_that_of_the_training_rows(file):
    rows = "".join(f"{i},{'' if i % 3 == 0 else i * i}\n" for i in range(20))
    file.write_text("a,b\n" + rows)
    data = load(file, missing="mean")
    there = [i * i for i in data.train.X[:, 0].astype(int).tolist() if i % 3]
    for part in (data.train, data.test):
        gone = part.X[:, 0] % 3 == 0
        np.testing.assert_allclose(part.X[gone, 1], np.mean(there), rtol=1e-6)
        np.testing.assert_array_equal(part.X[~gone, 1], part.X[~gone, 0] ** 2)
    assert data.means[1] == pytest.approx(np.mean(there))


def test_rows_with_missing_values_are_dropped_where_that_is_asked_for(file):
    found = contents(
        file, TABLE + "a5,,2020-01-06,1,1,\n", columns=("size", "weight"), missing="drop",
        keep=("id",), target="sex",
    )  # fmt: skip
    assert found.all_or_train.kept["id"].tolist() == ["a1", "a3", "a4"]
    np.testing.assert_array_equal(found.all_or_train.X, [[1.5, 10], [3.5, 30], [4.5, 20]])
    assert "2 rows with missing values are dropped" in found.told


def test_columns_are_chosen_and_dropped(file):
    assert names(file, TABLE, columns=("weight", "size"), missing="drop") == ("weight", "size")
    assert names(file, TABLE, columns="weight, size", missing="drop") == ("weight", "size")
    dropped = ("id", "island", "born,sex")
    assert names(file, TABLE, drop=dropped, missing="drop") == ("size", "weight")
    assert names(file, '"a,b",c\n1,2\n3,4\n', drop="a,b") == ("c",)
    with pytest.raises(InvalidParameterError, match=r"`drop` must be .*Did you mean 'weight'"):
        contents(file, TABLE, drop="wieght")


def test_delimiter_and_decimal(file):
    text = "a;b\n1,5;2,25\n-3,5;4\n"
    found = contents(file, text, decimal=",")
    np.testing.assert_array_equal(found.all_or_train.X, [[1.5, 2.25], [-3.5, 4]])
    assert "say decimal=','" in refusal(file, text)
    assert (
        names(file, "a b\n1 2\n3 4\n")
        == names(file, "a b\n1 2\n3 4\n", delimiter=" ")
        == ("a", "b")
    )
    assert names(file, "a\tb\n1\t2\n3\t4\n", delimiter="\\t") == ("a", "b")
    for options, word in (
        ({"delimiter": "ab"}, "`delimiter` must be one character"),
        ({"decimal": "'"}, "`decimal` must be one of"),
        ({"decimal": ",", "delimiter": ","}, "must differ"),
        ({"missing": "zero"}, "`missing` must be one of"),
        ({"columns": 3}, "`columns` must be names"),
        ({"image_size": 0}, "`image_size` must be"),
    ):
        with pytest.raises(InvalidParameterError, match=word):
            Reading(**options)
    with pytest.raises(InvalidParameterError, match="`crop` must be left out here; a table holds"):
        load(file, crop=True)


# --------------------------------------------------------------------------- kinds of files


@pytest.mark.parametrize(
    ("suffix", "compress"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
)
def test_compressed_text(tmp_path, suffix, compress):
    path = tmp_path / f"rows.csv{suffix}"
    content = compress("".join(f"{i},{i * i}\n" for i in range(500)).encode())
    path.write_bytes(content)
    data = load(path)
    assert data.name == "rows"
    np.testing.assert_array_equal(data.train.X[:, 1], data.train.X[:, 0] ** 2)
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(DamagedFileError, match="must be a whole compressed file"):
        load(path)


def test_tabs(tmp_path):
    path = tmp_path / "rows.tsv"
    path.write_text("a, or b\tc\n1\t2\n3\t4\n")
    assert read(path).description.feature_names == ("a, or b", "c")


def test_natural_order():
    assert sorted(["10", "2", "-1", "b", "a10", "a2"], key=natural) == [
        "-1", "2", "10", "a2", "a10", "b",
    ]  # fmt: skip
