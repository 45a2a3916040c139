"""Labels of points: which class, which colour, which name, and where the name goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from inscape._checks import check_finite, check_same_rows
from inscape._errors import InvalidParameterError
from inscape._typing import FloatArray, IntArray
from inscape.figures._drawing.labels import spread
from inscape.figures._drawing.style import CLASS_COLORS, darker, halo

MOST_CLASSES = 30


@dataclass(frozen=True)
class Classes:
    """Points in classes: `index` (n_samples,) is each point's place in `names` and `colors`."""

    index: IntArray
    names: tuple[str, ...]
    colors: tuple[str, ...]


def read_labels(
    labels: Any, n_samples: int, class_names: Sequence[str] | None
) -> Classes | FloatArray | None:
    """Return labels as classes, as continuous values (n_samples,), or None where there are none.

    Text and whole numbers with at most 30 different values are classes; other numbers are
    continuous. A class 0, 1, 2, ... keeps its colour in every figure, even where others are
    missing.

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
    if array.dtype.kind not in "fiub":
        array = array.astype(str)
    values, index = np.unique(array, return_inverse=True)
    whole = array.dtype.kind in "iubf" and bool((values == np.floor(values)).all())
    if array.dtype.kind in "iuf" and (not whole or len(values) > MOST_CLASSES):
        return array.astype(float)
    counted = whole and values[0] >= 0
    place = [int(value) for value in values] if counted else list(range(len(values)))
    names = [f"{value:g}" if array.dtype.kind == "f" else str(value) for value in values]
    if class_names is not None:
        names = _named(place, len(values), class_names, counted=counted)
    colors = [CLASS_COLORS[i % len(CLASS_COLORS)] for i in place]
    return Classes(index.astype(np.intp), tuple(names), tuple(colors))


def _named(
    place: list[int], n_classes: int, class_names: Sequence[str], *, counted: bool
) -> list[str]:
    if counted and max(place) < len(class_names):
        return [str(class_names[i]) for i in place]
    if len(class_names) == n_classes:
        return [str(name) for name in class_names]
    raise InvalidParameterError(
        f"`class_names` must name each class; got {len(class_names)} names for {n_classes} "
        "classes: give one name a class, in the order of the sorted labels."
    )


def class_centres(codes: FloatArray, classes: Classes) -> FloatArray:
    """Return the median code of each class, an array (n_classes, n_components).

    The median, and not the mean, lies among the points of a class with a long tail.
    """
    return np.array(
        [np.median(codes[classes.index == k], axis=0) for k in range(len(classes.names))]
    )


def name_classes(
    ax: Axes, codes: FloatArray, classes: Classes, *, inches: tuple[float, float], size: float = 12
) -> None:
    """Write each class's name at its centre; names that would overlap move apart a little.

    Parameters
    ----------
    codes : array (n_samples, 2)
    inches
        About how wide and high the panel will be drawn, to know what would overlap.
    """
    centres = class_centres(codes, classes)
    low, high = np.column_stack([ax.get_xlim(), ax.get_ylim()])
    panel = np.array(inches) * 72
    points = (centres - low) / (high - low) * panel
    boxes = np.array([[0.62 * size * len(name) + 3, 1.1 * size] for name in classes.names])
    shift = spread(points, boxes) - points
    for name, color, centre, offset in zip(
        classes.names, classes.colors, centres, shift, strict=True
    ):
        ax.annotate(
            name,
            (float(centre[0]), float(centre[1])),
            xytext=(float(offset[0]), float(offset[1])),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=size,
            fontweight="bold",
            color=darker(color),
            path_effects=halo(3),
            annotation_clip=True,
        )
