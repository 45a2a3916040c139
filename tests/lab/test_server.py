"""The server: who is let in, what is answered, and what cannot hurt it."""

from __future__ import annotations

import asyncio
import json
import re
from html.parser import HTMLParser
from urllib.parse import quote, unquote

import numpy as np
import pytest

pytest.importorskip("starlette", reason="the extra lab is not installed")
pytest.importorskip("httpx2", reason="the group test is not installed")

from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from inscape._errors import DataNotFoundError
from inscape.lab import Document, front_end
from inscape.lab.conversation import MOST_BYTES
from inscape.lab.server import make_app

TOKEN, PORT = "the-tökenless-cannot", 8123
HOST = f"127.0.0.1:{PORT}"
HOSTILE = "</script><img src=x onerror=alert(1)><!-- \u2028"


def decode(codes):
    return np.concatenate([codes, codes.sum(axis=1, keepdims=True)], axis=1)


@pytest.fixture(scope="module")
def document():
    description = {
        "title": HOSTILE,
        "classes": {"names": [HOSTILE, "b"]},
        "data": {"n_features": 3},
        "decoder": {"type": "server"},
    }
    blobs = {
        "codes": np.arange(6, dtype=np.float32).reshape(3, 2),
        HOSTILE: np.zeros(1, np.uint8),
        "rows": np.random.default_rng(0).integers(0, 256, (3, 1_000_001)).astype(np.uint8),
    }
    return Document(description, blobs, decode)


def visit(document, **query):
    """A browser at the address; its WebSockets would have another host."""
    app = make_app(document, token=TOKEN, port=PORT)
    found = TestClient(app, base_url=f"http://{HOST}", headers={"host": HOST})
    found.params = query
    return found


@pytest.fixture
def client(document, placeholder):
    return visit(document, token=TOKEN)


@pytest.fixture
def stranger(document, placeholder):
    """Somebody without the token."""
    return visit(document)


# --------------------------------------------------------------------------- the door

PATHS = ["/", "/lab.js", "/document", "/blob/codes", "/socket", "/blob/none", "/nowhere", "/../x"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?token=",
        "?token=wrong",
        f"?token={TOKEN[:-1]}",
        f"?token={TOKEN}x",
        f"?token={TOKEN}&token=wrong",
        "?token=%ff%fe",
        f"?Token={TOKEN}",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_without_the_token_every_path_is_403(stranger, path, query, method):
    answer = stranger.request(method, path + query)
    assert answer.status_code == 403
    assert answer.text == "This address must have the token."
    assert_safe(answer)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": f"evil.example:{PORT}"},
        {"host": "127.0.0.1"},
        {"host": f"127.0.0.1:{PORT + 1}"},
        {"host": f"127.0.0.1:{PORT}.evil.example"},
        {"host": f"0.0.0.0:{PORT}"},
        {"origin": "null"},
        {"origin": "http://evil.example"},
        {"origin": f"https://{HOST}"},
        {"origin": f"http://127.0.0.1:{PORT + 1}"},
        {"origin": f"http://localhost:{PORT}"},
    ],
)
def test_another_host_or_origin_is_403(client, path, headers):
    assert client.get(path, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": f"http://{HOST}"},
        {"host": f"localhost:{PORT}"},
        {"host": f"LocalHost:{PORT}", "origin": f"http://localhost:{PORT}"},
    ],
)
def test_our_own_pages_are_let_in(client, headers):
    assert client.get("/", headers=headers).status_code == 200
    with client.websocket_connect("/socket", headers=headers) as socket:
        assert ask(socket, 1, [[1, 2]])["rows"] == [[1, 2, 3]]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/socket", {}),
        ("/socket?token=wrong", {}),
        (f"/socket?token={TOKEN}", {"origin": "http://evil.example"}),
        (f"/socket?token={TOKEN}", {"host": "evil.example"}),
        ("/nowhere", {}),
    ],
)
def test_the_socket_has_the_same_door(stranger, path, headers):
    with (
        pytest.raises(WebSocketDisconnect) as refused,
        stranger.websocket_connect(path, headers=headers),
    ):
        pass
    # Closed before it was accepted: the browser sees a 403.
    assert refused.value.code == 1008


def test_who_comes_in_and_finds_nothing_is_told(client):
    for path in ("/nowhere", "/document/", "/blob/", "/static/lab.js"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert_safe(answer)
    assert client.post("/document").status_code == 405


def assert_safe(answer):
    headers = answer.headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe-eval" not in policy
    assert "frame-ancestors 'none'" in policy


# --------------------------------------------------------------------------- what is answered


class Scripts(HTMLParser):
    """The tags of a page, and the text of its scripts and its title."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self._open = [], {}, ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._open = tag

    def handle_endtag(self, tag):
        self._open = ""

    def handle_data(self, data):
        self.texts[self._open] = self.texts.get(self._open, "") + data


def test_the_page_runs_one_script_by_its_nonce(client):
    answer, again = client.get("/"), client.get("/")
    assert_safe(answer)
    page = Scripts(answer.text)
    assert page.texts["title"] == f"{HOSTILE} · inscape"
    assert "img" not in [tag for tag, _ in page.tags]
    [script] = [attributes for tag, attributes in page.tags if tag == "script"]
    policy = answer.headers["content-security-policy"]
    scripts = re.search(r"script-src ([^;]+);", policy)[1]
    assert scripts == f"'self' 'nonce-{script['nonce']}'"
    assert len(script["nonce"]) > 20
    assert script["nonce"] not in again.text
    assert re.search(r"connect-src ([^;]+);", policy)[1].split() == [
        "'self'",
        f"ws://{HOST}",
        f"ws://localhost:{PORT}",
    ]
    told = re.search(r"openPage\(document.getElementById\(\"lab\"\), (\{.*\})\);", answer.text)[1]
    assert json.loads(told) == {"base": "/", "token": TOKEN}
    module = json.loads(re.search(r"from (\".*\");", answer.text)[1])
    assert client.get(module).content == front_end.read_bundle()
    assert client.get(module).headers["content-type"].startswith("text/javascript")


def test_the_description_is_what_python_wrote(client, document):
    packed = client.get("/document", headers={"accept-encoding": "gzip"})
    plain = client.get("/document", headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    able = {"capabilities": ["decode", "learn"]}
    assert packed.json() == plain.json() == json.loads(document.to_json()) | able
    assert packed.json()["title"] == HOSTILE
    for answer in (packed, plain):
        assert_safe(answer)
        assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("name", ["codes", "rows"])
def test_a_blob_is_its_bytes(client, document, name):
    answer = client.get(f"/blob/{name}")
    assert answer.content == document.blobs[name].tobytes()
    assert answer.headers["content-length"] == str(document.blobs[name].nbytes)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "content-encoding" not in answer.headers
    assert_safe(answer)


@pytest.mark.parametrize(
    "path",
    [
        "/blob/../../etc/passwd",
        "/blob/..%2f..%2fetc%2fpasswd",
        "/blob/%2e%2e/%2e%2e/etc/passwd",
        "/blob/..%252f..%252fetc%252fpasswd",
        "/blob//etc/passwd",
        "/blob/%2fetc%2fpasswd",
        "/blob/..%5c..%5cetc%5cpasswd",
        "/blob/codes%00",
        "/blob/codes/../rows",
        "/blob/Codes",
        "/blob/..",
        "/blob/__class__",
        "/..%2f..%2fetc/passwd",
        "/lab.js/../server.py",
    ],
)
def test_no_path_leads_out(client, path):
    # Straight to the application: a client would tidy the path up.
    told = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        told.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": b"token=" + quote(TOKEN).encode(),
        "headers": [(b"host", HOST.encode())],
    }
    asyncio.run(client.app(scope, receive, send))
    assert told[0]["status"] == 404
    assert b"root:" not in told[1]["body"]


def test_a_missing_front_end_is_told_at_once(document, monkeypatch, tmp_path):
    monkeypatch.setattr(front_end, "_MODULE", tmp_path / "lab.js")
    with pytest.raises(DataNotFoundError, match="npm run build"):
        make_app(document, token=TOKEN, port=PORT)


# --------------------------------------------------------------------------- the socket


def ask(socket, number, codes):
    socket.send_text(json.dumps({"type": "decode", "id": number, "codes": codes}))
    return json.loads(socket.receive_text())


def sentence(answer):
    assert answer["type"] == "error"
    assert len(answer["message"]) < 300
    assert "\n" not in answer["message"]
    assert answer["message"].endswith(".")
    return answer["message"]


@pytest.fixture
def socket(client):
    with client.websocket_connect("/socket") as open_:
        yield open_


GARBAGE = [
    ("", "must be JSON"),
    ("{", "must be JSON"),
    ("\x00\ud83d", "must be JSON"),
    ("[" * 100_000, "must be JSON"),
    ("[" * 900 + "]" * 900, "must be an object"),
    ("9" * 100_000, "must be JSON"),
    ("null", "must be an object"),
    ("{}", "must be an object"),
    ('{"type": "decode"}', "must be an object"),
    ('{"type": "decode", "id": true, "codes": [[1, 2]]}', "must be an object"),
    ('{"type": "decode", "id": "1", "codes": [[1, 2]]}', "must be an object"),
    ('{"type": "train", "id": 1}', "type must be 'decode'"),
    ('{"type": ["decode"], "id": 1}', "type must be 'decode'"),
    ('{"type": "decode", "id": 1}', "lists of 2 finite numbers"),
    ('{"type": "decode", "id": 1, "codes": []}', "lists of 2 finite numbers"),
    ('{"type": "decode", "id": 1, "codes": [1, 2]}', "lists of 2 finite numbers"),
    ('{"type": "decode", "id": 1, "codes": [[1]]}', "lists of 2 finite numbers"),
    ('{"type": "decode", "id": 1, "codes": [[1, 2, 3]]}', "lists of 2 finite numbers"),
    ('{"type": "decode", "id": 1, "codes": [[1, "2"]]}', "lists of 2 finite numbers"),
    ('{"type": "decode", "id": 1, "codes": [[1, null]]}', "lists of 2 finite numbers"),
    ('{"type": "decode", "id": 1, "codes": [[1, true]]}', "lists of 2 finite numbers"),
    ('{"type": "decode", "id": 1, "codes": [[1, NaN]]}', "too large"),
    ('{"type": "decode", "id": 1, "codes": [[1, -Infinity]]}', "too large"),
    ('{"type": "decode", "id": 1, "codes": [[1, 1e39]]}', "too large"),
    (json.dumps({"type": "decode", "id": 1, "codes": [[1, 10**400]]}), "too large"),
    (json.dumps({"type": "decode", "id": 1, "codes": [[1, 2]] * 1025}), "1 to 1,024"),
    ('{"type": "decode", "id": 1, "codes": {"__proto__": 1}}', "lists of 2 finite numbers"),
    ("x" * (MOST_BYTES + 1), "at most 1,048,576 letters"),
]


@pytest.mark.parametrize(("text", "words"), GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_answered_in_one_sentence_and_the_next_is_answered(socket, text, words):
    socket.send_text(text)
    answer = json.loads(socket.receive_text())
    assert words in sentence(answer)
    assert answer["id"] == (1 if '"id": 1' in text else None)
    assert ask(socket, 2, [[0.5, 1]]) == {"type": "decoded", "id": 2, "rows": [[0.5, 1, 1.5]]}


def test_rows_that_are_wide_are_asked_for_by_the_few(document, placeholder):
    described = {**document.description, "data": {"n_features": 1_000_000}}
    wide = Document(described, document.blobs, lambda codes: codes)
    with visit(wide, token=TOKEN).websocket_connect("/socket") as socket:
        assert ask(socket, 1, [[0, 1]] * 2)["rows"] == [[0, 1]] * 2
        assert "codes must be 1 to 2 lists" in sentence(ask(socket, 2, [[0, 1]] * 3))


def test_bytes_are_garbage_too(socket):
    socket.send_bytes(b"\xff" * 1000)
    assert "must be JSON text; got bytes" in sentence(json.loads(socket.receive_text()))


def test_codes_are_decoded_in_the_type_of_the_documents_own(document, client):
    seen = []
    watched = Document(
        document.description,
        document.blobs,
        lambda codes: seen.append(codes) or codes,
    )
    with visit(watched, token=TOKEN).websocket_connect("/socket") as socket:
        ask(socket, 1, [[0.1, 2], [3, 4]])
    assert seen[0].dtype == np.float32
    np.testing.assert_array_equal(seen[0], np.array([[0.1, 2], [3, 4]], np.float32))


@pytest.mark.parametrize(
    ("decoder", "words"),
    [
        (None, "it only encodes"),
        (lambda codes: np.full((len(codes), 3), np.inf), "too far off"),
    ],
)
def test_what_cannot_be_decoded_is_told(document, decoder, words):
    other = Document(document.description, document.blobs, decoder)
    with visit(other, token=TOKEN).websocket_connect("/socket") as socket:
        assert words in sentence(ask(socket, 1, [[0, 0]]))


def test_two_pages_are_answered_each_for_itself_and_one_that_goes_harms_nobody(client):
    with client.websocket_connect("/socket") as first:
        with client.websocket_connect("/socket") as second:
            for number in range(5):
                for socket, code in ((first, 1), (second, 2)):
                    socket.send_text(
                        json.dumps({"type": "decode", "id": number, "codes": [[code, 0]]})
                    )
            for number in range(5):
                for socket, code in ((second, 2), (first, 1)):
                    answer = json.loads(socket.receive_text())
                    assert (answer["id"], answer["rows"]) == (number, [[code, 0, code]])
            # It asks, and does not wait for the answer.
            second.send_text(json.dumps({"type": "decode", "id": 9, "codes": [[2, 0]]}))
        assert ask(first, 10, [[1, 1]])["rows"] == [[1, 1, 2]]
    assert client.get("/document").status_code == 200


def test_json_in_a_script_ends_no_script():
    text = json.dumps([HOSTILE], ensure_ascii=False)
    safe = front_end.in_script(text)
    assert not set("<>&\u2028\u2029") & set(safe)
    assert json.loads(safe) == [HOSTILE]
