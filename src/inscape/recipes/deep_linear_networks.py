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
from inscape.recipes.results import THEORY, Result

DATA = None
TITLE = "Deep linear neural networks"
LEAD = (
    "The demonstrations and exercises of Neuromatch Academy's tutorial with its own protocol "
    "(8 items with 10,000 features, 30 hidden units, learning rate 100, 250 epochs), beside what "
    "it states and beside exact theory."
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


def run(found: Reproduction, _: None) -> Iterator[str]:
    """Add results and figures to `found`, and yield the name of each experiment when it is done.

    Parameters
    ----------
    found : Reproduction
        Gets the results and the figures.
    _ : None
        The data are generated here.
    """
    lab = _Lab(found)
    yield from lab.initialization()
    yield from lab.training()
    yield from lab.plateaus()
    yield from lab.modes()
    yield from lab.similarity()
    yield from lab.illusions()
    yield from lab.regression()
    yield from lab.three_ways()


class _Lab:
    """The tree, its training, and what has been found so far."""

    def __init__(self, found: Reproduction) -> None:
        self.found = found
        n_features = _QUICK_FEATURES if found.quick else _N_FEATURES
        self.tree = tree(n_features=n_features, random_state=_SEED)
        # Fewer features are learned at the same pace: singular values go as the root of their
        # number, and the step of one weight as its inverse.
        share = n_features / _N_FEATURES
        self.deep_scale, self.shallow_scale = share**0.5, share
        self.course = self._train(self.tree)

    # ----------------------------------------------------------------------- experiments

    def initialization(self) -> Iterator[str]:
        """Draw a layer of 5000 x 5000 weights (exercise 0)."""
        (layer,) = dynamics.initial_weights((5000, 5000), gamma=1.0, random_state=_SEED)
        self._add(
            "5000 x 5000 layer, gamma 1",
            "standard deviation (the tutorial allows 1e-5)",
            0.01,
            float(layer.std()),
        )
        yield "initial weights"

    def training(self) -> Iterator[str]:
        """Train on the tree (demonstration 1)."""
        expected = self.tree.expected_singular_values
        for k, (reference, value) in enumerate(
            zip(expected, self.course.singular_values, strict=True), start=1
        ):
            self._add(f"Tree, mode {k}", "singular value", reference, value, THEORY)
        self._add(
            f"8-30-{self.tree.n_generated}, 250 epochs", "final loss", 0.0, self.course.loss[-1]
        )
        self._keep(
            "tree.png",
            "The data: features branch and flip down the tree, and items near to each other in it "
            "share more of them.",
            figures.hierarchy(
                self.tree.targets, item_names=self.tree.item_names, branches=self.tree.branches
            ),
        )
        yield "training"

    def plateaus(self) -> Iterator[str]:
        """Count the bumps of the loss from small and from large weights (demonstration 1).

        The tutorial asks whether a learning rate brings the bumps back from large weights, and
        leaves the answer to the reader: none of its slider's does, so 0 is expected.
        """
        groups = np.unique(self.tree.expected_eigenvalues.round(9))
        metric = "plateaus of the loss"
        measured = dynamics.count_plateaus(self.course.loss)
        self._add("gamma 1e-12: one for each distinct mode", metric, len(groups), measured, THEORY)
        large = self._train(self.tree, gamma=_LARGE_GAMMA)
        name = f"gamma {_LARGE_GAMMA:g}"
        self._add(name, metric, 0, dynamics.count_plateaus(large.loss))
        swept = dynamics.sweep(
            self.tree.inputs,
            self.tree.targets,
            learning_rates=_SLIDER_RATES * self.deep_scale,
            gammas=[_LARGE_GAMMA],
            seeds=[_SEED],
        )
        name = f"gamma {_LARGE_GAMMA:g}, learning rates 1 to 200"
        self._add(name, f"most {metric}", 0, int(swept.n_plateaus.max()))
        captions = {
            "small": "From tiny weights the loss falls in steps: one for each level of the tree.",
            "large": f"From weights of gamma {_LARGE_GAMMA:g} all modes are learned at once.",
        }
        for (size, caption), course in zip(captions.items(), (self.course, large), strict=True):
            self._keep(
                f"loss_{size}_gamma.png",
                caption,
                figures.learning_curves(
                    course.epochs,
                    course.loss,
                    course.modes,
                    singular_values=course.singular_values,
                ),
            )
        yield "plateaus"

    def modes(self) -> Iterator[str]:
        """Follow the singular values of the end-to-end map (exercise 2)."""
        course = self.course
        theory = course.theoretical_modes("discrete_map")
        expected = half_rise(course.epochs, theory, course.mode_limits)
        for k, (reference, epoch) in enumerate(
            zip(expected, course.half_rise, strict=True), start=1
        ):
            self._add(f"Tree, mode {k}", "epoch of half rise", reference, epoch, THEORY)
        late = _out_of_order(course.singular_values, course.half_rise)
        self._add("Modes more than 5% apart", "pairs learned out of order", 0, late)
        gap = np.abs(course.sorted_modes[-1] - course.singular_values).max()
        self._add("SVD of the trained map, and of the data", _DIFFERENCE, 0.0, gap, THEORY)
        self._keep(
            "modes.png",
            "Theory from the initial weights alone, on top of the training. Learning rate 100 is "
            "far from continuous time: gradient flow runs early, the discrete map does not.",
            figures.modes_over_theory(
                course.epochs,
                course.modes,
                {
                    "discrete map": theory,
                    "gradient flow": course.theoretical_modes("gradient_flow"),
                },
            ),
        )
        yield "modes"

    def similarity(self) -> Iterator[str]:
        """See when the hidden layer tells groups of items apart (exercise 3)."""
        course = self.course
        similarity = course.similarity[:, 0]
        theory = _theoretical_similarity(self.tree, course.theoretical_modes())
        measured = _separations(course.epochs, similarity)
        expected = _separations(course.epochs, theory)
        for name, epoch in measured.items():
            metric = "epoch from which their mean cosine is below 0.5"
            self._add(f"RSM: {name}", metric, expected[name], epoch, THEORY)
        names = [name for name, _, _ in _SPLITS]
        for above, below in pairwise(names):
            self._add(
                f"RSM: {below} after {above}",
                "epochs by which they are told apart later",
                expected[below] - expected[above],
                measured[below] - measured[above],
                THEORY,
            )
        gap = np.abs(similarity[-1] - theory[-1]).max() / theory[-1].max()
        name = "RSM of the trained network, and the root of Y Y'"
        self._add(name, f"{_DIFFERENCE}, as a share", 0.0, gap, THEORY)
        self._keep(
            "similarity.png",
            "First all are alike, then animals and plants part, then fish and birds, and the "
            "single items at last.",
            figures.similarity_over_training(
                course.epochs,
                similarity,
                course.loss,
                chosen=(0, 60, 105, 125, 160, int(course.epochs[-1])),
                item_names=self.tree.item_names,
            ),
        )
        yield "similarity"

    def illusions(self) -> Iterator[str]:
        """Watch what is never so believed for a while (demonstration and exercise 4)."""
        for illusion in (_SHARK, _PARROT):
            kingdom = illusion.added_to(self.tree)
            pair = kingdom.index(illusion.item, illusion.feature)
            self._compare(illusion, self._train(kingdom, pairs=[pair]))
            yield illusion.item
        kingdom = _SHARK.added_to(self.tree)
        pair = kingdom.index(_SHARK.item, _SHARK.feature)
        shallow = self._train_shallow(kingdom, hidden=(), pairs=[pair])
        size = dynamics.illusory_correlations(shallow).wrong_sign.size[pair]
        name = f"{_SHARK.item}, {_SHARK.feature}, no hidden layer"
        self._add(name, "largest wrong sign", 0.0, size, THEORY)
        self._show(
            "zero_depth",
            "The same item and feature without a hidden layer: no illusion.",
            _SHARK,
            shallow,
            None,
        )
        yield "no hidden layer"

    def regression(self) -> Iterator[str]:
        """Solve a regression of 37 noisy samples (exercise 5.3.1)."""
        generator = np.random.default_rng(_SEED)
        true = generator.integers(0, 10, size=(3, 3)).astype(float)
        inputs = generator.random((37, 3))
        targets = inputs @ true.T + generator.normal(scale=0.01, size=(37, 3))
        weights = dynamics.regression_weights(inputs, targets)
        normal = targets.T @ inputs @ np.linalg.inv(inputs.T @ inputs)
        gap = np.abs(weights - normal).max()
        name = "Regression weights, and those of the normal equations"
        self._add(name, _DIFFERENCE, 0.0, gap, THEORY)
        same = int((weights.round(1) == true).sum())
        self._add("Regression weights that round to the true ones", "of 9", 9, same)
        yield "regression"

    def three_ways(self) -> Iterator[str]:
        """Reach the same weights by regression, without and with a hidden layer."""
        inputs, targets = self.tree.inputs, self.tree.targets
        solved = dynamics.regression_weights(inputs, targets)
        # The tutorial leaves this network at torch's initial weights.
        bound = self.tree.n_items**-0.5
        start = np.random.default_rng(_SEED).uniform(-bound, bound, size=solved.shape)
        shallow, longer = (
            self._train_shallow(self.tree, weights=[start], epochs=epochs)
            for epochs in (250, _LONG)
        )
        for name, course, allowed in (
            ("no hidden layer, 250 epochs", shallow, "the tutorial allows 1e-2"),
            ("30 hidden units, 250 epochs", self.course, "the tutorial allows 1e-2"),
            (f"no hidden layer, {_LONG} epochs", longer, "we allow 1e-6"),
        ):
            gap = np.abs(_end_to_end(course) - solved).max()
            self._add(f"Regression, and {name}", f"{_DIFFERENCE} ({allowed})", 0.0, gap)
        self._keep(
            "loss_zero_depth.png",
            "Without a hidden layer every mode is learned at the same pace, from the first epoch.",
            figures.learning_curves(
                shallow.epochs,
                shallow.loss,
                shallow.modes,
                singular_values=shallow.singular_values,
            ),
        )
        yield "three ways"

    # ----------------------------------------------------------------------- illusions

    def _compare(self, illusion: _Illusion, course: dynamics.Trajectory) -> None:
        (pair,) = course.pairs
        wrong = dynamics.illusory_correlations(course).wrong_sign
        theory = course.theoretical_predictions(course.theoretical_modes(), *pair)[:, 0, 0]
        # Both are -1 in truth, so what is positive is wrong.
        peak = int(course.epochs[theory.argmax()])
        name = f"{illusion.item}, {illusion.feature}"
        self._add(name, "largest wrong sign", theory.max(), wrong.size[pair], THEORY)
        self._add(name, "epoch of the largest wrong sign", peak, wrong.peak[pair], THEORY)
        self._add(name, "prediction at the end", -1.0, course.predictions[-1, 0])
        self._show(illusion.item.lower(), illusion.caption, illusion, course, theory)

    def _show(
        self,
        file: str,
        caption: str,
        illusion: _Illusion,
        course: dynamics.Trajectory,
        theory: FloatArray | None,
    ) -> None:
        self._keep(
            f"{file}.png",
            caption,
            figures.illusory_correlation(
                course.epochs,
                course.predictions[:, 0],
                target=-1.0,
                modes=course.modes,
                singular_values=course.singular_values,
                theory=theory,
                item=illusion.item,
                feature=illusion.feature,
            ),
        )

    # ----------------------------------------------------------------------- trainings

    def _train(self, kingdom: Tree, **options: Any) -> dynamics.Trajectory:
        """Train with the tutorial's protocol for its deep network."""
        return dynamics.simulate(
            kingdom.inputs,
            kingdom.targets,
            learning_rate=_RATE * self.deep_scale,
            random_state=_SEED,
            **options,
        )

    def _train_shallow(self, kingdom: Tree, **options: Any) -> dynamics.Trajectory:
        """Train with the tutorial's protocol for its network without a hidden layer."""
        return dynamics.simulate(
            kingdom.inputs,
            kingdom.targets,
            learning_rate=_SHALLOW_RATE * self.shallow_scale,
            random_state=_SEED,
            **options,
        )

    # ----------------------------------------------------------------------- what is kept

    def _add(
        self, experiment: str, metric: str, reference: Any, measured: Any, source: str = SOURCE
    ) -> None:
        self.found.results.append(
            Result(experiment, metric, source, float(reference), float(measured), None)
        )

    def _keep(self, file: str, caption: str, figure: Any) -> None:
        self.found.figures[file] = (figure, caption)


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
