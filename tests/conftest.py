"""One thread a process, and what the tests of several files share."""

import io
import os

import pytest

# Before torch is imported, and for the processes that tests start: workers with several threads
# each would wait for each other.
os.environ["OMP_NUM_THREADS"] = "1"

# Rows to train and to test on: as few as show that everything runs, or as many as the tests of
# the recipe's own file ask for, whose dataset `few` has the same rows.
FEW = (100, 100)
ROWS = {
    "chainer-seven-cases": (400, 200),
    "keras-deep-ae": (400, 200),
    "mnist-cognitive-tasks": (1000, 500),
    "cae-fashion": (128, 64),
    "hinton-2006": (200, 100),
    "zoo": (200, 100),
    "keras-vae": (256, 100),
    "burgess-mnist": (256, 100),
    "iwae": (256, 100),
}
# One with a prior, one without a density, one that is told labels, one without a prior.
SOME_MODELS = ("VAE", "WAE-MMD", "CVAE", "RAE-L2")


@pytest.fixture(scope="session")
def small_png():
    """Return a figure as a PNG of few pixels: sheets of a thousand tiles take seconds otherwise."""

    def draw(figure):
        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=30)
        return stream.getvalue()

    return draw


@pytest.fixture(scope="session")
def fashion():
    """Fashion-MNIST, or digits in place of garments: they come with the package."""
    from inscape._errors import DataNotFoundError
    from inscape.data import load

    try:
        return load("fashion-mnist")
    except DataNotFoundError:
        return load("mnist")


@pytest.fixture(scope="session")
def reproduced(request, small_png, tmp_path_factory):
    """The quick form of a recipe by its name: what it found, and where; each runs once."""
    import importlib

    import inscape.figures
    from inscape.recipes import RECIPES, cae_fashion, reproduction, zoo

    kept = {}

    def run(name):
        if name in kept:
            return kept[name]

        recipe = importlib.import_module(RECIPES[name])
        steps = recipe.run

        def watched(*given):
            told = []
            for step in steps(*given):
                told.append(step)
                yield step
            assert len(told) == len(set(told)) == recipe.N_STEPS

        n_train, n_test = ROWS.get(name, FEW)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reproduction, "_QUICK_TRAIN", n_train)
            patch.setattr(reproduction, "_QUICK_TEST", n_test)
            patch.setattr(recipe, "run", watched)
            patch.setattr(inscape.figures, "png", small_png)
            if name == "cae-fashion":
                patch.setattr(cae_fashion, "DATA", request.getfixturevalue("fashion").name)
            # The others are trained in the zoo's own test.
            patch.setattr(zoo, "MODELS", {model: zoo.MODELS[model] for model in SOME_MODELS})
            patch.setattr(zoo, "N_STEPS", len(SOME_MODELS))
            path = tmp_path_factory.mktemp("recipe") / "run"
            kept[name] = reproduction.reproduce(name, path, quick=True)
        return kept[name]

    return run


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
