"""A directory that the Hugging Face Hub takes as it is; whoever uploads it is not here."""

from __future__ import annotations

import shutil
from pathlib import Path

from inscape._files import staged_directory, write_atomic, write_manifest
from inscape.runs.export.card import model_card
from inscape.runs.run import Run, check_fit


def export_hub(run: Run | str | Path, path: str | Path, *, overwrite: bool = False) -> Path:
    """Write a run's model in the Hub's layout, with a model card made from the run.

    ``inscape.load`` makes the model of the directory again, with the same bits. Figures come with
    the card, and show rows of the data where the run's do.

    Parameters
    ----------
    run : Run or path-like
        A finished run of a fit; each of its files is checked first.
    path : path-like
        A new directory.
    overwrite : bool
        Whether such a directory that is there may be replaced.

    Returns
    -------
    Path
        The directory: ``config.json``, ``model.safetensors``, ``README.md`` and ``figures/``.

    Raises
    ------
    RunNotFoundError
        If there is no finished run of a fit.
    DamagedFileError
        If a file of the run is not as it was written; it is named.
    """
    run = run if isinstance(run, Run) else Run(Path(run))
    check_fit(run, "be exported")
    run.verify()
    path = Path(path)
    with staged_directory(path, overwrite=overwrite) as stage:
        for name in ("config.json", "model.safetensors"):
            shutil.copyfile(run.path / "model" / name, stage / name)
        for figure in run.figures:
            (stage / "figures").mkdir(exist_ok=True)
            shutil.copyfile(figure, stage / "figures" / figure.name)
        write_atomic(stage / "README.md", model_card(run))
        # Card and figures are for their publisher to change; the model stays what it is.
        write_manifest(stage, editable=("README.md", "figures/*"))
    return path
