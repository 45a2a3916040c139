"""What a conditional model is told beside the rows: labels, or numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.utils.multiclass import type_of_target
from torch import Tensor, nn
from torch.nn.functional import one_hot

from inscape._checks import check_choice, check_finite
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape.data.arrays import as_array
from inscape.data.labels import plain_labels, written_label
from inscape.estimators.exact_modules import ToldLabels, ToldNumbers

CONTINUOUS = "continuous"


@dataclass(frozen=True, eq=False)
class Conditions(ABC):
    """How what is told becomes a tensor; it is found in `fit` and kept."""

    @property
    @abstractmethod
    def n_columns(self) -> int:
        """Columns of the tensor."""

    @abstractmethod
    def encode(self, y: Any, *, n_rows: int) -> Tensor:
        """Return what is told of each row, float32 of shape (n_rows, n_columns).

        Parameters
        ----------
        y : array-like, one a row or one for all
            Labels or numbers.
        n_rows : int
            How many rows there are.

        Raises
        ------
        InvalidDataError
            If they are missing, do not fit the rows or cannot be told to the fitted model.
        """

    @abstractmethod
    def read(self, words: Sequence[str], names: Sequence[str] | None) -> np.ndarray:
        """Return what is told from words, as people write it.

        Parameters
        ----------
        words : sequence of str
            One a row.
        names : sequence of str or None
            What labels 0, 1, ... are called, where they have names.

        Raises
        ------
        InvalidDataError
            If a word is no label that the model was fitted with, or no number.
        """

    def by_name(self, y: Any, names: Sequence[str] | None, known: Sequence[str] | None) -> Any:
        """Return labels by their names, where rows number their classes in another way.

        Parameters
        ----------
        y : array-like
            Labels that rows brought along.
        names, known : sequence of str or None
            What their labels 0, 1, ... are called, and what those of the training rows are.
        """
        return y

    @abstractmethod
    def module(self) -> nn.Module:
        """Return a module that does to a tensor, one row a sample, what `encode` does."""

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Return plain data from which `restore_conditions` makes the same again."""


@dataclass(frozen=True, eq=False)
class Labels(Conditions):
    """Labels, each told as a row of zeros with a one.

    Parameters
    ----------
    classes : ndarray, shape (n_classes,)
        The labels that there are, sorted.
    """

    classes: np.ndarray

    @property
    def n_columns(self) -> int:
        return len(self.classes)

    def encode(self, y: Any, *, n_rows: int) -> Tensor:
        labels = np.asarray(None) if y is None else plain_labels(y)
        if labels.ndim == 0 and y is not None:
            labels = np.full(n_rows, labels)
        if y is None or labels.shape != (n_rows,):
            raise _missing(y, "a label", n_rows=n_rows)
        places = np.searchsorted(self.classes, labels).clip(max=len(self.classes) - 1)
        unknown = self.classes[places] != labels
        if unknown.any():
            raise _unknown(labels[unknown].tolist()[0], map(str, self.classes))
        return one_hot(torch.from_numpy(places), len(self.classes)).float()

    def read(self, words: Sequence[str], names: Sequence[str] | None) -> np.ndarray:
        """Return the labels that are written so."""
        place = {word: i for i, word in enumerate(self._written(names))}
        for word in words:
            if word not in place:
                raise _unknown(word, place)
        return self.classes[[place[word] for word in words]]

    def _written(self, names: Sequence[str] | None) -> list[str]:
        labels = self.classes.tolist()
        # Those of texts are their names, and other numbers were given beside the rows.
        if names is None or not set(labels) <= set(range(len(names))):
            return [written_label(label) for label in labels]
        return [names[label] for label in labels]

    def by_name(self, y: Any, names: Sequence[str] | None, known: Sequence[str] | None) -> Any:
        """Return the labels of the training rows that have these names."""
        if names == known or (known is None and self.classes.dtype.kind != "U"):
            return y
        labels = np.asarray(y).tolist()
        words = [written_label(label) if names is None else names[label] for label in labels]
        return self.read(words, known)

    def module(self) -> ToldLabels:
        """Return a module that tells a tensor of labels; texts come by their place in `classes`."""
        return ToldLabels(self.classes)

    def describe(self) -> dict[str, Any]:
        return {"classes": self.classes.tolist()}


@dataclass(frozen=True, eq=False)
class Numbers(Conditions):
    """Numbers, told less their mean and in units of their standard deviation.

    Parameters
    ----------
    means, scales : ndarray, shape (n_columns,)
        Of the training rows, column by column.
    """

    means: np.ndarray
    scales: np.ndarray

    @property
    def n_columns(self) -> int:
        return len(self.means)

    def encode(self, y: Any, *, n_rows: int) -> Tensor:
        numbers = None if y is None else _as_numbers(y)
        if numbers is not None and numbers.ndim < 2:
            one_for_all = numbers.ndim == 0 or self.n_columns > 1
            numbers = np.tile(numbers, (n_rows, 1)) if one_for_all else numbers[:, None]
        if numbers is None or numbers.shape != (n_rows, self.n_columns):
            several = "a number" if self.n_columns == 1 else f"{self.n_columns} numbers"
            raise _missing(y, several, n_rows=n_rows)
        return torch.from_numpy((numbers - self.means) / self.scales).float()

    def read(self, words: Sequence[str], names: Sequence[str] | None) -> np.ndarray:
        """Return the numbers that are written so."""
        return _as_numbers(np.array(words, dtype=object))

    def module(self) -> ToldNumbers:
        """Return a module that tells a tensor of numbers."""
        return ToldNumbers(self.means, self.scales)

    def describe(self) -> dict[str, Any]:
        return {"means": self.means.tolist(), "scales": self.scales.tolist()}


def check_conditional(value: Any) -> None:
    """Refuse what the option `conditional` cannot be."""
    if isinstance(value, (bool, np.bool_)):
        return
    if isinstance(value, str):
        check_choice("conditional", value, (CONTINUOUS,))
        return
    raise InvalidParameterError(
        f"`conditional` must be False, True (labels) or {CONTINUOUS!r} (numbers); got {value!r}."
    )


def find_conditions(
    y: Any,
    conditional: Any,
    *,
    n_rows: int,
    names: Sequence[str] | None = None,
    weights: np.ndarray | None = None,
) -> Conditions | None:
    """Return how what `fit` is told becomes a tensor; None where the model is told nothing.

    Parameters
    ----------
    y : array-like
        Labels, or numbers where `conditional` is "continuous".
    conditional : bool or "continuous"
        The option.
    n_rows : int
        How many rows there are.
    names : sequence of str or None
        What labels 0, 1, ... are called, where they came with the rows and have names.
    weights : ndarray, shape (n_rows,), or None
        What each row counts.

    Raises
    ------
    InvalidDataError
        If `y` is missing, holds numbers where labels are asked for, or names where numbers are.
    """
    if not conditional:
        return None
    if y is None:
        raise InvalidDataError(
            "y must hold the labels of a conditional model; got None: fit(X, y), or "
            "conditional=False."
        )
    if conditional == CONTINUOUS:
        if names is not None:
            # Their places are numbers too, and mean nothing.
            raise InvalidDataError(
                f"y must hold numbers where conditional='continuous'; got classes such as "
                f"{names[0]!r}: take conditional=True for labels."
            )
        numbers = _as_numbers(y)
        numbers = numbers[:, None] if numbers.ndim == 1 else numbers
        if numbers.ndim != 2 or len(numbers) != n_rows:
            raise _missing(y, "a number", n_rows=n_rows)
        means = np.average(numbers, axis=0, weights=weights)
        squares = np.average(np.square(numbers - means), axis=0, weights=weights)
        return Numbers(means, np.sqrt(np.where(squares > 0, squares, 1.0)))
    labels = plain_labels(y)
    if labels.ndim == 1 and labels.dtype.kind == "f" and type_of_target(labels) == CONTINUOUS:
        raise InvalidDataError(
            f"y must hold labels where conditional=True; got {len(np.unique(labels))} different "
            f"numbers such as {labels[0]:g}: take conditional='continuous' to tell the model "
            "numbers, or round them to labels."
        )
    return Labels(np.unique(labels))


def restore_conditions(described: dict[str, Any] | None) -> Conditions | None:
    """Return the conditions that `Conditions.describe` told of."""
    if described is None:
        return None
    if "classes" in described:
        return Labels(np.array(described["classes"]))
    return Numbers(np.array(described["means"]), np.array(described["scales"]))


def _as_numbers(y: Any) -> np.ndarray:
    try:
        numbers = np.asarray(as_array(y, name="y"), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidDataError(
            f"y must hold numbers where conditional='continuous'; got {error}: take "
            "conditional=True for labels."
        ) from error
    check_finite(np.atleast_1d(numbers), name="y")
    return numbers


def _unknown(label: Any, known: Iterable[str]) -> InvalidDataError:
    return InvalidDataError(
        f"y must hold labels that the model was fitted with; got {label!r}: take one of "
        f"{', '.join(known)}."
    )


def _missing(y: Any, what: str, *, n_rows: int) -> InvalidDataError:
    got = "None" if y is None else f"the shape {np.shape(y)}"
    return InvalidDataError(
        f"y must hold {what} for each of {n_rows} rows of a conditional model; got {got}: pass "
        "them, or bind them once with given(y)."
    )
