"""Which features have a density under a likelihood."""

from __future__ import annotations

import numpy as np

from inscape._checks import first_place
from inscape._errors import InvalidDataError
from inscape._typing import FloatArray


def check_unit_interval(X: FloatArray, *, likelihood: str) -> None:
    """Ask for values in [0, 1], as a likelihood on that interval needs.

    Raises
    ------
    InvalidDataError
        If a value lies outside; it is named by row and column.
    """
    if X.min() >= 0 and X.max() <= 1:
        return
    row, column = first_place((X < 0) | (X > 1))
    raise InvalidDataError(
        f"X must lie in [0, 1] for the {likelihood} likelihood; got {X[row, column]:g} at row "
        f"{row}, column {column}: use scaler='minmax' or likelihood='gaussian'."
    )


def check_counts(X: FloatArray, *, likelihood: str, n_categories: int | None = None) -> None:
    """Ask for whole numbers >= 0, as a likelihood of counts needs; below `n_categories` if given.

    Raises
    ------
    InvalidDataError
        If a value is another; it is named by row and column.
    """
    wrong = (X < 0) | (np.mod(X, 1) > 0)
    wanted = ">= 0"
    if n_categories is not None:
        wrong |= np.greater(X, n_categories - 1)
        wanted = f"from 0 to n_categories - 1 = {n_categories - 1}"
    if not wrong.any():
        return
    row, column = first_place(wrong)
    raise InvalidDataError(
        f"X must hold whole numbers {wanted} for the {likelihood} likelihood; got "
        f"{X[row, column]:g} at row {row}, column {column}: give "
        f"{'counts' if n_categories is None else 'categories'} without a scaler, or use "
        "likelihood='gaussian'."
    )
