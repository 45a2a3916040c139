"""Neuromatch Academy, *Deep linear neural networks*: its demonstrations and exercises.

The story: a network that starts with tiny weights learns a hierarchy from its root to its leaves,
one singular value after another, with a plateau of the loss before each; on the way it believes
what no example ever said; a network without a hidden layer does neither, and all come to the
weights of linear regression.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np

from inscape import dynamics, figures
from inscape._typing import FloatArray, IntArray
from inscape.data import Tree, tree
from inscape.dynamics.modes import half_rise
from inscape.recipes.reproduction import Reproduction
from inscape.recipes.results import THEORY

DATA = None
TITLE = "Deep linear neural networks"
LEAD = (
    "The demonstrations and exercises of Neuromatch Academy's tutorial with its own protocol "
    "(8 items with 10,000 features, 30 hidden units, learning rate 100, 250 epochs), beside what "
    "it states and beside exact theory. What it leaves to the reader, whether a learning rate "
    "brings the plateaus back from large weights, is expected to be answered with no."
)
SOURCE = "Neuromatch Academy, Deep linear neural networks"
N_STEPS = 10

_SEED = 0
_N_FEATURES, _QUICK_FEATURES = 10_000, 500
_RATE, _SHALLOW_RATE = 100.0, 1000.0
# The largest on the tutorial's slider; from 1e-2 to 1 some of the four plateaus are left.
_LARGE_GAMMA = 10.0
_SLIDER_RATES = np.linspace(1.0, 200.0, 20)
_LONG = 1000
# Modes that lie closer to each other than this are learned at once.
_APART = 1.05
_SPLITS = (
    ("animals and plants", slice(0, 4), slice(4, 8)),
    ("fish and birds", slice(0, 2), slice(2, 4)),
    ("Goldfish and Tuna", slice(0, 1), slice(1, 2)),
)
_DIFFERENCE = "largest difference"


@dataclass(frozen=True)
class _Illusion:
    """An item that lacks a feature of its kin."""

    old: str
    item: str
    feature: str
    values: tuple[int, ...]
    caption: str

    def added_to(self, kingdom: Tree) -> Tree:
        """Return the tree with the item and the feature."""
        renamed = kingdom.rename({self.old: self.item})
        return renamed.add_feature(self.feature, self.values)


_SHARK = _Illusion(
    "Goldfish",
    "Shark",
    "has_bones",
    (-1, 1, 1, 1, -1, -1, -1, -1),
    "A shark has no bones, and no example says that it has; for a while the network thinks so.",
)
_PARROT = _Illusion(
    "Canary",
    "Parrot",
    "cannot_speak",
    (1, 1, 1, -1, 1, 1, 1, 1),
    "A parrot can speak; the network first believes that it cannot, as no other living thing can.",
)


def run(found: Reproduction) -> Iterator[str]:
    """Train on a tree of things, read its dynamics beside theory, and compare three ways there."""
    kingdom = tree(n_features=_QUICK_FEATURES if found.quick else _N_FEATURES, random_state=_SEED)
    course = _train(kingdom, _deep_rate(kingdom))
    _initialization(found)
    yield "initial weights"
    _training(found, kingdom, course)
    yield "training"
    _plateaus(found, kingdom, course)
    yield "plateaus"
    _modes(found, course)
    yield "modes"
    _similarity(found, kingdom, course)
    yield "similarity"
    for illusion in (_SHARK, _PARROT):
        _illusion(found, illusion, kingdom)
        yield illusion.item
    _no_illusion(found, _SHARK, kingdom)
    yield "no hidden layer"
    _regression(found)
    yield "regression"
    _three_ways(found, kingdom, course)
    yield "three ways"


# --------------------------------------------------------------------------- experiments


def _initialization(found: Reproduction) -> None:
    """Draw a layer of 5000 x 5000 weights (exercise 0)."""
    (layer,) = dynamics.initial_weights((5000, 5000), gamma=1.0, random_state=_SEED)
    found.add(
        "5000 x 5000 layer, gamma 1",
        "standard deviation (the tutorial allows 1e-5)",
        0.01,
        layer.std(),
        source=SOURCE,
    )


def _training(found: Reproduction, kingdom: Tree, course: dynamics.Trajectory) -> None:
    """Train on the tree (demonstration 1)."""
    expected = kingdom.expected_singular_values
    for k, (reference, value) in enumerate(
        zip(expected, course.singular_values, strict=True), start=1
    ):
        found.add(f"Tree, mode {k}", "singular value", reference, value, source=THEORY)
    name = f"8-30-{kingdom.n_generated}, 250 epochs"
    found.add(name, "final loss", 0, course.loss[-1], source=SOURCE)
    found.keep(
        "tree.png",
        figures.hierarchy(
            kingdom.targets, item_names=kingdom.item_names, branches=kingdom.branches
        ),
        "The data: features branch and flip down the tree, and items near to each other in it "
        "share more of them. A bad sign: items of one branch that are alike to none.",
    )


def _plateaus(found: Reproduction, kingdom: Tree, course: dynamics.Trajectory) -> None:
    """Count the bumps of the loss from small and from large weights (demonstration 1).

    The tutorial asks whether a learning rate brings the bumps back from large weights, and
    leaves the answer to the reader: none of its slider's does, so 0 is expected.
    """
    groups = np.unique(kingdom.expected_eigenvalues.round(9))
    metric, name = "plateaus of the loss", "gamma 1e-12: one for each distinct mode"
    found.add(name, metric, len(groups), dynamics.count_plateaus(course.loss), source=THEORY)
    large = _train(kingdom, _deep_rate(kingdom), gamma=_LARGE_GAMMA)
    name = f"gamma {_LARGE_GAMMA:g}"
    found.add(name, metric, 0, dynamics.count_plateaus(large.loss), source=SOURCE)
    swept = dynamics.sweep(
        kingdom.inputs,
        kingdom.targets,
        learning_rates=_SLIDER_RATES * _share(kingdom) ** 0.5,
        gammas=[_LARGE_GAMMA],
        seeds=[_SEED],
    )
    name = f"gamma {_LARGE_GAMMA:g}, learning rates 1 to 200"
    found.add(name, f"most {metric}", 0, swept.n_plateaus.max(), source=SOURCE)
    _keep_curves(
        found,
        "loss_small_gamma.png",
        course,
        "From tiny weights the loss falls in steps: one for each level of the tree.",
    )
    _keep_curves(
        found,
        "loss_large_gamma.png",
        large,
        f"From weights of gamma {_LARGE_GAMMA:g} all modes are learned at once.",
    )


def _modes(found: Reproduction, course: dynamics.Trajectory) -> None:
    """Follow the singular values of the end-to-end map (exercise 2)."""
    theory = course.theoretical_modes("discrete_map")
    expected = half_rise(course.epochs, theory, course.mode_limits)
    for k, (reference, epoch) in enumerate(zip(expected, course.half_rise, strict=True), start=1):
        found.add(f"Tree, mode {k}", "epoch of half rise", reference, epoch, source=THEORY)
    late = _out_of_order(course.singular_values, course.half_rise)
    metric = "pairs learned out of order"
    found.add("Modes more than 5% apart", metric, 0, late, source=SOURCE)
    gap = np.abs(course.sorted_modes[-1] - course.singular_values).max()
    found.add("SVD of the trained map, and of the data", _DIFFERENCE, 0, gap, source=THEORY)
    found.keep(
        "modes.png",
        figures.modes_over_theory(
            course.epochs,
            course.modes,
            {
                "discrete map": theory,
                "gradient flow": course.theoretical_modes("gradient_flow"),
            },
        ),
        "Theory from the initial weights alone, on top of the training. Learning rate 100 is "
        "far from continuous time: gradient flow runs early, the discrete map does not. A bad "
        "sign: the discrete map leaves the training.",
    )


def _similarity(found: Reproduction, kingdom: Tree, course: dynamics.Trajectory) -> None:
    """See when the hidden layer tells groups of items apart (exercise 3)."""
    similarity = course.similarity[:, 0]
    theory = _theoretical_similarity(kingdom, course.theoretical_modes())
    measured = _separations(course.epochs, similarity)
    expected = _separations(course.epochs, theory)
    for name, epoch in measured.items():
        metric = "epoch from which their mean cosine is below 0.5"
        found.add(f"RSM: {name}", metric, expected[name], epoch, source=THEORY)
    names = [name for name, _, _ in _SPLITS]
    for above, below in pairwise(names):
        found.add(
            f"RSM: {below} after {above}",
            "epochs by which they are told apart later",
            expected[below] - expected[above],
            measured[below] - measured[above],
            source=THEORY,
        )
    gap = np.abs(similarity[-1] - theory[-1]).max() / theory[-1].max()
    name = "RSM of the trained network, and the root of Y Y'"
    found.add(name, f"{_DIFFERENCE}, as a share", 0, gap, source=THEORY)
    found.keep(
        "similarity.png",
        figures.similarity_over_training(
            course.epochs,
            similarity,
            course.loss,
            chosen=(0, 60, 105, 125, 160, int(course.epochs[-1])),
            item_names=kingdom.item_names,
        ),
        "First all are alike, then animals and plants part, then fish and birds, and the "
        "single items at last. A bad sign: blocks in another order.",
    )


def _illusion(found: Reproduction, illusion: _Illusion, kingdom: Tree) -> None:
    """Watch what is never so believed for a while (demonstration and exercise 4)."""
    kingdom = illusion.added_to(kingdom)
    pair = kingdom.index(illusion.item, illusion.feature)
    course = _train(kingdom, _deep_rate(kingdom), pairs=[pair])
    wrong = dynamics.illusory_correlations(course).wrong_sign
    theory = course.theoretical_predictions(course.theoretical_modes(), *pair)[:, 0, 0]
    # Both are -1 in truth, so what is positive is wrong.
    peak = course.epochs[theory.argmax()]
    name = f"{illusion.item}, {illusion.feature}"
    found.add(name, "largest wrong sign", theory.max(), wrong.size[pair], source=THEORY)
    found.add(name, "epoch of the largest wrong sign", peak, wrong.peak[pair], source=THEORY)
    found.add(name, "prediction at the end", -1, course.predictions[-1, 0], source=SOURCE)
    drawn = _draw_illusion(illusion, course, theory)
    caption = f"{illusion.caption} A bad sign: it still thinks so at the end."
    found.keep(f"{illusion.item.lower()}.png", drawn, caption)


def _no_illusion(found: Reproduction, illusion: _Illusion, kingdom: Tree) -> None:
    """Train on the same item and feature without a hidden layer."""
    kingdom = illusion.added_to(kingdom)
    pair = kingdom.index(illusion.item, illusion.feature)
    course = _train(kingdom, _shallow_rate(kingdom), hidden=(), pairs=[pair])
    size = dynamics.illusory_correlations(course).wrong_sign.size[pair]
    name = f"{illusion.item}, {illusion.feature}, no hidden layer"
    found.add(name, "largest wrong sign", 0, size, source=THEORY)
    drawn = _draw_illusion(illusion, course, None)
    caption = (
        "The same item and feature without a hidden layer: no illusion. A bad sign: a rise above "
        "zero on the way."
    )
    found.keep("zero_depth.png", drawn, caption)


def _regression(found: Reproduction) -> None:
    """Solve a regression of 37 noisy samples (exercise 5.3.1)."""
    generator = np.random.default_rng(_SEED)
    true = generator.integers(0, 10, size=(3, 3)).astype(float)
    inputs = generator.random((37, 3))
    targets = inputs @ true.T + generator.normal(scale=0.01, size=(37, 3))
    weights = dynamics.regression_weights(inputs, targets)
    normal = targets.T @ inputs @ np.linalg.inv(inputs.T @ inputs)
    gap = np.abs(weights - normal).max()
    name = "Regression weights, and those of the normal equations"
    found.add(name, _DIFFERENCE, 0, gap, source=THEORY)
    same = (weights.round(1) == true).sum()
    found.add("Regression weights that round to the true ones", "of 9", 9, same, source=SOURCE)


def _three_ways(found: Reproduction, kingdom: Tree, course: dynamics.Trajectory) -> None:
    """Reach the same weights by regression, without and with a hidden layer."""
    solved = dynamics.regression_weights(kingdom.inputs, kingdom.targets)
    # The tutorial leaves this network at torch's initial weights.
    bound = kingdom.n_items**-0.5
    start = np.random.default_rng(_SEED).uniform(-bound, bound, size=solved.shape)
    rate = _shallow_rate(kingdom)
    shallow, longer = (
        _train(kingdom, rate, weights=[start], epochs=epochs) for epochs in (250, _LONG)
    )
    for name, reached, allowed in (
        ("no hidden layer, 250 epochs", shallow, "the tutorial allows 1e-2"),
        ("30 hidden units, 250 epochs", course, "the tutorial allows 1e-2"),
        (f"no hidden layer, {_LONG} epochs", longer, "we allow 1e-6"),
    ):
        gap = np.abs(_end_to_end(reached) - solved).max()
        metric = f"{_DIFFERENCE} ({allowed})"
        found.add(f"Regression, and {name}", metric, 0, gap, source=SOURCE)
    _keep_curves(
        found,
        "loss_zero_depth.png",
        shallow,
        "Without a hidden layer every mode is learned at the same pace, from the first epoch.",
    )


# --------------------------------------------------------------------------- trainings


def _train(kingdom: Tree, learning_rate: float, **options: Any) -> dynamics.Trajectory:
    return dynamics.simulate(
        kingdom.inputs,
        kingdom.targets,
        learning_rate=learning_rate,
        random_state=_SEED,
        **options,
    )


# Fewer features are learned at the same pace: singular values go as the root of their number, and
# the step of one weight as its inverse.


def _share(kingdom: Tree) -> float:
    return kingdom.n_generated / _N_FEATURES


def _deep_rate(kingdom: Tree) -> float:
    return _RATE * _share(kingdom) ** 0.5


def _shallow_rate(kingdom: Tree) -> float:
    return _SHALLOW_RATE * _share(kingdom)


# --------------------------------------------------------------------------- measures


def _out_of_order(singular_values: FloatArray, half_rise: IntArray) -> int:
    """Count pairs of modes of which the clearly stronger one is learned later."""
    stronger = singular_values[:, None] > _APART * singular_values
    later = half_rise[:, None] > half_rise
    return int((stronger & later).sum())


def _theoretical_similarity(kingdom: Tree, modes: FloatArray) -> FloatArray:
    r"""Return :math:`\sum_a u_a(t) v_a v_a^\top`, the hidden similarity of a balanced network."""
    items = np.linalg.svd(kingdom.targets, full_matrices=False)[0]
    return np.einsum("ia,ta,ja->tij", items, modes, items)


def _separations(epochs: IntArray, similarity: FloatArray) -> dict[str, int]:
    """Return when two groups are told apart: their mean cosine stays below 0.5 from then on."""
    norms = np.sqrt(np.einsum("tii->ti", similarity))
    cosine = similarity / (norms[:, :, None] * norms[:, None, :])
    found: dict[str, int] = {}
    for name, some, others in _SPLITS:
        alike = cosine[:, some, others].mean(axis=(1, 2)) >= 0.5
        found[name] = int(epochs[min(len(epochs) - int(alike[::-1].argmax()), len(epochs) - 1)])
    return found


def _end_to_end(course: dynamics.Trajectory) -> FloatArray:
    """Return the map of the trained network, (n_outputs, n_inputs)."""
    weights = course.weights_at(course.weight_epochs[-1])
    return reduce(lambda below, above: above @ below, weights)


# --------------------------------------------------------------------------- what is kept


def _keep_curves(found: Reproduction, file: str, course: dynamics.Trajectory, caption: str) -> None:
    found.keep(
        file,
        figures.learning_curves(
            course.epochs, course.loss, course.modes, singular_values=course.singular_values
        ),
        f"{caption} Bad signs: a loss that rises, or a mode that never reaches its line.",
    )


def _draw_illusion(
    illusion: _Illusion, course: dynamics.Trajectory, theory: FloatArray | None
) -> Any:
    return figures.illusory_correlation(
        course.epochs,
        course.predictions[:, 0],
        target=-1.0,
        modes=course.modes,
        singular_values=course.singular_values,
        theory=theory,
        item=illusion.item,
        feature=illusion.feature,
    )
