"""The lab's server: one representation on the loopback interface, for whoever has the token."""

from __future__ import annotations

import gzip
import json
import secrets
from collections.abc import AsyncIterator
from html import escape
from typing import Final
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from inscape.lab.conversation import Conversation
from inscape.lab.document import Document
from inscape.lab.front_end import in_script, read_bundle
from inscape.lab.learning import Learning
from inscape.lab.session import Session

HOST: Final = "127.0.0.1"
# A blob is sent in pieces, none of which is a copy.
_PIECE: Final = 1 << 20

_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>{title}</title>
<body>
<div id="lab"></div>
<noscript>This page draws its map by a script of its own: allow scripts for it.</noscript>
<script type="module" nonce="{nonce}">
import {{ openPage }} from {module};
openPage(document.getElementById("lab"), {told});
</script>
</html>
"""


def make_app(
    document: Document, *, token: str, port: int, learning: Learning | None = None
) -> ASGIApp:
    """Return the application that shows a document to whoever has the token.

    Parameters
    ----------
    document : Document
        What is shown first.
    token : str
        What every request has to bring in its query.
    port : int
        Where it is served: requests for another host are refused.
    learning : Learning or None
        What is learned while it is shown; None has learned nothing yet.

    Returns
    -------
    ASGI application
        ``/`` is the page, ``/lab.js`` the front end, ``/document`` the description, ``/blob/NAME``
        one of its blobs, ``/socket`` a WebSocket for what only a server can do.
    """
    session = Session(document, Learning() if learning is None else learning)
    front_end = read_bundle()

    async def page(request: Request) -> Response:
        nonce = secrets.token_urlsafe()
        content = _PAGE.format(
            title=escape(_title(session.document)),
            nonce=nonce,
            module=json.dumps(f"/lab.js?token={token}"),
            told=in_script(json.dumps({"base": "/", "token": token})),
        )
        headers = {"content-security-policy": _policy(port, nonce)}
        return Response(content, media_type="text/html", headers=headers)

    async def module(request: Request) -> Response:
        return Response(front_end, media_type="text/javascript")

    async def told(request: Request) -> Response:
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers = {"content-encoding": "gzip"}
            return Response(session.description, media_type="application/json", headers=headers)
        return Response(gzip.decompress(session.description), media_type="application/json")

    async def blob(request: Request) -> Response:
        name = request.path_params["name"]
        open_now = session.document
        if name not in open_now.blobs:
            return PlainTextResponse("The document has no such blob.", status_code=404)
        content = memoryview(open_now.blob(name))
        headers = {"content-length": str(len(content))}
        pieces = _pieces(content)
        return StreamingResponse(pieces, media_type="application/octet-stream", headers=headers)

    async def talk(websocket: WebSocket) -> None:
        await Conversation(session, websocket).hold()

    routes = [
        Route("/", page),
        Route("/lab.js", module),
        Route("/document", told),
        Route("/blob/{name}", blob),
        WebSocketRoute("/socket", talk),
    ]
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    return _Door(app, token=token, port=port)


def _title(document: Document) -> str:
    title = document.description.get("title")
    return "inscape" if title is None else f"{title} · inscape"


async def _pieces(content: memoryview) -> AsyncIterator[memoryview]:
    for start in range(0, len(content), _PIECE):
        yield content[start : start + _PIECE]


def _policy(port: int, nonce: str | None) -> str:
    """Return what the page may load: what came from here, and the script that carries the nonce."""
    if nonce is None:
        return "default-src 'none'; frame-ancestors 'none'"
    sockets = " ".join(f"ws://{name}:{port}" for name in (HOST, "localhost"))
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'unsafe-inline'; "
        f"img-src 'self' data: blob:; connect-src 'self' {sockets}; worker-src blob:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


class _Door:
    """Who comes in: with the token, for this host, and from no other site's page.

    Known and unknown paths are refused alike, before anything looks at them.
    """

    def __init__(self, app: ASGIApp, *, token: str, port: int) -> None:
        self.app, self._token = app, token.encode()
        self._hosts = [f"{name}:{port}" for name in (HOST, "localhost")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse with 403."""

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                ours = {
                    "cache-control": "no-store",
                    "x-content-type-options": "nosniff",
                    "referrer-policy": "no-referrer",
                    "cross-origin-resource-policy": "same-origin",
                    "cross-origin-opener-policy": "same-origin",
                    "content-security-policy": _policy(0, None),
                }
                said = {name for name, _ in message["headers"]}
                more = [(k.encode(), v.encode()) for k, v in ours.items() if k.encode() not in said]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        if scope["type"] == "http":
            refused = PlainTextResponse("This address must have the token.", status_code=403)
            answer = self.app if self._lets_in(scope) else refused
            await answer(scope, receive, send_safely)
        elif scope["type"] == "websocket":
            if self._lets_in(scope):
                await self.app(scope, receive, send)
            else:
                # Before it is accepted, this is a 403.
                await send({"type": "websocket.close", "code": 1008})

    def _lets_in(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return False
        if any(origin.lower() != f"http://{hosts[0].lower()}" for origin in origins):
            return False
        tokens = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        return len(tokens) == 1 and secrets.compare_digest(tokens[0].encode(), self._token)
