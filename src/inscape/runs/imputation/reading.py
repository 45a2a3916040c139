"""The rows of an imputation, with what is missing."""

from __future__ import annotations

from dataclasses import replace

from inscape._errors import InvalidDataError
from inscape.data.named import NAMED
from inscape.runs.config import ImputationConfig
from inscape.runs.tables import Table, read_rows
from inscape.uses.imputation.held_out import FEWEST_ROWS


def read_table(config: ImputationConfig) -> Table:
    """Return the rows that a config names; what is missing in them is NaN.

    Raises
    ------
    InvalidDataError
        If there are too few rows to hide entries of some.
    InscapeError
        If the data cannot be read.
    """
    source = config.data or "mnist"
    reading = config.reading()
    if source not in NAMED:
        # Nothing stands for what is missing: it stays what it is.
        reading = replace(reading, missing="mean")
    table = read_rows(source, None, reading)
    n_learned = int((~table.held_out).sum())
    if n_learned < FEWEST_ROWS:
        raise InvalidDataError(
            f"The data must hold at least {FEWEST_ROWS} rows to learn from; got {n_learned}: give "
            "more rows."
        )
    return table
