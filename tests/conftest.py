"""One thread a process, and what the tests of several files share."""

import gc
import io
import os
import sys
from contextlib import contextmanager

import pytest

# Before torch is imported, and for the processes that tests start: workers with several threads
# each would wait for each other.
os.environ["OMP_NUM_THREADS"] = "1"
gc.disable()
FIRST_TRAINING = pytest.StashKey[bool]()


def pytest_collection_finish():
    """What was imported and collected stays to the end: nobody need look through it for garbage."""
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
    gc.enable()


def pytest_runtest_teardown(item):
    """So does what torch loads with the first training: half as much again."""
    if "torch._dynamo" in sys.modules and FIRST_TRAINING not in item.config.stash:
        item.config.stash[FIRST_TRAINING] = True
        gc.collect()
        gc.freeze()


@pytest.fixture(scope="session")
def small_png():
    """Return a figure as a PNG of few pixels: sheets of a thousand tiles take seconds otherwise."""

    def draw(figure):
        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=30)
        return stream.getvalue()

    return draw


def not_drawn(figure):
    """Return no picture. Other tests of the session look for a docstring here."""
    return b"not drawn"


def not_filmed(*_, **__):
    """Return no film."""
    return b"GIF89a"


@pytest.fixture(scope="session")
def drawing_nothing():
    """A context in which figures are made and not drawn: pixels take most of a run's seconds."""
    from inscape import figures

    @contextmanager
    def context():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(figures, "png", not_drawn)
            for film in ("animate_map", "turning_map"):
                patch.setattr(figures, film, not_filmed)
            yield

    return context


@pytest.fixture(scope="module")
def undrawn(drawing_nothing):
    """Nothing is drawn in a file, where a test does not ask for it."""
    with drawing_nothing():
        yield


@pytest.fixture(scope="session")
def drawing_small(small_png):
    """A context in which figures are drawn all the same, as those of one run of each kind are."""
    from inscape import figures

    @contextmanager
    def context():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(figures, "png", small_png)
            yield

    return context


@pytest.fixture(scope="module")
def tiny_recipe():
    """The name of a recipe that takes no time, there beside the published ones for one file."""
    import sys
    import types

    from inscape import figures
    from inscape.recipes import RECIPES, Result

    recipe = types.ModuleType("tiny_recipe")

    def run(found, *_):
        found.results.append(Result("an <experiment>", "a metric", "theory", 2.0, 1.0, None))
        curve = [{"epoch": 0.0, "loss": 2.0}, {"epoch": 1.0, "loss": 1.0}]
        found.figures["loss.png"] = (figures.loss_curve(curve), "The loss.")
        yield "the experiment"

    recipe.DATA, recipe.TITLE, recipe.LEAD, recipe.N_STEPS = None, "Tiny", "As told.", 1
    recipe.run = run
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "tiny_recipe", recipe)
        patch.setitem(RECIPES, "tiny", "tiny_recipe")
        yield "tiny"
