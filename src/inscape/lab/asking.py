"""What a page asks to be learned, in the words of `FitConfig`, read before anything starts."""

from __future__ import annotations

import dataclasses
import math
import reprlib
import types
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from inscape._checks import check_choice, did_you_mean
from inscape._errors import InvalidParameterError
from inscape.data.reading import Reading
from inscape.runs.config import FitConfig
from inscape.zoo import MODELS

_CALLED: Final = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a finite number",
}


def read_asked(told: Any, *, opened: FitConfig | None = None) -> FitConfig:
    """Return the config that plain data ask for.

    Parameters
    ----------
    told : dict
        Values by the names of `FitConfig`; null is the same as left out.
    opened : FitConfig or None
        Of the run that is open: its data, read as they were, are taken where none are named.

    Raises
    ------
    InvalidParameterError
        If a name is unknown, or a value cannot be.

    Examples
    --------
    >>> read_asked({"data": "digits", "hidden": [16], "epochs": 2}).hidden
    (16,)
    """
    if not isinstance(told, dict):
        raise InvalidParameterError(
            f"config must be an object of options; got {reprlib.repr(told)}."
        )
    hints = get_type_hints(FitConfig)
    known = [field.name for field in dataclasses.fields(FitConfig)]
    values: dict[str, Any] = {}
    for name, value in told.items():
        if name not in known:
            raise InvalidParameterError(
                f"config must hold options of inscape fit only; got {reprlib.repr(name)}."
                + did_you_mean(name, known)
            )
        if value is not None:
            values[name] = _read(name, value, hints[name])
    if opened is not None and "data" not in values:
        of_data = ["data", "test_fraction", *(field.name for field in dataclasses.fields(Reading))]
        values = {name: getattr(opened, name) for name in of_data} | values
    config = FitConfig(**values)
    # Options that do not go together are told now, and not when the data are read.
    config.reading()
    asked = config.estimator_parameters()
    published = MODELS.get(config.model)
    if asked.get("conditional") or (published is not None and published.parts.get("conditional")):
        raise InvalidParameterError(
            f"What is learned in the lab must need nothing but rows; {config.model} needs labels: "
            "learn it with inscape fit."
        )
    return config


def _read(name: str, value: Any, hint: Any) -> Any:
    kinds = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    kinds = tuple(kind for kind in kinds if kind is not type(None))
    for kind in kinds:
        if get_origin(kind) is tuple and isinstance(value, list):
            item = get_args(kind)[0]
            if all(_is(one, item) for one in value):
                return tuple(value)
        elif _is(value, kind):
            return value
    if get_origin(kinds[0]) is Literal:
        return check_choice(name, value, get_args(kinds[0]))
    raise InvalidParameterError(
        f"`{name}` must be {' or '.join(map(_call, kinds))}; got {reprlib.repr(value)}."
    )


def _is(value: Any, kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return isinstance(value, str) and value in get_args(kind)
    if kind is float:
        return type(value) in (int, float) and abs(value) < math.inf
    return type(value) is kind


def _call(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(map(repr, get_args(kind)))
    if get_origin(kind) is tuple:
        return f"a list, each {_CALLED[get_args(kind)[0]]}"
    return _CALLED[kind]
