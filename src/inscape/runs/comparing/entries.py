"""Which models there are to fit, and which runs join them; every check comes before training."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inscape._checks import check_choice, check_integer, check_number
from inscape._errors import InscapeError, InvalidDataError, InvalidParameterError
from inscape.data import Dataset, Split
from inscape.data.dataset import checksum
from inscape.data.scaling import Scaler
from inscape.runs.comparison import LINEAR, NEGATIVE, fit_linear, lowest_value
from inscape.runs.config import AUTOENCODER, ComparisonConfig, FitConfig
from inscape.runs.deviations import NO_SCALER
from inscape.runs.fitting.building import build_estimator
from inscape.runs.fitting.conditions import check_told
from inscape.runs.fitting.job import load_data
from inscape.runs.run import Run, check_fit
from inscape.zoo import MODELS

# Rows on which a model shows that its options go together with such data.
_TRIED = 200


@dataclass(frozen=True)
class Entry:
    """One model with one width of code, to be fitted from some seeds.

    Parameters
    ----------
    model : str
        Its name.
    n_components : int
        The width.
    config : FitConfig or None
        What an estimator of ours is made of; None for a linear method.
    """

    model: str
    n_components: int
    config: FitConfig | None

    def fit(self, dataset: Dataset, scaler: Scaler | None, seed: int) -> tuple[Any, float]:
        """Return the fitted model, and the seconds that it took."""
        started = time.perf_counter()
        if self.config is None:
            fitted: Any = fit_linear(
                self.model,
                dataset.train.X,
                n_components=self.n_components,
                random_state=seed,
                scaler=scaler,
            )
        else:
            one = dataclasses.replace(self.config, random_state=seed)
            fitted = build_estimator(one, dataset.image_shape).fit(dataset.train)
        return fitted, time.perf_counter() - started


def check_asked(config: ComparisonConfig) -> None:
    """Refuse what no data could mend.

    Raises
    ------
    InvalidParameterError
        If there is no such model, or a number cannot hold.
    """
    for name in config.models:
        check_choice("models", name, [*LINEAR, AUTOENCODER, *MODELS])
    if not config.models and not config.runs:
        raise InvalidParameterError(
            "`models` must name a model at least, such as pca; got none, and no runs either."
        )
    check_integer("seeds", config.seeds, minimum=1)
    if config.epochs is not None:
        check_number("epochs", config.epochs, above=0)
    if config.models and not config.components:
        raise InvalidParameterError(
            "`components` must hold a width at least, such as 2,8; got none: add one."
        )


def make_entries(
    config: ComparisonConfig, dataset: Dataset, word: str, scaler: Scaler | None
) -> tuple[list[Entry], dict[str, str]]:
    """Return what there is to fit, and why something is left out.

    Parameters
    ----------
    config : ComparisonConfig
        What is asked for.
    dataset : Dataset
        The data.
    word : str
        Of the scaler.
    scaler : Scaler or None
        Fitted.

    Raises
    ------
    InvalidParameterError
        If a width is not to be had of these rows, or nothing is left.
    InscapeError
        If a model cannot be fitted to such data.
    """
    train = dataset.train
    most = min(train.X.shape)
    for size in config.components:
        if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= most:
            raise InvalidParameterError(
                f"`components` must lie from 1 to {most}, the smaller number of training rows "
                f"({train.n_samples:,}) and columns ({train.n_features:,}); got {size}: leave it "
                "out."
            )
    missing = {}
    if "NMF" in config.models and lowest_value(train.X, dataset.test.X, scaler) < 0:
        missing["NMF"] = f"{NEGATIVE} behind the scaler {word}"
    entries = [
        Entry(model, size, _config_of(config, model, size, word))
        for size in sorted(set(config.components))
        for model in config.models
        if model not in missing
    ]
    if not entries and not config.runs:
        raise InvalidDataError(
            f"The models must be such as these data can be given to; NMF {missing['NMF']}: give "
            "--scaler none where no value is below 0, or other models."
        )
    for entry in entries:
        _try(entry, dataset)
    return entries, missing


def _config_of(config: ComparisonConfig, model: str, size: int, word: str) -> FitConfig | None:
    if model in LINEAR:
        return None
    scaler: Any = None if word == NO_SCALER else word
    return FitConfig(
        data=config.data,
        model=model,
        n_components=size,
        scaler=scaler,
        epochs=config.epochs,
        random_state=config.random_state,
    )


def _try(entry: Entry, dataset: Dataset) -> None:
    """Let a model of ours say what it has against such data, on some rows, before any training."""
    if entry.config is None:
        return
    estimator = build_estimator(entry.config, dataset.image_shape)
    check_told(dataset, getattr(estimator, "conditional", False), entry.model)
    train = dataset.train
    step = max(1, train.n_samples // max(_TRIED, entry.n_components))
    labels = None if train.y is None else train.y[::step]
    some = Split(train.X[::step], labels, description=train.description)
    try:
        begun = estimator.iter_fit(some)
        next(begun)
        begun.close()
    except InscapeError as error:
        raise type(error)(f"The model {entry.model} cannot be fitted: {error}") from error


# --------------------------------------------------------------------------- runs that join


@dataclass(frozen=True)
class Joined:
    """A run of somebody's that joins.

    Parameters
    ----------
    name : str
        Its path, as it was given.
    run : Run
        Of a fit on these rows.
    model : Any
        What it holds.
    """

    name: str
    run: Run
    model: Any

    @property
    def n_components(self) -> int:
        """The width of its code."""
        return int(self.model.n_components_)

    @property
    def seconds(self) -> float:
        """What its fit took."""
        rows = self.run.metrics["test"]
        return float(next(iter(rows.values()))["fit_seconds"])


def scaler_of_runs(names: Sequence[str]) -> str | None:
    """Return the word of the scaler that all runs stand behind; None where there are none.

    Raises
    ------
    InvalidParameterError
        If two stand behind different ones, or one is no finished run of a fit.
    """
    words: dict[str, str] = {}
    for name in names:
        words.setdefault(_word(_open(name)), name)
    if len(words) > 1:
        (one, first), (other, second), *_ = words.items()
        raise InvalidParameterError(
            f"`runs` must stand behind one scaler; {first} has {one}, {second} has {other}: leave "
            "one of them out."
        )
    return next(iter(words), None)


def join_runs(names: Sequence[str], dataset: Dataset, word: str) -> Iterator[Joined]:
    """Yield runs that are of the same rows, the same split, behind the same scaler.

    Raises
    ------
    InvalidParameterError
        If one is not; it is named, with what differs.
    """
    rows = checksum([dataset.test.X])
    for name in names:
        run = _open(name)
        config = run.config
        assert isinstance(config, FitConfig)
        told = run.environment["data"]
        if told["checksum"] != dataset.checksum:
            raise InvalidParameterError(
                f"`runs` must be of the data {dataset.name}, as they are now; {name} is of other "
                f"data ({told['name']}; or of other columns, or of a file that has changed since): "
                "leave it out, or compare on its data."
            )
        theirs = load_data(config)
        if theirs.test.X.shape != dataset.test.X.shape or checksum([theirs.test.X]) != rows:
            raise InvalidParameterError(
                f"`runs` must be of the same columns, training and test rows; {name} was split or "
                f"read in another way (random_state={config.random_state}, test_fraction="
                f"{config.test_fraction:g}): compare with its options, or fit it again."
            )
        if _word(run) != word:
            raise InvalidParameterError(
                f"`runs` must stand behind the scaler {word}; {name} was fitted behind "
                f"{_word(run)}: give --scaler {_word(run)}, or fit it again."
            )
        yield Joined(name, run, run.load())


def _open(name: str) -> Run:
    run = Run(Path(name))
    check_fit(run, "join a comparison")
    if not run.finished:
        raise InvalidParameterError(
            f"`runs` must be finished; {name} is not: go on with inscape fit --resume {name}."
        )
    return run


def _word(run: Run) -> str:
    config = run.config
    assert isinstance(config, FitConfig)
    return config.scaler or NO_SCALER
