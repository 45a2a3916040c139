"""The lab in a real browser that draws with the processor: how soon, how smooth, how large.

Chromium is headless and has no card, so that every pixel is drawn on the same core as all else:
the slowest machine that anybody will open the lab on.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import lab_views
from benchmarks.measure import Table

_ROUNDS, _SECONDS = 5, 3
# WebGL is computed by the processor, and the page is put together as Chromium does by itself
# where there is no card; by the second every layer goes through that WebGL too.
_PLAIN = ["--enable-unsafe-swiftshader", "--no-sandbox"]
_ALL_BY_GL = [*_PLAIN, "--use-angle=swiftshader"]
_READY = ".inscape-lab[data-ready]"
_WHOLE = ".inscape-lab[data-ready][data-rows]"
# Pointer moves inside the page, one a frame: those of a driver wait for a frame each.
_MOVE = """async ({ seconds }) => {
  const map = document.querySelector(".map");
  const lab = document.querySelector(".inscape-lab").inscape;
  const box = map.getBoundingClientRect();
  const times = [];
  await new Promise((done) => {
    const started = performance.now();
    const step = (now) => {
      const turn = (now - started) / 700;
      times.push(now);
      if (now - started > 1000 * seconds) return done();
      map.dispatchEvent(new PointerEvent("pointermove", {
        bubbles: true,
        clientX: box.left + box.width * (0.5 + 0.3 * Math.cos(turn)),
        clientY: box.top + box.height * (0.5 + 0.3 * Math.sin(1.7 * turn)),
      }));
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
  const frames = times.slice(1).map((time, i) => time - times[i]);
  return { frames, decode: [...lab.map.spent.decode], hover: [...lab.map.spent.hover] };
}"""


def run(*, quick: bool) -> Table:
    """Return what a person waits for, each beside what was asked."""
    table = Table(
        "the lab on 70,000 points, in headless Chromium that draws with the processor",
        ("what", "median", "95th percentile", "processor, ms a frame: page; browser", "asked"),
    )
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if chromium is None:
        table.notes.append("not measured: Chromium and playwright must be installed")
        return table
    rounds, seconds = (1, 1) if quick else (_ROUNDS, _SECONDS)
    with tempfile.TemporaryDirectory() as folder:
        run_path, file = Path(folder) / "digits", Path(folder) / "digits.html"
        words = ("mnist", "--epochs", "1") if not quick else ("digits", "--epochs", "5")
        _inscape("fit", *words, "--run", str(run_path))
        _inscape("export", str(run_path), "--html", str(file))
        with sync_playwright() as playwright, _Server(run_path) as address:
            started = playwright.chromium.launch(executable_path=chromium, args=_PLAIN)
            opened = [_seconds_to(started, f"{address}#rows=all", _READY) for _ in range(rounds)]
            whole = [_seconds_to(started, f"{address}#rows=all", _WHOLE) for _ in range(rounds)]
            from_file = [_seconds_to(started, file.as_uri(), _WHOLE) for _ in range(rounds)]
            moved = _moves(started, f"{address}#rows=all&mode=decode", seconds)
            memory = _megabytes(started)
            hovered = _moves(started, f"{address}#rows=all&grid=false", seconds)
            views = lab_views.rows(lambda state: _open(started, f"{file.as_uri()}#{state}", _WHOLE))
            started.close()
            started = playwright.chromium.launch(executable_path=chromium, args=_ALL_BY_GL)
            by_gl = _moves(started, f"{address}#rows=all&mode=decode", seconds)
            started.close()
    table.rows += [
        _row("page usable, seconds", opened, "< 3"),
        _row("page with all its pictures, seconds", whole, ""),
        _row("file usable, seconds", from_file, "< 4"),
        # The slow end of frames is the low one.
        _row("frames a second while decoding", _rates(moved), ">= 55", slow=5),
        _row("the same, the whole page put together by WebGL", _rates(by_gl), "", slow=5),
        _row("decode and paint, milliseconds", moved["decode"], "< 2"),
        _row("hover, milliseconds", hovered["hover"], "< 1"),
        ("memory of the page, MB", f"{memory:.0f}", "", "", "< 400"),
        *views,
    ]
    return table


class _Server:
    """``inscape lab`` on a run, as long as it is needed."""

    def __init__(self, path: Path) -> None:
        self._command = [sys.executable, "-m", "inscape", "lab", str(path), "--no-browser"]

    def __enter__(self) -> str:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if re.match(r"http://127", line):
                return line.strip()
        raise RuntimeError("the lab told no address")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()


def _inscape(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "inscape", *words], check=True, capture_output=True)


def _open(started: Any, address: str, selector: str) -> Any:
    page = started.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(address)
    page.wait_for_selector(selector, timeout=120_000)
    return page


def _moves(started: Any, address: str, seconds: int) -> dict[str, list[float]]:
    """Return the milliseconds of frames, decodes and hovers while a pointer moves."""
    page = _open(started, address, _WHOLE)
    page.wait_for_timeout(1000 * seconds)
    found: dict[str, list[float]] = page.evaluate(_MOVE, {"seconds": seconds})
    return found


def _rates(found: dict[str, list[float]]) -> list[float]:
    return [1000 / frame for frame in found["frames"]]


def _seconds_to(started: Any, address: str, selector: str) -> float:
    page = _open(started, address, selector)
    seconds = page.evaluate("performance.now() / 1000")
    page.context.close()
    return seconds


def _megabytes(started: Any) -> float:
    """Return the anonymous resident memory of the largest process that draws a page."""
    session = started.new_browser_cdp_session()
    told = session.send("SystemInfo.getProcessInfo")["processInfo"]
    pages = [process["id"] for process in told if process["type"] == "renderer"]
    statuses = [Path(f"/proc/{number}/status").read_text() for number in pages]
    return max(int(status.split("RssAnon:")[1].split()[0]) / 1024 for status in statuses)


def _row(what: str, values: Sequence[float], asked: str, *, slow: int = 95) -> tuple[str, ...]:
    median, end = np.percentile(values, [50, slow])
    return what, f"{median:.3g}", f"{end:.3g}", "", asked
