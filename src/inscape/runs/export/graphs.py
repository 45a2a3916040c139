"""Encoder and decoder of a fitted estimator as ONNX graphs, from rows in the units of the data.

All that comes in and goes out is float64, so that an offset is subtracted before anything is
rounded; the network inside is float32. The number of rows is free.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

import inscape
from inscape._checks import missing_dependency
from inscape._errors import ExportError
from inscape.estimators.conditions import Labels
from inscape.networks import Quantizer

_PACKAGES = ("onnx", "onnxscript", "onnxruntime")
# Rows of the call that is recorded; with one, a graph may take the number for a constant.
_RECORDED = 3


@dataclass(frozen=True, eq=False)
class Graph:
    """One side of a model, recorded.

    Parameters
    ----------
    name : str
        "encoder" or "decoder".
    content : bytes
        The ONNX file.
    """

    name: str
    content: bytes


def check_packages() -> None:
    """Make sure that what writes and runs graphs is installed.

    Raises
    ------
    MissingDependencyError
        If it is not; the extra that brings it is named.
    """
    for package in _PACKAGES:
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise missing_dependency(package, "Exporting to ONNX", "onnx") from error


def record_encoder(model: Any, *, columns: Sequence[str] | None) -> Graph:
    """Return the graph from rows to codes.

    Parameters
    ----------
    model : NetworkEstimator
        Fitted.
    columns : sequence of str or None
        What the columns of the rows are called, where that is known.

    Raises
    ------
    ExportError
        If a layer has no place in a graph.
    """
    rows = torch.zeros(_RECORDED, model.n_features_in_, dtype=torch.float64)
    names = ("encoder", "rows", "codes")
    return _record(model, model.encoder_module(), rows, names, columns=columns)


def record_decoder(model: Any, *, columns: Sequence[str] | None) -> Graph:
    """Return the graph from codes to rows, as `record_encoder` does."""
    codes = torch.zeros(_RECORDED, model.n_components_, dtype=torch.float64)
    names = ("decoder", "codes", "rows")
    return _record(model, model.decoder_module(), codes, names, columns=columns)


def _record(
    model: Any,
    module: nn.Module,
    values: Tensor,
    names: tuple[str, str, str],
    *,
    columns: Sequence[str] | None,
) -> Graph:
    name, given, found = names
    told = _told(model)
    inputs = {given: values, **told}
    any_number = {0: torch.export.Dim("n")}
    module = module.float().cpu()
    for layer in module.modules():
        if isinstance(layer, Quantizer):
            # Of two vectors of a codebook that lie close, float32 would take the other one.
            layer.double()
    with _quietly():
        try:
            program = torch.onnx.export(
                module,
                tuple(inputs.values()),
                dynamo=True,
                dynamic_shapes=tuple(any_number for _ in inputs),
                input_names=[*inputs],
                output_names=[found],
                verbose=False,
            )
        except torch.onnx.OnnxExporterError as error:
            raise ExportError(
                f"The {name} must be of layers that ONNX has; torch.onnx says "
                f"{_last_line(error)!r}: replace that layer, or hand over {name}_module()."
            ) from error
    assert program is not None
    graph = program.model
    graph.producer_name, graph.producer_version = "inscape", inscape.__version__
    graph.doc_string = f"From {given} to {found}; float64, any number of rows."
    graph.metadata_props.update(_metadata(model, columns))
    _forget_places(graph.graph)
    return Graph(name, program.model_proto.SerializeToString())


def _forget_places(graph: Any) -> None:
    """Remove what the exporter notes of each node: lines of source, with paths of this machine."""
    noted = [graph, *graph.inputs, *graph.initializers.values()]
    for node in graph.all_nodes():
        noted += [node, *node.outputs]
    for part in noted:
        part.metadata_props.clear()


def _told(model: Any) -> dict[str, Tensor]:
    """Return the second input by its name, where a model is told something."""
    conditions = model.conditions_
    if conditions is None:
        return {}
    if isinstance(conditions, Labels):
        classes = conditions.module().classes
        return {"labels": classes[:1].expand(_RECORDED).clone()}
    return {"numbers": torch.zeros(_RECORDED, conditions.n_columns, dtype=torch.float64)}


def _metadata(model: Any, columns: Sequence[str] | None) -> dict[str, str]:
    told = {"model": type(model).__name__, "inscape_version": inscape.__version__}
    if columns is not None:
        told["columns"] = json.dumps(list(columns), ensure_ascii=False)
    if isinstance(model.conditions_, Labels):
        told["labels"] = json.dumps(model.conditions_.classes.tolist(), ensure_ascii=False)
    return told


def _last_line(error: BaseException) -> str:
    """Return what the innermost cause of an error says, on one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    return next((line.strip() for line in str(error).splitlines() if line.strip()), repr(error))


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep what the exporter says to its developers off the user's terminal."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
