"""Neuromatch Academy, *Autoencoders applications*: one autoencoder, three tasks of seeing.

The story: an autoencoder that has learned to give back clean digits is shown noisy, half hidden or
turned ones. As it is, it takes away much of the noise, and copies what is hidden or turned as it
stands; a short fine-tuning teaches it each task. The more it has to guess, the more a digit that it
never saw becomes one that it knows. Which pixels are neighbours is nothing to it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
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
from inscape.estimators import Autoencoder
from inscape.measures import peak_signal_to_noise_ratio, reconstruct, squared_error
from inscape.objectives import Gaussian
from inscape.recipes.reproduction import Reproduction

DATA = "mnist"
TITLE = "Three tasks for one autoencoder"
LEAD = (
    "The applications of Neuromatch Academy's autoencoder tutorials: one autoencoder, trained on "
    "clean digits, has to take noise away, guess what is hidden and turn digits upright, first as "
    "it is and then fine-tuned. Network and training are ours, not the tutorial's; its noisy "
    "pictures are clipped and these are not; it hides one of four quarters, and here a rectangle "
    "of that size lies anywhere inside. It publishes pictures and no numbers, so each number "
    "stands beside one of ours, which its row names. Digits are recognised by a classifier that "
    "was trained once, on clean pictures."
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
_EPOCHS, _TUNING_EPOCHS, _QUICK_EPOCHS = 10, 5, 2
# The tutorial's, too.
_UNSEEN = 6
_SHUFFLE = PixelShuffle(seed=0)

_SQUARED, _RATIO, _READ = "squared error", "PSNR in dB, mean over pictures", "digits recognised"
_NEIGHBORS = 10
# Keeps what is always black from making the least squares of occluded pictures singular.
_LITTLE = 1e-4


def run(found: Reproduction) -> Iterator[str]:
    """Learn each task, look at its codes, leave a digit out, and shuffle the pixels."""
    given = {
        name: corrupted(found.X_test, task, seed=seed)
        for seed, (name, task) in enumerate(TASKS.items(), start=1)
    }
    exam = Exam(found, given, reader=_learn_to_read(found))
    yield "classifier"
    tuned = yield from _three_tasks(found, exam)
    yield from _maps(found, exam)
    yield from _never_seen(found, exam, tuned)
    yield from _shuffled(found, exam, tuned)


# --------------------------------------------------------------------------- experiments


def _three_tasks(found: Reproduction, exam: Exam) -> Generator[str, None, dict[str, FloatArray]]:
    """Restore with a linear map, with the autoencoder as it is, and fine-tuned; return the last."""
    X, T = found.X_train, found.X_test
    before = _pretrain(found, X)
    yield "pretraining"
    restored = {}
    for name, task in TASKS.items():
        after = _fine_tune(found, before, X, task)
        given, linear = exam.given[name], linear_restorer(X, task)(exam.given[name])
        as_it_is, tuned = before.reconstruct(given), after.reconstruct(given)
        # Each stage stands beside the one that it has to beat.
        filtered = "the Wiener filter" if name == "Noise" else "the best linear map"
        exam.compare(f"{name}: nothing done", "clean", given, T)
        exam.compare(f"{name}: {filtered}", "nothing done", linear, given)
        if name == "Noise":
            pca = np.clip(reconstruct(PCA(32, random_state=0).fit(X), given), 0, 1)
            exam.compare(f"{name}: PCA, 32 components", filtered, pca, linear)
        exam.compare(f"{name}: not fine-tuned", "nothing done", as_it_is, given)
        metrics = (_SQUARED, _RATIO, _READ)
        exam.compare(f"{name}: fine-tuned", filtered, tuned, linear, metrics=metrics)
        exam.compare(
            f"{name}: fine-tuned, given clean pictures",
            "not fine-tuned",
            after.reconstruct(T),
            before.reconstruct(T),
            metrics=(_SQUARED,),
        )
        exam.keep_sheet(
            f"{name.lower()}.png",
            {
                _DONE[name].capitalize(): given,
                "Wiener filter" if name == "Noise" else "Best linear map": linear,
                "Not fine-tuned": as_it_is,
                "Fine-tuned": tuned,
            },
            f"{name}: what the autoencoder was given, what a linear map makes of it, and what it "
            "makes of it itself, before and after fine-tuning. Errors and shares are those of all "
            "test pictures.",
        )
        restored[name] = tuned
        yield name
    return restored


def _maps(found: Reproduction, exam: Exam) -> Iterator[str]:
    """Look at the codes of corrupted pictures in an autoencoder with two components."""
    # With a linear code a few far pictures press all others into the middle of the map.
    before = _pretrain(found, found.X_train, n_components=2, bottleneck="sigmoid")
    yield "two components: pretraining"
    for name, task in TASKS.items():
        after = _fine_tune(found, before, found.X_train, task)
        codes = [model.transform(exam.given[name]) for model in (before, after)]
        shares = [among_own(Z, found.y_test) for Z in codes]
        found.add(
            f"{name}: two components, fine-tuned, beside not fine-tuned",
            f"share of the {_NEIGHBORS} nearest codes of the same digit",
            shares[0],
            shares[1],
            source="here: not fine-tuned",
        )
        figure = figures.before_after(
            codes[0],
            codes[1],
            found.y_test,
            titles=(
                f"Not fine-tuned: {shares[0]:.0%} of neighbours alike",
                f"Fine-tuned: {shares[1]:.0%} of neighbours alike",
            ),
            class_names=found.class_names,
        )
        found.keep(
            f"{name.lower()}_maps.png",
            figure,
            f"Codes of pictures that are {_DONE[name]}, two numbers each, and how many of a code's "
            f"{_NEIGHBORS} nearest are of the same digit. A bad sign: digits mixed everywhere.",
        )
        yield f"two components: {name}"


def _never_seen(found: Reproduction, exam: Exam, tuned: Mapping[str, FloatArray]) -> Iterator[str]:
    """Train and fine-tune without one digit, and show it that digit."""
    seen, unseen = found.X_train[found.y_train != _UNSEEN], found.y_test == _UNSEEN
    before = _pretrain(found, seen)
    yield f"without {_UNSEEN}: pretraining"
    for name, task in TASKS.items():
        given = exam.given[name]
        restored = _fine_tune(found, before, seen, task).reconstruct(given)
        for whose, rows in (("the others", ~unseen), (f"{_UNSEEN}s", unseen)):
            what = f"{name}: never saw a {_UNSEEN}, given {whose}"
            exam.compare(what, "saw every digit", restored, tuned[name], rows=rows)
        exam.keep_sheet(
            f"never_seen_{name.lower()}.png",
            {
                _DONE[name].capitalize(): given,
                "Saw every digit": tuned[name],
                f"Never saw a {_UNSEEN}": restored,
            },
            f"{name}: what comes back of a {_UNSEEN} for one who never saw a {_UNSEEN}. Errors "
            f"are those of all {_UNSEEN}s among the test pictures.",
            rows=np.flatnonzero(unseen),
        )
        yield f"without {_UNSEEN}: {name}"


def _shuffled(found: Reproduction, exam: Exam, tuned: Mapping[str, FloatArray]) -> Iterator[str]:
    """Do the same with all pixels in another order, the same one in every picture."""
    order = _SHUFFLE.permutation(found.X_train.shape[1]).numpy()
    back = order.argsort()
    X = found.X_train[:, order]
    before = _pretrain(found, X)
    yield "shuffled: pretraining"
    for name, task in TASKS.items():
        after = _fine_tune(found, before, X, Shuffled(_SHUFFLE.seed, task=task))
        given = exam.given[name][:, order]
        restored = after.reconstruct(given)
        in_order = restored[:, back]
        exam.compare(f"{name}: pixels shuffled", "not shuffled", in_order, tuned[name])
        if name == "Noise":
            exam.keep_sheet(
                "shuffled.png",
                {
                    "Noisy, shuffled": given,
                    "Restored": restored,
                    "Put back in order": in_order,
                    "Never shuffled": tuned[name],
                },
                "The same task with all pixels in another order: put back in order, the result is "
                "as good. A dense network does not know which pixels are neighbours.",
                scored=("Put back in order", "Never shuffled"),
            )
        yield f"shuffled: {name}"
    # The geometry is in the task: a rectangle of the shuffled picture hides scattered pixels.
    name, task = "Occlusion", TASKS["Occlusion"]
    given = corrupted(found.X_test[:, order], task, seed=1)
    restored = _fine_tune(found, before, X, task).reconstruct(given)[:, back]
    what = f"{name}: rectangle over shuffled pixels"
    exam.compare(what, "over the picture", restored, tuned[name])
    exam.keep_sheet(
        "scattered.png",
        {
            "In one place": exam.given[name],
            "One place, restored": tuned[name],
            "Scattered": given[:, back],
            "Scattered, restored": restored,
        },
        "A quarter of the pixels hidden in one place, and a quarter scattered (a rectangle "
        "over the shuffled picture, put back in order): what has neighbours left is easily "
        "guessed.",
    )
    yield "shuffled: a rectangle over shuffled pixels"


# --------------------------------------------------------------------------- trainings


def _pretrain(
    found: Reproduction, X: FloatArray, *, n_components: int = 32, bottleneck: str = "identity"
) -> Autoencoder:
    """Train our default network to give back clean pictures."""
    return Autoencoder(
        n_components,
        bottleneck=bottleneck,
        likelihood=Gaussian(link="sigmoid"),
        epochs=found.epochs(_EPOCHS, quick=_QUICK_EPOCHS),
        batch_size=256,
        random_state=0,
    ).fit(X)


def _fine_tune(
    found: Reproduction, model: Autoencoder, X: FloatArray, task: Corruption
) -> Autoencoder:
    epochs = found.epochs(_TUNING_EPOCHS, quick=_QUICK_EPOCHS)
    return model.fine_tune(X, corruption=task, epochs=epochs)


def _learn_to_read(found: Reproduction) -> MLPClassifier:
    """Train a classifier on clean pictures; an epoch a call, for it warns when it is stopped."""
    X, y = found.X_train, found.y_train
    reader = MLPClassifier((256,), batch_size=min(200, len(X)), random_state=0)
    for _ in range(found.epochs(_EPOCHS, quick=_QUICK_EPOCHS)):
        reader.partial_fit(X, y, classes=np.unique(y))
    return reader


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
    share = float(np.square(task.scale).mean()) if isinstance(task, GaussianNoise) else _LITTLE
    ridge = Ridge(share * len(X), solver="cholesky")
    ridge.fit(X if noise else corrupted(X, task, seed=0), X)
    return lambda given: np.clip(ridge.predict(given), 0, 1)


def among_own(codes: FloatArray, labels: IntArray) -> float:
    """Return which share of each code's nearest neighbours has its label, the mean over codes."""
    nearest = NearestNeighbors(n_neighbors=_NEIGHBORS).fit(codes).kneighbors(return_distance=False)
    return float((labels[nearest] == labels[:, None]).mean())


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


# --------------------------------------------------------------------------- numbers


@dataclass(frozen=True)
class Exam:
    """What an autoencoder is shown, who marks what comes back, and where the marks go.

    Parameters
    ----------
    found : Reproduction
        Has the clean test pictures and their digits; gets the marks.
    given : mapping of str to ndarray, shape (n_samples, n_pixels)
        Task to the test pictures, corrupted once.
    reader : classifier
        Reads digits off pictures.
    """

    found: Reproduction
    given: Mapping[str, FloatArray]
    reader: MLPClassifier

    def mark(self, metric: str, pictures: FloatArray, rows: Any = slice(None)) -> float:
        """Return what a metric says of restored pictures, on some of the rows."""
        if metric == _READ:
            read = self.reader.predict(pictures[rows])
            return float((read == self.found.y_test[rows]).mean())
        measure = squared_error if metric == _SQUARED else peak_signal_to_noise_ratio
        return measure(self.found.X_test[rows], pictures[rows])

    def compare(
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
            expected, measured = (self.mark(metric, X, rows) for X in (reference, restored))
            name = f"{what}, beside {beside}"
            self.found.add(name, metric, expected, measured, source=f"here: {beside}")

    def keep_sheet(
        self,
        file: str,
        stages: Mapping[str, FloatArray],
        caption: str,
        *,
        rows: IntArray | None = None,
        scored: Sequence[str] | None = None,
    ) -> None:
        """Keep the stages of one picture of each digit, or of the first of the rows."""
        clean, labels = self.found.X_test, self.found.y_test
        marked = np.arange(len(labels)) if rows is None else rows
        scores = {}
        for name, pictures in {"Clean": clean, **stages}.items():
            error, read = (self.mark(metric, pictures, marked) for metric in (_SQUARED, _READ))
            scores[name] = (f"MSE {error:.3f}, " if error else "") + f"{read:.0%} recognised"
            if scored is not None and name not in (*scored, "Clean"):
                scores[name] = ""
        shown = np.unique(labels, return_index=True)[1] if rows is None else rows[:10]
        figure = figures.reconstructions(
            clean[shown],
            {name: pictures[shown] for name, pictures in stages.items()},
            image_shape=self.found.image_shape,
            titles=("Clean", ""),
            scores=scores,
        )
        caption += " A bad sign: a last row that is no nearer to the first than the one before."
        self.found.keep(file, figure, caption)
