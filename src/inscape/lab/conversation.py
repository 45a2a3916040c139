"""What a page and the server say to each other on a WebSocket: JSON, and frames of a training."""

from __future__ import annotations

import asyncio
import contextlib
import json
import reprlib
from collections.abc import Callable, Coroutine
from typing import Any, Final

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect

from inscape._errors import InscapeError, InvalidDataError
from inscape._typing import FloatArray
from inscape.lab.asking import read_asked
from inscape.lab.learning import Seen
from inscape.lab.session import Session

MOST_BYTES: Final = 1 << 20
# Codes that are decoded for one message, a grid of 32 a side, and numbers that one answer holds;
# rows that are encoded likewise.
_MOST_CODES: Final = 1024
_MOST_NUMBERS: Final = 1 << 21
# What is asked of a training that is going on; it is answered to all.
_ORDERS: Final = ("pause", "go on", "stop")


class Conversation:
    """One page's.

    Parameters
    ----------
    session : Session
        What it looks at.
    websocket : WebSocket
        Not yet accepted.
    """

    def __init__(self, session: Session, websocket: WebSocket) -> None:
        self._session, self._websocket = session, websocket
        self._tasks: set[asyncio.Task[None]] = set()

    async def hold(self) -> None:
        """Answer each message, and tell what is learned, until the page goes away."""
        try:
            await self._websocket.accept()
            # What a page has asked for goes on without it; only its own tasks end.
            self._start(self._tell())
            try:
                await self._listen()
            finally:
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)
        except WebSocketDisconnect:
            return

    def _start(self, task: Coroutine[Any, Any, None]) -> None:
        started = asyncio.create_task(task)
        self._tasks.add(started)
        started.add_done_callback(self._tasks.discard)

    async def _listen(self) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            await self._answer(message.get("text"))

    async def _tell(self) -> None:
        """Send what is newest, as fast as the page takes it and no faster."""
        loop, happened, seen = asyncio.get_running_loop(), asyncio.Event(), Seen()

        def wake() -> None:
            # The loop may have ended before the training.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(happened.set)

        learning = self._session.learning
        with learning.waking(wake):
            while True:
                happened.clear()
                while (news := learning.news(seen)) is not None:
                    await self._send(news)
                await happened.wait()

    async def _answer(self, text: str | None) -> None:
        number = None
        try:
            said = _read(text)
            number = said.get("id")
            if said["type"] == "learn":
                # Data may take their time; the next message is read meanwhile.
                self._start(self._learn(said, number))
                return
            answer = await self._do(said, number)
        except InscapeError as error:
            answer = _error(number, error)
        if answer is not None:
            await self._send(json.dumps(answer, allow_nan=False))

    async def _send(self, message: str | bytes) -> None:
        # Who goes is noticed where the next message is awaited.
        with contextlib.suppress(WebSocketDisconnect):
            if isinstance(message, str):
                await self._websocket.send_text(message)
            else:
                await self._websocket.send_bytes(message)

    async def _learn(self, said: dict[str, Any], number: Any) -> None:
        """Start a training; all are told of it, and only whoever asked where it cannot be."""
        learning = self._session.learning
        try:
            config = read_asked(said.get("config"), opened=learning.opened)
            await asyncio.wrap_future(learning.learn(config))
        except InscapeError as error:
            await self._send(json.dumps(_error(number, error)))

    async def _do(self, said: dict[str, Any], number: Any) -> dict[str, Any] | None:
        learning = self._session.learning
        match said["type"]:
            case "decode":
                codes = self._numbers(said, "codes")
                rows = await run_in_threadpool(self._decode, codes)
                return {"type": "decoded", "id": number, "rows": rows.tolist()}
            case "encode":
                rows = self._numbers(said, "rows")
                codes = await run_in_threadpool(self._encode, rows)
                return {"type": "encoded", "id": number, "codes": codes.tolist()}
            case "open":
                await run_in_threadpool(self._session.open_newest)
                return {"type": "opened", "id": number}
            case "pause":
                learning.pause()
            case "go on":
                learning.go_on()
            case "stop":
                learning.stop()
            case other:
                raise InvalidDataError(
                    "type must be 'decode', 'encode', 'learn', 'pause', 'go on', 'stop' or 'open'; "
                    f"got {reprlib.repr(other)}."
                )
        return None

    def _numbers(self, said: dict[str, Any], name: str) -> FloatArray:
        """Return the codes, or the rows, that a message brings."""
        document = self._session.document
        if name not in document.blobs:
            raise InvalidDataError(
                "A run must be open to be asked; none is yet: learn something, and open it."
            )
        own = document.blobs[name]
        n_columns = int(np.prod(own.shape[1:]))
        width = document.description["data"]["n_features"]
        most = min(_MOST_CODES, max(1, _MOST_NUMBERS // width))
        told = said.get(name)
        wanted = f"{name} must be 1 to {most:,} lists of {n_columns} finite numbers"
        rows = told if isinstance(told, list) and 0 < len(told) <= most else [None]
        for row in rows:
            if not isinstance(row, list) or len(row) != n_columns:
                raise InvalidDataError(f"{wanted}; got {reprlib.repr(told)}.")
            if not all(type(value) in (int, float) for value in row):
                raise InvalidDataError(f"{wanted}; got {reprlib.repr(row)}.")
        try:
            numbers = np.array(rows, dtype=np.float64)
        except OverflowError:
            numbers = np.array([[np.inf]])
        # In the type of the document's own, so that one code is one row wherever it is decoded.
        kind = own.dtype if own.dtype.kind == "f" else np.float32
        with np.errstate(over="ignore"):
            numbers = numbers.astype(kind)
        if not np.isfinite(numbers).all():
            raise InvalidDataError(f"{wanted}; got one that is none, or too large.")
        return numbers

    def _decode(self, codes: FloatArray) -> FloatArray:
        if self._session.document.decode is None:
            raise InvalidDataError("The representation must decode to be asked; it only encodes.")
        return _asked("codes", "decoder", self._session.document.decode, codes)

    def _encode(self, rows: FloatArray) -> FloatArray:
        if self._session.document.encode is None:
            raise InvalidDataError("The representation must encode to be asked; it only decodes.")
        return _asked("rows", "encoder", self._session.document.encode, rows)


def _error(number: Any, error: InscapeError) -> dict[str, Any]:
    return {"type": "error", "id": number, "message": str(error)}


def _asked(
    name: str, side: str, function: Callable[[FloatArray], FloatArray], values: FloatArray
) -> FloatArray:
    found = np.asarray(function(values), dtype=np.float64)
    if not np.isfinite(found).all():
        raise InvalidDataError(
            f"{name} must be such that the {side} gives finite numbers; these are too far off."
        )
    return found


def _read(text: str | None) -> dict[str, Any]:
    """Return a message that has a type, and a number where it is answered.

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
    named = isinstance(said, dict) and "type" in said
    if not named or (type(said.get("id")) is not int and said["type"] not in _ORDERS):
        raise InvalidDataError(
            f"A message must be an object with a type, and an id that is an integer; got "
            f"{reprlib.repr(said)}."
        )
    return said
