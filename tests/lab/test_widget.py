"""The lab in a notebook: in Python, and as a person meets it, in real notebook servers."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA, FactorAnalysis
from tests.lab.browsing import browser

from inscape.lab import Widget, describe
from inscape.lab.file import alone

MAKING = """\
import json
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from inscape.lab import Widget
X, y = load_digits(return_X_y=True)
widget = Widget(PCA(2).fit(X), X, y, image_shape=(8, 8))"""
TELLING = "print('told', json.dumps([widget.selection, widget.code, widget.state]))"
# A square lasso about row 3.
LASSO = """({ inscape: lab }) => {
  lab.pin(3);
  const [u, v] = lab.plane.place(lab.document.code(3));
  const corners = [[-0.3, -0.3], [0.3, -0.3], [0.3, 0.3], [-0.3, 0.3]];
  lab.store.set({ mode: "decode", lasso: corners.map(([a, b]) => [u + a, v + b]) }, true);
}"""
SEEN = """({ inscape: lab }) =>
  [lab.selection, lab.store.state.code, lab.store.state.pin, lab.store.state.mode]"""
WIDGET = ".inscape-lab[data-ready][data-rows]"


def test_a_widget_holds_what_the_file_holds():
    X, y = load_digits(return_X_y=True)
    model = PCA(3).fit(X)
    widget = Widget(model, X, y, image_shape=(8, 8), state="pin=3")
    document = alone(describe(model, X, y, image_shape=(8, 8)))
    assert json.loads(widget.description) == json.loads(document.to_json())
    assert widget.blobs == {name: document.blob(name) for name in document.blobs}
    codes = np.frombuffer(widget.blobs["codes"], dtype="<f4").reshape(-1, 3)
    np.testing.assert_allclose(codes, model.transform(X), atol=1e-4)
    assert (widget.selection, widget.code, widget.state) == ([], [], "pin=3")


def test_a_decoder_that_no_page_can_compute_comes_as_a_grid():
    X = np.random.default_rng(0).normal(size=(60, 5))

    class Bent(FactorAnalysis):
        def inverse_transform(self, Z):
            return np.tanh(np.asarray(Z) @ self.components_)

    told = json.loads(Widget(Bent(2).fit(X), X).description)
    assert told["decoder"]["type"] == "grid"
    assert told["capabilities"] == []


def without_a_package(package):
    code = f"import sys; sys.modules[{package!r}] = None; import inscape.lab; inscape.lab.Widget"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_without_the_extra_one_sentence_says_which():
    told = without_a_package("anywidget").stderr.splitlines()[-1]
    assert told.endswith("run pip install 'inscape[notebook]'.")


@contextmanager
def jupyterlab(folder):
    """Start JupyterLab with settings of its own: it keeps the state of widgets in the file."""
    kept = folder / "settings" / "@jupyter-widgets" / "jupyterlab-manager"
    kept.mkdir(parents=True, exist_ok=True)
    (kept / "plugin.jupyterlab-settings").write_text(json.dumps({"saveState": True}))
    environment = {
        **os.environ,
        "HOME": str(folder),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0"]
    command += ["--IdentityProvider.token=open", f"--ServerApp.root_dir={folder}"]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if found := re.search(r"(http://127\.0\.0\.1:\d+)/", line):
                yield f"{found[1]}/lab/tree"
                break
        else:
            pytest.fail("JupyterLab told no address")
    finally:
        process.terminate()
        process.communicate(timeout=30)


def opened(started, address, complaints):
    page = started.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{address}/own.ipynb?token=open")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=120_000)
    return page


def run_cell(page, number):
    """Run a cell, as soon as its kernel listens."""
    cell = page.locator(".jp-CodeCell").nth(number)
    for _ in range(20):
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        page.wait_for_timeout(1500)
        if re.search(r"\[(\*|\d+)\]", cell.locator(".jp-InputPrompt").inner_text()):
            return cell
    pytest.fail("the kernel did not come")


@pytest.mark.proof
def test_what_is_chosen_in_jupyterlab_comes_to_python_and_stays_in_the_file(tmp_path):
    if importlib.util.find_spec("jupyterlab") is None:
        pytest.skip("jupyterlab is not installed")
    cells = [
        {"cell_type": "code", "id": f"c{i}", "execution_count": None, "metadata": {}}
        | {"outputs": [], "source": source}
        for i, source in enumerate([TELLING, f"{MAKING}\nwidget"])
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    told = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    file = tmp_path / "own.ipynb"
    file.write_text(json.dumps(told))
    complaints: list[str] = []
    with browser() as started:
        with jupyterlab(tmp_path) as address:
            page = opened(started, address, complaints)
            run_cell(page, 1)
            page.wait_for_selector(WIDGET, timeout=120_000)
            page.locator(WIDGET).evaluate(LASSO)
            selection, code, pin, mode = page.locator(WIDGET).evaluate(SEEN)
            # Twice d deletes a cell of a notebook, but not where the lab has the keys.
            page.locator(".inscape-lab .map").focus()
            page.keyboard.press("d")
            page.keyboard.press("d")
            page.wait_for_timeout(1000)
            cell = run_cell(page, 0)
            output = cell.locator(".jp-OutputArea-output pre")
            output.wait_for(timeout=60_000)
            came = json.loads(output.inner_text().replace("\n", "").removeprefix("told "))
            for _ in range(60):
                page.keyboard.press("Control+s")
                page.wait_for_timeout(1000)
                # The widget's place in the cell, and its state.
                if all(word in file.read_text() for word in ("widget-view+json", "pin=3&")):
                    break
            else:
                pytest.fail("the notebook was not saved with its widget")
            page.context.close()
        X, _ = load_digits(return_X_y=True)
        codes = PCA(2).fit(X).transform(X)
        assert came[0] == selection
        assert 3 in selection
        np.testing.assert_allclose(came[1], codes[3], atol=1e-4)
        assert (pin, mode) == (3, "decode")
        assert "pin=3" in came[2]
        # A new server, whose kernel has run nothing: what is shown is what the file holds.
        with jupyterlab(tmp_path) as address:
            page = opened(started, address, complaints)
            page.wait_for_selector(WIDGET, timeout=120_000)
            assert page.locator(WIDGET).evaluate(SEEN) == [
                selection,
                pytest.approx(code, rel=1e-6),
                3,
                "decode",
            ]
    assert complaints == []


MARIMO = f"""import marimo
app = marimo.App()

@app.cell
def _():
    import marimo as mo
    {MAKING.replace(chr(10), chr(10) + "    ")}
    shown = mo.ui.anywidget(widget)
    shown
    return json, mo, shown

@app.cell
def _(json, mo, shown):
    told = shown.value
    mo.md("told " + json.dumps([told["selection"], told["code"], told["state"]]))
    return

app.run()
"""


@pytest.mark.proof
def test_what_is_chosen_in_marimo_comes_to_python(tmp_path):
    if importlib.util.find_spec("marimo") is None:
        pytest.skip("marimo is not installed")
    file = tmp_path / "own.py"
    file.write_text(MARIMO)
    command = [sys.executable, "-m", "marimo", "run", str(file), "--headless", "--no-token"]
    process = subprocess.Popen(
        [*command, "--port", "0"],
        env={**os.environ, "HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        found = (re.search(r"http://\S+:\d+", line) for line in process.stdout)
        address = next(one[0] for one in found if one)
        with browser() as started:
            page = started.new_context(viewport={"width": 1440, "height": 900}).new_page()
            page.goto(address)
            page.wait_for_selector(WIDGET, timeout=120_000)
            page.locator(WIDGET).evaluate(LASSO)
            selection, *_ = page.locator(WIDGET).evaluate(SEEN)
            page.wait_for_selector("text=pin=3", timeout=60_000)
            text = page.inner_text("text=told [")
            came = json.loads(text[text.index("[") :])
            assert came[0] == selection
            assert 3 in selection
    finally:
        process.terminate()
        process.communicate(timeout=30)
