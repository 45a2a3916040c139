"""``inscape score``: how well a run's model gives back each row."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from inscape.cli.files import ROW, encoded_rows, write_rows
from inscape.cli.output import say
from inscape.data.reading import Reading

_PLAIN = Reading()


def score(
    run: Path,
    data: str,
    /,
    *,
    output: Path = Path("errors.csv"),
    part: Literal["all", "train", "test"] = "all",
    label: str | None = None,
    reading: Annotated[Reading, Parameter(name="*", negative_bool="no-")] = _PLAIN,
    overwrite: bool = False,
) -> None:
    """Write how far each row of DATA is from what the model of RUN gives back.

    Parameters
    ----------
    run
        A finished run, or its model directory.
    data
        A named data set, a file or a folder of images, as for inscape encode.
    output
        A .csv or .npy file: the squared error of each row (mean over its features, in the units of
        the data) and its log-likelihood (nats); a .csv has the columns that --keep names before
        them.
    part
        Of a named data set: the training rows, the test rows, or both after each other.
    label
        What a conditional model is told of every row; left out, the labels of DATA.
    reading
        How DATA is read.
    overwrite
        Replace the file that is there.
    """
    import numpy as np

    model, rows = encoded_rows(
        run, data, part=part, reading=reading, label=label, output=output, overwrite=overwrite
    )
    back = model.reconstruct(rows)
    errors = np.square(back.astype(np.float64) - rows.X).mean(axis=1)
    table = np.column_stack([errors, model.score_samples(rows)])
    write_rows(output, table, ["squared_error", "log_likelihood"], rows.kept)
    worst = int(errors.argmax())
    say(
        f"Scored {len(errors):,} rows in {output}: squared error {errors.mean():.4g} in the mean, "
        f"{errors.max():.4g} at most (row {rows.kept[ROW][worst] if ROW in rows.kept else worst})"
    )
