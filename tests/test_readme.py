"""The README's Python runs as it stands, on few rows of the data that it names."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
import types
import warnings
from pathlib import Path

import pytest

import inscape
from inscape import DeadUnitWarning, data

ROOT = Path(__file__).parent.parent
load = data.load  # before the test puts `few_rows` in its place
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)


def few_rows(source: object, **options: object) -> data.Dataset:
    """Return a named set's first rows: the default training makes fewer steps where rows are few.

    50 rows to train on hold all ten classes, and more rows than the 32 numbers of a code. Anything
    else is loaded as it is.
    """
    whole = load(source, **options)
    if not isinstance(source, str):
        return whole
    return dataclasses.replace(
        whole,
        train=data.Split(whole.train.X[:50], whole.train.y[:50]),
        test=data.Split(whole.test.X[:50], whole.test.y[:50]),
    )


def test_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(data, "load", few_rows)
    names: dict[str, object] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeadUnitWarning)  # the textbook net may lose some
        for block in BLOCKS:
            exec(block, names)
    assert len(BLOCKS) >= 2
    assert (tmp_path / "map.png").stat().st_size > 10_000


def test_a_part_of_your_own_runs_as_the_page_writes_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(data, "load", few_rows)
    text = (ROOT / "docs" / "parts.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", text, re.S)
    module = types.ModuleType("page_about_parts")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(block, module.__dict__)
    codes = module.model.transform(module.digits.test.X)
    assert (module.again.transform(module.digits.test.X) == codes).all()
    # In one screen.
    assert len(block.splitlines()) < 50


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/parts.md"]
)
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert ((ROOT / page).parent / target).exists(), target


def test_who_looks_for_partial_fit_or_warm_start_finds_fine_tune():
    texts = [(ROOT / "README.md").read_text(encoding="utf-8")]
    texts += [inscape.Autoencoder.__doc__ or "", inscape.Autoencoder.fine_tune.__doc__ or ""]
    for text in texts:
        assert {"partial_fit", "warm_start"} <= set(re.findall(r"`(\w+)`", text))
    assert not {"partial_fit", "warm_start"} & set(dir(inscape.Autoencoder()))
    assert "fine_tune" in texts[0]
    assert "fine_tune" in texts[1]


@pytest.mark.proof
def test_the_wheel_that_the_readme_builds_is_whole(tmp_path):
    """The page's own lines, with what is installed here in place of a network."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (build,) = re.findall(r"^pip (wheel [^#\n]*?) *#", text, re.M)
    (install,) = re.findall(r"^pip (install dist/[^#\n]*?) *#", text, re.M)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    here = build.replace("--wheel-dir dist", f"--wheel-dir {tmp_path}").split()
    subprocess.run([*pip, *here, "--no-build-isolation"], cwd=ROOT, check=True)
    (wheel,) = tmp_path.glob(install.split()[-1].removeprefix("dist/"))
    room = tmp_path / "room"
    subprocess.run([*pip, "install", "--no-deps", "--target", room, wheel], check=True)
    probe = "import inscape; from inscape import data; print(inscape.__file__, data.load('mnist'))"
    done = subprocess.run(
        [sys.executable, "-c", probe],
        env={**os.environ, "PYTHONPATH": str(room)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(str(room / "inscape"))
    assert "60000 train" in done.stdout
