"""What the commands say: tables and sentences on a terminal, plain text in a pipe."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from inscape._errors import RunWarning

# Blanks about a cell, and letters below which a column of words is not folded.
_PADDING, _FEW_LETTERS = 2, 16


def errors() -> Console:
    """Return the console for errors, which are one line however narrow the terminal."""
    return Console(stderr=True, soft_wrap=True, highlight=False)


def say(text: str) -> None:
    """Print one line."""
    Console(soft_wrap=True, highlight=False).print(Text(text))


def say_error(text: str) -> None:
    """Print one sentence about what went wrong."""
    errors().print(Text("error: ", style="bold red") + Text(text))


def say_warning(text: str) -> None:
    """Print one sentence about what may be wrong."""
    errors().print(Text("warning: ", style="bold yellow") + Text(text))


@contextlib.contextmanager
def warnings_told() -> Iterator[None]:
    """Tell what should be known about a run as one line, in place of Python's two."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", RunWarning)
        show = warnings.showwarning

        def tell(message: Any, category: type[Warning], *place: Any, **more: Any) -> None:
            if issubclass(category, RunWarning):
                say_warning(str(message))
            else:
                show(message, category, *place, **more)

        warnings.showwarning = tell
        yield


def say_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    title: str = "",
    bold_first: bool = False,
    bold: Collection[tuple[int, int]] = (),
    n_keys: int = 0,
) -> None:
    """Print a table, columns of numbers to the right and columns of words to the left.

    The first column and all numbers stay whole however narrow the terminal; where they cannot, the
    table goes on below with its key columns again, or each row stands as lines of its own.

    Parameters
    ----------
    header : sequence of str
        Names of the columns.
    rows : sequence of sequence of str
        Cells.
    title : str
        Above the table.
    bold_first : bool
        Whether the first row is ours.
    bold : collection of (int, int)
        Cells, by row and column, in bold; in a pipe, with an asterisk.
    n_keys : int
        How many first columns tell which row it is; 0 never parts the table.
    """
    terminal = Console(highlight=False)
    # A pipe has no width of its own: a table must not be folded to 80 columns there.
    console = terminal if terminal.is_terminal else Console(highlight=False, width=200)
    rows = [
        [cell + "*" * ((i, j) in bold and not terminal.is_terminal) for j, cell in enumerate(row)]
        for i, row in enumerate(rows)
    ]
    columns = [_Column(name, [row[i] for row in rows], i) for i, name in enumerate(header)]
    parts = _part(columns, n_keys, console.width)
    if not parts:
        _say_blocks(console, header, rows, title, bold_first=bold_first)
        return
    for k, places in enumerate(parts):
        told = [
            [Text(row[j], style="bold" if (i, j) in bold else "") for j in places]
            for i, row in enumerate(rows)
        ]
        _say_columns(
            console,
            [columns[j] for j in places],
            told,
            title if k == 0 or not title else f"{title}, continued",
            bold_first=bold_first,
        )


def _part(columns: Sequence[_Column], n_keys: int, width: int) -> list[list[int]]:
    """Return which columns stand side by side; none where no table fits the width."""

    def narrowest(places: Sequence[int]) -> int:
        return sum(columns[j].narrowest + _PADDING for j in places)

    if narrowest(range(len(columns))) <= width:
        return [list(range(len(columns)))]
    keys = list(range(n_keys))
    parts: list[list[int]] = []
    for j in range(n_keys, len(columns)):
        if parts and narrowest([*parts[-1], j]) <= width:
            parts[-1].append(j)
        else:
            parts.append([*keys, j])
    return parts if n_keys and all(narrowest(part) <= width for part in parts) else []


def _say_columns(
    console: Console,
    columns: Sequence[_Column],
    rows: Sequence[Sequence[Text]],
    title: str,
    *,
    bold_first: bool,
) -> None:
    table = Table(title=title or None, title_justify="left", title_style="bold", box=None)
    room = console.width - _PADDING * len(columns)
    for column, width in zip(columns, _share_out(columns, room), strict=True):
        justify: Any = "right" if column.numbers else "left"
        table.add_column(column.name, justify=justify, overflow="fold", width=width)
    for i, row in enumerate(rows):
        table.add_row(*row, style="bold" if bold_first and i == 0 else None)
    console.print(table)


class _Column:
    """A column, and how narrow it may become: names and numbers stay whole, words fold."""

    def __init__(self, name: str, cells: Sequence[str], place: int) -> None:
        self.name = name
        self.numbers = all(cell[:1] in "+-0123456789" for cell in cells)
        longest = max((len(cell) for cell in cells), default=0)
        words = max((len(word) for word in name.split()), default=0)
        whole = place == 0 or self.numbers
        self.narrowest = max(words, longest if whole else min(longest, _FEW_LETTERS))
        self.widest = max(len(name), longest)


def _share_out(columns: Sequence[_Column], room: int) -> list[int]:
    """Return widths that fit the room: letters are taken where most can be spared."""
    widths = [column.widest for column in columns]
    for _ in range(sum(widths) - room):
        spare = [width - column.narrowest for width, column in zip(widths, columns, strict=True)]
        widths[spare.index(max(spare))] -= 1
    return widths


def _say_blocks(
    console: Console,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    title: str,
    *,
    bold_first: bool,
) -> None:
    """Print each row as lines of its own, where the terminal is too narrow for a table."""
    if title:
        console.print(Text(title, style="bold"))
    for i, (first, *rest) in enumerate(rows):
        console.print(Text(first, style="bold" if bold_first and i == 0 else ""))
        block = Table(box=None, show_header=False)
        block.add_column(no_wrap=True, min_width=max(len(name) for name in header))
        block.add_column(overflow="fold")
        for name, cell in zip(header[1:], rest, strict=True):
            block.add_row(name, cell)
        console.print(block)
