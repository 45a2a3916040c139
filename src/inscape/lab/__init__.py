"""The browser lab: one document of a representation, for a page, a file and a notebook.

| file | what lives there |
|---|---|
| `decoders` | decoders as steps that a page can take by itself |
| `describing` | what the document of a run, or of any fitted representation, says |
| `document` | the document: a description, and blobs of plain numbers |
"""

from __future__ import annotations

from inscape.lab.describing import describe, describe_run, newest_run
from inscape.lab.document import Document

__all__ = ["Document", "describe", "describe_run", "newest_run"]
