"""Neuromatch Academy, *Autoencoders applications*: one autoencoder, three tasks of seeing.

The story: an autoencoder that has learned to give back clean digits is shown noisy, half hidden or
turned ones. As it is, it takes away much of the noise, and copies what is hidden or turned as it
stands; a short fine-tuning teaches it each task. The more it has to guess, the more a digit that it
never saw becomes one that it knows. Which pixels are neighbours is nothing to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge
from sklearn.neighbors import NearestNeighbors
from sklearn.neural_network import MLPClassifier
from torch import Tensor

from inscape import figures
from inscape._typing import FloatArray, IntArray
from inscape.corruptions import (
    Corruption,
    GaussianNoise,
    OccludingRectangle,
    PixelShuffle,
    Rotation,
)
from inscape.data import Dataset
from inscape.estimators import Autoencoder
from inscape.measures import peak_signal_to_noise_ratio, reconstruct, squared_error
from inscape.objectives import Gaussian
from inscape.recipes.reproduction import Reproduction
from inscape.recipes.results import Result

DATA = "mnist"
TITLE = "Three tasks for one autoencoder"
LEAD = (
    "The applications of Neuromatch Academy's autoencoder tutorials: one autoencoder, trained on "
    "clean digits, has to take noise away, guess what is hidden and turn digits upright, first as "
    "it is and then fine-tuned. The tutorial publishes pictures and no numbers, so each number "
    "stands beside one of ours, which its row names. Digits are recognised by a classifier "
    "that was trained once, on clean pictures."
)
N_STEPS = 18

# The tutorial clips its noisy pictures; unclipped, the Wiener filter is the best linear map.
_NOISE = 0.4
# The tutorial hides one of four quarters; a rectangle of that size can also lie in the middle.
TASKS: Mapping[str, Corruption] = {
    "Noise": GaussianNoise(scale=_NOISE),
    "Occlusion": OccludingRectangle(height=0.5, width=0.5),
    "Rotation": Rotation(degrees=90),
}
_DONE = {"Noise": "noisy", "Occlusion": "hidden in part", "Rotation": "turned"}
# The tutorial's, too.
_UNSEEN = 6
_SHUFFLE = PixelShuffle(seed=0)

_SQUARED, _RATIO, _READ = "squared error", "PSNR in dB, mean over pictures", "digits recognised"
_NEIGHBORS = 10
# Keeps what is always black from making the least squares of occluded pictures singular.
_LITTLE = 1e-4


def run(found: Reproduction, dataset: Dataset) -> Iterator[str]:
    """Add results and figures to `found`, and yield the name of each experiment when it is done.

    Parameters
    ----------
    found : Reproduction
        Gets the results and the figures.
    dataset : Dataset
        MNIST, or part of it.
    """
    lab = _Lab(found, dataset)
    yield "classifier"
    yield from lab.three_tasks()
    yield from lab.maps()
    yield from lab.never_seen()
    yield from lab.shuffled()


@dataclass(frozen=True)
class Shuffled(PixelShuffle):
    """A corruption of pictures whose pixels are shuffled: put in order, corrupt, shuffle again.

    Parameters
    ----------
    seed : int
        That of the shuffle.
    task : Corruption
        What is done to the pictures in order.
    """

    task: Corruption = field(default_factory=GaussianNoise)

    def __call__(self, rows: Tensor, *, generator: torch.Generator) -> Tensor:
        """Return shuffled `rows` corrupted as if they were not."""
        order = self.permutation(rows.shape[1])
        ordered = rows.index_select(1, order.argsort().to(rows.device))
        return super().__call__(self.task(ordered, generator=generator), generator=generator)


class _Lab:
    """The data, the classifier that reads digits, and what has been restored so far."""

    def __init__(self, found: Reproduction, dataset: Dataset) -> None:
        self.found = found
        assert dataset.train.y is not None
        assert dataset.test.y is not None
        self.X, self.y = dataset.train.X, dataset.train.y
        self.T, self.t = dataset.test.X, dataset.test.y
        self.class_names = dataset.class_names
        self.shape = dataset.image_shape
        self.epochs, self.tuning_epochs = (2, 2) if found.quick else (10, 5)
        self.reader = _learn_to_read(self.X, self.y, epochs=self.epochs)
        self.given = {
            name: corrupted(self.T, task, seed=seed)
            for seed, (name, task) in enumerate(TASKS.items(), start=1)
        }
        self.tuned: dict[str, FloatArray] = {}

    # ----------------------------------------------------------------------- experiments

    def three_tasks(self) -> Iterator[str]:
        """Restore with a linear map, with the autoencoder as it is, and fine-tuned."""
        before = self._pretrain(self.X)
        yield "pretraining"
        for name, task in TASKS.items():
            after = before.fine_tune(self.X, corruption=task, epochs=self.tuning_epochs)
            linear = linear_restorer(self.X, task)
            given = self.given[name]
            self.tuned[name] = after.reconstruct(given)
            stages = {
                "linear": linear(given),
                "not fine-tuned": before.reconstruct(given),
                "fine-tuned": self.tuned[name],
            }
            self._judge(name, stages)
            self._compare(
                f"{name}: fine-tuned, given clean pictures",
                "not fine-tuned",
                after.reconstruct(self.T),
                before.reconstruct(self.T),
                metrics=(_SQUARED,),
            )
            self._show_stages(name, stages)
            yield name

    def maps(self) -> Iterator[str]:
        """Look at the codes of corrupted pictures in an autoencoder with two components."""
        # With a linear code a few far pictures press all others into the middle of the map.
        before = self._pretrain(self.X, n_components=2, bottleneck="sigmoid")
        yield "two components: pretraining"
        for name, task in TASKS.items():
            after = before.fine_tune(self.X, corruption=task, epochs=self.tuning_epochs)
            codes = tuple(model.transform(self.given[name]) for model in (before, after))
            shares = tuple(among_own(Z, self.t) for Z in codes)
            self.found.results.append(
                Result(
                    f"{name}: two components, fine-tuned, beside not fine-tuned",
                    f"share of the {_NEIGHBORS} nearest codes of the same digit",
                    "here: not fine-tuned",
                    shares[0],
                    shares[1],
                    None,
                )
            )
            self._show_maps(name, codes, shares)
            yield f"two components: {name}"

    def never_seen(self) -> Iterator[str]:
        """Train and fine-tune without one digit, and show it that digit."""
        seen = self.X[self.y != _UNSEEN]
        before = self._pretrain(seen)
        yield f"without {_UNSEEN}: pretraining"
        restored: dict[str, FloatArray] = {}
        for name, task in TASKS.items():
            after = before.fine_tune(seen, corruption=task, epochs=self.tuning_epochs)
            restored[name] = after.reconstruct(self.given[name])
            for whose, rows in (
                ("the others", self.t != _UNSEEN),
                (f"{_UNSEEN}s", self.t == _UNSEEN),
            ):
                self._compare(
                    f"{name}: never saw a {_UNSEEN}, given {whose}",
                    "saw every digit",
                    restored[name],
                    self.tuned[name],
                    rows=rows,
                )
            yield f"without {_UNSEEN}: {name}"
        self._show_unseen(restored)

    def shuffled(self) -> Iterator[str]:
        """Do the same with all pixels in another order, the same one in every picture."""
        order = _SHUFFLE.permutation(self.X.shape[1]).numpy()
        back = order.argsort()
        X, T = self.X[:, order], self.T[:, order]
        before = self._pretrain(X)
        yield "shuffled: pretraining"
        for name, task in TASKS.items():
            after = before.fine_tune(
                X, corruption=Shuffled(_SHUFFLE.seed, task=task), epochs=self.tuning_epochs
            )
            given = self.given[name][:, order]
            restored = after.reconstruct(given)
            self._compare(
                f"{name}: pixels shuffled",
                "not shuffled",
                restored[:, back],
                self.tuned[name],
            )
            if name == "Noise":
                self._show_shuffled(given, restored, back)
            yield f"shuffled: {name}"
        # The geometry is in the task: a rectangle of the shuffled picture hides scattered pixels.
        task = TASKS["Occlusion"]
        after = before.fine_tune(X, corruption=task, epochs=self.tuning_epochs)
        given = corrupted(T, task, seed=1)
        self._compare(
            "Occlusion: rectangle over shuffled pixels",
            "over the picture",
            after.reconstruct(given)[:, back],
            self.tuned["Occlusion"],
        )
        self._show_scattered(given[:, back], after.reconstruct(given)[:, back])
        yield "shuffled: a rectangle over shuffled pixels"

    # ----------------------------------------------------------------------- trainings

    def _pretrain(
        self, X: FloatArray, *, n_components: int = 32, bottleneck: str = "identity"
    ) -> Autoencoder:
        """Train our default network to give back clean pictures."""
        return Autoencoder(
            n_components,
            bottleneck=bottleneck,
            likelihood=Gaussian(link="sigmoid"),
            epochs=self.epochs,
            batch_size=256,
            random_state=0,
        ).fit(X)

    # ----------------------------------------------------------------------- numbers

    def _judge(self, name: str, stages: Mapping[str, FloatArray]) -> None:
        """Compare each stage of a task with the one that it has to beat."""
        given, linear = self.given[name], stages["linear"]
        as_it_is, tuned = stages["not fine-tuned"], stages["fine-tuned"]
        filtered = "the Wiener filter" if name == "Noise" else "the best linear map"
        self._compare(f"{name}: nothing done", "clean", given, self.T)
        self._compare(f"{name}: {filtered}", "nothing done", linear, given)
        if name == "Noise":
            pca = np.clip(reconstruct(PCA(32, random_state=0).fit(self.X), given), 0, 1)
            self._compare(f"{name}: PCA, 32 components", filtered, pca, linear)
        self._compare(f"{name}: not fine-tuned", "nothing done", as_it_is, given)
        metrics = (_SQUARED, _RATIO, _READ)
        self._compare(f"{name}: fine-tuned", filtered, tuned, linear, metrics=metrics)

    def _compare(
        self,
        what: str,
        beside: str,
        restored: FloatArray,
        reference: FloatArray,
        *,
        metrics: Sequence[str] = (_SQUARED, _READ),
        rows: Any = slice(None),
    ) -> None:
        """Add a result for each metric: what was restored, beside what it is compared with."""
        for metric in metrics:
            expected, measured = (
                self._measure(metric, pictures, rows) for pictures in (reference, restored)
            )
            result = Result(
                f"{what}, beside {beside}", metric, f"here: {beside}", expected, measured, None
            )
            self.found.results.append(result)

    def _measure(self, metric: str, pictures: FloatArray, rows: Any = slice(None)) -> float:
        if metric == _READ:
            return float((self.reader.predict(pictures[rows]) == self.t[rows]).mean())
        measure = squared_error if metric == _SQUARED else peak_signal_to_noise_ratio
        return measure(self.T[rows], pictures[rows])

    # ----------------------------------------------------------------------- figures

    def _show_stages(self, name: str, stages: Mapping[str, FloatArray]) -> None:
        self._sheet(
            f"{name.lower()}.png",
            f"{name}: what the autoencoder was given, what a linear map makes of it, and what it "
            "makes of it itself, before and after fine-tuning. Errors and shares are those of all "
            "test pictures.",
            {
                _DONE[name].capitalize(): self.given[name],
                "Wiener filter" if name == "Noise" else "Best linear map": stages["linear"],
                "Not fine-tuned": stages["not fine-tuned"],
                "Fine-tuned": stages["fine-tuned"],
            },
        )

    def _show_maps(self, name: str, codes: Sequence[FloatArray], shares: Sequence[float]) -> None:
        figure = figures.before_after(
            codes[0],
            codes[1],
            self.t,
            titles=(
                f"Not fine-tuned: {shares[0]:.0%} of neighbours alike",
                f"Fine-tuned: {shares[1]:.0%} of neighbours alike",
            ),
            class_names=self.class_names,
        )
        self._keep(
            f"{name.lower()}_maps.png",
            f"Codes of pictures that are {_DONE[name]}, two numbers each, and how many of a code's "
            f"{_NEIGHBORS} nearest are of the same digit.",
            figure,
        )

    def _show_unseen(self, restored: Mapping[str, FloatArray]) -> None:
        for name, pictures in restored.items():
            self._sheet(
                f"never_seen_{name.lower()}.png",
                f"{name}: what comes back of a {_UNSEEN} for one who never saw a {_UNSEEN}. Errors "
                f"are those of all {_UNSEEN}s among the test pictures.",
                {
                    _DONE[name].capitalize(): self.given[name],
                    "Saw every digit": self.tuned[name],
                    f"Never saw a {_UNSEEN}": pictures,
                },
                rows=np.flatnonzero(self.t == _UNSEEN),
            )

    def _show_shuffled(self, given: FloatArray, restored: FloatArray, back: IntArray) -> None:
        self._sheet(
            "shuffled.png",
            "The same task with all pixels in another order: put back in order, the result is as "
            "good. A dense network does not know which pixels are neighbours.",
            {
                "Noisy, shuffled": given,
                "Restored": restored,
                "Put back in order": restored[:, back],
                "Never shuffled": self.tuned["Noise"],
            },
            scored=("Put back in order", "Never shuffled"),
        )

    def _show_scattered(self, given: FloatArray, restored: FloatArray) -> None:
        self._sheet(
            "scattered.png",
            "A quarter of the pixels hidden in one place, and a quarter scattered (a rectangle "
            "over the shuffled picture, put back in order): what has neighbours left is easily "
            "guessed.",
            {
                "In one place": self.given["Occlusion"],
                "One place, restored": self.tuned["Occlusion"],
                "Scattered": given,
                "Scattered, restored": restored,
            },
        )

    def _sheet(
        self,
        file: str,
        caption: str,
        stages: Mapping[str, FloatArray],
        *,
        rows: IntArray | None = None,
        scored: Sequence[str] | None = None,
    ) -> None:
        """Draw the stages of one picture of each digit, or of the first of the rows."""
        stages = {"Clean": self.T, **stages}
        whole = np.arange(len(self.t)) if rows is None else rows
        scores = {}
        for name, pictures in stages.items():
            error, read = (self._measure(metric, pictures, whole) for metric in (_SQUARED, _READ))
            scores[name] = (f"MSE {error:.3f}, " if error else "") + f"{read:.0%} recognised"
            if scored is not None and name not in (*scored, "Clean"):
                scores[name] = ""
        shown = _one_of_each(self.t) if rows is None else rows[:10]
        figure = figures.reconstructions(
            self.T[shown],
            {name: pictures[shown] for name, pictures in stages.items() if name != "Clean"},
            image_shape=self.shape,
            titles=("Clean", ""),
            scores=scores,
        )
        self._keep(file, caption, figure)

    def _keep(self, file: str, caption: str, figure: Any) -> None:
        self.found.figures[file] = (figure, caption)


def corrupted(X: FloatArray, task: Corruption, *, seed: int) -> FloatArray:
    """Return rows corrupted once, by draws of their own."""
    generator = torch.Generator().manual_seed(seed)
    return task(torch.from_numpy(X), generator=generator).numpy()


def linear_restorer(X: FloatArray, task: Corruption) -> Callable[[FloatArray], FloatArray]:
    r"""Return the best map from corrupted pictures to clean ones that is linear, then clipped.

    For noise of variance :math:`s^2` it is the Wiener filter,

    .. math:: \hat x = \mu + \Sigma (\Sigma + s^2 I)^{-1} (\tilde x - \mu)

    which is ridge regression of the clean pictures on themselves with the penalty :math:`n s^2`.
    For another task it is least squares on one draw of the corrupted training pictures.

    Source: Wiener 1949, "Extrapolation, interpolation and smoothing of stationary time series".
    """
    noise = isinstance(task, GaussianNoise)
    share = task.scale**2 if isinstance(task, GaussianNoise) else _LITTLE
    ridge = Ridge(share * len(X), solver="cholesky")
    ridge.fit(X if noise else corrupted(X, task, seed=0), X)
    return lambda given: np.clip(ridge.predict(given), 0, 1)


def among_own(codes: FloatArray, labels: IntArray) -> float:
    """Return which share of each code's nearest neighbours has its label, the mean over codes."""
    nearest = NearestNeighbors(n_neighbors=_NEIGHBORS).fit(codes).kneighbors(return_distance=False)
    return float((labels[nearest] == labels[:, None]).mean())


def _learn_to_read(X: FloatArray, y: IntArray, *, epochs: int) -> MLPClassifier:
    """Train a classifier on clean pictures; an epoch a call, for it warns when it is stopped."""
    reader = MLPClassifier((256,), batch_size=min(200, len(X)), random_state=0)
    for _ in range(epochs):
        reader.partial_fit(X, y, classes=np.unique(y))
    return reader


def _one_of_each(labels: IntArray) -> IntArray:
    """Return the first row of each class."""
    return np.unique(labels, return_index=True)[1]
