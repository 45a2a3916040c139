"""The lab in one file: what is in it is the document, and it asks nobody for anything."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import hashlib
import json
import os
import re
import stat
import time
from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.decomposition import PCA

from inscape import data
from inscape._errors import StorageError
from inscape.lab import Document, describe, describe_run, export_html, front_end
from inscape.lab.grid import GRID

pytestmark = pytest.mark.usefixtures("placeholder")

HOSTILE = "</script><img src=x onerror=alert(1)>"


class Page(HTMLParser):
    """What a browser finds in a page: its tags in order, and the text in each."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.texts, self._place = [], [], None
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.texts.append("")
        self._place = len(self.texts) - 1

    def handle_endtag(self, tag):
        self._place = None

    def handle_data(self, text):
        if self._place is not None:
            self.texts[self._place] += text

    def all(self, tag, **wanted):
        return [
            (attributes, text)
            for (name, attributes), text in zip(self.tags, self.texts, strict=True)
            if name == tag and wanted.items() <= attributes.items()
        ]


def unpack(text):
    return gzip.decompress(base64.b64decode(text, validate=True))


@pytest.fixture
def document():
    blobs = {
        "codes": np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32),
        "labels": np.arange(30, dtype=np.int32),
        "rows": np.random.default_rng(0).integers(0, 256, (30, 9)).astype(np.uint8),
    }
    told = {"title": HOSTILE, "names": [HOSTILE, "ü"]}
    told |= {"decoder": {"type": "none"}, "encoder": {"type": "server"}}
    return Document(told, blobs)


def test_what_is_in_the_file_is_the_document(document, tmp_path):
    export_html(document, tmp_path / "lab.html")
    page = Page(tmp_path / "lab.html")
    [(_, title)] = page.all("title")
    assert title == f"{HOSTILE} · inscape"
    [(_, description)] = page.all("script", id="description")
    told = json.loads(description)
    # There is no server to ask.
    assert (told.pop("capabilities"), told.pop("encoder")) == ([], {"type": "none"})
    assert told == {k: v for k, v in json.loads(document.to_json()).items() if k != "encoder"}
    [(_, front)] = page.all("script", id="front-end")
    assert unpack(front) == front_end.read_bundle()
    packed = [(told, text) for told, text in page.all("script") if "data-blob" in told]
    assert [told["data-blob"] for told, _ in packed] == list(document.blobs)
    for told, text in packed:
        assert told["type"] == "application/octet-stream;base64"
        assert unpack(text) == document.blobs[told["data-blob"]].tobytes()


def test_it_asks_nobody_for_anything(document, tmp_path):
    export_html(document, tmp_path / "lab.html")
    page = Page(tmp_path / "lab.html")
    # Nothing has an address but the icon, which is empty and in the page.
    addressed = [
        told[name]
        for _, told in page.tags
        for name in ("src", "href", "action", "data", "srcset", "poster")
        if name in told
    ]
    assert addressed == ["data:,"]
    assert not {tag for tag, _ in page.tags} & {"img", "iframe", "object", "embed", "base", "form"}
    text = (tmp_path / "lab.html").read_text()
    assert not re.search(r"(https?|wss?|ftp):", text)
    [(told, _)] = page.all("meta", **{"http-equiv": "Content-Security-Policy"})
    policy = dict(part.strip().split(" ", 1) for part in told["content"].split(";"))
    assert policy["default-src"] == "'none'"
    assert "connect-src" not in policy
    # The only script that runs by itself is the one whose digest is told.
    [(_, start)] = page.all("script", type="module")
    digest = base64.b64encode(hashlib.sha256(start.encode()).digest()).decode()
    assert policy["script-src"] == f"'sha256-{digest}' blob:"
    # And the policy stands before anything that it is for.
    assert page.tags[2] == ("meta", told)


def test_equal_documents_are_equal_files(document, tmp_path, monkeypatch):
    export_html(document, tmp_path / "one.html")
    monkeypatch.setattr(time, "time", lambda: 2e9)
    export_html(document, tmp_path / "two.html")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_a_file_that_is_there_is_kept_unless_asked(document, tmp_path):
    path = tmp_path / "lab.html"
    path.write_text("mine")
    with pytest.raises(StorageError, match="must be a new file; it already exists"):
        export_html(document, path)
    assert path.read_text() == "mine"
    os.chmod(path, 0o600)
    export_html(document, path, overwrite=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Page(path).all("title")
    with pytest.raises(StorageError, match="must be a new file"):
        export_html(document, tmp_path, overwrite=True)


def test_a_new_file_is_for_whom_the_umask_lets(document, tmp_path):
    before = os.umask(0o027)
    try:
        export_html(document, tmp_path / "lab.html")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "lab.html").stat().st_mode) == 0o640


def test_what_fails_leaves_nothing(document, tmp_path, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="the disk is full"):
        export_html(document, tmp_path / "lab.html")
    assert list(tmp_path.iterdir()) == []


def test_a_run_holds_no_page(document, digits_run):
    with pytest.raises(StorageError, match="must lie outside of every run"):
        export_html(document, digits_run.path / "lab.html")


def test_a_runs_file_has_the_numbers_of_its_document(digits_run, tmp_path):
    document = describe_run(digits_run, with_training_rows=False)
    export_html(document, tmp_path / "lab.html")
    page = Page(tmp_path / "lab.html")
    [(_, description)] = page.all("script", id="description")
    told = json.loads(description)
    assert told["data"]["n_train"] == 0
    assert told["decoder"]["type"] == "steps"
    metrics = digits_run.metrics["test"]["Autoencoder"]
    assert told["errors"]["test"] == pytest.approx(metrics["squared_error"], rel=1e-6)
    [(_, text)] = page.all("script", **{"data-blob": "codes"})
    codes = np.frombuffer(unpack(text), "<f4").reshape(told["blobs"]["codes"]["shape"])
    wanted = digits_run.load().transform(data.load("digits").test.X)
    np.testing.assert_array_equal(codes, wanted)


def test_a_decoder_that_no_page_can_compute_becomes_a_grid(tmp_path):
    digits = data.load("digits")
    document = describe(PCA(2).fit(digits.train.X), digits, with_training_rows=False)
    asked = {**document.description, "decoder": {"type": "server"}}
    export_html(dataclasses.replace(document, description=asked), tmp_path / "lab.html")
    page = Page(tmp_path / "lab.html")
    [(_, description)] = page.all("script", id="description")
    told = json.loads(description)
    assert told["decoder"]["type"] == "grid"
    assert told["blobs"]["grid"]["shape"] == [GRID, GRID, 64]
    [(_, text)] = page.all("script", **{"data-blob": "grid"})
    assert len(unpack(text)) == GRID * GRID * 64 * 4
