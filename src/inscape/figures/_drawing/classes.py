"""Labels of points: which class, and the one place where a class gets its colour and shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from inscape._checks import check_finite, check_same_rows
from inscape._errors import InvalidParameterError
from inscape._typing import FloatArray, IntArray
from inscape.figures._drawing.style import CLASS_COLORS

MOST_CLASSES = 30
# Ten colours times eight shapes: eighty classes have a mark of their own.
SHAPES: Final = ("o", "^", "s", "D", "v", "P", "X", "*")


@dataclass(frozen=True)
class Classes:
    """Points in classes: `index` (n_samples,) is each point's place in `names` and `places`.

    `places` is each class's place among all classes, by which it has its mark in every figure.
    """

    index: IntArray
    names: tuple[str, ...]
    places: tuple[int, ...]

    @property
    def colors(self) -> tuple[str, ...]:
        """The colour of each class."""
        return tuple(mark_of(place)[0] for place in self.places)

    @property
    def shapes(self) -> tuple[str, ...]:
        """The shape of each class: that of a circle for the first ten."""
        return tuple(mark_of(place)[1] for place in self.places)


def mark_of(place: int) -> tuple[str, str]:
    """Return the colour and the shape of the class at a place; all figures ask here.

    Examples
    --------
    >>> mark_of(0)
    ('#3f90da', 'o')
    >>> mark_of(10)
    ('#3f90da', '^')
    """
    n = len(CLASS_COLORS)
    return CLASS_COLORS[place % n], SHAPES[place // n % len(SHAPES)]


def read_labels(
    labels: Any, n_samples: int, class_names: Sequence[str] | None
) -> Classes | FloatArray | None:
    """Return labels as classes, as continuous values (n_samples,), or None where there are none.

    Text, truth values and whole numbers are classes, whole numbers without names only where they
    have at most 30 different values; other numbers are continuous.

    Raises
    ------
    InvalidDataError
        If there is not one finite label a point.
    InvalidParameterError
        If there are not as many `class_names` as classes.
    """
    if labels is None:
        return None
    array = np.asarray(labels)
    array = array.ravel() if array.size == n_samples else array
    check_same_rows(array, n_samples, name="labels", of="codes")
    if array.dtype.kind == "f":
        check_finite(array, name="labels")
    if array.dtype.kind == "M":
        # Without the time of day where that is midnight for all.
        array = np.datetime_as_string(array, unit="auto")
    if array.dtype.kind not in "fiub":
        array = array.astype(str)
    values, index = np.unique(array, return_inverse=True)
    number = array.dtype.kind in "iuf"
    whole = bool((values == np.floor(values)).all()) if number else array.dtype.kind == "b"
    if number and (not whole or (class_names is None and len(values) > MOST_CLASSES)):
        return array.astype(float)
    names = [f"{value:g}" if array.dtype.kind == "f" else str(value) for value in values]
    if class_names is None:
        places = _places_unnamed(values, whole=whole)
    else:
        names, places = _named(values, names, [str(name) for name in class_names], whole=whole)
    return Classes(index.astype(np.intp), tuple(names), tuple(places))


def _places_unnamed(values: Any, *, whole: bool) -> list[int]:
    """Return places by value for digits, so that a class keeps its mark where others are missing.

    Larger numbers, such as 10, 20 and 30, and text go by their order.
    """
    if whole and values[0] >= 0 and values[-1] < len(CLASS_COLORS):
        return [int(value) for value in values]
    return list(range(len(values)))


def _named(
    values: Any, labels: list[str], class_names: list[str], *, whole: bool
) -> tuple[list[str], list[int]]:
    """Return the names of the labels that are there, and their places among all the names."""
    if not whole and set(labels) <= set(class_names):
        return labels, [class_names.index(label) for label in labels]
    if whole and values[0] >= 0 and values[-1] < len(class_names):
        places = [int(value) for value in values]
        return [class_names[place] for place in places], places
    if len(class_names) == len(labels):
        return class_names, list(range(len(labels)))
    raise InvalidParameterError(
        f"`class_names` must name each class; got {len(class_names)} names for {len(labels)} "
        "classes: give one name a class, in the order of the sorted labels."
    )


def class_centres(codes: FloatArray, classes: Classes) -> FloatArray:
    """Return the median code of each class, an array (n_classes, n_components).

    The median, and not the mean, lies among the points of a class with a long tail.
    """
    return np.array(
        [np.median(codes[classes.index == k], axis=0) for k in range(len(classes.names))]
    )
