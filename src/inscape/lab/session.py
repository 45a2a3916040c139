"""What a server shows, and what it can do: a document that is open, and a training."""

from __future__ import annotations

import dataclasses
import gzip
from typing import Final, cast

from inscape._errors import RunNotFoundError
from inscape.lab.describing import describe_run
from inscape.lab.document import Document
from inscape.lab.learning import Learning
from inscape.runs.config import FitConfig

# Before anything has been learned.
EMPTY: Final = Document({"empty": True}, {})


class Session:
    """What all clients of a server share.

    Parameters
    ----------
    document : Document
        What is open first.
    learning : Learning
        What is learned, and by whom it was asked.
    """

    document: Document
    description: bytes

    def __init__(self, document: Document, learning: Learning) -> None:
        self.learning = learning
        self._open(document)

    def open_newest(self) -> None:
        """Open the run that was learned last.

        Raises
        ------
        RunNotFoundError
            If nothing has been learned to its end.
        """
        run = self.learning.newest
        if run is None:
            raise RunNotFoundError(
                "Something must have been learned to be opened; nothing has been yet: start a "
                "training, and let it end."
            )
        self._open(describe_run(run))
        self.learning.opened = cast(FitConfig, run.config)

    def _open(self, document: Document) -> None:
        able = {"decode": document.decode, "encode": document.encode, "learn": self.learning}
        told = [name for name, how in able.items() if how is not None]
        described = {**document.description, "capabilities": told}
        self.document = dataclasses.replace(document, description=described)
        self.description = gzip.compress(self.document.to_json().encode())
