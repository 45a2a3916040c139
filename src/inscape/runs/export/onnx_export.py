"""Two ONNX graphs in a directory, kept only where they give what the model gives."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sklearn.utils.validation import check_is_fitted
from tqdm.auto import tqdm

from inscape._files import prepare_directory, staged_directory, write_atomic, write_manifest
from inscape.estimators.inputs import check_rows
from inscape.runs.export.graphs import check_packages, record_decoder, record_encoder
from inscape.runs.export.parity import Parity, compare_graphs


def export_onnx(
    model: Any,
    path: str | Path,
    *,
    X: Any = None,
    y: Any = None,
    columns: Sequence[str] | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> Parity:
    """Write a fitted model as ``encoder.onnx`` and ``decoder.onnx``.

    The graphs hold the whole way: rows in the units of the data, in float64, to codes, and codes
    to expected rows. Both are run by onnxruntime and compared with the model before they appear.

    Parameters
    ----------
    model : Autoencoder or VariationalAutoencoder
        Fitted.
    path : path-like
        A new directory.
    X : array-like, shape (n_samples, n_features), or None
        Real rows to compare on, beside random ones.
    y : array-like, shape (n_samples,), or None
        What a conditional model is told of them; its graphs take labels, or numbers, as a second
        input: texts by their place in `classes_`, which a graph tells as its metadata.
    columns : sequence of str or None
        What the columns are called; None takes the names that the model was fitted with, if any.
    overwrite : bool
        Whether such a directory that is there may be replaced.
    progress : bool
        Whether to draw a progress bar on a terminal.

    Returns
    -------
    Parity
        How far the graphs are from the model.

    Raises
    ------
    MissingDependencyError
        If the extra ``onnx`` is not installed.
    ExportError
        If a layer has no place in a graph, or a graph does not give what the model gives; nothing
        is left behind.
    """
    check_is_fitted(model)
    if X is not None:
        X = check_rows(model, X, reset=False)
        if model.conditions_ is not None:
            model.conditions_.encode(y, n_rows=len(X))
    check_packages()
    path = Path(path)
    prepare_directory(path, overwrite=overwrite)
    if columns is None:
        columns = getattr(model, "feature_names_in_", None)
    with (
        staged_directory(path, overwrite=overwrite) as stage,
        tqdm(total=3, leave=False, disable=None if progress else True) as bar,
    ):
        for record in (record_encoder, record_decoder):
            bar.set_description(f"recording the {record.__name__.removeprefix('record_')}")
            graph = record(model, columns=columns)
            write_atomic(stage / f"{graph.name}.onnx", graph.content)
            bar.update()
        bar.set_description("comparing with the model")
        parity = compare_graphs(model, stage, X=X, y=y)
        write_manifest(stage)
    return parity
