"""``inscape encode`` and ``inscape decode``: rows to codes and back, through a run."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from inscape._checks import check_choice
from inscape._errors import InvalidParameterError, StorageError
from inscape._typing import FloatArray
from inscape.cli.output import say

_SUFFIXES = (".npy", ".csv")


def encode(
    run: Path,
    data: str,
    /,
    *,
    output: Path = Path("codes.npy"),
    part: Literal["all", "train", "test"] = "all",
    target: str | None = None,
    overwrite: bool = False,
) -> None:
    """Encode the rows of DATA with the model of RUN, in their order.

    Parameters
    ----------
    run
        A finished run, or its model directory.
    data
        A named data set, a file or a folder of images, as for inscape fit.
    output
        A .npy or .csv file.
    part
        Of a named data set: the training rows, the test rows, or both after each other.
    target
        The column of a table that holds labels, which are not encoded.
    overwrite
        Replace the file that is there.
    """
    import inscape

    _check_output(output, overwrite)
    model = inscape.load(run)
    rows = _read(data, part, target)
    codes = model.transform(rows)
    names = [f"code_{i}" for i in range(codes.shape[1])]
    _write(output, codes, names)
    say(f"Encoded {len(codes):,} rows to {codes.shape[1]} components in {output}")


def decode(
    run: Path,
    codes: str,
    /,
    *,
    output: Path = Path("rows.npy"),
    overwrite: bool = False,
) -> None:
    """Decode the rows of CODES with the model of RUN.

    Parameters
    ----------
    run
        A finished run, or its model directory.
    codes
        A .npy or .csv file, as inscape encode writes it.
    output
        A .npy or .csv file.
    overwrite
        Replace the file that is there.
    """
    import inscape
    from inscape.runs.export.source import column_names

    _check_output(output, overwrite)
    model = inscape.load(run)
    rows = model.inverse_transform(_read(codes, "all", None))
    names = column_names(run, model) or [f"x{i}" for i in range(rows.shape[1])]
    _write(output, rows, names)
    say(f"Decoded {len(rows):,} codes to {rows.shape[1]} features in {output}")


def _read(source: str, part: str, target: str | None) -> FloatArray:
    import numpy as np

    from inscape.data import load
    from inscape.data.files import read
    from inscape.data.named import NAMED

    if source in NAMED:
        dataset = load(source)
        parts = {"train": [dataset.train.X], "test": [dataset.test.X]}
        parts["all"] = [*parts["train"], *parts["test"]]
        return np.concatenate(parts[check_choice("part", part, parts)])
    if part != "all":
        raise InvalidParameterError(
            f"--part must be left out for a file, whose rows are all encoded; got {part!r}."
        )
    contents = read(source, target=target)
    tests = [] if contents.test is None else [contents.test.X]
    return np.concatenate([contents.all_or_train.X, *tests])


def _check_output(output: Path, overwrite: bool) -> None:
    if output.suffix not in _SUFFIXES:
        raise InvalidParameterError(
            f"--output must end in {' or '.join(_SUFFIXES)}; got {output.name!r}."
        )
    if output.exists() and not overwrite:
        raise StorageError(
            f"{output} must be a new file; it already exists: choose another one, or add "
            "--overwrite."
        )


def _write(output: Path, array: FloatArray, names: list[str]) -> None:
    import io

    import numpy as np

    from inscape._files import write_atomic

    buffer = io.BytesIO()
    if output.suffix == ".npy":
        np.save(buffer, array, allow_pickle=False)
    else:
        np.savetxt(buffer, array, delimiter=",", header=",".join(names), comments="", fmt="%.9g")
    write_atomic(output, buffer.getvalue())
