"""How a file, a frame or a folder is read: the options, the same in Python, config and command."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

from inscape._checks import check_choice, check_integer
from inscape._errors import InvalidParameterError
from inscape._typing import CategoriesName, DatesName, MissingName

# What stands for "there is none" where a name is asked for.
NONE: Final = "none"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a source is read.

    Parameters
    ----------
    target : str
        The column of a table that holds the labels.
    header : bool
        Whether the first line of a text file holds names; left out, it is found out and told.
    index : str
        The column that names the rows and is no feature; left out, the index that pandas or R
        wrote; "none" is no such column.
    columns : tuple of str
        The columns that are features, in this order, once for each or joined by commas; left out,
        all others.
    drop : tuple of str
        Columns that are left out.
    keep : tuple of str
        Columns that are no features and go with their rows, such as an id: written beside codes,
        errors and scores.
    categories : str
        What columns of text are: refused, or one_hot, a column of zeros and ones for each word.
    dates : str
        What columns of dates are: refused, or days since 1970.
    missing : str
        What is done with missing values: refused, the mean of the training rows, or their rows
        dropped.
    delimiter : str
        Between the cells of a text file; left out, it is found out.
    decimal : str
        Before the fraction of a number in a text file: "." or ",".
    image_size : int
        Height and width to which pictures are brought, in pixels.
    crop : bool
        Whether that is the middle square of each picture; else its whole, stretched.
    """

    target: str | None = None
    header: bool | None = None
    index: str | None = None
    columns: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    categories: CategoriesName = "refuse"
    dates: DatesName = "refuse"
    missing: MissingName = "refuse"
    delimiter: str | None = None
    decimal: str = "."
    image_size: int | None = None
    crop: bool = False

    def __post_init__(self) -> None:
        for name in ("columns", "drop", "keep"):
            object.__setattr__(self, name, _check_names(name, getattr(self, name)))
        words = {"categories": CategoriesName, "dates": DatesName, "missing": MissingName}
        for name, choices in words.items():
            check_choice(name, getattr(self, name), get_args(choices))
        check_choice("decimal", self.decimal, (".", ","))
        if self.delimiter is not None and (
            not isinstance(self.delimiter, str) or len(self.unescaped_delimiter) != 1
        ):
            raise InvalidParameterError(
                f"`delimiter` must be one character, such as ';' or '\\t'; got {self.delimiter!r}."
            )
        if self.delimiter == self.decimal == ",":
            raise InvalidParameterError(
                "`delimiter` and `decimal` must differ; got ',' for both: say which one it is."
            )
        if self.image_size is not None:
            check_integer("image_size", self.image_size, minimum=1)

    @property
    def unescaped_delimiter(self) -> str:
        r"""The delimiter, where a shell had it written as \t."""
        return "\t" if self.delimiter == "\\t" else self.delimiter or ""

    def reading(self) -> Reading:
        """Return these options alone, without those of a config that has more."""
        names = [field.name for field in dataclasses.fields(Reading)]
        return Reading(**{name: getattr(self, name) for name in names})

    def chosen(self) -> list[str]:
        """Return the names of the options of reading that differ from their defaults."""
        return [
            field.name
            for field in dataclasses.fields(Reading)
            if getattr(self, field.name) != field.default
        ]

    def refuse(self, reason: str, *, but: Sequence[str] = ()) -> None:
        """Refuse every option that was given, save some.

        Parameters
        ----------
        reason : str
            Why it can mean nothing here.
        but : sequence of str
            The options that can.

        Raises
        ------
        InvalidParameterError
            If there is another one.
        """
        for name in self.chosen():
            if name not in but:
                raise InvalidParameterError(
                    f"`{name}` must be left out here; {reason}: got {getattr(self, name)!r}."
                )


OF_TABLES: Final = (
    "target",
    "index",
    "columns",
    "drop",
    "keep",
    "categories",
    "dates",
    "missing",
)
OF_TEXT: Final = (*OF_TABLES, "header", "delimiter", "decimal")
OF_PICTURES: Final = ("image_size", "crop")
OF_ARRAYS: Final = ("missing",)


def _check_names(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, (tuple, list)) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise InvalidParameterError(
        f"`{name}` must be names of columns, such as ('a', 'b'); got {value!r}."
    )
