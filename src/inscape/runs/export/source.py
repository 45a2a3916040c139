"""What a run still knows of its data: test rows, and names of columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from inscape._errors import InscapeError
from inscape.data import Split, load_reading
from inscape.data.dataset import pixel_names
from inscape.runs.config import FitConfig
from inscape.runs.run import Run, check_fit


def rows_tested_on(path: Path) -> Split | None:
    """Return the rows that a run was tested on; None where they are not there any more.

    Parameters
    ----------
    path : Path
        A run; a model directory knows no data.
    """
    if not (path / "config.toml").is_file():
        return None
    run = Run(path)
    check_fit(run, "know the rows that it was tested on")
    config = cast(FitConfig, run.config)
    try:
        found = load_reading(
            config.data,
            config.reading(),
            test_fraction=config.test_fraction,
            random_state=config.random_state,
        )
    except InscapeError:
        return None
    same = found.checksum == run.environment["data"].get("checksum")
    return found.test if same else None


def column_names(path: Path, model: Any = None) -> list[str] | None:
    """Return what the columns of a model's rows are called, where that is known.

    Parameters
    ----------
    path : Path
        A run, or a model directory.
    model : NetworkEstimator or None
        The model there, which may have been fitted with a frame.
    """
    if hasattr(model, "feature_names_in_"):
        return list(model.feature_names_in_)
    if not (path / "environment.json").is_file():
        return None
    data = Run(path).environment["data"]
    if data.get("image_shape") is not None:
        return list(pixel_names(tuple(data["image_shape"])))
    return data.get("feature_names")
