"""The lab's views under the hand: a slider of Dynamics, a pen in Draw, the curve of time.

Milliseconds are from an event of the browser's own pointer to the end of the frame that it asked
for, on the page's thread. Beside them stand processor milliseconds a frame, those of the page's
thread and those of all processes of the browser: on a machine that does much else they are those of
a quiet one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

# Moves of the pointer, or of time; a few before them are not counted.
_MOVES, _BEFORE = 40, 8
_TICK = 1000 / os.sysconf("SC_CLK_TCK")
# The frame ends where the first message after it is read.
_LISTEN = """(kind) => {
  window.spent = [];
  addEventListener(kind, (event) => {
    const began = event.timeStamp;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => spent.push(performance.now() - began);
      channel.port2.postMessage(0);
    });
  }, true);
}"""
# To another moment as soon as one is painted, to the last and back.
_SCRUB = """async (moves) => {
  const lab = document.querySelector(".inscape-lab").inscape;
  const last = lab.document.told.curve.length - 2;
  const frame = () => new Promise((painted) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = painted;
    channel.port2.postMessage(0);
  }));
  const spent = [];
  for (let move = 0; move < moves; move++) {
    const turn = move % (2 * last);
    const began = performance.now();
    lab.store.set({ moment: turn > last ? 2 * last - turn : turn });
    await frame();
    spent.push(performance.now() - began);
  }
  return spent;
}"""


@dataclass
class Spent:
    """What some frames took: each one's milliseconds, and the processor's of all."""

    frames: list[float] = field(default_factory=list)
    page: float = 0.0
    browser: float = 0.0

    def row(self, what: str, asked: str, *, a_second: bool = False) -> tuple[str, ...]:
        """Return a row of the table; frames a second have their slow end below."""
        values = [1000 / ms for ms in self.frames] if a_second else self.frames
        median, end = np.percentile(values, [50, 5 if a_second else 95])
        n = len(self.frames)
        processor = f"{self.page / n:.3g}; {self.browser / n:.3g}"
        return what, f"{median:.3g}", f"{end:.3g}", processor, asked


def rows(open_page: Callable[[str], Any]) -> list[tuple[str, ...]]:
    """Return the rows of the table.

    Parameters
    ----------
    open_page : callable
        From what the address says after its ``#`` to a page of a run of pictures.
    """
    page = open_page("view=dynamics")
    slider = page.get_by_role("slider", name="Learning rate").bounding_box()
    left, middle = slider["x"] + 60, slider["y"] + slider["height"] / 2
    dynamics = _moved(page, "input", lambda move: (left + move, middle))
    page.context.close()
    page = open_page("view=draw")
    pad = page.locator(".pad").bounding_box()

    def curl(move: int) -> tuple[float, float]:
        turn = move / 8
        x, y = 0.5 + 0.25 * np.cos(turn), 0.3 + 0.01 * move + 0.1 * np.sin(turn)
        return float(pad["x"] + pad["width"] * x), float(pad["y"] + pad["height"] * y)

    drawn = _moved(page, "pointermove", curl)
    page.context.close()
    # The grid follows where a hand rests for a tenth of a second: here after each move.
    page = open_page("grid=false")
    page.evaluate(_SCRUB, _BEFORE)
    scrubbed = Spent()
    with _counted(page, scrubbed):
        scrubbed.frames = page.evaluate(_SCRUB, _MOVES)
    page.context.close()
    return [
        dynamics.row("slider of dynamics, 8-30-10000, 250 epochs, to paint, milliseconds", "< 50"),
        drawn.row("pen to paint: encode and decode, milliseconds", "< 16.7"),
        scrubbed.row("scrub, 10,000 points, frames a second", ">= 20", a_second=True),
    ]


def _moved(page: Any, kind: str, place: Callable[[int], tuple[float, float]]) -> Spent:
    """Press the pointer and move it, and return what each event of a kind took."""
    spent = Spent()
    page.wait_for_timeout(1000)
    page.mouse.move(*place(0))
    page.mouse.down()
    page.evaluate(_LISTEN, kind)
    for move in range(_BEFORE):
        page.mouse.move(*place(move))
    page.evaluate("() => { spent.length = 0; }")
    with _counted(page, spent):
        for move in range(_BEFORE, _BEFORE + _MOVES):
            page.mouse.move(*place(move))
    page.wait_for_timeout(300)
    page.mouse.up()
    spent.frames = page.evaluate("spent")
    return spent


@contextmanager
def _counted(page: Any, spent: Spent) -> Iterator[None]:
    """Count the processor's milliseconds of the page's thread, and of the whole browser."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def thread() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return 1000 * next(m["value"] for m in metrics if m["name"] == "TaskDuration")

    browser = page.context.browser.new_browser_cdp_session()

    def processes() -> float:
        told = browser.send("SystemInfo.getProcessInfo")["processInfo"]
        stats = [Path(f"/proc/{one['id']}/stat").read_text() for one in told]
        fields = [stat.rpartition(")")[2].split() for stat in stats]
        return sum(_TICK * (int(one[11]) + int(one[12])) for one in fields)

    page_before, browser_before = thread(), processes()
    yield
    spent.page, spent.browser = thread() - page_before, processes() - browser_before
