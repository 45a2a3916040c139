"""The quick form of each recipe, run once on few rows."""

import importlib

import matplotlib
import pytest
import torch
from torch import nn

from inscape._errors import DataNotFoundError
from inscape.data import load
from inscape.recipes import RECIPES, cae_fashion, reproduce, zoo

# Rows to train and to test on: as few as show that everything runs, or as many as the tests of
# the recipe's own file ask for.
FEW = (100, 100)
ROWS = {
    "chainer-seven-cases": (400, 200),
    "keras-deep-ae": (400, 200),
    "mnist-cognitive-tasks": (1000, 500),
    "cae-fashion": (128, 64),
    "hinton-2006": (200, 100),
    "zoo": (200, 100),
    "keras-vae": (256, 100),
    "burgess-mnist": (128, 64),
    "iwae": (256, 40),
    "label-efficiency": (200, 100),
}
# One with a prior, one without a density, one that is told labels, one without a prior.
SOME_MODELS = ("VAE", "WAE-MMD", "CVAE", "RAE-L2")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Take whatever runs a whole recipe, if only in its quick form, for a proof."""
    for item in items:
        if "reproduced" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.proof)


@pytest.fixture(scope="session")
def mnist():
    """All of MNIST."""
    return load("mnist")


@pytest.fixture(scope="session")
def fashion():
    """Fashion-MNIST, or digits in place of garments: they come with the package."""
    try:
        return load("fashion-mnist")
    except DataNotFoundError:
        return load("mnist")


@pytest.fixture
def assert_seeded():
    """Assert that the weights of a pair of modules come from their seed alone."""

    def check(build):
        torch.manual_seed(0)
        state = torch.random.get_rng_state()
        pairs = [build(seed) for seed in (0, 0, 1)]
        assert torch.equal(torch.random.get_rng_state(), state)
        for modules in zip(*pairs, strict=True):
            same, again, other = (
                nn.utils.parameters_to_vector(module.parameters()) for module in modules
            )
            assert torch.equal(same, again)
            assert not torch.equal(same, other)

    return check


@pytest.fixture(scope="session")
def reproduced(request, tmp_path_factory):
    """The quick form of a recipe by its name: what it found, and where; each runs once."""
    kept = {}

    def watched(module):
        steps, told = module.run, []

        def run(found):
            for step in steps(found):
                told.append(step)
                yield step
            assert len(told) == len(set(told)) == module.N_STEPS

        return run

    def run(name):
        if name in kept:
            return kept[name]
        module = importlib.import_module(RECIPES[name])
        # Sheets of a thousand tiles take seconds in all their pixels.
        small = matplotlib.rc_context({"savefig.dpi": 30})
        with pytest.MonkeyPatch.context() as patch, small:
            patch.setattr(module, "QUICK_ROWS", ROWS.get(name, FEW), raising=False)
            patch.setattr(module, "run", watched(module))
            if name == "cae-fashion":
                patch.setattr(cae_fashion, "DATA", request.getfixturevalue("fashion").name)
            # The others are trained in the zoo's own test.
            patch.setattr(zoo, "MODELS", {model: zoo.MODELS[model] for model in SOME_MODELS})
            patch.setattr(zoo, "N_STEPS", len(SOME_MODELS))
            path = tmp_path_factory.mktemp("recipe") / "run"
            try:
                kept[name] = reproduce(name, path, quick=True)
            except DataNotFoundError as missing:
                pytest.skip(str(missing))
        return kept[name]

    return run
