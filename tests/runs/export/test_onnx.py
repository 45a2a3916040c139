"""ONNX graphs: run by onnxruntime they are the model, or they are not there."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from tests.members import LABELS, MEMBERS, QUICK, X, fitted, told_of
from torch import nn

import inscape
from inscape import Autoencoder, VariationalAutoencoder, __version__, zoo
from inscape._errors import (
    ExportError,
    InvalidDataError,
    MissingDependencyError,
    RunExistsError,
)
from inscape.estimators.exact_modules import Affine
from inscape.runs import export_onnx
from inscape.runs.export import parity

NOT_INSTALLED = "the extra onnx is not installed"
onnx = pytest.importorskip("onnx", reason=NOT_INSTALLED)
onnxruntime = pytest.importorskip("onnxruntime", reason=NOT_INSTALLED)
# Each records, writes and runs graphs: what is quick about them is tested in `inscape export`.
pytestmark = pytest.mark.proof


def answers(path, *inputs):
    """Run a graph with nothing but onnxruntime."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [given.name for given in session.get_inputs()]
    (found,) = session.run(None, dict(zip(names, inputs, strict=True)))
    return found


def size(values):
    return np.sqrt(np.square(values - values.mean(axis=0)).mean())


def far_rows(n=50, n_columns=8, spread=1e-7):
    """Rows a million spreads off, of numbers that float64 holds exactly."""
    codes = np.random.default_rng(0).normal(size=(n, 2))
    rows = np.tanh(codes @ np.random.default_rng(1).normal(size=(2, n_columns)))
    return np.ldexp(np.rint(np.ldexp(spread * rows, 60)), -60) + np.ldexp(3.0, -5)


@pytest.mark.parametrize("scaler", [None, pytest.param("standard", marks=pytest.mark.proof)])
def test_an_offset_of_a_million_spreads_comes_through(scaler, tmp_path):
    rows = far_rows()
    model = Autoencoder(2, hidden=(16,), scaler=scaler, epochs=3, random_state=0).fit(rows)
    found = export_onnx(model, tmp_path / "model", X=rows)
    assert max(found.encoder, found.decoder) < 1e-5
    assert found.n_real == 50
    codes = answers(tmp_path / "model" / "encoder.onnx", rows)
    back = answers(tmp_path / "model" / "decoder.onnx", codes)
    assert codes.dtype == back.dtype == np.float64
    assert abs(codes - model.transform(rows)).max() < 1e-5 * size(codes)
    assert abs(back - model.reconstruct(rows)).max() < 1e-5 * size(rows)
    # One row alone, and no row.
    one = answers(tmp_path / "model" / "encoder.onnx", rows[:1])
    np.testing.assert_allclose(one, codes[:1], atol=1e-5 * size(codes))
    assert answers(tmp_path / "model" / "encoder.onnx", rows[:0]).shape == (0, 2)


@pytest.mark.proof
@pytest.mark.parametrize("name", MEMBERS)
def test_every_part_is_exported(name, tmp_path):
    model = fitted(name)
    y = told_of(model)
    export_onnx(model, tmp_path / "model", X=X, y=y[0] if y else None)
    told = [labels if labels.dtype.kind == "i" else labels[:, None] for labels in y]
    codes = answers(tmp_path / "model" / "encoder.onnx", X, *told)
    wanted = model.transform(X, *y)
    assert abs(codes - wanted).max() <= 1e-5 * np.sqrt(np.square(wanted).mean())
    back = answers(tmp_path / "model" / "decoder.onnx", wanted, *told)
    assert abs(back - model.inverse_transform(wanted, *y)).max() <= 1e-5 * size(X)
    for side in ("encoder", "decoder"):
        onnx.checker.check_model(onnx.load(tmp_path / "model" / f"{side}.onnx"))


@pytest.mark.proof
@pytest.mark.parametrize("name", [name for name in zoo.MODELS if name != "CVAE"])
def test_every_published_model_is_exported(name, tmp_path):
    model = zoo.build(name, 2, hidden=(16,), epochs=2, batch_size=60, random_state=0).fit(X / 16)
    found = export_onnx(model, tmp_path / "model", X=X / 16)
    assert max(found.encoder, found.decoder) < 1e-5


@pytest.mark.proof
def test_five_thousand_columns_and_fifty_rows(tmp_path):
    rows = np.random.default_rng(0).normal(size=(50, 5000)) @ np.diag(1 + np.arange(5000.0) % 7)
    model = Autoencoder(3, epochs=2, random_state=0).fit(rows)
    found = export_onnx(model, tmp_path / "model", X=rows)
    assert max(found.encoder, found.decoder) < 1e-5
    codes = answers(tmp_path / "model" / "encoder.onnx", rows)
    assert abs(codes - model.transform(rows)).max() < 1e-5 * size(codes)


def test_labels_are_a_second_input(tmp_path):
    names = np.array(["even", "odd"])[LABELS % 2]
    model = zoo.build("CVAE", 2, hidden=(8,), **QUICK).fit(X, names)
    export_onnx(model, tmp_path / "model", X=X, y=names)
    codes = answers(tmp_path / "model" / "encoder.onnx", X, LABELS % 2)
    wanted = model.transform(X, names)
    assert abs(codes - wanted).max() < 1e-5 * size(wanted)
    # A graph cannot refuse a label; it does not answer as if it knew it.
    assert np.isnan(answers(tmp_path / "model" / "encoder.onnx", X[:1], np.array([2]))).all()
    told = {p.key: p.value for p in onnx.load(tmp_path / "model" / "encoder.onnx").metadata_props}
    assert json.loads(told["labels"]) == ["even", "odd"]
    with pytest.raises(InvalidDataError, match="y must hold a label for each of 120 rows"):
        export_onnx(model, tmp_path / "other", X=X)


def test_a_frame_gives_its_names_and_one_label_stands_for_all(tmp_path):
    rows = pd.DataFrame(X[:, 1:5], columns=list("abcd"))
    model = VariationalAutoencoder(1, hidden=(4,), conditional="continuous", **QUICK)
    model.fit(rows, LABELS)
    found = export_onnx(model, tmp_path / "model", X=rows, y=2.5)
    assert found.n_real == len(rows)
    graph = onnx.load(tmp_path / "model" / "encoder.onnx")
    assert json.loads({p.key: p.value for p in graph.metadata_props}["columns"]) == list("abcd")
    told = np.full((len(rows), 1), 2.5)
    codes = answers(tmp_path / "model" / "encoder.onnx", rows.to_numpy(), told)
    assert abs(codes - model.transform(rows, 2.5)).max() < 1e-5 * size(codes)


def test_what_onnxruntime_refuses_is_told_in_a_sentence(tmp_path):
    (tmp_path / "encoder.onnx").write_bytes(b"no graph")
    with pytest.raises(ExportError, match="The encoder as a graph must be run by onnxruntime; it"):
        parity._Runner(tmp_path / "encoder.onnx", fitted("network dense"))


def test_a_graph_says_what_it_is(tmp_path):
    model = Autoencoder(2, hidden=(8,), **QUICK).fit(X)
    level, columns = logging.getLogger("torch.onnx").level, [f"größe {i}" for i in range(64)]
    export_onnx(model, tmp_path / "model", columns=columns)
    assert logging.getLogger("torch.onnx").level == level
    assert {p.name for p in (tmp_path / "model").iterdir()} == {
        *("encoder.onnx", "decoder.onnx", "MANIFEST"),
    }
    for side, given, found in (("encoder", "rows", "codes"), ("decoder", "codes", "rows")):
        graph = onnx.load(tmp_path / "model" / f"{side}.onnx")
        assert (graph.producer_name, graph.producer_version) == ("inscape", __version__)
        told = {prop.key: prop.value for prop in graph.metadata_props}
        assert told["model"] == "Autoencoder"
        assert told["inscape_version"] == __version__
        assert json.loads(told["columns"])[3] == "größe 3"
        assert [one.name for one in graph.graph.input] == [given]
        assert [one.name for one in graph.graph.output] == [found]
        assert graph.graph.input[0].type.tensor_type.shape.dim[0].dim_param
        # Nothing of the machine that it was made on.
        content = (tmp_path / "model" / f"{side}.onnx").read_bytes()
        assert Path(inscape.__file__).parent.as_posix().encode() not in content
        assert b".py" not in content
    with pytest.raises(RunExistsError, match="already exists"):
        export_onnx(model, tmp_path / "model")
    before = (tmp_path / "model" / "MANIFEST").read_bytes()
    export_onnx(model, tmp_path / "model", columns=columns, overwrite=True)
    # The same bits, file by file.
    assert (tmp_path / "model" / "MANIFEST").read_bytes() == before


# --------------------------------------------------------------------------- what is refused


def refused(model, tmp_path, message, **options):
    with pytest.raises(ExportError, match=message):
        export_onnx(model, tmp_path / "model", **options)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("side", ["encoder", "decoder"])
def test_a_graph_that_differs_is_not_left_behind(side, tmp_path, monkeypatch):
    model = Autoencoder(2, hidden=(8,), **QUICK).fit(X)
    original = getattr(model, f"{side}_module")

    def spoilt():
        module = original()
        with torch.no_grad():
            next(module.parameters()).mul_(1 + 1e-4)
        return module

    monkeypatch.setattr(model, f"{side}_module", spoilt)
    refused(
        model, tmp_path, rf"The {side} as a graph .* to 1e-05; it differs by .* nothing was written"
    )


def test_a_mean_that_is_rounded_first_is_found_out(tmp_path, monkeypatch):
    rows = far_rows()
    model = Autoencoder(2, hidden=(8,), **QUICK).fit(rows)
    original = Affine.__init__

    def rounded(self, shift, scale):
        original(self, np.float32(shift), scale)

    monkeypatch.setattr(Affine, "__init__", rounded)
    refused(model, tmp_path, "The encoder as a graph must give what the model gives", X=rows)


class Counting(nn.Module):
    """Has the number of rows of its first call in the graph for ever."""

    def forward(self, rows):
        return rows.reshape(len(rows), 64)


class Sorting(nn.Module):
    """Asks for the values, which a recorded call has none of."""

    def forward(self, rows):
        return rows if float(rows.detach().sum()) < 1e30 else rows + 1


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (Counting(), "The encoder as a graph must take any number of rows"),
        (Sorting(), "The encoder must be of layers that ONNX has; torch.onnx says '.+'"),
    ],
)
def test_modules_that_cannot_be_recorded_are_refused_in_a_sentence(layer, message, tmp_path):
    network = (nn.Sequential(layer, nn.Linear(64, 2)), nn.Linear(2, 64))
    model = Autoencoder(2, network=network, **QUICK).fit(X)
    refused(model, tmp_path, message)


@pytest.mark.parametrize("package", ["onnx", "onnxscript", "onnxruntime"])
def test_a_missing_extra_is_named(package, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingDependencyError, match=rf"{package}, .* 'inscape\[onnx\]'"):
        export_onnx(fitted("network dense"), tmp_path / "model")
    assert not [*tmp_path.iterdir()]


# --------------------------------------------------------------------------- the comparison


def step(values, told):
    return np.sign(values)


def compared(found, values):
    side = parity._Side("encoder", step, found, values, parity._as_they_are, by_column=False)
    return side.difference(None)


def test_beyond_an_edge_another_answer_is_the_models_own():
    values = np.linspace(-1, 1, 200)[:, None]
    values[100] = 1e-9
    assert compared(step, values) == 0

    def beyond(given, told):
        return np.where(abs(given) < 1e-8, -1.0, np.sign(given))

    assert compared(beyond, values) == 0
    with pytest.raises(ExportError, match=r"differs by 2 on a random row"):
        compared(lambda given, told: np.where(given == 1, -1.0, np.sign(given)), values)


@pytest.mark.parametrize("gap", [2e-5, 3e-4, 0.1])
def test_a_smooth_model_that_is_off_on_one_row_is_refused(gap):
    values = np.linspace(-1, 1, 200)[:, None]

    def identity(given, told):
        return given

    def off(given, told):
        return np.where(given == values[50], given + gap, given)

    side = parity._Side("decoder", identity, off, values, parity._as_they_are, by_column=True)
    with pytest.raises(ExportError, match="The decoder as a graph must give"):
        side.difference(None)


def test_nan_is_as_far_as_can_be():
    values = np.linspace(-1, 1, 9)[:, None]
    with pytest.raises(ExportError, match="differs by inf"):
        compared(lambda given, told: np.full_like(given, np.nan), values)
