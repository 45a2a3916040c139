"""One HTML page that needs nothing else, not even a network."""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 60rem;
         margin: 2rem auto; padding: 0 1rem; }}
  h1 {{ font-size: 1.6rem; margin-bottom: 0; }}
  h2 {{ font-size: 1.1rem; margin-top: 2.5rem; }}
  p.lead {{ color: #666; margin-top: .3rem; }}
  p.warning {{ background: #fff3e0; border-left: 4px solid #e8710a; padding: .6rem 1rem; }}
  table {{ border-collapse: collapse; }}
  th, td {{ padding: .3rem 1.2rem .3rem 0; text-align: right; border-bottom: 1px solid #ddd;
           font-variant-numeric: tabular-nums; }}
  th:first-child, td:first-child {{ text-align: left; }}
  tr.ours {{ font-weight: 600; }}
  figure {{ margin: 2rem 0; }}
  figcaption {{ color: #555; margin-bottom: .4rem; }}
  img, video {{ max-width: 100%; height: auto; }}
  pre {{ background: #f6f6f6; padding: 1rem; overflow-x: auto; font-size: .85rem; }}
</style>
<h1>{title}</h1>
<p class="lead">{lead}</p>
{body}
</html>
"""


def page(*, title: str, lead: str, body: Sequence[str]) -> str:
    """Return the page; title and lead are text, the body is pieces of HTML."""
    return _PAGE.format(title=escape(title), lead=escape(lead), body="\n".join(body))


def heading(text: str) -> str:
    """Return the heading of a section."""
    return f"<h2>{escape(text)}</h2>"


def paragraph(text: str, *, warning: bool = False) -> str:
    """Return a paragraph."""
    return f"<p{' class=warning' if warning else ''}>{escape(text)}</p>"


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    bold_first: bool = False,
    bold: Collection[tuple[int, int]] = (),
) -> str:
    """Return a table of texts; the first row may be ours, and cells (row, column) in bold."""
    lines = ["<table>", "<tr>" + "".join(f"<th>{escape(cell)}</th>" for cell in header) + "</tr>"]
    for i, row in enumerate(rows):
        cells = "".join(
            f"<td><b>{escape(cell)}</b></td>" if (i, j) in bold else f"<td>{escape(cell)}</td>"
            for j, cell in enumerate(row)
        )
        lines.append(f"<tr{' class=ours' if bold_first and i == 0 else ''}>{cells}</tr>")
    return "\n".join([*lines, "</table>"])


def figure(path: Path, caption: str) -> str:
    """Return a picture (.png, .gif) or film (.mp4) with its caption, itself inside."""
    content = base64.b64encode(path.read_bytes()).decode()
    kind = path.suffix[1:]
    if kind == "mp4":
        shown = f'<video controls src="data:video/mp4;base64,{content}"></video>'
    else:
        shown = f'<img alt="{escape(caption)}" src="data:image/{kind};base64,{content}">'
    return f"<figure><figcaption>{escape(caption)}</figcaption>{shown}</figure>"


def listing(text: str) -> str:
    """Return text as it stands, in a fixed width."""
    return f"<pre>{escape(text)}</pre>"


def lines(values: Mapping[str, Any], indent: str = "") -> str:
    """Return nested values as indented lines."""
    told = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            told += [f"{indent}{key}", lines(value, indent + "  ")]
        else:
            shown = " ".join(map(str, value)) if isinstance(value, list) else value
            told.append(f"{indent}{key:<14} {shown}")
    return "\n".join(told)
