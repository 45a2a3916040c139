"""One thread a process, and what the tests of several files share."""

import gc
import io
import os

import pytest

# Before torch is imported, and for the processes that tests start: workers with several threads
# each would wait for each other.
os.environ["OMP_NUM_THREADS"] = "1"
gc.disable()


def pytest_collection_finish():
    """What was imported and collected stays to the end: nobody need look through it for garbage."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def small_png():
    """Return a figure as a PNG of few pixels: sheets of a thousand tiles take seconds otherwise."""

    def draw(figure):
        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=30)
        return stream.getvalue()

    return draw


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
