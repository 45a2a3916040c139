"""What a page and the server say to each other on a WebSocket, in JSON."""

from __future__ import annotations

import json
import reprlib
from typing import Any, Final

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect

from inscape._errors import InscapeError, InvalidDataError
from inscape._typing import FloatArray
from inscape.lab.document import Document

MOST_BYTES: Final = 1 << 20
# Codes that are decoded for one message, a grid of 32 a side, and numbers that one answer holds.
_MOST_CODES: Final = 1024
_MOST_NUMBERS: Final = 1 << 21


class Conversation:
    """One page's.

    Parameters
    ----------
    document : Document
        What it looks at.
    websocket : WebSocket
        Not yet accepted.
    """

    def __init__(self, document: Document, websocket: WebSocket) -> None:
        self._document, self._websocket = document, websocket

    async def hold(self) -> None:
        """Answer each message, until the page goes away."""
        try:
            await self._websocket.accept()
            while True:
                message = await self._websocket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                answer = await self._answer(message.get("text"))
                await self._websocket.send_text(json.dumps(answer, allow_nan=False))
        except WebSocketDisconnect:
            return

    async def _answer(self, text: str | None) -> dict[str, Any]:
        number = None
        try:
            said = _read(text)
            number = said["id"]
            if said["type"] != "decode":
                raise InvalidDataError(f"type must be 'decode'; got {reprlib.repr(said['type'])}.")
            codes = self._codes(said.get("codes"))
            rows = await run_in_threadpool(self._decode, codes)
            return {"type": "decoded", "id": number, "rows": rows.tolist()}
        except InscapeError as error:
            return {"type": "error", "id": number, "message": str(error)}

    def _codes(self, told: Any) -> FloatArray:
        n_components = self._document.blobs["codes"].shape[1]
        width = self._document.description["data"]["n_features"]
        most = min(_MOST_CODES, max(1, _MOST_NUMBERS // width))
        wanted = f"codes must be 1 to {most:,} lists of {n_components} finite numbers"
        rows = told if isinstance(told, list) and 0 < len(told) <= most else [None]
        for row in rows:
            if not isinstance(row, list) or len(row) != n_components:
                raise InvalidDataError(f"{wanted}; got {reprlib.repr(told)}.")
            if not all(type(value) in (int, float) for value in row):
                raise InvalidDataError(f"{wanted}; got {reprlib.repr(row)}.")
        try:
            codes = np.array(rows, dtype=np.float64)
        except OverflowError:
            codes = np.array([[np.inf]])
        # In the type of the document's own, so that one code is one row wherever it is decoded.
        with np.errstate(over="ignore"):
            codes = codes.astype(self._document.blobs["codes"].dtype)
        if not np.isfinite(codes).all():
            raise InvalidDataError(f"{wanted}; got one that is none, or too large.")
        return codes

    def _decode(self, codes: FloatArray) -> FloatArray:
        if self._document.decode is None:
            raise InvalidDataError("The representation must decode to be asked; it only encodes.")
        rows = np.asarray(self._document.decode(codes), dtype=np.float64)
        if not np.isfinite(rows).all():
            raise InvalidDataError(
                "codes must be such that the decoder gives finite numbers; these are too far off."
            )
        return rows


def _read(text: str | None) -> dict[str, Any]:
    """Return a message that has a type and a number.

    Raises
    ------
    InvalidDataError
        If it has not, or is none.
    """
    if text is None:
        raise InvalidDataError("A message must be JSON text; got bytes.")
    if len(text) > MOST_BYTES:
        raise InvalidDataError(
            f"A message must be at most {MOST_BYTES:,} letters; got {len(text):,}: ask in parts."
        )
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidDataError(f"A message must be JSON; got {reprlib.repr(text)}.") from error
    if not isinstance(said, dict) or type(said.get("id")) is not int or "type" not in said:
        raise InvalidDataError(
            f"A message must be an object with a type, and an id that is an integer; got "
            f"{reprlib.repr(said)}."
        )
    return said
