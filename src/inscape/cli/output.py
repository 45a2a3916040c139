"""What the commands say: tables and sentences on a terminal, plain text in a pipe."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from inscape._errors import RunWarning


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
) -> None:
    """Print a table, columns of numbers to the right and columns of words to the left.

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
    """
    table = Table(title=title or None, title_justify="left", title_style="bold", box=None)
    for i, name in enumerate(header):
        numbers = all(row[i][:1] in "+-0123456789" for row in rows)
        table.add_column(name, justify="right" if numbers else "left", no_wrap=i > 0)
    for i, row in enumerate(rows):
        table.add_row(*row, style="bold" if bold_first and i == 0 else None)
    terminal = Console(highlight=False)
    # A pipe has no width of its own: a table must not be folded to 80 columns there.
    console = terminal if terminal.is_terminal else Console(highlight=False, width=200)
    console.print(table)
