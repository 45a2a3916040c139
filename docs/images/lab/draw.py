"""Draw the pictures of the lab beside this file: python docs/images/lab/draw.py RUN.

From the real page of a real run, in Chromium; needs playwright and Pillow.
"""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

HEART = """(() => {
  const lab = document.querySelector(".inscape-lab").inscape;
  const turns = Array.from({ length: 61 }, (_, i) => (i / 60) * 2 * Math.PI);
  lab.pad.draw([turns.map((t) => [
    0.5 + 0.35 * Math.sin(t) ** 3,
    0.48 - 0.022 * (13 * Math.cos(t) - 5 * Math.cos(2 * t) - 2 * Math.cos(3 * t) - Math.cos(4 * t)),
  ])]);
})()"""
# Name, width, height, theme, what the address says, and where the pointer goes.
PICTURES = [
    ("map", 1440, 900, "light", "mode=decode&pin=9007", True),
    ("map-dark", 1440, 900, "dark", "mode=decode&pin=9007", True),
    ("explore", 1440, 900, "light", "pin=9007&second=12", False),
    ("lasso", 1440, 900, "light", "lasso=-1,-1,1,-1,1,1,-1,1", False),
    ("true", 1440, 900, "dark", "scale=true&colour=error", False),
    ("forming", 1440, 900, "light", "moment=7", False),
    ("forming-dark", 1024, 768, "dark", "moment=9", False),
    ("forming-phone", 360, 780, "light", "moment=9", False),
    ("all-rows", 1024, 768, "light", "rows=all", False),
    ("decode-1024", 1024, 768, "dark", "mode=decode", True),
    ("draw", 1440, 900, "light", "view=draw", False),
    ("draw-dark", 1024, 768, "dark", "view=draw", False),
    ("dynamics", 1440, 900, "light", "view=dynamics", False),
    ("dynamics-dark", 1440, 900, "dark", "view=dynamics", False),
    ("dynamics-phone", 360, 780, "light", "view=dynamics", False),
    ("draw-phone", 360, 780, "dark", "view=draw", False),
    ("phone", 360, 780, "light", "pin=9007", False),
    ("phone-dark", 360, 780, "dark", "mode=decode", True),
]


@contextlib.contextmanager
def opened(run: str) -> Iterator[tuple[str, Any]]:
    """Serve a run, and yield its address and a browser."""
    command = [sys.executable, "-m", "inscape", "lab", run, "--no-browser"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
        sync_playwright() as playwright,
    ):
        try:
            assert server.stdout is not None
            address = next(line.strip() for line in server.stdout if re.match("http://127", line))
            chromium = playwright.chromium.launch(
                executable_path=shutil.which("chromium"),
                args=["--enable-unsafe-swiftshader", "--no-sandbox"],
            )
            yield address, chromium
            chromium.close()
        finally:
            server.terminate()


def main(run: str) -> None:
    """Draw them all."""
    here = Path(__file__).parent
    with opened(run) as (address, chromium):
        for name, width, height, theme, state, pointed in PICTURES:
            context = chromium.new_context(
                viewport={"width": width, "height": height}, color_scheme=theme
            )
            page = context.new_page()
            page.goto(f"{address}#{state}")
            page.wait_for_selector(".inscape-lab[data-ready][data-rows]", timeout=120_000)
            if state == "view=draw":
                page.evaluate(HEART)
            page.wait_for_timeout(3000)
            if pointed:
                for step in range(14):
                    x, y = width * (0.34 - 0.01 * step), height * (0.22 + 0.022 * step)
                    page.mouse.move(x, y)
                page.wait_for_timeout(60)
            drawn = Image.open(io.BytesIO(page.screenshot()))
            small = drawn.convert("RGB").quantize(256, kmeans=2, dither=Image.Dither.NONE)
            small.save(here / f"{name}.png", optimize=True)
            context.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
