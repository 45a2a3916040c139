"""The lab in one file: it opens with the network off, and asks nobody for anything."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import hashlib
from html import escape
from pathlib import Path
from typing import Final

from inscape._errors import StorageError
from inscape._files import refuse_in_run, write_atomic
from inscape.lab.document import Document
from inscape.lab.front_end import in_script, read_bundle
from inscape.lab.grid import with_grid

# The one script that runs by itself: it unpacks what lies in the page, the front end included, and
# hands it over. An element is let go once it is unpacked, or the page would hold all of it twice.
_START: Final = """
const unpack = async (element) => {
  const text = atob(element.textContent);
  element.textContent = "";
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
};
const place = document.getElementById("lab");
try {
  const code = await unpack(document.getElementById("front-end"));
  const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const { openFile } = await import(address);
  const description = JSON.parse(document.getElementById("description").textContent);
  const blobs = new Map();
  for (const element of document.querySelectorAll("script[data-blob]")) {
    blobs.set(element.dataset.blob, await unpack(element));
  }
  await openFile(place, description, blobs);
} catch (error) {
  place.textContent =
    "This page must be opened in a browser of 2023 or later; this one says: " + error;
}
"""

_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>{title}</title>
<body>
<div id="lab"></div>
<noscript>This page draws its map by a script of its own: allow scripts for it.</noscript>
<script id="description" type="application/json">{description}</script>
<script id="front-end" type="{packed}">{front_end}</script>
{blobs}
<script type="module">{start}</script>
</html>
"""
_PACKED: Final = "application/octet-stream;base64"


def export_html(document: Document, path: str | Path, *, overwrite: bool = False) -> None:
    """Write the lab of a document as one HTML file, whole or not at all.

    What is in it is the document, whole: whoever has the file has the rows. A decoder that no page
    can compute becomes a grid of rows, between which the page interpolates.

    Parameters
    ----------
    document : Document
        Of `describe_run` or `describe`; ``with_training_rows=False`` keeps it small.
    path : path-like
        A new file.
    overwrite : bool
        Whether a file that is there is replaced.

    Raises
    ------
    StorageError
        If it lies in a run or is there already, or the place cannot be written.
    """
    path = Path(path)
    check_file(path, overwrite=overwrite)
    write_atomic(path, _page(alone(document)))


def alone(document: Document) -> Document:
    """Return a document for who has no server to ask: it says so, and a decoder is a grid."""
    if document.description.get("decoder", {}).get("type") == "server":
        document = with_grid(document)
    told = {**document.description, "capabilities": []}
    if told.get("encoder", {}).get("type") == "server":
        told["encoder"] = {"type": "none"}
    return dataclasses.replace(document, description=told)


def check_file(path: Path, *, overwrite: bool) -> None:
    """Refuse a file that must not be written, before any work.

    Raises
    ------
    StorageError
        If it lies in a run, is a directory, or is there already.
    """
    refuse_in_run(path)
    if path.is_dir() or (path.exists() and not overwrite):
        raise StorageError(
            f"{path} must be a new file; it already exists: choose another one, or add --overwrite."
        )


def _page(document: Document) -> str:
    digest = base64.b64encode(hashlib.sha256(_START.encode()).digest()).decode()
    # Nothing may be asked of anybody, and no script runs but these two: the one whose digest is
    # told, and the front end, which it makes an address of the page's own for.
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}' blob:; style-src 'unsafe-inline'; "
        "img-src data: blob:; worker-src blob:; base-uri 'none'; form-action 'none'"
    )
    blobs = [
        f'<script type="{_PACKED}" data-blob="{escape(name)}">{_pack(document.blob(name))}</script>'
        for name in document.blobs
    ]
    return _PAGE.format(
        policy=policy,
        title=escape(f"{document.description['title']} · inscape"),
        description=in_script(document.to_json()),
        packed=_PACKED,
        front_end=_pack(read_bundle()),
        blobs="\n".join(blobs),
        start=_START,
    )


def _pack(content: bytes) -> str:
    # Without the time of day: equal documents are equal files.
    return base64.b64encode(gzip.compress(content, 6, mtime=0)).decode()
