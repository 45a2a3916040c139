"""Film the lab for the first screen of the README: python docs/images/lab/film.py RUN.

From the real page of a real run of MNIST, a frame at a time, so that it is the same on a slow
machine; needs playwright and Pillow.
"""

from __future__ import annotations

import io
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from draw import opened
from PIL import Image

# The page, and the film; milliseconds a frame, and those that a scene's last one stays.
PAGE, FILM = (1280, 800), (800, 500)
BETWEEN, LAST = 90, 700
# Colours, and tones of 256 by which two may differ unseen.
COLOURS, UNSEEN = 63, 14
# A three, as a hand would draw it.
THREE = [
    (0.5 + 0.2 * math.cos(turn), 0.34 + 0.15 * math.sin(turn))
    for turn in np.linspace(-2.6, 1.5, 24)
] + [
    (0.5 + 0.23 * math.cos(turn), 0.66 + 0.17 * math.sin(turn))
    for turn in np.linspace(-1.5, 2.7, 28)
]


def decoding(page: Any) -> Iterator[int]:
    """Drag through the map, from a 1 to a 0."""
    ask(page, "lab.store.set({ view: 'map', mode: 'decode', moment: null })")
    page.wait_for_timeout(2500)
    # What was decoded on the way stays for two seconds of the film, and not of the clock.
    page.evaluate(
        "() => { const later = setTimeout; window.setTimeout = (f, ms) => later(f, 200 * ms); }"
    )
    page.mouse.move(250, 420)
    page.mouse.down()
    for step in range(21):
        share = step / 20
        page.mouse.move(250 + 560 * share, 400 - 150 * math.sin(3.0 * share + 0.2), steps=2)
        yield BETWEEN
    page.mouse.up()
    ask(page, "lab.map.hideCard()")


def scrubbing(page: Any) -> Iterator[int]:
    """Go through the training."""
    ask(page, "(lab.path = [], lab.store.set({ mode: 'explore', code: null, moment: 0 }))")
    # Chromium without a card may go on showing what a canvas had before it was only cleared.
    ask(page, "lab.map.layers.cursor.getContext('2d').getImageData(0, 0, 1, 1).width")
    n = ask(page, "lab.document.told.curve.length")
    for moment in [*range(4, n - 1), None]:
        ask(page, f"lab.store.set({{ moment: {'null' if moment is None else moment} }})")
        page.wait_for_timeout(1800)
        yield 2 * BETWEEN


def drawing(page: Any) -> Iterator[int]:
    """Draw a digit: it is read meanwhile."""
    ask(page, "lab.store.set({ view: 'draw' })")
    page.wait_for_timeout(1500)
    for step in range(4, len(THREE) + 1, 4):
        ask(page, f"lab.pad.draw([{[list(point) for point in THREE[:step]]}])")
        page.wait_for_timeout(200)
        yield BETWEEN


def learning(page: Any) -> Iterator[int]:
    """Let a network come to know living things, from larger and larger starts."""
    ask(page, "lab.store.set({ view: 'dynamics' })")
    for step in range(16):
        gamma = 10 ** (-12 + 11 * (0.5 - 0.5 * math.cos(math.pi * step / 15)))
        ask(page, f"lab.store.set({{ dynamics: {{ ...lab.dynamics.state, gamma: {gamma} }} }})")
        page.wait_for_timeout(250)
        yield BETWEEN


def ask(page: Any, expression: str) -> Any:
    """Evaluate with `lab` standing for the lab of the page."""
    found = "const lab = document.querySelector('.inscape-lab').inscape;"
    return page.evaluate(f"() => {{ {found} return {expression}; }}")


def main(run: str) -> None:
    """Film all scenes, one after the other."""
    frames: list[tuple[Image.Image, int]] = []
    with opened(run) as (address, chromium):
        width, height = PAGE
        page = chromium.new_page(
            viewport={"width": width, "height": height}, reduced_motion="reduce"
        )
        page.goto(address)
        page.wait_for_selector(".inscape-lab[data-ready][data-rows]", timeout=120_000)
        for scene in (decoding, scrubbing, drawing, learning):
            for stays in scene(page):
                taken = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
                frames.append((taken.resize(FILM, Image.Resampling.LANCZOS), stays))
            frames[-1] = frames[-1][0], LAST
    _save(frames, Path(__file__).with_name("lab.gif"))


def _save(frames: list[tuple[Image.Image, int]], path: Path) -> None:
    """Write a film in few colours of its own; a frame holds what has changed for an eye."""
    some = Image.new("RGB", (FILM[0], FILM[1] * len(frames[::5])))
    for i, (frame, _) in enumerate(frames[::5]):
        some.paste(frame, (0, i * FILM[1]))
    palette = some.quantize(COLOURS, dither=Image.Dither.NONE)
    # The one more stands for what is as before; no other may be like it.
    colours = [*(palette.getpalette() or [])[: 3 * COLOURS], 255, 0, 255]
    tones = np.array(colours).reshape(-1, 3)
    shown: np.ndarray | None = None
    drawn = []
    for frame, _ in frames:
        now = np.array(frame.quantize(palette=palette, dither=Image.Dither.NONE))
        changed = now
        if shown is not None:
            same = np.abs(tones[now] - tones[shown]).max(axis=-1) < UNSEEN
            now, changed = np.where(same, shown, now), np.where(same, COLOURS, now)
        shown = now
        image = Image.fromarray(changed.astype(np.uint8), "P")
        image.putpalette(colours)
        drawn.append(image)
    drawn[0].save(
        path,
        save_all=True,
        append_images=drawn[1:],
        duration=[stays for _, stays in frames],
        loop=0,
        transparency=COLOURS,
        disposal=1,
        optimize=False,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
