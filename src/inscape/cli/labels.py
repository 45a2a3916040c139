"""What a conditional model of a run is told at the command line: labels of the rows, or one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from inscape._errors import InvalidDataError, InvalidParameterError
from inscape.data.dataset import Split
from inscape.data.reading import Reading

# What the column is called where the data had no name for it.
_LABEL = "label"


def is_told(model: Any, label: str | None) -> bool:
    """Return whether a model is conditional.

    Raises
    ------
    InvalidParameterError
        If it is not, and there is a label for it.
    """
    conditional = getattr(model, "conditions_", None) is not None
    if label is not None and not conditional:
        raise InvalidParameterError(
            f"`label` must be left out for a model that is told nothing; got {label!r}: a "
            "conditional one is made by inscape fit DATA --model CVAE --target NAME."
        )
    return conditional


def with_target(run: Path, source: str, reading: Reading) -> Reading:
    """Return how a table is read so that it brings its labels: by the column that the run names."""
    from inscape.data.files import suffix_of
    from inscape.data.frame_files import TABLE_READERS

    if reading.target is None and suffix_of(Path(source)) in TABLE_READERS:
        return replace(reading, target=_target_of(run))
    return reading


def bind(model: Any, rows: Split, label: str | None, run: Path) -> tuple[Any, Split]:
    """Return a conditional model that is told what rows are, and the rows with that beside them.

    Raises
    ------
    InvalidDataError
        If there is nothing to tell.
    """
    from inscape.runs.tables import written_labels

    if label is not None:
        return model.given(_read(model, [label])[0]), rows
    words = written_labels(rows)
    if words is None:
        raise InvalidDataError(
            f"DATA must hold the labels that the model of {run} is told; got rows without any: "
            "name their column with --target, or tell one label for all with --label."
        )
    # As words: the numbers of classes are those of this table, and not the model's.
    bound = model.given(_read(model, words))
    return bound, replace(rows, kept={**rows.kept, column_of(run): _texts(words)})


def bind_codes(model: Any, codes: Split, label: str | None, run: Path) -> Any:
    """Return a conditional model that is told what the rows were that codes are of.

    Raises
    ------
    InvalidDataError
        If there is nothing to tell.
    """
    if label is not None:
        return model.given(_read(model, [label])[0])
    name = column_of(run)
    if name not in codes.kept:
        raise InvalidDataError(
            f"CODES must have a column {name!r} with the labels that the model of {run} is told, "
            "as inscape encode writes it to a .csv; got none: tell one label for all with --label."
        )
    return model.given(_read(model, codes.kept[name].tolist()))


def column_of(run: Path) -> str:
    """Return the name of the column that holds the labels."""
    return _target_of(run) or _LABEL


def _target_of(run: Path) -> str | None:
    """Return the column of labels that a run was fitted with; a model alone does not know it."""
    from inscape.runs.config import FitConfig
    from inscape.runs.run import Run

    if not (run / "config.toml").is_file():
        return None
    config = Run(run).config
    return config.target if isinstance(config, FitConfig) else None


def _read(model: Any, words: list[str]) -> Any:
    described = model.description_
    names = None if described is None else described.class_names
    return model.conditions_.read([str(word) for word in words], names)


def _texts(words: list[str]) -> Any:
    import numpy as np

    return np.array(words, dtype=object)
