"""What is learned by a use, on disk: JSON and safetensors, never a pickle.

Arrays go to tensors; the rest is plain data. A representation is told by itself where it is one of
ours. scikit-learn's own are told by their options and fitted attributes, for the classes named
here: those of others cannot be kept without code.
"""

from __future__ import annotations

import dataclasses
import importlib
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
from sklearn.decomposition import NMF, PCA, TruncatedSVD
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils.validation import check_is_fitted

from inscape._errors import InvalidParameterError
from inscape._files import staged_directory, write_manifest
from inscape._parts import Part, describe_part, path_of, rebuild_parts, resolve_part
from inscape.data.dataset import Description, restore_description
from inscape.estimators.base import NetworkEstimator
from inscape.estimators.loading import ESTIMATORS, restore
from inscape.estimators.persistence import FORMAT, write_model

# The base of the parts in files that name none.
_SCORE = "inscape.uses.anomalies.scores.score:AnomalyScore"
# Their fitted attributes are arrays and numbers.
_KNOWN = {
    kind.__name__: kind
    for kind in (NMF, PCA, TruncatedSVD, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler)
}


class Saved:
    """What can be saved once it is fitted: each estimator of a use."""

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write a directory from which `inscape.load` makes the same estimator again.

        Parameters
        ----------
        path : path-like
            A new directory.
        overwrite : bool
            Whether a directory that is there may be replaced.

        Raises
        ------
        RunExistsError
            If something is there already.
        InvalidParameterError
            If the representation is of a kind that cannot be kept without code.
        """
        check_is_fitted(self)
        with staged_directory(Path(path), overwrite=overwrite) as stage:
            save_use(self, stage / "model")
            write_manifest(stage)


def save_use(use: Any, directory: Path) -> None:
    """Write ``config.json`` and ``model.safetensors``."""
    tensors: dict[str, np.ndarray] = {}
    options = use.get_params(deep=False)
    # What was drawn is in the tensors.
    options |= {"random_state": _seed_or_none(options["random_state"])}
    fitted = {name: value for name, value in vars(use).items() if name.endswith("_")}
    described = {
        "type": type(use).__name__,
        "scikit_learn": sklearn.__version__,
        "parameters": {k: pack(v, f"parameters.{k}", tensors) for k, v in options.items()},
        "fitted": {name: pack(value, name, tensors) for name, value in fitted.items()},
    }
    write_model(directory, described, tensors)


def restore_use(
    kind: type[Any],
    described: Mapping[str, Any],
    tensors: Mapping[str, np.ndarray],
    *,
    parts: Iterable[type[Any]] = (),
) -> Any:
    """Return the use of that class that `save_use` told of."""
    values = {
        group: {k: unpack(told, tensors, parts) for k, told in described[group].items()}
        for group in ("parameters", "fitted")
    }
    use = kind(**values["parameters"])
    for name, value in values["fitted"].items():
        setattr(use, name, value)
    return use


def _seed_or_none(value: Any) -> Any:
    return value if isinstance(value, (int, np.integer)) else None


# --------------------------------------------------------------------------- values as data


def pack(value: Any, name: str, tensors: dict[str, np.ndarray]) -> Any:
    """Return plain data for a value, its arrays put among the tensors.

    Parameters
    ----------
    value : Any
        Plain data, an array, a dataclass of such, or a fitted representation.
    name : str
        Of its arrays.
    tensors : dict of str to ndarray
        Takes them.

    Raises
    ------
    InvalidParameterError
        If it cannot be kept without code.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": str(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "OUM":
            return _pack_names(value)
        tensors[name] = np.ascontiguousarray(value)
        # Products round by how an array lies in memory.
        by_columns = value.flags.f_contiguous and not value.flags.c_contiguous
        return {"array": name, "by_columns": True} if by_columns else {"array": name}
    if isinstance(value, (tuple, list)):
        packed = [pack(item, f"{name}.{i}", tensors) for i, item in enumerate(value)]
        return {"items": packed}
    if isinstance(value, Description):
        return {"description": value.describe()}
    if isinstance(value, Part):
        return {"part": describe_part(value), "family": path_of(value.family.base)}
    if isinstance(value, NetworkEstimator):
        return _pack_estimator(value, name, tensors)
    if isinstance(value, Pipeline):
        return {"pipeline": [[n, pack(s, f"{name}.{n}", tensors)] for n, s in value.steps]}
    if type(value).__name__ in _KNOWN and type(value) is _KNOWN[type(value).__name__]:
        options = dict(value.get_params(deep=False))
        if "random_state" in options:
            options["random_state"] = _seed_or_none(options["random_state"])
        fitted = {
            key: pack(item, f"{name}.{key}", tensors)
            for key, item in vars(value).items()
            if key not in options
        }
        return {"scikit_learn": type(value).__name__, "options": options, "fitted": fitted}
    if dataclasses.is_dataclass(value) and type(value).__module__.startswith("inscape."):
        fields = {
            field.name: pack(getattr(value, field.name), f"{name}.{field.name}", tensors)
            for field in dataclasses.fields(value)
        }
        kind = type(value)
        return {"class": f"{kind.__module__}:{kind.__name__}", "fields": fields}
    raise InvalidParameterError(
        "What is saved must be made of arrays, numbers, and representations of inscape or "
        f"scikit-learn ({', '.join(_KNOWN)}, pipelines of them); got {type(value).__name__}: it "
        "can be used, and not kept without code."
    )


def _pack_names(values: np.ndarray) -> dict[str, Any]:
    """Return texts, or dates as texts, with the type of the array: labels go out as they came."""
    if values.dtype.kind == "O" and not all(isinstance(item, str) for item in values):
        raise InvalidParameterError(
            "What is saved of labels must be texts, numbers, booleans or dates; got an array of "
            f"objects such as {values[0]!r}: give them as one of these."
        )
    kind = {} if values.dtype.kind == "O" else {"dtype": values.dtype.str}
    return {"names": values.astype(str).tolist(), **kind}


def _pack_estimator(value: Any, name: str, tensors: dict[str, np.ndarray]) -> Any:
    if not hasattr(value, "network_"):
        word = next(word for word, kind in ESTIMATORS.items() if type(value) is kind)
        options = value.get_params(deep=False)
        options["random_state"] = _seed_or_none(options["random_state"])
        return {"unfitted": word, "options": describe_part(options)}
    described, arrays = value.to_data()
    tensors |= {f"{name}.{key}": array for key, array in arrays.items()}
    return {"estimator": {"format": FORMAT, **described}, "below": f"{name}."}


def unpack(told: Any, tensors: Mapping[str, np.ndarray], parts: Iterable[type[Any]]) -> Any:
    """Return the value that `pack` told of; `parts` are classes of the user's own."""
    if not isinstance(told, Mapping):
        return told
    if "number" in told:
        return float(told["number"])
    if "names" in told:
        return np.array(told["names"], dtype=told.get("dtype", object))
    if "array" in told:
        array = tensors[told["array"]]
        return np.asfortranarray(array) if told.get("by_columns") else array
    if "items" in told:
        return tuple(unpack(item, tensors, parts) for item in told["items"])
    if "description" in told:
        return restore_description(told["description"])
    if "estimator" in told:
        below = told["below"]
        own = {k.removeprefix(below): v for k, v in tensors.items() if k.startswith(below)}
        return restore(told["estimator"], own, parts=parts)
    if "unfitted" in told:
        options = rebuild_parts(told["options"], parts)
        return ESTIMATORS[told["unfitted"]](**_tuples(options))
    if "part" in told:
        family = _our_class(told.get("family", _SCORE)).family
        return resolve_part("method", rebuild_parts(told["part"], parts), family)
    if "pipeline" in told:
        return Pipeline([(name, unpack(step, tensors, parts)) for name, step in told["pipeline"]])
    if "scikit_learn" in told:
        made = _KNOWN[told["scikit_learn"]](**told["options"])
        for name, value in told["fitted"].items():
            setattr(made, name, unpack(value, tensors, parts))
        return made
    fields = {name: unpack(value, tensors, parts) for name, value in told["fields"].items()}
    return _our_class(told["class"])(**fields)


def _tuples(options: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}


def _our_class(path: str) -> type[Any]:
    """Return a dataclass of this package; nothing else that a file names is imported."""
    module, _, name = path.partition(":")
    if not module.startswith("inscape.uses."):
        raise KeyError(path)
    found = getattr(importlib.import_module(module), name)
    if not (isinstance(found, type) and dataclasses.is_dataclass(found)):
        raise KeyError(path)
    return found
