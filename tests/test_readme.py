"""The README's Python runs as it stands, on a smaller data set of the same kind."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest

from inscape import DeadUnitWarning

ROOT = Path(__file__).parent.parent
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)


def test_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeadUnitWarning)  # the textbook net may lose some
        for block in BLOCKS:
            exec(block.replace('data.load("mnist")', 'data.load("digits")'), names)
    assert len(BLOCKS) >= 2
    assert (tmp_path / "map.png").stat().st_size > 10_000


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert ((ROOT / page).parent / target).exists(), target
