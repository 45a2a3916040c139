"""What a set of codes says about the units that made them."""

from __future__ import annotations

from inscape._checks import as_floats, check_filled, check_numbers
from inscape._typing import FloatArray


def dead_units(codes: FloatArray) -> tuple[int, ...]:
    r"""Return the units whose code is the same for every row.

    A ReLU unit whose input is negative for all rows gives 0 for all of them, and its gradient is 0
    too: it can never come back.

    Parameters
    ----------
    codes : ndarray, shape (n_samples, n_components)
        Codes of many rows.

    Returns
    -------
    tuple of int
        Indices of the units with :math:`\max - \min \le 10^{-7} \max(1, |\max|)`.

    Raises
    ------
    InvalidDataError
        If there is no row, or no column.

    Examples
    --------
    >>> import numpy as np
    >>> dead_units(np.array([[0.0, 1.0], [0.0, 2.0]]))
    (0,)
    """
    codes = as_floats(check_numbers(codes, name="codes"))
    check_filled(codes, name="codes")
    top, bottom = codes.max(axis=0), codes.min(axis=0)
    return tuple(int(i) for i in (top - bottom <= 1e-7 * abs(top).clip(min=1.0)).nonzero()[0])
