"""A convolutional autoencoder of Fashion-MNIST: how it learns, and where light and shade go.

The story: in three epochs the garments come back, but flat: folds, seams and prints are gone. The
source asks why; here one thing at a time is changed, and what comes back inside the garment is
measured.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.ndimage import binary_erosion, gaussian_filter
from sklearn.decomposition import PCA

from inscape import figures
from inscape._typing import FloatArray
from inscape.data import Dataset
from inscape.estimators import Autoencoder, DeadUnitWarning
from inscape.measures import binary_cross_entropy, reconstruct
from inscape.networks import Convolutional
from inscape.objectives import Bernoulli, Gaussian
from inscape.recipes.reproduction import Reproduction
from inscape.recipes.results import Result

DATA = "fashion-mnist"
TITLE = "A convolutional autoencoder of Fashion-MNIST"
LEAD = (
    "Convolutions of 32 and 64 maps with stride 2, a dense layer of 16, 20 latent numbers and the "
    "mirror of it all; cross-entropy in nats a picture, Adam at 1e-3, 32 pictures a step. Beside "
    "it stands our default training of the same architecture for as many epochs. The source "
    "starts from Glorot's uniform weights and zero biases, here it is PyTorch's own start. Then "
    "what the source asks at its end: why are light and shade lost?"
)
SOURCE = "a TensorFlow article, to two digits; measured independently"

# Nats a picture after epochs 1, 2 and 3. In training they are the mean over the epoch's steps.
REFERENCES: Mapping[str, tuple[float, ...]] = {
    "training": (255.9, 239.1, 236.8),
    "test": (242.4, 239.2, 237.7),
}
_EPOCHS = len(REFERENCES["test"])
_NATS, _SHARE = "nats a picture", "share of light and shade that comes back"
# The width in pixels of what counts as the brightness around a pixel.
_WIDTH = 2.0
_QUICK_TRAIN, _QUICK_TEST = 128, 64
_AS_SOURCE, _OURS = "As the source", "Inscape"


@dataclass(frozen=True)
class Change:
    """What is done otherwise than the source does it, for one epoch.

    Parameters
    ----------
    name : str
        What is changed.
    dense : tuple of int
        Widths of the dense layers.
    latent : int
        Numbers a picture.
    likelihood : Likelihood
        What is minimised.
    """

    name: str
    dense: tuple[int, ...] = (16,)
    latent: int = 20
    likelihood: Any = field(default_factory=Bernoulli)


SINGLE_CHANGES = (
    Change("Squared error", likelihood=Gaussian(link="sigmoid")),
    Change("64 latents", latent=64),
    Change("Dense 128", dense=(128,)),
)
CHANGES = (*SINGLE_CHANGES, Change("Both widths", dense=(128,), latent=64))
N_STEPS = 4 + len(CHANGES)


def run(found: Reproduction, dataset: Dataset) -> Iterator[str]:
    """Add results and figures to `found`, and yield the name of each training when it is done.

    Parameters
    ----------
    found : Reproduction
        Gets the results and the figures.
    dataset : Dataset
        Fashion-MNIST, or part of it.
    """
    lab = _Lab(found, dataset)
    yield "data"
    yield from lab.three_epochs()
    yield from lab.light_and_shade()


class _Lab:
    """The data, and what each training made of the test pictures."""

    def __init__(self, found: Reproduction, dataset: Dataset) -> None:
        self.found = found
        n_train, n_test = (_QUICK_TRAIN, _QUICK_TEST) if found.quick else (None, None)
        assert dataset.test.y is not None
        assert dataset.image_shape is not None
        self.X, self.T = dataset.train.X[:n_train], dataset.test.X[:n_test]
        self.labels = dataset.test.y[:n_test]
        self.shape = dataset.image_shape
        # One of each class, as single pictures.
        self.shown = np.unique(self.labels, return_index=True)[1]
        # The cross-entropy of grey pixels with themselves, below which nothing can come.
        self.least = self._nats(self.T)
        self.found.figures["samples.png"] = (
            figures.sample_sheet(
                self.T, self.labels, image_shape=self.shape, class_names=dataset.class_names
            ),
            "The data: garments by their class, test pictures.",
        )

    # ----------------------------------------------------------------------- experiments

    def three_epochs(self) -> Iterator[str]:
        """Train as the source does and as we do, and measure after each epoch."""
        curves: dict[str, list[float]] = {}
        self.after: dict[str, list[FloatArray]] = {}
        for name, model in ((_AS_SOURCE, self._as_source(Change(""))), (_OURS, self._default())):
            self.after[name] = self._fit(model)
            curves[f"{name}, training"] = [entry["loss"] for entry in model.history_]
            curves[f"{name}, test"] = [self._nats(back) for back in self.after[name]]
            yield name
        for part, references in REFERENCES.items():
            columns = (references, curves[f"{_AS_SOURCE}, {part}"], curves[f"{_OURS}, {part}"])
            for epoch, (expected, measured, ours) in enumerate(zip(*columns, strict=True), 1):
                self.found.results.append(
                    Result(f"{part}, epoch {epoch}", _NATS, SOURCE, expected, measured, ours)
                )
        self._draw_losses(curves)
        self._draw_singles()

    def light_and_shade(self) -> Iterator[str]:
        """Change one thing at a time, for one epoch, and measure the detail that comes back."""
        source = self.after[_AS_SOURCE]
        back = {_AS_SOURCE: source[0]}
        for change in CHANGES:
            back[change.name] = self._fit(self._as_source(change, epochs=1))[-1]
            self._compare(f"{change.name}, 1 epoch", "1 epoch", back[change.name], source[0])
            yield change.name
        # What as many numbers can say without any network, and what three epochs are worth.
        for n in (20, 64):
            name = f"PCA of {n}"
            pca = PCA(n, random_state=0).fit(self.X)
            back[name] = np.clip(reconstruct(pca, self.T), 0, 1)
            self._compare(name, "1 epoch", back[name], source[0])
        self._compare("3 epochs", "1 epoch", source[-1], source[0])
        self._compare("Inscape, 3 epochs", "3 epochs", self.after[_OURS][-1], source[-1])
        self._draw_changes(back)
        yield "light and shade"

    # ----------------------------------------------------------------------- trainings

    def _as_source(self, change: Change, *, epochs: int = _EPOCHS) -> Autoencoder:
        """Return the source's training, with a change."""
        return Autoencoder(
            change.latent,
            network=Convolutional(dense=change.dense, bias="torch_default"),
            likelihood=change.likelihood,
            optimizer="adam",
            learning_rate=1e-3,
            batch_size=32,
            epochs=epochs,
            random_state=0,
        )

    def _default(self) -> Autoencoder:
        """Return our default training of the source's architecture."""
        return Autoencoder(
            20, network=Convolutional(), likelihood="bernoulli", epochs=_EPOCHS, random_state=0
        )

    def _fit(self, model: Autoencoder) -> list[FloatArray]:
        """Train, and return what comes back of the test pictures after each epoch."""
        with warnings.catch_warnings():
            # Units of the code may be dead in the few steps of the quick form.
            warnings.simplefilter("ignore", DeadUnitWarning)
            return [
                model.reconstruct(self.T)
                for report, _ in model.iter_fit(self.X)
                if report.epoch_done
            ]

    # ----------------------------------------------------------------------- numbers

    def _nats(self, back: FloatArray) -> float:
        return binary_cross_entropy(self.T, back) * self.T.shape[1]

    def _share(self, back: FloatArray) -> float:
        return light_and_shade_kept(self.T, back, image_shape=self.shape)

    def _compare(self, what: str, beside: str, back: FloatArray, reference: FloatArray) -> None:
        """Add what a training makes of the test pictures, beside what the source's makes."""
        for metric, measure in ((_SHARE, self._share), (_NATS, self._nats)):
            self.found.results.append(
                Result(
                    f"{what}, beside the source's {beside}",
                    metric,
                    f"here: the source's, {beside}",
                    measure(reference),
                    measure(back),
                    None,
                )
            )

    # ----------------------------------------------------------------------- what is kept

    def _draw_losses(self, curves: Mapping[str, Sequence[float]]) -> None:
        self._keep(
            "losses.png",
            "Nats a picture over epochs; in training the mean over the epoch. Of grey pixels even "
            f"a perfect reconstruction costs {self.least:.1f} nats, their own entropy: only what "
            "lies above can be learned away.",
            figures.loss_comparison(
                {name: (np.arange(1, _EPOCHS + 1), values) for name, values in curves.items()},
                references={"perfect": self.least},
                xlabel="epoch",
                ylabel=_NATS,
                title="Loss over epochs",
            ),
        )

    def _draw_singles(self) -> None:
        back = {f"{name}, 3 epochs": stages[-1] for name, stages in self.after.items()}
        scores = {name: f"{self._nats(pictures):.1f} nats" for name, pictures in back.items()}
        self._keep(
            "single_pictures.png",
            "One test picture of each class and what comes back of it: outline and brightness do, "
            "folds, seams and prints do not.",
            self._sheet(self.T, back, scores),
        )

    def _draw_changes(self, back: Mapping[str, FloatArray]) -> None:
        shares = {name: self._share(pictures) for name, pictures in back.items()}
        scores = {name: f"{_percent(share)} of light, shade" for name, share in shares.items()}
        detail, inside = self._detail(self.T)
        flat = self._nats(np.clip(self.T - detail, 0, 1))
        self._keep(
            "light_and_shade.png",
            answer(
                shares,
                longer={name: self._share(stages[-1]) for name, stages in self.after.items()},
                nats=flat - self.least,
                of=self._nats(back[_AS_SOURCE]) - self.least,
            ),
            self._sheet(self.T, back, scores),
        )
        details = {name: self._detail(pictures)[0] for name, pictures in back.items()}
        self._keep(
            "light_and_shade_alone.png",
            "The same, light and shade alone: each pixel inside the garment less the brightness "
            "around it, grey where they are equal. The share is measured on these, over "
            f"{inside.mean():.0%} of all pixels.",
            self._sheet(detail, details, scores),
        )

    def _detail(self, pictures: FloatArray) -> tuple[FloatArray, FloatArray]:
        return light_and_shade(self.T, pictures, image_shape=self.shape)

    def _sheet(
        self, originals: FloatArray, back: Mapping[str, FloatArray], scores: Mapping[str, str]
    ) -> Any:
        return figures.reconstructions(
            originals[self.shown],
            {name: pictures[self.shown] for name, pictures in back.items()},
            image_shape=self.shape,
            scores=scores,
        )

    def _keep(self, file: str, caption: str, figure: Any) -> None:
        self.found.figures[file] = (figure, caption)


def light_and_shade(
    X: FloatArray, pictures: FloatArray, *, image_shape: tuple[int, ...]
) -> tuple[FloatArray, FloatArray]:
    r"""Return pixels inside the garment less the brightness around them, and where that is.

    .. math:: d = x - \frac{G(m x)}{G(m)} \text{ where } m = 1, \quad 0 \text{ elsewhere}

    with :math:`G` a Gaussian blur of 2 pixels and :math:`m` the pixels of the original that are
    not black and have no black neighbour; beyond the frame all is black. What lies outside has no
    part in it, so an outline gives no detail.

    Parameters
    ----------
    X : ndarray, shape (n_samples, n_pixels)
        The originals, black where there is no garment.
    pictures : ndarray, shape (n_samples, n_pixels)
        What the detail is taken of: the originals, or what came back of them.
    image_shape : tuple of int
        (height, width) of a picture.

    Returns
    -------
    tuple of ndarray, shape (n_samples, n_pixels)
        The detail, and the mask.
    """
    shape = (len(X), *image_shape[:2])
    square = np.ones((1, 3, 3), dtype=bool)
    inside = binary_erosion(X.reshape(shape) > 0, structure=square).astype(np.float64)
    images = pictures.reshape(shape).astype(np.float64)
    widths = (0, _WIDTH, _WIDTH)
    weight = np.maximum(gaussian_filter(inside, widths), np.finfo(float).tiny)
    detail = inside * (images - gaussian_filter(inside * images, widths) / weight)
    return detail.reshape(X.shape), inside.reshape(X.shape)


def light_and_shade_kept(
    X: FloatArray, pictures: FloatArray, *, image_shape: tuple[int, ...]
) -> float:
    r"""Return which share of the light and shade inside the garments comes back.

    .. math:: \sum \hat d d / \sum d^2

    over all pixels of all pictures, with the details :math:`d` and :math:`\hat d` of
    `light_and_shade`: 1 for a perfect reconstruction, 0 for one whose garments are flat, and the
    factor by which it is paler where it is right otherwise. Detail that has nothing to do with the
    original counts nothing.

    Parameters
    ----------
    X, pictures : ndarray, shape (n_samples, n_pixels)
        The originals and what came back.
    image_shape : tuple of int
        (height, width) of a picture.

    Examples
    --------
    >>> X = np.random.default_rng(0).uniform(0.2, 1, size=(5, 64))
    >>> round(light_and_shade_kept(X, 0.3 + X / 2, image_shape=(8, 8)), 6)
    0.5
    """
    detail, _ = light_and_shade(X, X, image_shape=image_shape)
    kept, _ = light_and_shade(X, pictures, image_shape=image_shape)
    return float((kept * detail).sum() / np.square(detail).sum())


def answer(
    shares: Mapping[str, float], *, longer: Mapping[str, float], nats: float, of: float
) -> str:
    """Return in words why light and shade are lost.

    Parameters
    ----------
    shares : mapping of str to float
        Of light and shade, that come back after one epoch.
    longer : mapping of str to float
        The same after all epochs.
    nats : float
        What pictures that are right, but for light and shade, cost above perfect ones.
    of : float
        What the source's pictures cost above perfect ones after one epoch.
    """
    best = max(SINGLE_CHANGES, key=lambda change: shares[change.name])
    return (
        f"Why are light and shade lost? Of them comes back after one epoch: {_listed(shares)}; "
        f"after {_EPOCHS} epochs: {_listed(longer)}. Of the single changes the most is won by "
        f"{best.name}. Pictures that are right, but for light and shade, cost "
        f"{nats:.1f} nats more than perfect ones, of the {of:.1f} that the source's cost more "
        "after one epoch: what is worth little is learned late."
    )


def _listed(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {_percent(share)}" for name, share in shares.items())


def _percent(share: float) -> str:
    # Rounded first: a share may lie a little below 0, and "-0%" says nothing.
    return f"{round(100 * share)}%"
