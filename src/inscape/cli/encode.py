"""``inscape encode`` and ``inscape decode``: rows to codes and back, through a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from inscape.cli.files import check_output, encoded_rows, read_codes, write_pictures, write_rows
from inscape.cli.labels import bind_codes, is_told
from inscape.cli.output import say
from inscape.data.reading import Reading

_PLAIN = Reading()


def encode(
    run: Path,
    data: str,
    /,
    *,
    output: Path = Path("codes.npy"),
    part: Literal["all", "train", "test"] = "all",
    label: str | None = None,
    reading: Annotated[Reading, Parameter(name="*", negative_bool="no-")] = _PLAIN,
    overwrite: bool = False,
) -> None:
    """Encode the rows of DATA with the model of RUN, in their order.

    Parameters
    ----------
    run
        A finished run, or its model directory.
    data
        A named data set, a file or a folder of images, as for inscape fit. The columns of a table
        are found by their names; what text, dates and missing values become is the model's.
    output
        A .npy or .csv file; a .csv has the columns that --keep names before the codes.
    part
        Of a named data set: the training rows, the test rows, or both after each other.
    label
        What a conditional model is told of every row; left out, the labels of DATA.
    reading
        How DATA is read.
    overwrite
        Replace the file that is there.
    """
    model, rows = encoded_rows(
        run, data, part=part, reading=reading, label=label, output=output, overwrite=overwrite
    )
    codes = model.transform(rows)
    write_rows(output, codes, [f"code_{i}" for i in range(codes.shape[1])], rows.kept)
    say(f"Encoded {len(codes):,} rows to {codes.shape[1]} components in {output}")


def decode(
    run: Path,
    codes: str,
    /,
    *,
    label: str | None = None,
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
    label
        What a conditional model is told of every row; left out, the labels beside the codes.
    output
        A .npy or .csv file, whose columns have the names of the data; or a new folder, such as
        pictures/, where the data are pictures: a .png for each row.
    overwrite
        Replace what is there.
    """
    from inscape.uses.loading import load_representation

    check_output(output, overwrite, folder=True)
    model = load_representation(run)
    found = read_codes(codes, n_components=model.n_components_)
    if is_told(model, label):
        model = bind_codes(model, found, label, run)
    rows = model.inverse_transform(found.X)
    if not output.suffix:
        write_pictures(output, rows, model.description_)
        say(f"Decoded {len(rows):,} codes to pictures in {output}")
        return
    write_rows(output, rows, _names(model, rows.shape[1]), found.kept)
    say(f"Decoded {len(rows):,} codes to {rows.shape[1]} features in {output}")


def _names(model: Any, n_features: int) -> list[str]:
    described = model.description_
    if described is not None:
        return list(described.feature_names)
    return [f"x{i}" for i in range(n_features)]
