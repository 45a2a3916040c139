"""Page and file in a real browser: all of a document is handed over, and nobody else is asked."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from tests.lab.browsing import browser

from inscape.lab import describe_run, export_html

pytestmark = [pytest.mark.proof, pytest.mark.usefixtures("placeholder")]


@pytest.fixture(scope="module")
def chromium():
    with browser() as running:
        yield running


@pytest.fixture
def page(chromium):
    opened = chromium.new_page()
    opened.asked, opened.said = [], []
    opened.on("request", lambda request: opened.asked.append(request.url))
    opened.on("console", lambda message: opened.said.append(message.text))
    opened.on("pageerror", lambda error: opened.said.append(str(error)))
    yield opened
    opened.close()


def test_the_file_hands_the_document_over_and_asks_nobody(page, digits_run, tmp_path):
    document = describe_run(digits_run, with_training_rows=False)
    export_html(document, tmp_path / "lab.html")
    page.goto((tmp_path / "lab.html").as_uri())
    page.locator("#lab:not(:empty)").wait_for()
    assert page.inner_text("#lab") == "a fïle </script>"
    assert page.said == []
    assert {url.split(":")[0] for url in page.asked} <= {"file", "blob", "data"}
    codes = page.evaluate("[...new Float32Array(window.told[1].get('codes'))]")
    np.testing.assert_array_equal(np.float32(codes), document.blobs["codes"].ravel())
    assert page.evaluate("[...window.told[1].keys()]") == list(document.blobs)
    assert page.evaluate("window.told[0].title") == document.description["title"]
    # The policy holds: not even a script of the page could ask.
    refused = page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'refused')")
    assert refused == "refused"
    assert "Content Security Policy" in page.said[-1]


@pytest.fixture
def address(digits_run):
    import socket

    uvicorn = pytest.importorskip("uvicorn", reason="the extra lab is not installed")
    from inscape.lab.server import make_app

    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
        app = make_app(describe_run(digits_run), token="the-token", port=port)
        config = uvicorn.Config(
            app, lifespan="off", log_config=None, log_level="critical", ws="websockets-sansio"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([bound],))
        thread.start()
        yield f"http://127.0.0.1:{port}/?token=the-token"
        server.should_exit = True
        thread.join()


def test_the_page_gets_what_it_needs_and_no_more(page, address, digits_run):
    page.goto(address)
    page.locator("#lab:not(:empty)").wait_for()
    assert page.inner_text("#lab") == "a page"
    assert page.said == []
    told = page.evaluate("window.told")
    assert told == {"base": "/", "token": "the-token"}
    length = page.evaluate(
        """async ({base, token}) => {
          const told = await (await fetch(`${base}document?token=${token}`)).json();
          const codes = await fetch(`${base}blob/codes?token=${token}`);
          const talk = new WebSocket(`ws://${location.host}${base}socket?token=${token}`);
          await new Promise((done) => talk.addEventListener("open", done));
          talk.send(JSON.stringify({type: "decode", id: 7, codes: [[0.25, -1]]}));
          const answer = await new Promise((done) => talk.addEventListener("message", done));
          return [told.blobs.codes.shape, (await codes.arrayBuffer()).byteLength, answer.data];
        }""",
        told,
    )
    document = describe_run(digits_run)
    assert length[:2] == [list(document.blobs["codes"].shape), document.blobs["codes"].nbytes]
    rows = page.evaluate("(text) => JSON.parse(text).rows", length[2])
    wanted = digits_run.load().inverse_transform(np.array([[0.25, -1]], np.float32))
    np.testing.assert_allclose(rows, wanted, rtol=0, atol=1e-7)
    assert {url.split("/?")[0].split("/", 3)[2] for url in page.asked} == {address.split("/")[2]}
    refused = page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'refused')")
    assert refused == "refused"
