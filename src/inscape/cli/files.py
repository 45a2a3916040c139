"""What commands read rows and codes from, and write them to."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from inscape._checks import check_choice
from inscape._errors import InvalidDataError, InvalidParameterError, StorageError
from inscape._files import refuse_in_run
from inscape._typing import FloatArray
from inscape.cli.labels import bind, is_told, with_target
from inscape.cli.output import say
from inscape.data.dataset import Description, Split
from inscape.data.reading import Reading
from inscape.runs.config import AnomaliesConfig, ClassificationConfig, ClustersConfig

UseConfig = TypeVar("UseConfig", AnomaliesConfig, ClassificationConfig, ClustersConfig)
_SUFFIXES = (".npy", ".csv")
_PICTURE = re.compile(r"[0-9]{5,}\.png")
# The column of a written file that tells where a row stood, if others were dropped.
ROW = "row"


def read_rows(source: str, part: str, description: Description | None, reading: Reading) -> Split:
    """Return the rows of a source in their order, as a fitted model takes them; say what is chosen.

    Parameters
    ----------
    source : str
        A named data set, a file or a folder.
    part : {"all", "train", "test"}
        Of a named set.
    description : Description or None
        What the model knows of its columns.
    reading : Reading
        How the source is read.
    """
    import numpy as np

    from inscape.data import load
    from inscape.data.files import read_for
    from inscape.data.named import NAMED

    if source in NAMED:
        reading.refuse("a named set is read already")
        dataset = load(source)
        parts = {"train": [dataset.train], "test": [dataset.test]}
        parts["all"] = [*parts["train"], *parts["test"]]
        chosen = parts[check_choice("part", part, parts)]
        X, y = (np.concatenate([getattr(each, name) for each in chosen]) for name in "Xy")
        return Split(X, y, description=dataset.description)
    if part != "all":
        raise InvalidParameterError(
            f"--part must be left out for a file, whose rows are all encoded; got {part!r}."
        )
    contents = read_for(source, description, reading)
    if contents.told:
        say(f"Read as: {'; '.join(contents.told)}.")
    rows = contents.whole()
    if contents.places is not None:
        # Which rows are left is seen nowhere else.
        rows = replace(rows, kept={ROW: contents.places, **rows.kept})
    return rows


def encoded_rows(
    run: Path,
    data: str,
    *,
    part: str,
    reading: Reading,
    label: str | None,
    output: Path,
    overwrite: bool,
) -> tuple[Any, Split]:
    """Return the model of a run and the rows that it is asked about, once OUTPUT can be written.

    Parameters
    ----------
    run, data, part, reading
        As in `read_rows`, and where the model is.
    label : str or None
        What a conditional model is told of all rows, where they do not bring their own.
    output, overwrite
        As in `check_output`.
    """
    from inscape.uses.loading import load_representation

    check_output(output, overwrite, keep=reading.keep)
    model = load_representation(run)
    if not is_told(model, label):
        return model, read_rows(data, part, model.description_, reading)
    asked = with_target(run, data, reading) if label is None else reading
    return bind(model, read_rows(data, part, model.description_, asked), label, run)


def asked_about(options: UseConfig, run_or_data: str | None, data: str | None) -> UseConfig:
    """Return a config with what stands before the options: [RUN] DATA, or RUN for its own data.

    Parameters
    ----------
    options : config
        Of a use.
    run_or_data, data : str or None
        In their order.
    """
    from inscape.data.named import NAMED
    from inscape.runs.tables import with_run

    if data is not None:
        options = replace(options, model=run_or_data, data=data)
    elif run_or_data is not None:
        is_run = run_or_data not in NAMED and (Path(run_or_data) / "config.toml").is_file()
        named = replace(options, model=run_or_data)
        options = named if is_run else replace(options, data=run_or_data)
    return with_run(options)


def check_places(run: Path | None, output: Path | None, *, overwrite: bool) -> None:
    """Refuse places that cannot be written, before any work.

    Raises
    ------
    StorageError
        If something is there already.
    """
    from inscape._files import prepare_directory

    if output is not None:
        check_new(output, overwrite)
    if run is not None:
        prepare_directory(run, overwrite=overwrite)


def read_codes(source: str, *, n_components: int) -> Split:
    """Return the codes of a file that `inscape encode` wrote, and what it kept beside them.

    Parameters
    ----------
    source : str
        A .npy file, or a .csv one; where the latter has columns code_0, code_1, ..., these are its
        codes, in whatever order, and others are kept.
    n_components : int
        Of the model.
    """
    from inscape.data.files import read
    from inscape.data.text import read_text

    if not source.endswith(".csv"):
        return read(source).all_or_train
    names = list(read_text(Path(source), Reading()).columns)
    codes = [f"code_{i}" for i in range(n_components)]
    if not set(codes) <= set(names):
        return read(source).all_or_train
    others = tuple(name for name in names if name not in codes)
    return read(source, reading=Reading(columns=tuple(codes), keep=others)).all_or_train


def check_output(
    output: Path, overwrite: bool, *, keep: Sequence[str] = (), folder: bool = False
) -> None:
    """Refuse a file that cannot be written, before any work.

    Raises
    ------
    InvalidParameterError
        If its suffix is of no kind that is written, or cannot hold what is kept.
    StorageError
        As in `check_new`.
    """
    if output.suffix not in _SUFFIXES and not (folder and not output.suffix):
        raise InvalidParameterError(
            f"--output must end in {' or '.join(_SUFFIXES)}"
            f"{', or be a folder for pictures' if folder else ''}; got {output.name!r}."
        )
    if keep and output.suffix != ".csv":
        raise InvalidParameterError(
            f"--keep must go with an --output that ends in .csv; got {output.name!r}: an array has "
            "no room for names."
        )
    check_new(output, overwrite)


def check_new(output: Path, overwrite: bool) -> None:
    """Refuse a file that must not be written.

    Raises
    ------
    StorageError
        If it lies in a run, or is there already.
    """
    refuse_in_run(output)
    if output.exists() and not overwrite:
        raise StorageError(
            f"{output} must be a new file; it already exists: choose another one, or add "
            "--overwrite."
        )


def write_rows(
    output: Path, array: FloatArray, names: Sequence[str], kept: Mapping[str, Any]
) -> None:
    """Write rows as .npy, or as .csv with a header and what is kept before them."""
    import numpy as np

    from inscape._files import write_atomic
    from inscape.data.tables import check_distinct

    if output.suffix == ".npy":
        buffer = io.BytesIO()
        np.save(buffer, array, allow_pickle=False)
        write_atomic(output, buffer.getvalue())
        return
    check_distinct([*kept, *names], str(output))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*kept, *names])
    # As many digits as come back to the same bits.
    digits = "%.9g" if array.dtype == np.float32 else "%.17g"
    beside = list(zip(*kept.values(), strict=True)) or [()] * len(array)
    for words, row in zip(beside, array.tolist(), strict=True):
        writer.writerow([*words, *(digits % value for value in row)])
    write_atomic(output, text.getvalue())


def write_pictures(folder: Path, rows: FloatArray, description: Description | None) -> None:
    """Write each row as a .png, 00000.png, 00001.png, ...; values are cut to [0, 1].

    Raises
    ------
    InvalidDataError
        If the rows are no pictures.
    """
    import numpy as np
    from PIL import Image

    from inscape._files import write_atomic

    if description is None or description.image_shape is None:
        raise InvalidDataError(
            "The rows must be pictures to be written as such; the model knows no shape of them: "
            "write rows, with --output rows.csv."
        )
    pixels = np.rint(255 * rows.clip(0, 1)).astype(np.uint8)
    for number, picture in enumerate(pixels.reshape(len(rows), *description.image_shape)):
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, format="png")
        write_atomic(folder / f"{number:05d}.png", buffer.getvalue())
    # Of more rows that were written there before: one folder is of one decoding.
    for path in folder.glob("[0-9]*.png"):
        if _PICTURE.fullmatch(path.name) and int(path.stem) >= len(rows):
            path.unlink()
