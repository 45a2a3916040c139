"""The README's Python runs as it stands, on few rows of the data that it names."""

from __future__ import annotations

import dataclasses
import re
import sys
import types
import warnings
from pathlib import Path

import pytest

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
