"""A real browser, and the lab in it: as a page of a real server, and as a file."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
# A machine for tests has no card: WebGL is computed by the processor, the page is put together as
# Chromium does by itself where there is none.
DRAWN_HERE = ["--enable-unsafe-swiftshader", "--no-sandbox"]
AXE = Path(__file__).parents[2] / "lab" / "node_modules" / "axe-core" / "axe.min.js"


def inscape(*words: str, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "inscape", *words]
    return subprocess.run(command, cwd=cwd, check=check, capture_output=True, text=True)


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """Start Chromium, or skip with the reason."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM:
        pytest.skip("no Chromium is installed")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=DRAWN_HERE)
        try:
            yield started
        finally:
            started.close()


@contextlib.contextmanager
def serving(run: Path, *, cwd: Path | None = None) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start ``inscape lab`` on a run, and yield its address and the process."""
    command = [sys.executable, "-m", "inscape", "lab", str(run), "--no-browser"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=cwd or run.parent
    )
    told = ""
    assert process.stdout is not None
    try:
        for line in process.stdout:
            told += line
            if found := re.fullmatch(r"(http://127\.0\.0\.1:\d+/\?token=\S+)\n", line):
                yield found[1], process
                break
        else:
            pytest.fail(f"no address was told: {told}")
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(timeout=20)
        process.stdout.close()


class Lab:
    """The lab in one tab, and what the tab asked for and complained of."""

    def __init__(self, started: Any, address: str, **options: Any) -> None:
        size = options.pop("viewport", {"width": 1440, "height": 900})
        self.context = started.new_context(viewport=size, **options)
        self.page = self.context.new_page()
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._listen)
        self.page.goto(address)
        self.wait()

    def _listen(self, message: Any) -> None:
        if message.type in ("error", "warning") and "GPU stall" not in message.text:
            self.complaints.append(message.text)

    def wait(self) -> None:
        self.page.wait_for_selector(".inscape-lab[data-ready][data-rows]", timeout=60_000)

    def ask(self, expression: str, argument: Any = None) -> Any:
        """Evaluate with `lab` standing for the lab of the page."""
        found = "const lab = document.querySelector('.inscape-lab').inscape;"
        return self.page.evaluate(f"(given) => {{ {found} return {expression}; }}", argument)

    def text(self, selector: str) -> str:
        return self.page.inner_text(selector)

    def place_of(self, row: int) -> tuple[float, float]:
        """Where a row is drawn, in pixels of the tab."""
        x, y = self.ask("lab.map.view.toScreen(...lab.plane.place(lab.document.code(given)))", row)
        box = self.page.locator(".map").bounding_box()
        return box["x"] + x, box["y"] + y

    def close(self) -> None:
        self.context.close()
