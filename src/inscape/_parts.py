"""Parts: small immutable objects that an estimator is made of, and the words that name them.

A part belongs to a family: likelihoods, posteriors, optimisers, ... Each family has one base class,
which tells what its members may do, and one table of words. An option takes a word ("adam"), a word
with options ("adam(beta2=0.99)", TOML between the brackets), a description ({"type": "adam",
"beta2": 0.99}, the form of files), or an object: one of ours, or of a class of the user's own that
extends the base.
"""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from abc import ABC
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from inscape._checks import check_choice, did_you_mean, look_up
from inscape._errors import InvalidParameterError

# What stands for None inside the brackets of a word: TOML has no such value.
_NONE = "none"


class Part(ABC):
    """A member of a family; its class is a frozen dataclass, whose fields are the options."""

    family: ClassVar[Family]

    @property
    def short_form(self) -> str | None:
        """A word that stands for the whole part, options and all, where there is one."""
        return None


class Family(Mapping[str, type[Any]]):
    """A family of parts: the class that all of them extend, and our own by their words.

    Parameters
    ----------
    base : type
        The class; it is told which family is its own, so that a part can be named.
    members : mapping of str to type
        Our own; a test asserts that each word is the class's name in lower case.
    """

    def __init__(self, base: type[Part], members: Mapping[str, type[Any]]) -> None:
        self.base = base
        self._members = dict(members)
        base.family = self

    def __getitem__(self, word: str) -> type[Any]:
        return self._members[word]

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)


def resolve_part(name: str, value: Any, table: Mapping[str, Any]) -> Any:
    """Return the part that `value` stands for: a word of `table`, its description, or itself.

    Parameters
    ----------
    name : str
        The option, for the error.
    value : str, mapping or Part
        What was given.
    table : Family, or mapping of str to type
        Of the option; a mapping that is no family takes objects of its own classes alone.

    Raises
    ------
    InvalidParameterError
        If it stands for none; the table of choices also writes the error.
    """
    family = table if isinstance(table, Family) else None
    if isinstance(value, family.base if family else tuple(table.values())):
        _check_frozen(name, value)
        return value
    if isinstance(value, str) and "(" in value:
        value = read_call(name, value)
    if isinstance(value, Mapping) and "type" in value:
        options = {key: option for key, option in value.items() if key != "type"}
        part = look_up(f"{name}.type", value["type"], table)
        for key in options:
            check_choice(f"{name}.{key}", key, [field.name for field in _fields(part)])
        return part(**{k: tuple(v) if isinstance(v, list) else v for k, v in options.items()})
    if family is not None and not isinstance(value, str):
        base = f"{family.base.__module__.rpartition('.')[0]}.{family.base.__name__}"
        raise InvalidParameterError(
            f"`{name}` must be one of {', '.join(map(repr, table))}, or an instance of a class "
            f"that extends {base}; got {_kind_of(value)}: derive the class from it."
        )
    return look_up(name, value, table)()


def _kind_of(value: object) -> str:
    if isinstance(value, Part):
        return f"the {type(value).family.base.__name__} {type(value).__name__}"
    plain = value is None or isinstance(value, (bool, int, float, tuple, list, Mapping))
    return repr(value) if plain else f"an object of the class {type(value).__name__}"


def _check_frozen(name: str, part: Any) -> None:
    """Ask for a class whose fields are all there is: what else it held would not be saved."""
    parameters = vars(type(part)).get("__dataclass_params__")
    if parameters is None or not parameters.frozen:
        raise InvalidParameterError(
            f"`{name}` must be an instance of a frozen dataclass, so that it can be saved; got "
            f"{type(part).__name__}: write @dataclass(frozen=True) above its class."
        )


# --------------------------------------------------------------------------- words with options


def read_call(name: str, text: str) -> dict[str, Any]:
    """Return the description of a part that a text such as "adam(beta2=0.99)" stands for.

    Raises
    ------
    InvalidParameterError
        If it is no such text.
    """
    word, _, options = text.strip().partition("(")
    try:
        if not options.endswith(")"):
            raise ValueError("the bracket does not close")
        values = tomllib.loads(f"options = {{{options[:-1]}}}")["options"]
    except ValueError as error:
        raise InvalidParameterError(
            f"`{name}` must be a word, or a word with options such as word(share=0.3, "
            f"fixed=true, channels=[32, 64]); got {text!r}: {error}."
        ) from error
    return {"type": word.strip(), **_without_none_words(values)}


def _without_none_words(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_none_words(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_none_words(item) for item in value]
    return None if value == _NONE else value


def spell_part(part: Part) -> str:
    """Return the word with all its options as `resolve_part` reads it, such as "adam(beta1=0.9)".

    Examples
    --------
    >>> from inscape.training import SGD
    >>> spell_part(SGD(momentum=0.5))
    'sgd(momentum=0.5, nesterov=false, schedule="constant", warmup=0.0)'
    """
    if part.short_form is not None:
        return part.short_form
    described = describe_part(part)
    word = described.pop("type")
    return f"{word}({spell_options(described)})" if described else word


def spell_options(options: Mapping[str, Any]) -> str:
    """Return options as they stand between the brackets of a word."""
    return ", ".join(f"{name}={_spell(value)}" for name, value in options.items())


def _spell(value: Any) -> str:
    if value is None:
        return json.dumps(_NONE)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_spell(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(_spell, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


# --------------------------------------------------------------------------- parts as data


def describe_part(part: Any) -> Any:
    """Return plain data from which `resolve_part`, or `rebuild_parts`, makes the same part again.

    One of ours is told by its word; a user's own by the path of its class.

    Raises
    ------
    InvalidParameterError
        If an option of it is no plain data.
    """
    if isinstance(part, (tuple, list)):
        return [describe_part(item) for item in part]
    if isinstance(part, Mapping):
        return {key: describe_part(item) for key, item in part.items()}
    if isinstance(part, np.generic):
        return part.item()
    if isinstance(part, Part):
        kind = type(part)
        ours = kind in kind.family.values()
        options = {field.name: describe_part(getattr(part, field.name)) for field in _fields(kind)}
        return {"type": _word(kind) if ours else path_of(kind), **options}
    if part is None or isinstance(part, (str, bool, int, float)):
        return part
    raise InvalidParameterError(
        "What is saved of a part must be numbers, texts, tuples of them or other parts; got "
        f"{type(part).__name__}: keep such things out of the part's options."
    )


def _fields(kind: type[Any]) -> list[dataclasses.Field[Any]]:
    """Return a part's own options, and then those that its whole family has."""
    return sorted(dataclasses.fields(kind), key=lambda field: bool(field.kw_only))


def name_of(part: Part) -> str:
    """Return the word of a part, or its class's name where it is the user's own."""
    return _word(type(part))


def _word(kind: type[Any]) -> str:
    return re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", kind.__name__).lower()


def path_of(kind: type[Any]) -> str:
    """Return where a class can be imported from, as files name it."""
    return f"{kind.__module__}:{kind.__qualname__}"


def rebuild_parts(described: Any, known: Iterable[type[Any]]) -> Any:
    """Return described options with each part of the user's own made again from its class.

    Nothing that a file names is imported: the classes are given.

    Parameters
    ----------
    described : Any
        What `describe_part` gave, or a mapping of such.
    known : iterable of type
        The user's classes.

    Raises
    ------
    InvalidParameterError
        If one is missing.
    """
    classes = {path_of(kind): kind for kind in known}

    def rebuild(value: Any) -> Any:
        if isinstance(value, list):
            return [rebuild(item) for item in value]
        if not isinstance(value, Mapping):
            return value
        options = {key: rebuild(item) for key, item in value.items()}
        path = str(options.get("type", ""))
        if ":" not in path:
            return options
        if path not in classes:
            name = path.rpartition(":")[2]
            raise InvalidParameterError(
                f"`parts` must hold the class {path}, which the model was made with; got "
                f"{', '.join(classes) or 'none'}: pass inscape.load(path, parts=[{name}])."
                + did_you_mean(path, list(classes))
            )
        del options["type"]
        options = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
        return classes[path](**options)

    return rebuild(described)
