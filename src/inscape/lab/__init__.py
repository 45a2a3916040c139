"""The browser lab: one document of a representation, for a page, a file and a notebook.

Names are loaded when they are first used: the command line looks here without loading torch.

| file | what lives there |
|---|---|
| `asking` | what a page asks to be learned |
| `conversation` | what a page and the server say to each other |
| `describing` | what the document of a run, or of any fitted representation, says |
| `document` | the document: a description, and blobs of plain numbers |
| `file` | the lab in one file, which asks nobody for anything |
| `front_end` | the front end, as it was built from ``lab/`` |
| `grid` | a decoder that no page can compute, decoded beforehand |
| `kingdoms` | what the document of a run of dynamics says |
| `learning` | the one training of a server, in a thread that knows of nobody |
| `moments` | what is kept of the weights: tiles, and earlier decoders |
| `looking` | what is seen of a training while it runs |
| `server` | who is answered, and with what |
| `serving` | serving on this machine, and what has to be there for it |
| `session` | what a server shows, and what it can do |
| `steps` | encoders and decoders as steps that a page can take by itself |
| `watching` | the rows by which a training is watched |
| `widget` | the lab in a notebook |
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.lab.describing import describe, describe_run, newest_run
    from inscape.lab.document import Document
    from inscape.lab.file import export_html
    from inscape.lab.serving import serve
    from inscape.lab.widget import Widget

_NAMES = {
    "Widget": "widget",
    "Document": "document",
    "describe": "describing",
    "describe_run": "describing",
    "export_html": "file",
    "newest_run": "describing",
    "serve": "serving",
}

__all__ = ["Document", "Widget", "describe", "describe_run", "export_html", "newest_run", "serve"]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(f"inscape.lab.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'inscape.lab' has no attribute {name!r}")
