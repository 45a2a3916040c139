"""Every check of an argument, and the one place that owns the wording of what went wrong.

Each message is one sentence: what must hold, what came, how to mend it.
"""

from __future__ import annotations

import difflib
import math
import numbers
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from inscape._errors import InvalidDataError, InvalidParameterError, MissingDependencyError
from inscape._typing import FloatArray


def abridged(value: object) -> str:
    """Return how a value is shown in an error: on one line, and not too long."""
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
    raise InvalidParameterError(f"`{name}` must be {wanted}; got {abridged(value)}.")


def check_flag(name: str, value: object) -> bool:
    """Return `value` if it is True or False.

    Raises
    ------
    InvalidParameterError
        If it is anything else.
    """
    if not isinstance(value, bool):
        raise InvalidParameterError(f"`{name}` must be True or False; got {value!r}.")
    return value


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
    raise InvalidParameterError(f"`{name}` must be a number {wanted}; got {abridged(value)}.")


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
        f"`{name}` must be one of {', '.join(map(repr, words))}; got {abridged(value)}."
        + did_you_mean(value, words)
    )


def did_you_mean(value: object, words: Sequence[str]) -> str:
    """Return ' Did you mean ...?' where a word is near `value`, else an empty string."""
    by_letters = {word.casefold(): word for word in words}
    near = difflib.get_close_matches(str(value).casefold(), by_letters, n=1)
    return f" Did you mean {by_letters[near[0]]!r}?" if near else ""


def look_up(name: str, value: Any, table: Mapping[str, Any]) -> Any:
    """Return `table[value]`; the table of choices also writes the error."""
    return table[check_choice(name, value, table)]


def check_widths(name: str, value: Any, *, fewest: int = 0) -> tuple[int, ...]:
    """Return layer widths as a tuple of integers >= 1; an empty one means no hidden layer.

    Raises
    ------
    InvalidParameterError
        If it is not a sequence of at least `fewest` integers >= 1.
    """
    if (
        isinstance(value, (tuple, list))
        and len(value) >= fewest
        and all(
            isinstance(width, numbers.Integral) and not isinstance(width, bool) and int(width) >= 1
            for width in value
        )
    ):
        return tuple(int(width) for width in value)
    wanted = f"at least {fewest}" if fewest else "or () for no hidden layer"
    raise InvalidParameterError(
        f"`{name}` must be a tuple of layer widths >= 1, such as (256, 64), {wanted}; got "
        f"{abridged(value)}."
    )


def check_generator(name: str, value: Any) -> np.random.Generator:
    """Return the random generator that `value` stands for: a seed, a generator, or None for fresh.

    A generator is passed through, so that its state moves on with each draw.

    Raises
    ------
    InvalidParameterError
        If it is none of the three.
    """
    if value is None or isinstance(value, np.random.Generator):
        return np.random.default_rng(value)
    if isinstance(value, numbers.Integral) and not isinstance(value, bool) and int(value) >= 0:
        return np.random.default_rng(int(value))
    raise InvalidParameterError(
        f"`{name}` must be None, an integer >= 0 or a numpy.random.Generator; got "
        f"{abridged(value)}."
    )


def check_recorded(name: str, value: Any, recorded: Sequence[int]) -> int:
    """Return `value` if it is one of the recorded epochs.

    Raises
    ------
    InvalidParameterError
        If it is not.
    """
    if value in recorded:
        return int(value)
    raise InvalidParameterError(
        f"`{name}` must be one of the recorded {abridged(list(recorded))}; got {abridged(value)}."
    )


def find_name(name: str, value: Any, names: Sequence[str]) -> int:
    """Return the place of a name among names.

    Raises
    ------
    InvalidParameterError
        If it is not there; the message names the nearest.
    """
    return list(names).index(check_choice(name, value, names))


def too_large(shape: Sequence[int], *, what: str, most: int) -> None:
    """Refuse an array of float64 that would need more than `most` bytes.

    Raises
    ------
    InvalidParameterError
        If it would.
    """
    size = 8 * math.prod(shape)
    if size > most:
        raise InvalidParameterError(
            f"{what} must fit in {most / 2**30:g} GiB; got the shape {tuple(shape)}, "
            f"{size / 2**30:.3g} GiB: take a larger `record_every`, or fewer samples."
        )


# --------------------------------------------------------------------------- data


def first_place(bad: np.ndarray) -> tuple[int, ...]:
    """Return where the first True of an array is."""
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(bad)), bad.shape))


def check_unmasked(value: Any, *, name: str) -> None:
    """Refuse a masked array that hides a value: without its mask it would be read as data.

    Raises
    ------
    InvalidDataError
        If it is one; the first hidden value is named by row and column.
    """
    if not isinstance(value, np.ma.MaskedArray) or not np.ma.is_masked(value):
        return
    mask = np.ma.getmaskarray(value)
    axes = zip(("row", "column"), first_place(mask), strict=False)
    where = ", ".join(f"{axis} {i}" for axis, i in axes)
    raise InvalidDataError(
        f"{name} must have no masked values; got one at {where} ({int(mask.sum())} in all): fill "
        "them with .filled(value), or leave their rows out."
    )


def check_dense(value: Any, *, name: str) -> None:
    """Refuse a sparse matrix of SciPy.

    Raises
    ------
    InvalidDataError
        If it is one.
    """
    if hasattr(value, "toarray"):
        raise InvalidDataError(
            f"{name} must be a dense array; got {type(value).__name__}, a sparse one, which "
            f"is not supported: pass {name}.toarray(), or some of its rows after each other."
        )


def tensor_numbers(tensor: Any, *, name: str) -> np.ndarray:
    """Return a tensor's numbers, without their gradients.

    Raises
    ------
    InvalidDataError
        If it is sparse, or has none that NumPy has.
    """
    if not str(tensor.layout).endswith("strided"):
        raise InvalidDataError(
            f"{name} must be a dense tensor; got a sparse one, which is not supported: pass "
            f"{name}.to_dense()."
        )
    try:
        plain = tensor.detach().cpu().resolve_conj().resolve_neg()
        # NumPy has no short floats but one.
        short = plain.dtype.is_floating_point and plain.element_size() < 4
        return np.asarray(plain.float() if short else plain)
    except (RuntimeError, TypeError, ValueError) as error:
        raise InvalidDataError(
            f"{name} must be a tensor of plain numbers; got one of {tensor.dtype} that is none: "
            "make float32 of it."
        ) from error


def check_numbers(value: Any, *, name: str, remedy: str = "encode them first") -> np.ndarray:
    """Return `value` as an array of real numbers, of whatever shape.

    Raises
    ------
    InvalidDataError
        If it is sparse, hides a value, or holds something else.
    """
    check_dense(value, name=name)
    check_unmasked(value, name=name)
    if hasattr(value, "detach"):
        value = tensor_numbers(value, name=name)
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.asarray(value, dtype=object)
    if array.dtype.kind not in "fiub":
        raise InvalidDataError(
            f"{name} must hold numbers; got values of type {array.dtype}: {remedy}."
        )
    return array


def check_pair(X: Any, other: Any, *, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return rows, and what is to be compared with them value by value, as floats.

    Raises
    ------
    InvalidDataError
        If one holds no numbers, or none at all, or they differ in shape or in the names of their
        columns.
    """
    rows, compared = check_numbers(X, name="X"), check_numbers(other, name=name)
    names = [list(each.columns) for each in (X, other) if hasattr(each, "columns")]
    if rows.shape != compared.shape or rows.ndim != 2 or (len(names) == 2 and names[0] != names[1]):
        got = f"{rows.shape} and {compared.shape}"
        raise InvalidDataError(
            f"X and {name} must have one shape, (n_samples, n_features), and the same columns; got "
            f"{got if rows.shape != compared.shape or rows.ndim != 2 else 'columns of other names'}"
            ": compare what belongs together."
        )
    check_filled(rows, name="X")
    # Of bytes, the difference would be one too.
    return as_floats(rows), as_floats(compared)


def check_filled(array: Any, *, name: str) -> None:
    """Ask for at least one row and, where there are columns, one column.

    Raises
    ------
    InvalidDataError
        If there is none.
    """
    if 0 in np.shape(array):
        raise InvalidDataError(
            f"{name} must hold a row and a column at least; got the shape {np.shape(array)}: check "
            "what was chosen of the data."
        )


def as_floats(array: np.ndarray) -> FloatArray:
    """Return numbers as floats: such as they are, else float64."""
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def check_finite(
    X: FloatArray, *, name: str = "X", remedy: str = "remove or impute them first"
) -> None:
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
    place = first_place(bad)
    kind = "NaN" if np.isnan(X[place]) else "infinity"
    where = ", ".join(f"{axis} {i}" for axis, i in zip(("row", "column"), place, strict=False))
    raise InvalidDataError(
        f"{name} must be finite; got {kind} at {where} ({int(bad.sum())} such values in all): "
        f"{remedy if kind == 'NaN' else 'remove or impute them first'}."
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


def image_shape_of(n_features: int, image_shape: Any = None) -> tuple[int, int, int]:
    """Return (height, width, channels) of flat rows in that order.

    Parameters
    ----------
    n_features : int
        Columns of the rows.
    image_shape : tuple of int or None
        (height, width) or (height, width, channels); None is a square with one channel.

    Raises
    ------
    InvalidParameterError
        If the rows are no such pictures.

    Examples
    --------
    >>> image_shape_of(784), image_shape_of(96, (4, 8, 3))
    ((28, 28, 1), (4, 8, 3))
    """
    if image_shape is None:
        side = math.isqrt(n_features)
        shape: tuple[int, ...] = (side, side, 1)
    else:
        shape = check_widths("image_shape", image_shape, fewest=2)
        shape = (*shape, 1) if len(shape) == 2 else shape
    if len(shape) != 3 or math.prod(shape) != n_features:
        got = "a square of one channel" if image_shape is None else repr(tuple(image_shape))
        raise InvalidParameterError(
            f"`image_shape` must be (height, width) or (height, width, channels) with a product of "
            f"{n_features}, the number of features; got {got}: say the shape of the pictures."
        )
    return shape[0], shape[1], shape[2]


def check_matrix(value: Any, *, name: str, n_columns: int | None = None) -> FloatArray:
    """Return `value` as a finite array (n_samples, n_columns) of at least one row and column.

    Raises
    ------
    InvalidDataError
        If it is not one.
    """
    array = check_numbers(value, name=name)
    wanted = f"two dimensions{'' if n_columns is None else f' and {n_columns} columns'}"
    if array.ndim != 2 or array.size == 0 or n_columns not in (None, array.shape[1]):
        raise InvalidDataError(
            f"{name} must be a non-empty array of {wanted}; got the shape {array.shape}: "
            "give one row a sample."
        )
    array = as_floats(array)
    check_finite(array, name=name)
    return array


def check_matrices(value: Any, *, name: str) -> FloatArray:
    """Return `value`, one matrix or a stack of them, as a finite array (..., n_rows, n_columns).

    Raises
    ------
    InvalidDataError
        If it is not one; a matrix of a stack is named by its place.
    """
    array = check_numbers(value, name=name)
    if array.ndim < 2 or array.size == 0:
        raise InvalidDataError(
            f"{name} must be a non-empty array of two dimensions, or a stack of such; got the "
            f"shape {array.shape}: give one row a sample."
        )
    array = as_floats(array)
    for place in np.ndindex(array.shape[:-2]):
        check_finite(array[place], name=f"{name}{list(place)}" if place else name)
    return array


def check_square(value: Any, *, name: str, minimum: int = 2) -> FloatArray:
    """Return one or a stack of symmetric matrices, (..., n, n) with n >= `minimum`.

    Raises
    ------
    InvalidDataError
        If it is not one.
    """
    array = check_matrices(value, name=name)
    n_rows, n_columns = array.shape[-2:]
    if n_rows != n_columns or n_rows < minimum:
        raise InvalidDataError(
            f"{name} must be square, with at least {minimum} rows; got the shape {array.shape}: "
            "give one row and one column an item."
        )
    gap = abs(array - array.swapaxes(-1, -2))
    if gap.max() > 1e-6 * abs(array).max():
        row, column = first_place(gap == gap.max())[-2:]
        raise InvalidDataError(
            f"{name} must be symmetric; got values that differ by {gap.max():g} at row {row}, "
            f"column {column} and across the diagonal: compare items with themselves."
        )
    return array


def check_rising(
    value: Any, *, name: str, minimum: float | None = None, strictly: bool = True
) -> FloatArray:
    """Return `value` as a finite array (n,) of float64 that rises, from `minimum` or later.

    Raises
    ------
    InvalidDataError
        If it is not one.
    """
    array = check_numbers(value, name=name).astype(np.float64)
    good = array.ndim == 1 and array.size > 0 and bool(np.isfinite(array).all())
    if good:
        steps = np.diff(array)
        good = bool((steps > 0).all() if strictly else (steps >= 0).all())
        good = good and (minimum is None or bool(array[0] >= minimum))
    if good:
        return array
    start = "" if minimum is None else f", not below {minimum:g}"
    raise InvalidDataError(
        f"{name} must be a non-empty sequence of finite, rising numbers{start}; got "
        f"{abridged(np.ravel(array).tolist())}: sort them and leave out repetitions."
    )


def check_positive_rising(value: Any, *, name: str) -> FloatArray:
    """Return `value` as a rising array (n,) of finite numbers above 0.

    Raises
    ------
    InvalidDataError
        If it is not one.
    """
    array = check_rising(value, name=name)
    if array[0] > 0:
        return array
    raise InvalidDataError(
        f"{name} must be above 0; got {array[0]:g}: leave out what is not positive."
    )


def check_weights(value: Any, *, n_inputs: int | None = None, n_outputs: int | None = None) -> Any:
    """Return the weights of a linear network as matrices (outputs, inputs) that chain.

    Raises
    ------
    InvalidDataError
        If there is none, one is not a finite matrix, or two neighbours do not fit.
    """
    if isinstance(value, np.ndarray) or not isinstance(value, Sequence) or not value:
        raise InvalidDataError(
            "weights must be a list of matrices, the first layer first; got "
            f"{type(value).__name__}: put a single matrix into a list."
        )
    chain = [
        check_matrix(weight, name=f"weights[{layer}]").astype(np.float64)
        for layer, weight in enumerate(value)
    ]
    for layer, weight in enumerate(chain):
        below = n_inputs if layer == 0 else chain[layer - 1].shape[0]
        of = "the inputs have columns" if layer == 0 else f"weights[{layer - 1}] has rows"
        if below is not None and weight.shape[1] != below:
            raise InvalidDataError(
                f"weights[{layer}] must have as many columns as {of} ({below}); got the shape "
                f"{weight.shape}: give each layer as (outputs, inputs)."
            )
    if n_outputs is not None and chain[-1].shape[0] != n_outputs:
        raise InvalidDataError(
            f"weights[{len(chain) - 1}] must have as many rows as the targets have columns "
            f"({n_outputs}); got the shape {chain[-1].shape}: give each layer as (outputs, inputs)."
        )
    return chain


def check_inputs_and_targets(inputs: Any, targets: Any) -> tuple[FloatArray, FloatArray]:
    """Return samples and targets as finite float64 matrices of as many rows.

    Raises
    ------
    InvalidDataError
        If they are not.
    """
    X = check_matrix(inputs, name="inputs").astype(np.float64, copy=False)
    Y = check_matrix(targets, name="targets").astype(np.float64, copy=False)
    check_same_rows(Y, len(X), name="targets", of="inputs")
    return X, Y


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


def check_array(value: Any, *, name: str, shape: Mapping[str, int | None]) -> FloatArray:
    """Return `value` as a finite array of floats with the named axes; None is any length.

    Raises
    ------
    InvalidDataError
        If it is not one; a value that is not finite is named by row and column.
    """
    array = check_numbers(value, name=name, remedy="give one array")
    fits = len(array.shape) == len(shape) and all(
        got > 0 and wanted in (None, got)
        for got, wanted in zip(array.shape, shape.values(), strict=True)
    )
    if not fits:
        axes = ", ".join(
            axis if length is None else f"{axis} = {length}" for axis, length in shape.items()
        )
        raise InvalidDataError(
            f"{name} must be a non-empty array of the shape ({axes}{',' * (len(shape) == 1)}); "
            f"got the shape {array.shape}: give as many values as that."
        )
    array = array.astype(np.float64)
    check_finite(array, name=name)
    return array


def check_increasing(value: Any, *, name: str) -> FloatArray:
    """Return `value` as a finite array (n,) in which each number is larger than the last.

    Raises
    ------
    InvalidDataError
        If it is not one.
    """
    array = check_array(value, name=name, shape={"n": None})
    steps = np.diff(array)
    if (steps <= 0).any():
        i = int(np.argmax(steps <= 0))
        raise InvalidDataError(
            f"{name} must increase; got {array[i]:g} and then {array[i + 1]:g} at place {i + 1}: "
            "sort them, and what was recorded at them."
        )
    return array


def check_names(value: Any, *, name: str, n: int) -> list[str]:
    """Return `n` names as a list of texts.

    Raises
    ------
    InvalidDataError
        If there are not as many.
    """
    texts = value if isinstance(value, Iterable) and not isinstance(value, str) else []
    names = [str(text) for text in texts]
    if len(names) != n:
        raise InvalidDataError(
            f"{name} must hold {n} names; got {abridged(value)}: give one name an item."
        )
    return names


# --------------------------------------------------------------------------- packages


def missing_dependency(package: str, purpose: str, extra: str) -> MissingDependencyError:
    """Return the error that says which extra brings `package`."""
    return MissingDependencyError(
        f"{purpose} needs the package {package}, which is not installed: "
        f"run pip install 'inscape[{extra}]'."
    )


def missing_program(program: str, purpose: str, instead: str) -> MissingDependencyError:
    """Return the error for a program that pip does not bring, with what can be done without it."""
    return MissingDependencyError(
        f"{purpose} needs the program {program}, which is not installed: install it, or {instead}."
    )
