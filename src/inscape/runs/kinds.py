"""The kinds of runs, and the config file by which a run tells its own."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar, overload

from inscape._checks import did_you_mean
from inscape._errors import DamagedFileError, DataNotFoundError, InvalidParameterError
from inscape._files import check_format
from inscape._format_1 import say_defaults
from inscape._parts import read_call, spell_options
from inscape.runs.config import (
    FORMAT,
    AnomaliesConfig,
    ClassificationConfig,
    ClustersConfig,
    ComparisonConfig,
    ComponentsConfig,
    Config,
    DynamicsConfig,
    FitConfig,
    ImputationConfig,
    ReproductionConfig,
)
from inscape.zoo import MODELS

KINDS: Final[Mapping[str, type[Config]]] = {
    config.kind: config
    for config in (
        FitConfig,
        AnomaliesConfig,
        ClassificationConfig,
        ClustersConfig,
        ComparisonConfig,
        ComponentsConfig,
        ImputationConfig,
        DynamicsConfig,
        ReproductionConfig,
    )
}
# Those that wrote a config file in format 1, when no file named its kind.
_NAMELESS = (FitConfig, DynamicsConfig)

AnyConfig = TypeVar("AnyConfig", bound=Config)


@overload
def read_config(path: Path, kind: None = None) -> Config: ...
@overload
def read_config(path: Path, kind: type[AnyConfig]) -> AnyConfig: ...
def read_config(path: Path, kind: type[Config] | None = None) -> Config:
    """Read a config file; its paths become ones that are relative to the working directory.

    In the file they are relative to it; in runs of formats 1 and 2 to where the command was given.

    Parameters
    ----------
    path : Path
        The file.
    kind : type or None
        What it has to ask for, such as `FitConfig`; a file that names no kind is read as one of
        these. None takes the kind that the file names, or that most of its options belong to.

    Raises
    ------
    DataNotFoundError
        If it is not there.
    DamagedFileError
        If it is not TOML.
    InvalidParameterError
        If it is of another kind, of a later format, or holds a key that there is not.
    """
    values = _read_toml(path)
    told_format = values.pop("format", None)
    check_format(path, 1 if told_format is None else told_format, FORMAT)
    named = _kind_named(path, values.pop("kind", None))
    if kind is None:
        kind = named or _kind_of(values)
    elif named not in (None, kind):
        raise InvalidParameterError(
            f"{path} must be the config of a run of kind {kind.kind!r}; it is of kind "
            f"{named.kind!r}: give it to the command that makes those."
        )
    # A file that tells no format is of a run of format 1, or somebody has written it.
    is_format_1 = told_format is None and (path.parent / "environment.json").is_file()
    if kind is FitConfig and is_format_1:
        values = _as_format_2(values)
    if kind is FitConfig and "(" in values.get("bottleneck", ""):
        values = values | {"bottleneck": _told_in_full(values["bottleneck"])}
    known = _options_of(kind)
    for key in values:
        if key not in known:
            raise InvalidParameterError(
                f"{path} must hold known options only; got {key!r}.{did_you_mean(key, known)}"
            )
    options: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
    }
    config = kind(**options)
    if is_format_1 or told_format in (1, 2):
        return config
    return config.carried(source=path.parent, to=".")


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataNotFoundError(
            f"{path} must be a config file; there is none: check the path."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DamagedFileError(f"{path} must be a TOML file; {error}: mend that line.") from error


def _as_format_2(values: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a run of format 1 with what they meant where they said nothing."""
    values = dict(values)
    published = MODELS.get(values.get("model", ""))
    if published is not None and published.variational and "likelihood" in values:
        values["likelihood"] = _said("likelihood", values["likelihood"])
    # A published model has an optimiser of its own.
    if "optimizer" in values or published is None:
        values["optimizer"] = _said("optimizer", values.get("optimizer", "muon"))
    if "bottleneck" in values:
        values["bottleneck"] = _said("bottleneck", values["bottleneck"])
    if "penalty" in values:
        values["penalty"] = [values["penalty"]]
    # Rows came to the network as they were, and nothing started at PCA.
    bias = "torch_default" if values.get("bias") == "torch_default" else "mean_row"
    if "network" in values:
        described = read_call("network", values["network"]) if "(" in values["network"] else {}
        word = values["network"].partition("(")[0].strip()
        options = {key: value for key, value in described.items() if key != "type"}
        options |= {"bias": options.get("bias", "mean_row").replace("data_mean", "mean_row")}
        if word == "dense":
            options["linear_path"] = False
        values["network"] = f"{word}({spell_options(options)})"
    else:
        values |= {"bias": bias, "linear_path": False}
    values.setdefault("validation_fraction", 0.0)
    return values


def _said(family: str, part: str) -> str:
    told = say_defaults(family, part)
    if isinstance(told, str):
        return told
    described = dict(told)
    return f"{described.pop('type')}({spell_options(described)})"


def _told_in_full(bottleneck: str) -> str:
    """Return a bottleneck that was told with all its options with those that it got later."""
    return _said("bottleneck", bottleneck) if "revival_k" in bottleneck else bottleneck


def _kind_named(path: Path, word: Any) -> type[Config] | None:
    if word is None:
        return None
    if not isinstance(word, str) or word not in KINDS:
        raise InvalidParameterError(
            f"{path} must name a kind of run ({', '.join(KINDS)}); got {word!r}."
            + did_you_mean(word, [*KINDS])
        )
    return KINDS[word]


def _kind_of(values: Mapping[str, Any]) -> type[Config]:
    """Return the kind that knows most of these options."""
    return max(_NAMELESS, key=lambda kind: len(values.keys() & _options_of(kind)))


def _options_of(kind: type[Config]) -> list[str]:
    return [field.name for field in dataclasses.fields(kind)]
