"""The wheel brings the front end: who installs it needs no node."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.proof
def test_the_built_wheel_holds_the_front_end(tmp_path, built):
    pytest.importorskip("hatchling", reason="the group proofs is not installed")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(
        ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("mnist", "__pycache__")
    )
    bundle = tmp_path / "src" / "inscape" / "lab" / "bundle"
    bundle.mkdir(exist_ok=True)
    # Until it is built, and beside it, whatever lies there.
    if not (bundle / "lab.js").exists():
        shutil.copy(built, bundle / "lab.js")
    (bundle / "LICENSES.txt").touch()
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "dist"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    [wheel] = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        kept = packed.read("inscape/lab/bundle/lab.js")
    assert kept == (bundle / "lab.js").read_bytes()
    assert "inscape/lab/bundle/LICENSES.txt" in names
    assert not [name for name in names if "node_modules" in name or name.endswith(".ts")]
