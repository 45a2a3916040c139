"""``inscape export``: what it writes, what it says, and what it refuses before any work."""

from __future__ import annotations

import shutil
import sys

import numpy as np
import pytest

import inscape
from inscape import data
from inscape.cli import main
from inscape.runs import FitConfig, Run, fit
from inscape.runs.export.parity import Parity


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a table, and a run of it."""
    path = tmp_path_factory.mktemp("table")
    rows = np.random.default_rng(0).normal(size=(50, 3)).round(3)
    lines = ["alpha,beta,gamma", *(",".join(map(str, row)) for row in rows)]
    (path / "table.csv").write_text("\n".join(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        fit(FitConfig(data="table.csv", hidden=(4,), epochs=1), path / "run")
    return path


@pytest.mark.proof
def test_both_are_made_of_one_run(folder, monkeypatch, capsys):
    onnxruntime = pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    monkeypatch.chdir(folder)
    assert call("export", "run", "--hub", "hub", "--onnx", "hub/onnx") == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert "on 256 random and 10 real rows" in told.out
    for name in ("model.safetensors", "README.md", "onnx/encoder.onnx", "onnx/decoder.onnx"):
        assert (folder / "hub" / name).stat().st_size > 0
        assert f"hub/{name}" in told.out
    X = data.load("table.csv").test.X.astype(np.float64)
    session = onnxruntime.InferenceSession(folder / "hub" / "onnx" / "encoder.onnx")
    (codes,) = session.run(None, {"rows": X})
    np.testing.assert_allclose(codes, inscape.load("hub").transform(X), atol=1e-5)
    assert session.get_modelmeta().custom_metadata_map["columns"] == '["alpha", "beta", "gamma"]'


def test_where_the_data_have_gone_that_is_told(folder, monkeypatch, capsys):
    pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    seen = []

    def write(model, path, *, X, **options):
        seen.append(X)
        return Parity(1e-7, 2e-7, 256, 0 if X is None else len(X))

    monkeypatch.setattr(inscape.runs, "export_onnx", write, raising=False)
    monkeypatch.chdir(folder.parent)
    for there in (True, False):
        if not there:
            (folder / "table.csv").rename(folder / "gone.csv")
        assert call("export", folder / "run", "--onnx", folder / "not-written") == 0
        told = capsys.readouterr()
        assert ("the data of the run are not where they were" in told.err) is not there
    (folder / "gone.csv").rename(folder / "table.csv")
    assert "256 random and 0 real rows" in told.out
    assert (len(seen[0]), seen[1]) == (10, None)
    # Other data of the same name are other data.
    monkeypatch.chdir(folder)
    words = (folder / "table.csv").read_text()
    (folder / "table.csv").write_text(words.replace("alpha", "omega"))
    try:
        assert call("export", folder / "run", "--onnx", folder / "not-written") == 0
    finally:
        (folder / "table.csv").write_text(words)
    assert seen[2] is None


def test_the_names_of_columns_come_back_with_decoded_rows(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert Run(folder / "run").environment["data"]["feature_names"] == ["alpha", "beta", "gamma"]
    assert call("encode", "run", "table.csv", "--output", "codes.npy", "--overwrite") == 0
    assert call("decode", "run", "codes.npy", "--output", "rows.csv", "--overwrite") == 0
    assert (folder / "rows.csv").read_text().splitlines()[0] == "alpha,beta,gamma"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run"], ["neither --onnx nor --hub"]),
        (["nowhere", "--hub", "new"], ["nowhere must be a run"]),
        (["nowhere", "--onnx", "new"], ["nowhere must be a run with a model"]),
        (["run", "--hub", "table.csv"], ["table.csv must be a new directory"]),
        (["run", "--onnx", "run"], ["run must be a new directory", "--overwrite"]),
        (["run/model", "--hub", "new"], ["run/model must be a run"]),
        (["cut", "--hub", "new"], ["cut/model/model.safetensors must be as it was written"]),
        (["cut", "--onnx", "new"], ["cut/model/model.safetensors must be as it was written"]),
        (["run", "--hub", "new", "--hug", "x"], ["--hug"]),
    ],
)
def test_what_cannot_be_exported_is_one_sentence(folder, monkeypatch, capsys, arguments, words):
    if "--onnx" in arguments:
        pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    monkeypatch.chdir(folder)
    if not (folder / "cut").exists():
        weights = shutil.copytree("run", folder / "cut") / "model" / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-10])
    before = sorted(folder.rglob("*"))
    assert call("export", *arguments) == 2
    told = capsys.readouterr()
    for word in words:
        assert word in told.err
    assert told.err.startswith("error: ")
    assert len(told.err.strip().splitlines()) == 1
    assert sorted(folder.rglob("*")) == before


def test_a_missing_extra_is_told_before_anything_is_written(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert call("export", "run", "--hub", "new", "--onnx", "graphs") == 2
    assert "run pip install 'inscape[onnx]'" in capsys.readouterr().err
    assert not (folder / "new").exists()
