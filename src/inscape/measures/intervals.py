"""The mean of a few repetitions, such as trainings from several seeds, with its interval."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.stats import t

from inscape._checks import check_array, check_number
from inscape._errors import InvalidDataError
from inscape.measures.comparison import Estimate


def mean_interval(values: Any, *, confidence: float = 0.95) -> Estimate:
    r"""Return the mean of repetitions and the interval of Student's t about it.

    .. math:: \bar v \pm t_{n - 1} \, s / \sqrt{n}

    with s the standard deviation over the n repetitions, n - 1 in its denominator, and t the
    quantile of n - 1 degrees of freedom. It is about the mean over all repetitions that there
    could be, if these are independent and nearly normal: not about a single one of them.

    Parameters
    ----------
    values : array-like, shape (n,)
        One number a repetition, at least two.
    confidence : float, default 0.95
        Between 0 and 1.

    Returns
    -------
    Estimate

    Raises
    ------
    InvalidParameterError
        If the confidence cannot hold.
    InvalidDataError
        If there are fewer than two, or they are not finite.

    Notes
    -----
    Student (1908), "The probable error of a mean", Biometrika 6, 1-25.

    Examples
    --------
    >>> mean_interval([0.3, 0.4, 0.5])
    0.400 [0.152, 0.648]
    """
    confidence = check_number("confidence", confidence, above=0, below=1)
    repeated = check_array(values, name="values", shape={"n": None}).astype(np.float64)
    n = len(repeated)
    if n < 2:
        raise InvalidDataError(
            f"values must be of two repetitions at least, for an interval; got {n}: repeat it."
        )
    mean = float(repeated.mean())
    half = float(t.ppf((1 + confidence) / 2, n - 1) * repeated.std(ddof=1) / math.sqrt(n))
    return Estimate(mean, mean - half, mean + half, confidence)
