"""The contact sheet has a line for every figure, and shows what colour-blind readers see."""

from __future__ import annotations

import importlib.util
import inspect
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from inscape import figures

PATH = Path(__file__).parents[2] / "docs" / "contact_sheet.py"


@pytest.fixture(scope="module")
def sheet():
    """The script, as a module."""
    import sys

    spec = importlib.util.spec_from_file_location("contact_sheet", PATH)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "contact_sheet", module)
        spec.loader.exec_module(module)
        yield module


def test_every_figure_has_a_line(sheet):
    public = {n for n in figures.__all__ if inspect.isfunction(getattr(figures, n))}
    assert set(sheet.FIGURES) == public - {"png"}
    for name, draw in sheet.FIGURES.items():
        assert f"figures.{name}(" in inspect.getsource(draw), name


def test_names_on_panels_stay_apart_where_they_are_long(sheet):
    m = sheet.materials()["forty classes, long names"]
    for name in ("traversal_table", "anomaly_bars", "prototype_bars", "illusory_correlation"):
        figure = sheet.FIGURES[name](m)
        assert isinstance(figure, Figure)
        figure.draw_without_rendering()
        room = figure.bbox
        titles = [ax._left_title for ax in figure.axes if ax._left_title.get_text()]
        boxes = [title.get_window_extent() for title in titles]
        assert boxes
        assert all(box.x0 >= room.x0 and box.x1 <= room.x1 for box in boxes), name
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i]), name


def test_a_sheet_has_its_cells_where_its_captions_are(sheet):
    picture, captions = sheet.contact_sheet(["alignment_map", "sweep_map"], dpi=30)
    assert len(captions) == 10
    assert captions[:2] == ["alignment_map: digits", "alignment_map: forty classes, long names"]
    values = np.asarray(picture)
    width, height = sheet._CELL
    for i in range(2):
        for j in range(5):
            top = sheet._EDGE + i * (height + sheet._CAPTION + sheet._EDGE) + sheet._CAPTION
            left = sheet._EDGE + j * (width + sheet._EDGE)
            cell = values[top : top + height, left : left + width]
            assert cell.std() > 10
            grey = (cell.max(axis=2) == cell.min(axis=2)).all()
            assert grey == (j == 3)


def test_eyes_without_green_cones_see_greys_as_they_are_and_red_as_olive(sheet):
    colours = Image.fromarray(np.array([[[0, 0, 0], [128, 128, 128], [255, 0, 0]]], np.uint8))
    black, grey, red = np.asarray(sheet.without_green(colours))[0].astype(int)
    assert abs(black - 0).max() <= 1
    assert abs(grey - 128).max() <= 1
    # The first column of the published matrix, through the curve of sRGB.
    expected = 255 * (1.055 * np.array([0.367322, 0.280085]) ** (1 / 2.4) - 0.055)
    assert red[:2] == pytest.approx(expected, abs=1)


@pytest.mark.proof
def test_the_whole_sheet_is_drawn(sheet):
    picture, captions = sheet.contact_sheet(dpi=40)
    assert len(captions) == 5 * len(sheet.FIGURES)
    assert picture.size[1] > 300 * len(sheet.FIGURES)
