"""Files that are not what their names say: each is told what it is, and how to go on."""

from __future__ import annotations

import gzip
import shutil
import zipfile

import numpy as np
import pandas
import pytest

from inscape._errors import DataNotFoundError, InvalidDataError
from inscape.data import load

pytest.importorskip("pyarrow")
pytest.importorskip("openpyxl")
FRAME = pandas.DataFrame(np.arange(12.0).reshape(6, 2), columns=["a", "b"])


def written(path):
    """One file of each kind, written by its own library."""
    FRAME.to_csv(path / "table.csv", index=False)
    FRAME.to_parquet(path / "table.parquet")
    FRAME.to_feather(path / "table.feather")
    FRAME.to_excel(path / "table.xlsx", index=False)
    np.save(path / "table.npy", FRAME.to_numpy())
    np.savez(path / "table.npz", X=FRAME.to_numpy())


def refusal(path):
    with pytest.raises(InvalidDataError) as refused:
        load(path)
    assert "\n" not in str(refused.value)
    return str(refused.value).replace(str(path), "FILE")


def test_each_kind_under_the_name_of_each_other_is_told(tmp_path):
    written(tmp_path)
    kinds = {path.suffix: path for path in sorted(tmp_path.glob("table.*"))}
    same = ({".feather", ".arrow"}, {".csv", ".tsv"})
    for source in kinds.values():
        for suffix in (*kinds, ".tsv", ".arrow"):
            other = tmp_path / f"other{suffix}"
            shutil.copy(source, other)
            if source.suffix == suffix:
                assert load(other).n_features == 2
            elif {source.suffix, suffix} not in same:
                right = ".arrow" if source.suffix == ".feather" else source.suffix
                assert f"rename it to {right}" in refusal(other), (source, suffix)


CONTENTS = {
    "UTF-16": ("a,b\n1,2\n3,4\n".encode("utf-16"), "is text in UTF-16: save it as CSV in UTF-8"),
    "UTF-16 without a mark": ("a,b\n1,2\n".encode("utf-16-le"), "has zero bytes, as UTF-16 has"),
    "Windows-1252": (
        "größe,b\n1,2\n3,4\n".encode("cp1252"),
        "got the byte 0xf6 in line 1, as Windows-1252 and Latin-1 have it: save it as CSV in UTF-8",
    ),
    "Latin-1 later": ("a,b\n1,2\n3,é\n".encode("latin-1"), "got the byte 0xe9 in line 3"),
    "gzip": (gzip.compress(b"a,b\n1,2\n"), "is compressed with gzip: add .gz to its name"),
    "a web page": (b"\n<!DOCTYPE html>\n<p>404</p>", "is a web page"),
    "JSON": (b'[{"a": 1},\n{"a": 2}]', "is JSON: pandas.read_json"),
    "Git LFS": (b"version https://git-lfs.github.com/spec/v1\noid x\n", "git lfs pull"),
    "a locked sheet": (b"\xd0\xcf\x11\xe0" + bytes(99), "old or locked Excel file"),
    "Excel's line": (b"sep=;\na;b\n1;2\n", "a line for Excel .sep=....: take that line out"),
}  # fmt: skip


@pytest.mark.parametrize("kind", CONTENTS)
def test_what_is_no_csv_is_told(tmp_path, kind):
    content, told = CONTENTS[kind]
    (tmp_path / "rows.csv").write_bytes(content)
    with pytest.raises(InvalidDataError, match=told):
        load(tmp_path / "rows.csv")


def test_a_mark_at_the_beginning_is_part_of_no_name(tmp_path):
    (tmp_path / "rows.csv").write_bytes("a,b\n1,2\n3,4\n".encode("utf-8-sig"))
    assert load(tmp_path / "rows.csv").feature_names == ("a", "b")


def test_other_archives_and_packed_arrays(tmp_path):
    with zipfile.ZipFile(tmp_path / "rows.xlsx", "w") as archive:
        archive.writestr("rows.csv", "a,b\n1,2\n")
    assert "is a zip archive: unpack it first" in refusal(tmp_path / "rows.xlsx")
    (tmp_path / "rows.npy.gz").write_bytes(gzip.compress(b"x"))
    assert "text where it is compressed; got .npy: unpack it" in refusal(tmp_path / "rows.npy.gz")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("https://a.org/b.csv", "on this machine; got the address https://a.org/b.csv: fetch it"),
        ("", "a path that exists; got ''"),
        ("x" * 5000 + ".csv", "an existing file or folder; there is none"),
    ],
    ids=["address", "nothing", "long"],
)
def test_paths_that_are_none(source, told):
    with pytest.raises(DataNotFoundError, match=told):
        load(source)
