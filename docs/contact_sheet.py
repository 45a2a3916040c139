"""One picture of every figure that there is, drawn of material that is hard on figures.

``python docs/contact_sheet.py sheet.png`` draws each figure of `inscape.figures` five times: of
digits; of forty classes, columns and items with names of thirty letters; the same as eyes without
green cones see it, and in greys; and of twelve rows. Look at it after each change to a figure.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageDraw
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from inscape import data, dynamics, figures, measures

SHAPE = (8, 8)
# How light of each colour reaches eyes without green cones: Machado, Oliveira and Fernandes (2009),
# IEEE Transactions on Visualization and Computer Graphics 15(6), table 1, severity 1.0.
DEUTERANOPIA = np.array(
    [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]
)
_CELL, _CAPTION, _EDGE = (420, 330), 22, 12


@dataclass(frozen=True)
class Material:
    """What figures are drawn of.

    Parameters
    ----------
    X : ndarray, shape (n_samples, 64)
        Pictures of 8 x 8 pixels, which stand for tables too.
    y : ndarray, shape (n_samples,)
        Places of their classes.
    n_classes : int
        How many there are.
    long : bool
        Whether names have thirty letters.
    """

    X: np.ndarray
    y: np.ndarray
    n_classes: int
    long: bool

    def names(self, kind: str, n: int) -> list[str]:
        """Return the names of so many classes, columns or items."""
        if not self.long:
            return [f"{kind} {k}" for k in range(n)]
        return [f"the {kind} of thirty letters, no. {k:02d}" for k in range(n)]

    @property
    def class_names(self) -> list[str]:
        """A name for each class."""
        return self.names("class", self.n_classes)

    @property
    def columns(self) -> list[str]:
        """A name for each column."""
        return self.names("column", self.X.shape[1])

    def pca(self, n_components: int) -> Any:
        """Return a representation of the rows."""
        return PCA(n_components, random_state=0).fit(self.X)

    @cached_property
    def codes(self) -> np.ndarray:
        """Return the rows in three components."""
        return self.pca(3).transform(self.X)

    @cached_property
    def moments(self) -> np.ndarray:
        """Return codes at six moments, (6, n_samples, 3)."""
        noise = np.random.default_rng(0).normal(size=self.codes.shape)
        return np.array([(1 - t) * noise + t * self.codes for t in np.linspace(0, 1, 6)])

    @cached_property
    def course(self) -> Any:
        """Return a deep linear network's training on the tree."""
        tree = self.tree
        return dynamics.simulate(tree.inputs, tree.targets, gamma=1e-3, learning_rate=100.0)

    @property
    def tree(self) -> Any:
        """Return items at the leaves of a tree, forty where there are as many classes."""
        branches = (2, 4, 5) if self.n_classes == 40 else (2, 2, 2)
        return data.tree(branches=branches, random_state=0)

    @property
    def similarity(self) -> np.ndarray:
        """Return the similarity of the items over the training, (n_epochs, n_items, n_items)."""
        found = self.course.similarity
        return found.reshape(len(self.course.epochs), *found.shape[-2:])

    @property
    def steps(self) -> np.ndarray:
        """Return one row that a component changes, (4, 7, 64)."""
        pca, values = self.pca(4), np.linspace(-2, 2, 7)
        codes = np.zeros((4, 7, 4))
        for k in range(4):
            codes[k, :, k] = values
        return pca.inverse_transform(codes.reshape(28, 4)).reshape(4, 7, 64)


def _sphere(m: Material) -> np.ndarray:
    return m.codes / np.linalg.norm(m.codes, axis=1, keepdims=True)


class _OnSphere:
    """A decoder of directions, as that of a spherical model."""

    n_components_ = 3

    def __init__(self, m: Material) -> None:
        self._pca = m.pca(3)

    def inverse_transform(self, X: Any) -> np.ndarray:
        return self._pca.inverse_transform(2 * np.asarray(X))


def _falling(n: int = 30, *, floor: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    x = np.linspace(0.1, 10, n)
    return x, floor + np.exp(-x / 2)


def _counts(m: Material, n: int) -> np.ndarray:
    return np.random.default_rng(0).poisson(0.4, size=(n, n)) + 20 * np.eye(n)


def _spectrum(m: Material) -> tuple[np.ndarray, np.ndarray]:
    found = measures.parallel_analysis(m.X, n_permutations=19, random_state=0)
    return found.variances, found.thresholds


VALUES = np.linspace(-2, 2, 7)
# Each figure by its name.
FIGURES: dict[str, Callable[[Material], Figure | bytes]] = {
    "latent_map": lambda m: figures.latent_map(m.codes[:, :2], m.y, class_names=m.class_names),
    "map_and_grid": lambda m: figures.map_and_grid(
        m.pca(2), m.codes[:, :2], m.y, image_shape=SHAPE, class_names=m.class_names
    ),
    "decoder_grid": lambda m: figures.decoder_grid(
        m.pca(2), image_shape=SHAPE, codes=m.codes[:, :2]
    ),
    "before_after": lambda m: figures.before_after(
        m.moments[0, :, :2], m.codes[:, :2], m.y, class_names=m.class_names
    ),
    "add_class_bar": lambda m: figures.add_class_bar(
        figures.latent_map(m.codes[:, :2], m.y, class_names=m.class_names), m.class_names
    ),
    "map_forming": lambda m: figures.map_forming(
        m.moments[..., :2], np.arange(6), m.y, class_names=m.class_names
    ),
    "animate_map": lambda m: figures.animate_map(
        m.moments[..., :2], np.arange(6), m.y, class_names=m.class_names, n_between=0
    ),
    "turning_map": lambda m: figures.turning_map(
        m.codes, m.y, class_names=m.class_names, n_frames=4
    ),
    "spherical_map": lambda m: figures.spherical_map(_sphere(m), m.y, class_names=m.class_names),
    "spherical_grid": lambda m: figures.spherical_grid(_OnSphere(m), image_shape=SHAPE, n=9),
    "reconstructions": lambda m: figures.reconstructions(
        m.X, {"PCA of two": _back(m, 2), "PCA of eight": _back(m, 8)}, image_shape=SHAPE
    ),
    "sample_sheet": lambda m: figures.sample_sheet(
        m.X, m.y, image_shape=SHAPE, class_names=m.class_names
    ),
    "sample_rows": lambda m: figures.sample_rows(
        m.steps, image_shape=SHAPE, names=m.names("model", 4)
    ),
    "sample_table": lambda m: figures.sample_table(
        {"the data": m.X[:, :8], "the model": _back(m, 2)[:, :8]}, feature_names=m.columns[:8]
    ),
    "traversal_grid": lambda m: figures.traversal_grid(
        m.steps, image_shape=SHAPE, values=VALUES, component_names=m.names("component", 4)
    ),
    "traversal_table": lambda m: figures.traversal_table(
        m.steps[..., :20],
        values=VALUES,
        originals=m.X[:, :20],
        feature_names=m.columns[:20],
        component_names=m.names("component", 4),
    ),
    "traversal_animation": lambda m: figures.traversal_animation(
        m.steps, image_shape=SHAPE, values=VALUES, component_names=m.names("component", 4)
    ),
    "interpolation_grid": lambda m: figures.interpolation_grid(
        m.steps, image_shape=SHAPE, names=m.names("way", 4)
    ),
    "components": lambda m: figures.components(m.pca(8).components_, image_shape=SHAPE),
    "weight_tiles": lambda m: figures.weight_tiles(
        np.random.default_rng(0).normal(size=(40, 64)), image_shape=SHAPE
    ),
    "weight_histograms": lambda m: figures.weight_histograms(
        {"encoder": m.moments[0], "decoder": m.moments[1]},
        {"encoder": m.codes, "decoder": m.moments[4]},
    ),
    "loss_curve": lambda m: figures.loss_curve(
        [
            {"epoch": x, "loss": y, "validation_loss": 1.1 * y}
            for x, y in zip(*_falling(), strict=True)
        ],
        floors=dict.fromkeys(m.names("floor", 2), 0.3) | {"PCA": 0.28},
    ),
    "loss_comparison": lambda m: figures.loss_comparison(
        {name: _falling(floor=0.1 * (k + 1)) for k, name in enumerate(m.names("model", 5))},
        references={"PCA": 0.25},
    ),
    "loss_race": lambda m: figures.loss_race(
        {name: _falling(floor=0.1 * (k + 1)) for k, name in enumerate(m.names("model", 3))},
        references={"PCA": 0.25},
    ),
    "learning_curves": lambda m: figures.learning_curves(
        m.course.epochs, m.course.loss, m.course.modes
    ),
    "modes_over_theory": lambda m: figures.modes_over_theory(
        m.course.epochs, m.course.modes, {"discrete map": m.course.theoretical_modes()}
    ),
    "similarity_over_training": lambda m: figures.similarity_over_training(
        m.course.epochs,
        m.similarity,
        m.course.loss,
        chosen=m.course.epochs[:: len(m.course.epochs) // 5],
        item_names=m.names("item", m.similarity.shape[1]),
    ),
    "animate_similarity": lambda m: figures.animate_similarity(
        m.course.epochs,
        m.similarity,
        m.course.loss,
        item_names=m.names("item", m.similarity.shape[1]),
        n_frames=4,
    ),
    "illusory_correlation": lambda m: figures.illusory_correlation(
        m.course.epochs,
        np.sin(np.linspace(0, 4, len(m.course.epochs))),
        target=-1.0,
        modes=m.course.modes,
        item=m.names("item", 1)[0],
        feature=m.names("feature", 1)[0],
    ),
    "sweep_map": lambda m: figures.sweep_map(
        np.outer(np.arange(1, 9), np.arange(1, 7)) * 10.0,
        learning_rates=np.logspace(0, 3, 8),
        gammas=np.logspace(-12, -2, 6),
        label="epochs to learn",
        diverged=np.arange(8)[:, None] + np.arange(6) > 10,
    ),
    "hierarchy": lambda m: figures.hierarchy(
        m.tree.targets,
        item_names=m.names("item", len(m.tree.targets)),
        branches=m.tree.branches,
    ),
    "alignment_map": lambda m: figures.alignment_map(
        np.abs(np.corrcoef(m.moments[:, :, 0])), m.names("layer", 6)
    ),
    "anomaly_scores": lambda m: figures.anomaly_scores(
        m.codes[:, 0], 2.0, normal_scores=m.codes[:, 1]
    ),
    "anomaly_images": lambda m: figures.anomaly_images(
        m.X[:8], _back(m, 4)[:8], (m.X - _back(m, 4))[:8] ** 2, image_shape=SHAPE
    ),
    "anomaly_bars": lambda m: figures.anomaly_bars(
        (m.X - _back(m, 2))[:6] ** 2,
        values=m.X[:6],
        feature_names=m.columns,
        titles=m.names("row", 6),
    ),
    "clusters_against_labels": lambda m: figures.clusters_against_labels(
        _counts(m, min(m.n_classes, 20)), labels=m.class_names[:20]
    ),
    "prototype_images": lambda m: figures.prototype_images(
        m.X[:10], image_shape=SHAPE, titles=m.names("cluster", len(m.X[:10]))
    ),
    "prototype_bars": lambda m: figures.prototype_bars(
        m.X[:5],
        means=m.X.mean(axis=0),
        spreads=1e-3 + m.X.std(axis=0),
        feature_names=m.columns,
        titles=m.names("cluster", 5),
    ),
    "confusion": lambda m: figures.confusion(_counts(m, m.n_classes), class_names=m.class_names),
    "hidden_entries": lambda m: figures.hidden_entries(
        m.codes[:, 0], 0.8 * m.codes[:, 0], np.full(len(m.codes), 0.3 * m.codes[:, 0].std())
    ),
    "titled_images": lambda m: figures.titled_images(
        m.X[:10],
        [f"{a} or {b}" for a, b in zip("0123456789", "1234567890", strict=True)],
        image_shape=SHAPE,
    ),
    "comparison_panels": lambda m: figures.comparison_panels(
        {
            measure: {
                name: np.random.default_rng(k).normal(0.5 - 0.05 * k, 0.02, size=(3, 4))
                for k, name in enumerate(m.names("model", 6))
            }
            for measure in ("error", "trustworthiness", "linear probe", "seconds")
        },
        sizes=[2, 8, 32],
        halves={"error": {name: [0.05, 0.03, 0.02] for name in m.names("model", 6)}},
        better={"error": "less is better"},
    ),
    "size_evidence": lambda m: figures.size_evidence(
        *_spectrum(m),
        errors={
            name: ([1, 2, 4, 8, 16, 32], 0.9**k * np.array([0.9, 0.7, 0.5, 0.4, 0.3, 0.25]))
            for k, name in enumerate(m.names("model", 2))
        },
        likelihoods={
            name: ([1, 2, 4, 8, 16, 32], [-80.0, -70 + k, -60, -55, -58, -61 + k])
            for k, name in enumerate(m.names("model", 2))
        },
        active=([1, 2, 4, 8, 16, 32], [1, 2, 4, 8, 11, 12]),
        dimension=9.4,
    ),
    "accuracy_over_labels": lambda m: figures.accuracy_over_labels(
        {
            name: ([1, 10, 100], [[0.5 + 0.1 * k, 0.6], [0.7, 0.8], [0.9, 0.95]])
            for k, name in enumerate(m.names("method", 4))
        }
    ),
}


def _back(m: Material, n_components: int) -> np.ndarray:
    pca = m.pca(n_components)
    return pca.inverse_transform(pca.transform(m.X))


# --------------------------------------------------------------------------- the sheet


def materials() -> dict[str, Material]:
    """Return what figures are drawn of, by what is hard about it."""
    X, y = load_digits(return_X_y=True)
    X = X / 16
    forty = 4 * y + np.arange(len(y)) % 4
    return {
        "digits": Material(X[:1000], y[:1000], 10, long=False),
        "forty classes, long names": Material(X, forty, 40, long=True),
        "twelve rows": Material(X[:12], np.arange(12) % 3, 3, long=True),
    }


def without_green(picture: Image.Image) -> Image.Image:
    """Return a picture as eyes without green cones see it."""
    values = np.asarray(picture.convert("RGB"), dtype=float) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    seen = (linear @ DEUTERANOPIA.T).clip(0, 1)
    back = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    return Image.fromarray(np.rint(255 * back).astype(np.uint8))


def picture_of(drawn: Figure | bytes, *, dpi: int) -> Image.Image:
    """Return a figure as a picture, of a film the frame in its middle."""
    if isinstance(drawn, bytes):
        film = Image.open(io.BytesIO(drawn))
        film.seek(getattr(film, "n_frames", 1) // 2)
        return film.convert("RGB")
    stream = io.BytesIO()
    drawn.savefig(stream, format="png", dpi=dpi)
    return Image.open(stream).convert("RGB")


def contact_sheet(
    names: Sequence[str] = tuple(FIGURES), *, dpi: int = 75
) -> tuple[Image.Image, list[str]]:
    """Return one picture of the named figures, and what stands above its cells.

    Parameters
    ----------
    names : sequence of str
        Of `FIGURES`; each has a line of the sheet.
    dpi : int
        In which figures are drawn before they are made to fit.
    """
    lines, captions = [], []
    for name in names:
        line = list(_views(name, dpi))
        lines.append(line)
        captions += [caption for caption, _ in line]
    (width, height), n = _CELL, len(lines[0])
    step = height + _CAPTION + _EDGE
    sheet = Image.new("RGB", (n * (width + _EDGE) + _EDGE, len(lines) * step + _EDGE), "white")
    pen = ImageDraw.Draw(sheet)
    for i, line in enumerate(lines):
        for j, (caption, picture) in enumerate(line):
            left, top = _EDGE + j * (width + _EDGE), _EDGE + i * step
            pen.text((left, top), caption, fill="black")
            small = picture.copy()
            small.thumbnail(_CELL, Image.Resampling.LANCZOS)
            sheet.paste(small, (left, top + _CAPTION))
    return sheet, captions


def _views(name: str, dpi: int) -> Iterator[tuple[str, Image.Image]]:
    for words, material in materials().items():
        picture = picture_of(FIGURES[name](material), dpi=dpi)
        yield f"{name}: {words}", picture
        if material.n_classes == 40:
            yield f"{name}: without green", without_green(picture)
            yield f"{name}: in greys", picture.convert("L").convert("RGB")


if __name__ == "__main__":
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "contact-sheet.png")
    contact_sheet(sys.argv[2:] or tuple(FIGURES))[0].save(path)
    print(path)
