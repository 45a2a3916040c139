"""``inscape export``: a run's model as ONNX graphs or in the Hub's layout, its lab as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from inscape._errors import InvalidParameterError
from inscape.cli.output import say, say_warning


def export(
    run: Path,
    /,
    *,
    onnx: Path | None = None,
    hub: Path | None = None,
    html: Path | None = None,
    overwrite: bool = False,
) -> None:
    """Hand RUN over: as ONNX graphs, as a directory for the Hugging Face Hub, or as one page.

    Parameters
    ----------
    run
        A finished run; for ONNX alone its model directory will do.
    onnx
        A new directory for encoder.onnx and decoder.onnx, which are written only if they give what
        the model gives (needs the extra onnx).
    hub
        A new directory for the model, its figures and a model card made from the run.
    html
        A new file for the lab of the run, with the test rows: it opens with the network off.
    overwrite
        Replace what is there.
    """
    if onnx is None and hub is None and html is None:
        raise InvalidParameterError(
            "inscape export must know what to make of the run; got neither --onnx nor --hub nor "
            "--html: give a new directory to one of the first two, or a new file to the last."
        )
    from inscape._files import prepare_directory

    for path in (onnx, hub):
        if path is not None:
            prepare_directory(path, overwrite=overwrite)
    if html is not None:
        from inscape.lab.file import check_file

        check_file(html, overwrite=overwrite)
    if onnx is not None:
        from inscape.runs.export.graphs import check_packages

        check_packages()
    # The Hub's first: ONNX graphs are often kept in a directory onnx/ of it.
    if hub is not None:
        _export_hub(run, hub, overwrite)
    if onnx is not None:
        _export_onnx(run, onnx, overwrite)
    if html is not None:
        _export_html(run, html, overwrite)


def _export_hub(run: Path, hub: Path, overwrite: bool) -> None:
    from inscape.runs import export_hub

    export_hub(run, hub, overwrite=overwrite)
    say(f"Model    {hub / 'model.safetensors'}")
    say(f"Card     {hub / 'README.md'}")
    say("The figures may show rows of your data: look at them before you publish.")


def _export_onnx(run: Path, onnx: Path, overwrite: bool) -> None:
    import inscape
    from inscape.runs import export_onnx
    from inscape.runs.export.source import column_names, rows_tested_on

    model: Any = inscape.load(run)
    tested, columns = rows_tested_on(run), column_names(run, model)
    X, y = (None, None) if tested is None else (tested.X, tested.y)
    parity = export_onnx(model, onnx, X=X, y=y, columns=columns, overwrite=overwrite, progress=True)
    say(f"Encoder  {onnx / 'encoder.onnx'}, {parity.encoder:.0e} from the model")
    say(f"Decoder  {onnx / 'decoder.onnx'}, {parity.decoder:.0e} from the model")
    say(
        f"Compared on {parity.n_drawn:,} random and {parity.n_real:,} real rows; what goes in and "
        "out is float64."
    )
    if not parity.n_real:
        say_warning("the data of the run are not where they were: compared on random rows alone.")


def _export_html(run: Path, html: Path, overwrite: bool) -> None:
    from inscape.lab import describe_run, export_html
    from inscape.runs import Run

    document = describe_run(Run(run), with_training_rows=False)
    export_html(document, html, overwrite=overwrite)
    say(f"Page     {html}, {html.stat().st_size / 1e6:.1f} MB")
    # A run of dynamics has a tree, and no rows of anybody's.
    if "data" in document.description:
        say(
            f"It holds {document.description['data']['n_test']:,} test rows of your data: look at "
            "it before you hand it on."
        )
