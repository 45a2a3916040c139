"""How ``--help`` shows options: by what they are about, with defaults as one types them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cyclopts.help import DefaultFormatter, HelpEntry, HelpPanel

# What options are about, in the order of the panels; any other stands in the first one.
_OTHERS: Final = "Options"
_TITLES: Final[Mapping[str, tuple[str, ...]]] = {
    "How DATA is read": (
        *("target", "header", "index", "columns", "drop", "keep", "categories", "dates", "missing"),
        *("delimiter", "decimal", "image-size", "crop", "test-fraction"),
    ),
    "The network": (
        *("hidden", "activation", "network", "bottleneck", "initialization", "bias"),
        *("linear-path", "gamma"),
    ),
    "Variational models": ("posterior", "prior", "divergence", "bound", "conditional"),
    "The training": (
        *("epochs", "batch-size", "optimizer", "learning-rate", "schedule", "layerwise-epochs"),
        *("precision", "validation-fraction", "patience", "record-every", "random-state", "seeds"),
        *("device",),
    ),
    "The run": ("run", "resume", "output", "config", "overwrite"),
}
# So many options need no titles.
_FEW = 8
# The long form of the first argument, which is told there.
_TOLD_ABOVE: Final = "--data"
# Defaults that say nothing: a flag that is not given, an empty list.
_SILENT: Final = ("()", "False", "None")


class Help(DefaultFormatter):
    """Shows one panel of options as several."""

    def __call__(self, console: Any, options: Any, panel: HelpPanel) -> None:
        """Print a panel."""
        for part in _split(panel) if panel.format == "parameter" else [panel]:
            super().__call__(console, options, part)


def _split(panel: HelpPanel) -> Iterator[HelpPanel]:
    entries = [_as_typed(entry) for entry in panel.entries if entry.names != (_TOLD_ABOVE,)]
    if len(entries) <= _FEW or any(entry.positional_label for entry in entries):
        yield panel.copy(entries=entries)
        return
    told = {f"--{name}": title for title, names in _TITLES.items() for name in names}
    places = {name: place for place, name in enumerate(told)}
    for title in (_OTHERS, *_TITLES):
        some = [e for e in entries if told.get(e.positive_names[0], _OTHERS) == title]
        some.sort(key=lambda entry: places.get(entry.positive_names[0], 0))
        if some:
            yield panel.copy(title=title, entries=some)


def _as_typed(entry: HelpEntry) -> HelpEntry:
    """Return an entry whose default is written as one would type it."""
    default = entry.default
    if default in _SILENT:
        return entry.copy(default=None)
    if default == "True":
        return entry.copy(default="yes")
    if default is not None and default.startswith("("):
        return entry.copy(default=default.strip("(),").replace(", ", ",").replace("'", ""))
    return entry
