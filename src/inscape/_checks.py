"""Every check of an argument, and the one place that owns the wording of what went wrong.

Each message is one sentence: what must hold, what came, how to mend it.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import numbers
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from inscape._errors import InvalidDataError, InvalidParameterError, MissingDependencyError
from inscape._typing import FloatArray


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


# --------------------------------------------------------------------------- options


def check_integer(
    name: str, value: Any, *, minimum: int, maximum: int | None = None, limit: str = ""
) -> int:
    """Return `value` as an integer in [minimum, maximum]; `limit` names where the maximum is from.

    Raises
    ------
    InvalidParameterError
        If it is not an integer, or outside.
    """
    if (
        isinstance(value, numbers.Integral)
        and not isinstance(value, bool)
        and int(value) >= minimum
        and (maximum is None or int(value) <= maximum)
    ):
        return int(value)
    wanted = (
        f"an integer >= {minimum}"
        if maximum is None
        else f"an integer from {minimum} to {f'{limit} = ' if limit else ''}{maximum}"
    )
    raise InvalidParameterError(f"`{name}` must be {wanted}; got {_shown(value)}.")


def check_number(
    name: str,
    value: Any,
    *,
    above: float | None = None,
    minimum: float | None = None,
    below: float | None = None,
    maximum: float | None = None,
) -> float:
    """Return `value` as a finite float inside the named bounds.

    Raises
    ------
    InvalidParameterError
        If it is not a finite number, or outside.
    """
    bounds = [
        (above, ">", lambda v, b: v > b),
        (minimum, ">=", lambda v, b: v >= b),
        (below, "<", lambda v, b: v < b),
        (maximum, "<=", lambda v, b: v <= b),
    ]
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    given = [(bound, sign, holds) for bound, sign, holds in bounds if bound is not None]
    if (
        real
        and math.isfinite(float(value))
        and all(holds(value, bound) for bound, _, holds in given)
    ):
        return float(value)
    wanted = " and ".join(f"{sign} {bound:g}" for bound, sign, _ in given)
    raise InvalidParameterError(f"`{name}` must be a number {wanted}; got {_shown(value)}.")


def check_choice(name: str, value: Any, choices: Iterable[str]) -> str:
    """Return `value` if it is one of `choices`.

    Raises
    ------
    InvalidParameterError
        If it is not; the message names the nearest choice.
    """
    words = list(choices)
    if isinstance(value, str) and value in words:
        return value
    raise InvalidParameterError(
        f"`{name}` must be one of {', '.join(map(repr, words))}; got {_shown(value)}."
        + did_you_mean(value, words)
    )


def did_you_mean(value: object, words: Sequence[str]) -> str:
    """Return ' Did you mean ...?' where a word is near `value`, else an empty string."""
    near = difflib.get_close_matches(str(value).lower(), words, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def look_up(name: str, value: Any, table: Mapping[str, Any]) -> Any:
    """Return `table[value]`; the table of choices also writes the error."""
    return table[check_choice(name, value, table)]


def resolve_part(name: str, value: Any, table: Mapping[str, Any]) -> Any:
    """Return the part that `value` stands for: a word of `table`, its description, or itself.

    A part is a small frozen dataclass (a likelihood, an optimiser, a network). It can be given as
    a word ("adam"), as a description ({"type": "adam", "beta2": 0.99}, the form that config files
    hold), or as the object. The table of choices also writes the error.

    Raises
    ------
    InvalidParameterError
        If the word is not in `table`, or the object is not one of its classes.
    """
    if isinstance(value, tuple(table.values())):
        return value
    if isinstance(value, Mapping) and "type" in value:
        options = {key: option for key, option in value.items() if key != "type"}
        part = look_up(f"{name}.type", value["type"], table)
        fields = [field.name for field in dataclasses.fields(part)]
        for key in options:
            check_choice(f"{name}.{key}", key, fields)
        return part(**{k: tuple(v) if isinstance(v, list) else v for k, v in options.items()})
    return look_up(name, value, table)()


def describe_part(part: Any) -> Any:
    """Return the description from which `resolve_part` makes the same part again.

    The word is the class's name in lower case, as a test asserts of every table of parts.
    """
    if isinstance(part, (tuple, list)):
        return [describe_part(item) for item in part]
    if isinstance(part, np.generic):
        return part.item()
    if not dataclasses.is_dataclass(part):
        return part
    word = re.sub("(?<=[a-z])(?=[A-Z])", "_", type(part).__name__).lower()
    options = {f.name: describe_part(getattr(part, f.name)) for f in dataclasses.fields(part)}
    return {"type": word, **options}


def check_widths(name: str, value: Any) -> tuple[int, ...]:
    """Return layer widths as a tuple of integers >= 1; an empty one means no hidden layer.

    Raises
    ------
    InvalidParameterError
        If it is not a sequence of integers >= 1.
    """
    if isinstance(value, (tuple, list)) and all(
        isinstance(width, numbers.Integral) and not isinstance(width, bool) and int(width) >= 1
        for width in value
    ):
        return tuple(int(width) for width in value)
    raise InvalidParameterError(
        f"`{name}` must be a tuple of layer widths >= 1, such as (256, 64), or () for no hidden "
        f"layer; got {_shown(value)}."
    )


# --------------------------------------------------------------------------- data


def _first_place(bad: np.ndarray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(bad)), bad.shape))


def check_finite(X: FloatArray, *, name: str = "X") -> None:
    """Locate NaN and infinity by row and column.

    Raises
    ------
    InvalidDataError
        If one is there.
    """
    # A sum is finite if and only if nothing overflows or is missing: one pass, no mask.
    with np.errstate(over="ignore", invalid="ignore"):
        if math.isfinite(float(X.sum(dtype=np.float64))):
            return
        bad = ~np.isfinite(X)
    if not bad.any():
        return
    place = _first_place(bad)
    kind = "NaN" if np.isnan(X[place]) else "infinity"
    where = ", ".join(f"{axis} {i}" for axis, i in zip(("row", "column"), place, strict=False))
    raise InvalidDataError(
        f"{name} must be finite; got {kind} at {where} ({int(bad.sum())} such values in all): "
        "remove or impute them first."
    )


def check_enough_samples(n_samples: int, *, minimum: int = 2) -> None:
    """Ask for enough rows to learn from.

    Raises
    ------
    InvalidDataError
        If there are fewer.
    """
    if n_samples < minimum:
        raise InvalidDataError(
            f"X must hold at least {minimum} rows to learn from; got {n_samples} sample(s): "
            "give it more data."
        )


def check_varies(X: FloatArray) -> None:
    """Ask for at least one column that is not constant.

    Raises
    ------
    InvalidDataError
        If every row is the same.
    """
    if (X[0] == X[-1]).all() and (X[0] == X).all():
        raise InvalidDataError(
            f"X must vary; got {X.shape[0]} identical rows ({X.shape[1]} constant columns), "
            "from which nothing can be learned: check how the data were read."
        )


def check_unit_interval(X: FloatArray, *, likelihood: str) -> None:
    """Ask for values in [0, 1], as a likelihood on that interval needs.

    Raises
    ------
    InvalidDataError
        If a value lies outside; it is named by row and column.
    """
    if X.min() >= 0 and X.max() <= 1:
        return
    row, column = _first_place((X < 0) | (X > 1))
    raise InvalidDataError(
        f"X must lie in [0, 1] for the {likelihood} likelihood; got {X[row, column]:g} at row "
        f"{row}, column {column}: use scaler='minmax' or likelihood='gaussian'."
    )


def check_matrix(value: Any, *, name: str, n_columns: int | None = None) -> FloatArray:
    """Return `value` as a finite array (n_samples, n_columns) of at least one row and column.

    Raises
    ------
    InvalidDataError
        If it is not one.
    """
    array = np.asarray(value)
    wanted = f"two dimensions{'' if n_columns is None else f' and {n_columns} columns'}"
    if array.dtype.kind not in "fiub":
        raise InvalidDataError(
            f"{name} must hold numbers; got values of type {array.dtype}: encode them first."
        )
    if array.ndim != 2 or array.size == 0 or n_columns not in (None, array.shape[1]):
        raise InvalidDataError(
            f"{name} must be a non-empty array of {wanted}; got the shape {array.shape}: "
            "give one row a sample."
        )
    array = array if array.dtype.kind == "f" else array.astype(np.float64)
    check_finite(array, name=name)
    return array


def check_same_rows(array: Any, n_rows: int, *, name: str, of: str) -> None:
    """Ask for one row (or value) of `name` a row of `of`.

    Raises
    ------
    InvalidDataError
        If the lengths differ.
    """
    if np.ndim(array) == 0 or len(array) != n_rows:
        raise InvalidDataError(
            f"{name} must have as many rows as {of} ({n_rows}); got the shape "
            f"{np.shape(array)}: give both for the same samples."
        )


# --------------------------------------------------------------------------- packages


def missing_dependency(package: str, purpose: str, extra: str) -> MissingDependencyError:
    """Return the error that says which extra brings `package`."""
    return MissingDependencyError(
        f"{purpose} needs the package {package}, which is not installed: "
        f"run pip install 'inscape[{extra}]'."
    )
