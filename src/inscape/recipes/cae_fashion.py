"""A convolutional autoencoder of Fashion-MNIST: how it learns, and where light and shade go.

The story: in three epochs the garments come back, but flat: folds, seams and prints are gone. The
source asks why; here one thing at a time is changed, and what comes back inside the garment is
measured.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.ndimage import binary_erosion, gaussian_filter
from sklearn.decomposition import PCA

from inscape import figures
from inscape._typing import FloatArray
from inscape.estimators import Autoencoder
from inscape.measures import binary_cross_entropy, reconstruct
from inscape.networks import Convolutional
from inscape.objectives import Bernoulli, Gaussian
from inscape.recipes.reproduction import Reproduction, fit_quietly
from inscape.training import Report

DATA = "fashion-mnist"
TITLE = "A convolutional autoencoder of Fashion-MNIST"
LEAD = (
    "Convolutions of 32 and 64 maps with stride 2, a dense layer of 16, 20 latent numbers and the "
    "mirror of it all; cross-entropy in nats a picture, Adam at 1e-3, 32 pictures a step. Beside "
    "it stands our default training of the same architecture for as many epochs. The source "
    "starts from Glorot's uniform weights and zero biases, here it is PyTorch's own start; Adam's "
    "epsilon is PyTorch's 1e-8 too, beside gradients of nats a pixel. Then what the source asks at "
    "its end: why are light and shade lost?"
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
QUICK_ROWS = 128, 64
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


def run(found: Reproduction) -> Iterator[str]:
    """Train for three epochs as the source does and as we do, then change one thing at a time."""
    found.keep(
        "samples.png",
        figures.sample_sheet(
            found.X_test,
            found.y_test,
            image_shape=found.image_shape,
            class_names=found.class_names,
        ),
        "The data: garments by their class, test pictures; a mark tells each class's colour in "
        "maps. A bad sign: pictures in the wrong row.",
    )
    yield "data"
    after = yield from _three_epochs(found)
    yield from _light_and_shade(found, after)


# --------------------------------------------------------------------------- experiments


def _three_epochs(found: Reproduction) -> Generator[str, None, dict[str, list[FloatArray]]]:
    """Measure after each epoch; return what came back of the test pictures then."""
    after: dict[str, list[FloatArray]] = {}
    curves: dict[str, list[float]] = {}
    for name, model in ((_AS_SOURCE, as_source(Change(""))), (_OURS, ours())):
        after[name] = _reconstructed(found, model)
        curves[f"{name}, training"] = [entry["loss"] for entry in model.history_[1:]]
        curves[f"{name}, test"] = [_nats(found, back) for back in after[name]]
        yield name
    for part, references in REFERENCES.items():
        columns = (references, curves[f"{_AS_SOURCE}, {part}"], curves[f"{_OURS}, {part}"])
        for epoch, (expected, measured, default) in enumerate(zip(*columns, strict=True), 1):
            found.add(
                f"{part}, epoch {epoch}", _NATS, expected, measured, source=SOURCE, ours=default
            )
    _draw_losses(found, curves)
    _draw_singles(found, after)
    return after


def _light_and_shade(found: Reproduction, after: Mapping[str, list[FloatArray]]) -> Iterator[str]:
    """Change one thing at a time, for one epoch, and measure the detail that comes back."""
    source = after[_AS_SOURCE]
    back = {_AS_SOURCE: source[0]}
    for change in CHANGES:
        back[change.name] = _reconstructed(found, as_source(change, epochs=1))[-1]
        _compare(found, f"{change.name}, 1 epoch", "1 epoch", back[change.name], source[0])
        yield change.name
    # What as many numbers can say without any network, and what three epochs are worth.
    for n in (20, 64):
        name = f"PCA of {n}"
        pca = PCA(n, random_state=0).fit(found.X_train)
        back[name] = np.clip(reconstruct(pca, found.X_test), 0, 1)
        _compare(found, name, "1 epoch", back[name], source[0])
    _compare(found, "3 epochs", "1 epoch", source[-1], source[0])
    _compare(found, "Inscape, 3 epochs", "3 epochs", after[_OURS][-1], source[-1])
    _draw_changes(found, back, after)
    yield "light and shade"


# --------------------------------------------------------------------------- trainings


def as_source(change: Change, *, epochs: int = _EPOCHS) -> Autoencoder:
    """Return the source's training, with a change, untrained."""
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


def ours() -> Autoencoder:
    """Return our default training of the source's architecture, untrained."""
    return Autoencoder(
        20, network=Convolutional(), likelihood="bernoulli", epochs=_EPOCHS, random_state=0
    )


def _reconstructed(found: Reproduction, model: Autoencoder) -> list[FloatArray]:
    """Train, and return what comes back of the test pictures after each epoch."""
    after: list[FloatArray] = []

    def look(report: Report, _: Any) -> None:
        if report.epoch_done:
            after.append(model.reconstruct(found.X_test))

    fit_quietly(model, found.X_train, watch=look)
    return after


# --------------------------------------------------------------------------- numbers


def _nats(found: Reproduction, back: FloatArray) -> float:
    return binary_cross_entropy(found.X_test, back) * found.X_test.shape[1]


def _share(found: Reproduction, back: FloatArray) -> float:
    return light_and_shade_kept(found.X_test, back, image_shape=found.image_shape)


def _compare(
    found: Reproduction, what: str, beside: str, back: FloatArray, reference: FloatArray
) -> None:
    """Add what a training makes of the test pictures, beside what the source's makes."""
    for metric, measure in ((_SHARE, _share), (_NATS, _nats)):
        found.add(
            f"{what}, beside the source's {beside}",
            metric,
            measure(found, reference),
            measure(found, back),
            source=f"here: the source's, {beside}",
        )


# --------------------------------------------------------------------------- what is kept


def _draw_losses(found: Reproduction, curves: Mapping[str, Sequence[float]]) -> None:
    # The cross-entropy of grey pixels with themselves, below which nothing can come.
    least = _nats(found, found.X_test)
    found.keep(
        "losses.png",
        figures.loss_comparison(
            {name: (np.arange(1, _EPOCHS + 1), values) for name, values in curves.items()},
            references={"perfect": least},
            xlabel="epoch",
            ylabel=_NATS,
            title="Loss over epochs",
        ),
        "Nats a picture over epochs; in training the mean over the epoch. Of grey pixels even "
        f"a perfect reconstruction costs {least:.1f} nats, their own entropy: only what "
        "lies above can be learned away. Bad signs: a curve that rises, or ends far above that "
        "line.",
    )


def _draw_singles(found: Reproduction, after: Mapping[str, list[FloatArray]]) -> None:
    back = {f"{name}, 3 epochs": stages[-1] for name, stages in after.items()}
    scores = {name: f"{_nats(found, pictures):.1f} nats" for name, pictures in back.items()}
    found.keep(
        "single_pictures.png",
        _sheet(found, found.X_test, back, scores),
        "One test picture of each class and what comes back of it: outline and brightness do, "
        "folds, seams and prints do not. A bad sign: outlines that are lost too.",
    )


def _draw_changes(
    found: Reproduction, back: Mapping[str, FloatArray], after: Mapping[str, list[FloatArray]]
) -> None:
    T, shape = found.X_test, found.image_shape
    shares = {name: _share(found, pictures) for name, pictures in back.items()}
    scores = {name: f"{_percent(share)} of light, shade" for name, share in shares.items()}
    detail, inside = light_and_shade(T, T, image_shape=shape)
    least = _nats(found, T)
    found.keep(
        "light_and_shade.png",
        _sheet(found, T, back, scores),
        answer(
            shares,
            longer={name: _share(found, stages[-1]) for name, stages in after.items()},
            nats=_nats(found, np.clip(T - detail, 0, 1)) - least,
            of=_nats(found, back[_AS_SOURCE]) - least,
        )
        + " A bad sign: a model trained for longer that keeps no more of them.",
    )
    details = {
        name: light_and_shade(T, pictures, image_shape=shape)[0] for name, pictures in back.items()
    }
    found.keep(
        "light_and_shade_alone.png",
        _sheet(found, detail, details, scores),
        "The same, light and shade alone: each pixel inside the garment less the brightness "
        "around it, grey where they are equal. The share is measured on these, over "
        f"{inside.mean():.0%} of all pixels. A bad sign: plain grey, for then nothing came back.",
    )


def _sheet(
    found: Reproduction,
    originals: FloatArray,
    back: Mapping[str, FloatArray],
    scores: Mapping[str, str],
) -> Any:
    """Draw one picture of each class, without the error of those few."""
    shown = np.unique(found.y_test, return_index=True)[1]
    return figures.reconstructions(
        originals[shown],
        {name: pictures[shown] for name, pictures in back.items()},
        image_shape=found.image_shape,
        scores=scores,
    )


# --------------------------------------------------------------------------- light and shade


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
