"""What the document of a run, or of any fitted representation with its rows, says."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from inscape._checks import image_shape_of, missing_dependency
from inscape._errors import (
    InscapeError,
    InvalidDataError,
    InvalidParameterError,
    RunNotFoundError,
)
from inscape._files import MANIFEST, read_manifest
from inscape._representations import code_space, in_order_of_fit, unwrap
from inscape._typing import FloatArray
from inscape.data import Dataset
from inscape.data.files import read
from inscape.data.floats import merged_columns
from inscape.data.frames import is_frame
from inscape.estimators.base import NetworkEstimator
from inscape.figures._drawing.classes import Classes, read_labels
from inscape.lab.document import Document
from inscape.lab.kingdoms import describe_dynamics
from inscape.lab.moments import Moments, describe_tiles
from inscape.lab.steps import decoder_steps, encoder_steps
from inscape.measures import reconstruct
from inscape.objectives.posteriors import DiagonalGaussian
from inscape.objectives.priors import StandardNormal
from inscape.objectives.spaces import Euclidean
from inscape.runs import Run
from inscape.runs.comparison import fit_pca
from inscape.runs.config import AUTOENCODER, DynamicsConfig, FitConfig
from inscape.runs.fitting import load_data

# What a row of these is called; other pictures are pictures, other rows rows.
_DIGITS: Final = {"mnist": "MNIST", "digits": "8 × 8"}
_TITLES: Final = {"fashion-mnist": "Fashion-MNIST"}
# Rows that are decoded at a time: 10,000 of MNIST are 60 MB in float64.
_ROWS = 10_000
# Rows whose codes are followed over a training: each moment is a map of its own.
_FOLLOWED = 10_000
# Rows, or more where more were tested on, from which the directions of wide codes are found.
_SEEN = 2_000


def describe_run(run: Run, *, with_training_rows: bool = True) -> Document:
    """Return the document of a finished run that holds a model.

    Parameters
    ----------
    run : Run
        Of the kind ``fit``, or ``dynamics`` on a tree.
    with_training_rows : bool
        Whether the rows that were learned from come too, after the test rows.

    Raises
    ------
    RunNotFoundError
        If it is of another kind, or not finished.
    InvalidDataError
        If the data are not those that it was made with.
    """
    if run.kind == DynamicsConfig.kind and run.finished:
        return describe_dynamics(run)
    if run.kind != FitConfig.kind:
        # That of a use may tell the run that it was made of.
        source = getattr(run.config, "model", None)
        raise RunNotFoundError(
            f"{run.path} must be a run of kind 'fit' to be opened in the lab; it is of kind "
            f"{run.kind!r}: look at its report.html, or open "
            f"{'one that inscape fit has made' if source is None else f'what it is of, {source}'}."
        )
    if not run.finished:
        raise RunNotFoundError(
            f"{run.path} must be finished to be opened in the lab; it was interrupted: go on with "
            f"inscape fit --resume {run.path}."
        )
    config = cast(FitConfig, run.config)
    model = run.load()
    if hasattr(model, "given") and getattr(model, "conditions_", None) is not None:
        raise RunNotFoundError(
            f"{run.path} must hold a model that needs nothing but rows to be opened in the lab; it "
            "is conditional: bind what it is told in Python, and call inscape.lab.describe."
        )
    dataset = load_data(config)
    if dataset.checksum != run.environment["data"].get("checksum"):
        raise InvalidDataError(
            f"The data must be those that {run.path} was made with; {dataset.name} has another "
            "checksum: bring back the old data, or fit again."
        )
    name = "autoencoder" if config.model == AUTOENCODER else config.model
    told = {
        "run": run.path.resolve().name,
        "created": run.environment["created"],
        "packages": run.environment["packages"],
        "checksum": dataset.checksum,
    }
    describing = _Describing(model, dataset, name, with_training_rows, config.random_state)
    return describing.document(told, run)


def describe(
    representation: Any,
    data: Any,
    y: Any = None,
    *,
    name: str | None = None,
    image_shape: Any = None,
    with_training_rows: bool = True,
) -> Document:
    """Return the document of any fitted representation: ours, or scikit-learn's PCA and NMF.

    Parameters
    ----------
    representation : Representation
        Fitted, with `transform` and `inverse_transform`.
    data : Dataset, or array-like or frame of shape (n_samples, n_features)
        What to look at: test rows and those that were learned from, as `inscape.data.load` gives
        them, or rows as `transform` takes them, which are all alike.
    y : array-like of shape (n_samples,) or None, default None
        The labels of rows; a data set has its own.
    name : str or None, default None
        What to call the representation; None takes the name of its class.
    image_shape : tuple of int or None, default None
        (height, width) or (height, width, channels) where a row is a picture; None takes what the
        representation remembers. A data set knows its own.
    with_training_rows : bool, default True
        Whether the rows that were learned from come too, after the test rows.

    Raises
    ------
    InvalidDataError
        If the rows are no finite table, or not those of the representation.
    InvalidParameterError
        If a data set is told labels or a shape, or the rows are no such pictures.

    Examples
    --------
    >>> import numpy as np
    >>> from inscape.data import load
    >>> from sklearn.decomposition import PCA
    >>> data = load(np.random.default_rng(0).normal(size=(50, 3)))
    >>> document = describe(PCA(2).fit(data.train.X), data)
    >>> document.blobs["codes"].shape
    (50, 2)
    """
    called = type(unwrap(representation)).__name__ if name is None else name
    if isinstance(data, Dataset):
        if y is not None or image_shape is not None:
            raise InvalidParameterError(
                "`y` and `image_shape` must be None for a Dataset, which has its own; leave them "
                "out."
            )
        return _Describing(representation, data, called, with_training_rows).document({}, None)
    rows = _as_dataset(representation, data, y, image_shape)
    return _Describing(representation, rows, called, False, parts=False).document({}, None)


def _as_dataset(representation: Any, X: Any, y: Any, image_shape: Any) -> Dataset:
    """Return rows that are all alike as a data set, whose two parts are the same."""
    if np.ndim(X) != 2 and not is_frame(X):
        raise InvalidDataError(
            f"The rows must be of shape (n_samples, n_features), as `transform` takes them; got "
            f"shape {np.shape(X)}: flatten pictures, and tell their `image_shape`."
        )
    # Columns of a frame are those of the same names in fit, wherever they stand.
    contents = read(in_order_of_fit(unwrap(representation), X), y=y)
    found, rows = contents.description, contents.all_or_train
    shape = None
    known = getattr(unwrap(representation), "description_", None)
    if image_shape is not None:
        shape = image_shape_of(rows.n_features, image_shape)
    elif known is not None and known.image_shape is not None:
        fits = math.prod(known.image_shape) == rows.n_features
        shape = known.image_shape if fits else None
    names = found.feature_names
    return Dataset("rows", rows, rows, shape, names, found.class_names, contents.checksum)


class _Describing:
    """One document in the making: the test rows first, then those that were learned from."""

    def __init__(
        self,
        model: Any,
        data: Dataset,
        name: str,
        with_training_rows: bool,
        random_state: int = 0,
        *,
        parts: bool = True,
    ) -> None:
        self.model, self.data, self.name = model, data, name
        self._random_state, self._has_parts = random_state, parts
        self._asked = _by_name(model)
        self._parts = [data.test.X, data.train.X][: 1 + with_training_rows]
        self.blobs: dict[str, np.ndarray] = {}
        self.n_test = data.test.n_samples

    def document(self, provenance: dict[str, Any], run: Run | None) -> Document:
        codes = self._over_rows(self._asked.transform)
        self.blobs["codes"] = _compact(codes)
        encoder, decoder = self._steps("encoder"), self._steps("decoder")
        n_moments = 0 if run is None else max(0, len(_recorded(run)) - 1)
        tiles = self._tiles(encoder, decoder, n_moments)
        moments = Moments(tiles, decoder["type"] == "steps", n_moments, self._weighted)
        description = {
            **self._title(codes.shape[1]),
            "provenance": provenance,
            "data": self._data(),
            "classes": self._classes(),
            "model": self._model(codes.shape[1]),
            "axes": self._axes(codes),
            "errors": self._errors(),
            "curve": [] if run is None else self._curve(run, moments),
            "posterior": self._posterior(),
            "decoder": decoder,
            "encoder": encoder,
            "tiles": tiles,
            "earlier": moments.describe(),
        }
        self.blobs |= moments.blobs()
        # The rows are the largest and come last: all else is usable before them.
        description["data"]["rows"] = self._rows()
        decode = getattr(self.model, "inverse_transform", None)
        return Document(description, self.blobs, decode, self._asked.transform)

    def _over_rows(self, function: Any) -> FloatArray:
        found = [
            np.asarray(function(part[start : start + _ROWS]))
            for part in self._parts
            for start in range(0, len(part), _ROWS)
        ]
        return np.concatenate(found)

    def _title(self, n_components: int) -> dict[str, Any]:
        name = self.data.name
        noun = noun_of(self.data)
        called = _DIGITS.get(name, _TITLES.get(name, name))
        numbers = "1 number" if n_components == 1 else f"{n_components} numbers"
        what = f"{called} {noun}s" if self._has_parts else f"{noun.capitalize()}s"
        return {"title": f"{what} through {numbers}", "noun": noun}

    def _data(self) -> dict[str, Any]:
        return {
            "name": self.data.name,
            "n_test": self.n_test,
            "parts": self._has_parts,
            "n_train": sum(map(len, self._parts[1:])),
            "n_features": self.data.n_features,
            "image_shape": None if self.data.image_shape is None else list(self.data.image_shape),
            "shown": None if self.data.image_shape is None else shown_range(self.data.test.X),
            "feature_names": None if self.data.image_shape else list(self.data.feature_names),
        }

    def _rows(self) -> dict[str, Any]:
        """Keep the rows, pictures as the whole numbers that they were made of."""
        rows = np.concatenate(self._parts)
        for high in (1.0, 255.0) if self.data.image_shape is not None else ():
            whole = _as_bytes(rows, high)
            if whole is not None:
                self.blobs["rows"] = whole
                return {"blob": "rows", "high": high}
        self.blobs["rows"] = rows
        return {"blob": "rows", "high": None}

    def _classes(self) -> dict[str, Any] | None:
        """Keep the labels: each a place among the classes, or a number."""
        labels = [part.y for part in (self.data.test, self.data.train)]
        if any(part is None for part in labels):
            return None
        # Those of all rows are read: a class has the same place and mark whoever comes with it.
        together = np.concatenate(cast(list[Any], labels))
        read = read_labels(together, len(together), self.data.class_names)
        n = sum(map(len, self._parts))
        if isinstance(read, Classes):
            self.blobs["labels"] = read.index[:n].astype(np.int32)
            return {"names": list(read.names), "places": list(read.places), "blob": "labels"}
        self.blobs["labels"] = np.asarray(read, dtype=np.float64)[:n]
        return {"names": None, "places": None, "blob": "labels"}

    def _model(self, n_components: int) -> dict[str, Any]:
        space = code_space(self.model)
        widths = None
        parts = getattr(self.model, "parts_", None)
        if parts is not None and hasattr(parts.network, "hidden"):
            hidden, n = list(parts.network.hidden), self.data.n_features
            widths = [n, *hidden, n_components, *reversed(hidden), n]
        return {
            "name": self.name,
            "widths": widths,
            "n_components": n_components,
            "component_names": [f"z{k + 1}" for k in range(n_components)],
            "space": "flat" if space in (None, Euclidean()) else type(space).__name__,
        }

    def _axes(self, codes: FloatArray) -> dict[str, Any] | None:
        """Keep the directions in which the codes spread most, where a plane does not hold them."""
        if codes.shape[1] < 3:
            return None
        seen = codes[: max(self.n_test, _SEEN)].astype(np.float64)
        centre = seen.mean(axis=0)
        # Of few rows too there are three: a covariance has as many as there are components.
        directions = np.linalg.eigh(np.atleast_2d((seen - centre).T @ (seen - centre)))[1].T[::-1]
        self.blobs["axes_centre"] = centre
        self.blobs["axes"] = directions[:3]
        return {"centre": "axes_centre", "directions": "axes"}

    def _errors(self) -> dict[str, Any]:
        """Keep each row's error, ours and PCA's: per pixel, or over each column's variance."""
        test, train = self.data.test.X, self.data.train.X
        self._weights, unit = np.ones(test.shape[1]), "squared error per column"
        # Of one number many times over, the mean is off by roundings, and so is the variance.
        vary = ~(test == test[:1]).all(axis=0)
        if test.min() >= 0 and test.max() <= 1:
            unit = "squared error per pixel" if self.data.image_shape else unit
        elif vary.any():
            self._weights[~vary] = 0
            self._weights[vary] = len(vary) / vary.sum() / test[:, vary].var(axis=0, dtype=float)
            unit = "squared error over each column's variance"
        self.blobs["errors"] = self._errors_of(self._asked)
        told: dict[str, Any] = {"unit": unit, "blob": "errors", "baseline": None}
        told["test"] = float(self.blobs["errors"][: self.n_test].mean(dtype=np.float64))
        n_components = self.blobs["codes"].shape[1]
        # On rows that it was fitted to, PCA would have what the model may not have had.
        if self._has_parts and self.name != "PCA" and n_components <= min(train.shape):
            scaler = getattr(self.model, "scaler_", None)
            seed = self._random_state
            pca = fit_pca(train, n_components=n_components, random_state=seed, scaler=scaler)
            self.blobs["errors_pca"] = self._errors_of(pca)
            mean = float(self.blobs["errors_pca"][: self.n_test].mean(dtype=np.float64))
            told["baseline"] = {"name": "PCA", "blob": "errors_pca", "test": mean}
        return told

    def _errors_of(self, representation: Any) -> np.ndarray:
        def errors(rows: FloatArray) -> FloatArray:
            return self._weighted(rows, reconstruct(representation, rows))

        return self._over_rows(errors).astype(np.float32)

    def _weighted(self, rows: FloatArray, back: FloatArray) -> FloatArray:
        """Return the mean of each row's squared errors, each column's weighted."""
        away = np.subtract(rows, back, dtype=np.float64)
        return np.square(away, out=away) @ self._weights / rows.shape[1]

    def _curve(self, run: Run, moments: Moments) -> list[dict[str, Any]]:
        """Keep where the test rows' codes were at each recorded moment, and how far off."""
        test, listed = self.data.test.X[:_FOLLOWED], _recorded(run)
        curve: list[dict[str, Any]] = []
        for file, (epoch, then) in zip(listed, run.snapshots(), strict=True):
            codes = np.asarray(then.transform(test))
            back = then.inverse_transform(codes)
            errors = self._weighted(test, back)
            name = f"codes_{len(curve)}"
            self.blobs[name] = _compact(codes)
            step, error = int(Path(file).stem.split("-")[1]), errors.mean()
            curve.append({"step": step, "epoch": epoch, "blob": name, "error": float(error)})
            # The last one is the end.
            if file != listed[-1]:
                moments.add(then, codes, back)
        return curve

    def _posterior(self) -> dict[str, Any] | None:
        """Keep the spread of each test row's posterior, where it is a Gaussian on flat codes."""
        parts: Any = getattr(self.model, "parts_", None)
        if not isinstance(getattr(parts, "posterior", None), DiagonalGaussian):
            return None
        spreads = self.model.latent_spread(self.data.test.X)
        self.blobs["posterior"] = spreads.astype(np.float32)
        prior = "standard_normal" if isinstance(parts.prior, StandardNormal) else None
        return {"blob": "posterior", "prior": prior}

    def _steps(self, side: str) -> dict[str, Any]:
        """Keep the steps of the encoder, or of the decoder, where a page can take them."""
        decodes = side == "decoder"
        if decodes and not hasattr(self.model, "inverse_transform"):
            return {"type": "none"}
        found = decoder_steps(self.model) if decodes else encoder_steps(self.model)
        if found is None:
            return {"type": "server"}
        steps, blobs = found
        self.blobs |= blobs
        return {"type": "steps", "steps": steps}

    def _tiles(
        self, encoder: dict[str, Any], decoder: dict[str, Any], n_moments: int
    ) -> dict[str, Any]:
        """Tell which weights are shown as pictures: rows of a table have none."""
        pictures = self.data.image_shape is not None
        reads, writes = (side.get("steps") if pictures else None for side in (encoder, decoder))
        return describe_tiles(reads, writes, self.blobs, n_moments=n_moments)


def _by_name(representation: Any) -> Any:
    """Return what encodes rows without names, though it was fitted with a frame and asks for them.

    Ours take rows in the order of fit; scikit-learn's warn.
    """
    names = getattr(representation, "feature_names_in_", None)
    if names is None or isinstance(representation, NetworkEstimator):
        return representation
    return _Named(representation, list(names))


class _Named:
    """A representation, handed frames of the names that it knows."""

    def __init__(self, representation: Any, names: list[str]) -> None:
        self._representation, self._names = representation, names

    def transform(self, X: FloatArray) -> FloatArray:
        # A frame of polars has taught it its names where there is no pandas.
        try:
            import pandas as pd
        except ImportError as error:
            raise missing_dependency("pandas", "A model fitted with a frame", "data") from error

        return np.asarray(self._representation.transform(pd.DataFrame(X, columns=self._names)))

    def inverse_transform(self, Z: FloatArray) -> FloatArray:
        return np.asarray(self._representation.inverse_transform(Z))


def _recorded(run: Run) -> list[str]:
    """Return the files of the recorded moments, in their order."""
    return [name for name in read_manifest(run.path).files if name.startswith("recorder/")]


def noun_of(dataset: Dataset) -> str:
    """Return what a row of a data set is called."""
    if dataset.name in _DIGITS:
        return "digit"
    return "row" if dataset.image_shape is None else "picture"


def shown_range(rows: FloatArray) -> list[float]:
    """Return the values of paper and of ink: 0 and 1 where all are between, else least and most."""
    low, high = float(rows.min()), float(rows.max())
    return [0.0, 1.0] if low >= 0 and high <= 1 else [low, high]


def _compact(codes: np.ndarray) -> np.ndarray:
    """Return codes in float32 where that keeps what tells them apart."""
    codes = np.asarray(codes)
    kind = np.float64 if merged_columns(codes).any() else np.float32
    return codes.astype(kind)


def _as_bytes(rows: FloatArray, high: float) -> np.ndarray | None:
    """Return rows as the bytes of which they are a multiple, if they are."""
    if rows.min() < 0 or rows.max() > high:
        return None
    found = np.empty(rows.shape, dtype=np.uint8)
    for start in range(0, len(rows), _ROWS):
        block = rows[start : start + _ROWS] * np.float32(255.0 / high)
        found[start : start + _ROWS] = np.rint(block)
        # A rounding of float32 is far below this, and a tone between two bytes far above.
        if np.abs(block - found[start : start + _ROWS]).max() > 0.001:
            return None
    return found


def newest_run(root: Path) -> Run:
    """Return the newest finished fit below a directory.

    Raises
    ------
    RunNotFoundError
        If there is none.
    """
    found = sorted(root.glob(f"*/{MANIFEST}"), key=lambda path: -path.stat().st_mtime)
    for manifest in found:
        try:
            run = Run(manifest.parent)
            if run.kind == FitConfig.kind:
                return run
        except InscapeError:
            continue
    raise RunNotFoundError(
        f"There must be a finished run below {root} to open; there is none: make one with "
        "inscape fit, or name one: inscape lab PATH."
    )
