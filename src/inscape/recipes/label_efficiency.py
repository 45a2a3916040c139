"""How few labels are enough: MNIST, from one label a class to all.

The story: ten numbers a picture, learned without a label, and the graph of their neighbours need
one label a class for what a network from scratch does not reach with a hundred.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from scipy.sparse import csr_matrix
from scipy.stats import t as student
from sklearn.decomposition import PCA
from sklearn.model_selection import StratifiedKFold
from torch import nn

from inscape import figures
from inscape._typing import FloatArray, IntArray
from inscape.estimators import Autoencoder
from inscape.recipes.reproduction import Reproduction, fit_quietly
from inscape.uses.classification.methods import FineTune, Graph, Probe
from inscape.uses.classification.methods.fine_tune import EncoderClassifier
from inscape.uses.classification.methods.graph import spread_labels
from inscape.uses.classification.methods.probe import fit_logistic, standardise
from inscape.uses.classification.representation import default_autoencoder
from inscape.uses.graph import neighbor_graph, neighbor_weights

DATA = "mnist"
TITLE = "Few labels: MNIST from one label a class to all"
LEAD = (
    "Labels are drawn from the 60,000 training pictures, as many of each class; the accuracy is on "
    "the 10,000 test pictures, its mean over five draws with the half width of its 95% interval. "
    "Ten components by our default, trained four times as long, on all 70,000 pictures (the test "
    "pictures are seen, without a label), or on the 60,000 alone (they are not). The graph of PCA "
    "has 50 components. What is trained on and what starts from scratch are the same layers, the "
    "linear one starting as the probe; both choose rate and length from one grid by labels at hand "
    "that are held out: three folds of 100 labels, a fifth of more. References are figures of a "
    "prototype, or of this run."
)
SOURCE = "Inscape, a prototype"
_ACCURACY, _WIDTH = "accuracy, %", "half width of the 95% interval, %"
_SEEN, _UNSEEN = "yes", "no"
_N_PCA = 50
_DRAWS = 5
ALL = 0  # stands for all labels
_BUDGETS = (1, 2, 5, 10, 100, ALL)
# Where less is enough to tell.
_FEWER = (1, 10, 100, ALL)
_PUBLISHED: Mapping[str, Mapping[int, float]] = {
    "graph": {1: 86.1, 2: 89.4, 5: 94.2, 10: 95.5, 100: 96.2},
    "probe": {1: 58.5, 2: 66.2, 5: 81.1, 10: 86.4, 100: 92.7},
    "graph of PCA": {10: 94.0},
    "fine-tuned": {10: 74.8},
    "from scratch": {10: 71.7},
}
N_STEPS = 7


@dataclass
class Table:
    """Accuracies in per cent, by who tells and by the labels a class."""

    cells: dict[tuple[str, str], dict[int, list[float]]]

    def add(self, name: str, seen: str, budget: int, right: float) -> None:
        """Add the accuracy of one draw."""
        self.cells.setdefault((name, seen), {}).setdefault(budget, []).append(100 * right)


@dataclass(frozen=True, eq=False)
class Pictures:
    """The pictures, and the labels that are drawn.

    Parameters
    ----------
    X : ndarray, shape (n_samples, n_features)
        Training pictures, and then test pictures.
    y : ndarray, shape (n_samples,)
        All labels, of which a method is given those that are drawn.
    n_train : int
        How many are training pictures.
    """

    X: FloatArray
    y: IntArray
    n_train: int

    @property
    def truth(self) -> IntArray:
        """The labels of the test pictures."""
        return self.y[self.n_train :]

    def draw(self, budget: int, seed: int) -> IntArray:
        """Return the places of labels, so many of each class, or of all training pictures."""
        if budget == ALL:
            return np.arange(self.n_train)
        random, y = np.random.default_rng(seed), self.y[: self.n_train]
        of_each = [random.choice(np.flatnonzero(y == c), budget, replace=False) for c in range(10)]
        return np.sort(np.concatenate(of_each))

    def right(self, told: FloatArray) -> float:
        """Return the share of test pictures whose most probable class is right."""
        return float((told.argmax(axis=1) == self.truth).mean())


def run(found: Reproduction) -> Iterator[str]:
    """Learn ten components, and then classes from few labels and from many."""
    budgets = found.epochs(_BUDGETS, quick=(1, 5, ALL))
    fewer = found.epochs(_FEWER, quick=(1, 5))
    n_draws = found.epochs(_DRAWS, quick=2)
    X = np.concatenate([found.X_train, found.X_test])
    pictures = Pictures(X, np.concatenate([found.y_train, found.y_test]), len(found.X_train))
    cells = Table({})
    seen = _learn(found, pictures.X)
    yield "ten components of all pictures"
    codes = np.asarray(seen.transform(pictures.X), dtype=np.float64)
    few_labels(cells, pictures, codes, _SEEN, budgets, n_draws)
    yield "few labels, test pictures seen"
    apart = _learn(found, found.X_train)
    yield "ten components of the training pictures"
    codes = np.asarray(apart.transform(pictures.X), dtype=np.float64)
    few_labels(cells, pictures, codes, _UNSEEN, fewer, n_draws)
    yield "few labels, test pictures not seen"
    linear = PCA(min(_N_PCA, len(found.X_test)), random_state=0).fit(pictures.X)
    _graph(cells, "graph of PCA", pictures, linear.transform(pictures.X), _SEEN, fewer, n_draws)
    yield "graph of PCA"
    for budget, draw in _draws(found.epochs((10, 100, ALL), quick=(5,)), n_draws):
        _train(found, cells, pictures, apart, budget, draw)
    yield "trained on, and from scratch"
    _tell(found, cells, budgets)
    yield "figures"


def _learn(found: Reproduction, X: FloatArray) -> Autoencoder:
    model = default_autoencoder(X, seed=0)
    return fit_quietly(model.set_params(epochs=found.epochs(model.epochs, quick=1)), X)


def few_labels(
    cells: Table,
    pictures: Pictures,
    codes: FloatArray,
    seen: str,
    budgets: Sequence[int],
    n_draws: int,
) -> None:
    """Tell classes by graph and probe of codes."""
    _graph(cells, "graph", pictures, codes, seen, budgets, n_draws)
    known = codes if seen == _SEEN else codes[: pictures.n_train]
    standard = standardise(known)
    for budget, draw in _draws(budgets, n_draws):
        places = pictures.draw(budget, draw)
        weights, intercepts = fit_logistic(
            standard.apply(codes[places]), pictures.y[places], strength=Probe().strength, seed=draw
        )
        told = standard.apply(codes[pictures.n_train :]) @ weights.T + intercepts
        cells.add("probe", seen, budget, pictures.right(told))


def _graph(
    cells: Table,
    name: str,
    pictures: Pictures,
    codes: FloatArray,
    seen: str,
    budgets: Sequence[int],
    n_draws: int,
) -> None:
    """Spread labels along the graph of neighbours, which is one for all draws."""
    part, n = Graph(), pictures.n_train
    known = codes if seen == _SEEN else codes[:n]
    graph = neighbor_graph(known, n_neighbors=part.n_neighbors)
    new: csr_matrix | None = None
    if seen == _UNSEEN:
        new = neighbor_weights(codes[n:], known, n_neighbors=part.n_neighbors)
    for budget, draw in _draws(budgets, n_draws):
        labels = np.zeros((len(known), 10))
        places = pictures.draw(budget, draw)
        labels[places, pictures.y[places]] = 1
        shares = spread_labels(graph, labels, alpha=part.alpha)
        cells.add(name, seen, budget, pictures.right(shares[n:] if new is None else new @ shares))


def _draws(budgets: Sequence[int], n_draws: int) -> list[tuple[int, int]]:
    return [(b, draw) for b in budgets for draw in range(1 if b == ALL else n_draws)]


# --------------------------------------------------------------------------- training on


def _train(
    found: Reproduction,
    cells: Table,
    pictures: Pictures,
    model: Autoencoder,
    budget: int,
    draw: int,
) -> None:
    """Train the same layers from where pretraining left them, and from scratch."""
    places = pictures.draw(budget, draw)
    X, y = pictures.X[places], pictures.y[places]
    test = torch.from_numpy(pictures.X[pictures.n_train :])
    for name in ("fine-tuned", "from scratch"):
        encoder = model.encoder_module()
        if name == "from scratch":
            draw_anew(encoder, seed=draw)
        method = _choose(encoder, X, y, steps=_steps(found, budget), seed=draw)
        classifier = _fit(method, encoder, X, y, seed=draw)
        with torch.no_grad():
            told = classifier(test).numpy()
        cells.add(name, _UNSEEN, budget, pictures.right(told))


def _steps(found: Reproduction, budget: int) -> tuple[int, ...]:
    return found.epochs((1500, 4000) if budget == ALL else (200, 600), quick=(5,))


def draw_anew(encoder: nn.Module, *, seed: int) -> None:
    """Give every linear layer of a module the weights of a start from scratch."""
    generator = torch.Generator().manual_seed(seed)
    for layer in encoder.modules():
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu", generator=generator)
            nn.init.zeros_(layer.bias)


def _choose(
    encoder: nn.Module, X: FloatArray, y: IntArray, *, steps: Sequence[int], seed: int
) -> FineTune:
    """Return the rate and the length that tell labels best which were held out."""
    grid = [(rate, n) for rate in (1e-3, 3e-3) for n in steps]
    folds = StratifiedKFold(3 if len(y) <= 100 else 5, shuffle=True, random_state=seed)
    splits = list(folds.split(X, y))
    right = dict.fromkeys(grid, 0.0)
    for rate, n in grid:
        for learned, judged in splits if len(y) <= 100 else splits[:1]:
            method = _method(rate, n, len(learned))
            classifier = _fit(method, encoder, X[learned], y[learned], seed=seed)
            with torch.no_grad():
                told = classifier(torch.from_numpy(X[judged])).argmax(dim=1).numpy()
            right[rate, n] += float((told == y[judged]).mean())
    return _method(*max(right, key=lambda cell: right[cell]), len(y))


def _method(rate: float, n_steps: int, n_samples: int) -> FineTune:
    return FineTune(learning_rate=rate, epochs=n_steps / math.ceil(n_samples / 128))


def _fit(
    method: FineTune, encoder: nn.Module, X: FloatArray, y: IntArray, *, seed: int
) -> EncoderClassifier:
    encoder = copy.deepcopy(encoder)
    with torch.no_grad():
        codes = encoder(torch.from_numpy(X)).double().numpy()
    standard = standardise(codes)
    start = fit_logistic(standard.apply(codes), y, strength=1.0, seed=seed)
    classifier = EncoderClassifier(encoder, standard, *start)
    method.train(classifier, X, y, seed=seed)
    return classifier


# --------------------------------------------------------------------------- telling


def _tell(found: Reproduction, cells: Table, budgets: Sequence[int]) -> None:
    rows, curves = [], {}
    for (name, seen), by_budget in cells.cells.items():
        row = [name, seen]
        for budget in budgets:
            values = by_budget.get(budget)
            row.append("" if values is None else _cell(values))
            if values is None:
                continue
            experiment = f"{_told(budget)}, {name}, test pictures seen: {seen}"
            mean, width = float(np.mean(values)), half_width(values)
            published = _PUBLISHED.get(name, {}).get(budget)
            reference = mean if published is None else published
            source = "this run" if published is None else SOURCE
            found.add(experiment, _ACCURACY, reference, mean, source=source)
            if len(values) > 1:
                found.add(experiment, _WIDTH, width, width, source="this run")
        rows.append(row)
        shown = [budget for budget in budgets if budget != ALL and budget in by_budget]
        # The probe of new pictures lies on the other; the table has both.
        if len(shown) > 1 and (name, seen) != ("probe", _UNSEEN):
            label = name if seen == _SEEN else f"{name}, new pictures"
            curves[label] = (shown, [by_budget[budget] for budget in shown])
    header = ["Told by", "Test pictures seen", *(_told(budget) for budget in budgets)]
    found.overview = (header, rows)
    found.keep(
        "labels.png",
        figures.accuracy_over_labels(cast(Any, curves)),
        "Accuracy on test pictures over the labels a class; each draw a point, the mean a line. "
        "Bad signs: a line that falls, or one below that of the network from scratch.",
    )


def _told(budget: int) -> str:
    return "all labels" if budget == ALL else f"{budget:,} a class"


def half_width(values: Sequence[float]) -> float:
    """Return half the 95% interval of a mean, by Student's distribution."""
    n = len(values)
    if n < 2:
        return 0.0
    return float(student.ppf(0.975, n - 1) * np.std(values, ddof=1) / math.sqrt(n))


def _cell(values: Sequence[float]) -> str:
    width = half_width(values)
    return f"{np.mean(values):.1f}" + (f" ± {width:.1f}" if width else "")
