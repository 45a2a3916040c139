"""Neuromatch Academy, *Introduction to autoencoders*: its experiments, with its own protocol.

The story: linear methods first; a shallow autoencoder with 32 units beats PCA; the loss that is
minimised shows in the other loss; with two units a ReLU bottleneck can lose one of them for ever,
and an activation, an initialisation or an optimiser brings it back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from sklearn.decomposition import NMF, PCA, TruncatedSVD

from inscape import figures
from inscape._typing import FloatArray
from inscape.estimators import Autoencoder
from inscape.measures import binary_cross_entropy, reconstruct, squared_error
from inscape.networks import Dense
from inscape.objectives import Bernoulli, Gaussian
from inscape.recipes.reproduction import Reproduction, dead_units, fit_quietly
from inscape.runs.fitting.pictures import code_weights
from inscape.training import Recorder

DATA = "mnist"
TITLE = "Introduction to autoencoders"
LEAD = (
    "The experiments of Neuromatch Academy's tutorial with its own protocol (Adam at 1e-3, 64 "
    "rows a step, no schedule), beside our default training of the same architecture. The seeds "
    "are chosen here: with 32 units one that loses 7 of them, as the expected errors suggest; with "
    "2 units seeds are tried until one has lost a unit and one has not. Of the remedies for a dead "
    "unit the optimiser is ours."
)
SOURCE = "Neuromatch Academy, Introduction to autoencoders"
N_STEPS = 14

SQUARED, CROSS = "squared error", "cross-entropy"
_METRICS = {SQUARED: squared_error, CROSS: binary_cross_entropy}
_SQUARED_LOSS = Gaussian(link="sigmoid")
_MOST_SEEDS = 12
# Test pictures whose way is drawn.
_MOVING = 1_000
_Watched: TypeAlias = tuple[Autoencoder, Recorder]
# Of 32 ReLU units, 5 to 12 die in the tutorial's training, and the error follows their number
# (0.0169 to 0.0217 after 2 epochs): a number belongs to a seed. The references have the error of
# 7 dead ones; this seed has as many.
_SEED = 3


def run(found: Reproduction) -> Iterator[str]:
    """Fit linear models, then nets of 32 and of 2 units, and cure the unit that dies."""
    yield from _linear(found)
    yield from _thirty_two_units(found)
    yield from _two_losses(found)
    yield from _two_units(found)


# --------------------------------------------------------------------------- experiments


def _linear(found: Reproduction) -> Iterator[str]:
    """Fit PCA with 2 and 32 components, truncated SVD and NMF."""
    X = found.X_train
    for k, reference in ((2, 0.0557), (32, 0.0168)):
        default = Autoencoder(k, hidden=(), random_state=0).fit(X)
        _add(found, f"PCA, {k} components", SQUARED, reference, _pca(found, k), default)
        yield f"PCA {k}"
    nmf = _ShiftedNMF(X)
    _add(found, "NMF, 2 components, on x + 0.5", SQUARED, 0.0591, nmf, None)
    svd = TruncatedSVD(2, random_state=0).fit(X)
    for name, model in (("PCA", _pca(found, 2)), ("SVD", svd), ("NMF", nmf)):
        found.keep_map(f"linear_{name.lower()}.png", model, f"{name}: its map and what it decodes.")
    yield "NMF 2"


def _thirty_two_units(found: Reproduction) -> Iterator[str]:
    """Train 784-32-784 with ReLU code and sigmoid output on squared error."""
    textbook = _textbook(found, 32, "relu", _SQUARED_LOSS, epochs=10, seed=_SEED)
    default = _default(found, 32, "relu", _SQUARED_LOSS, seed=_SEED)
    name = f"784-32-784 ReLU, squared loss, 10 epochs ({dead_units(textbook)})"
    _add(found, name, SQUARED, 0.0133, textbook, default)
    found.keep_reconstructions(
        "reconstructions.png",
        {"PCA": _pca(found, 32), "Tutorial": textbook, "Inscape": default},
        "Thirty-two numbers a picture: PCA, the tutorial's training, our default training.",
    )
    yield "784-32-784"


def _two_losses(found: Reproduction) -> Iterator[str]:
    """Train the same net for 2 epochs on each loss, and measure both."""
    models = {}
    for loss, likelihood, references in (
        ("squared", _SQUARED_LOSS, {SQUARED: 0.0180, CROSS: 0.1326}),
        ("cross-entropy", Bernoulli(), {SQUARED: 0.0175, CROSS: 0.1174}),
    ):
        textbook = _textbook(found, 32, "relu", likelihood, epochs=2, seed=_SEED)
        default = _default(found, 32, "relu", likelihood, epochs=2, seed=_SEED)
        name = f"784-32-784 ReLU, {loss} loss, 2 epochs ({dead_units(textbook)})"
        for metric, reference in references.items():
            _add(found, name, metric, reference, textbook, default)
        models[f"{loss} loss"] = textbook
        yield name
    found.keep_reconstructions(
        "losses.png",
        models,
        "The same net after 2 epochs on squared error and on cross-entropy.",
    )


def _two_units(found: Reproduction) -> Iterator[str]:
    """Find a seed that loses a ReLU unit and one that does not; then cure the first."""
    prelu = _textbook(found, 2, "prelu", Bernoulli(), epochs=10)
    default = _default(found, 2, "prelu", Bernoulli())
    _add(found, "784-2-784 PReLU, 10 epochs", CROSS, 0.232, prelu, default)
    found.keep_map("two_units_prelu.png", prelu, "Two PReLU units: the whole plane is used.")
    yield "784-2-784 PReLU"
    (dead, recorder), (alive, watched) = _search(found)
    yield "seeds"
    yield _add_seed(found, dead, 0.246)
    _show_failure(found, dead, recorder)
    yield _add_seed(found, alive, 0.227)
    found.keep_map("two_units_relu_alive.png", alive, "Two ReLU units that both live.")
    _show_forming(found, "two_units_forming.png", alive, watched)
    yield from _remedies(found, dead)


# --------------------------------------------------------------------------- the dead unit


def _search(found: Reproduction) -> tuple[_Watched, _Watched]:
    """Train seed after seed until one has lost a unit and one has not; return the two."""
    tried: list[_Watched] = []
    for seed in range(_MOST_SEEDS):
        recorder = Recorder()
        model = _textbook(found, 2, "relu", Bernoulli(), epochs=10, seed=seed, recorder=recorder)
        tried.append((model, recorder))
        if {0, 1} <= {len(model.dead_units_) for model, _ in tried}:
            break
    # One dead unit is the case that the tutorial shows; both dead is another failure.
    dead = min(tried, key=lambda entry: abs(len(entry[0].dead_units_) - 1))
    return dead, min(tried, key=lambda entry: len(entry[0].dead_units_))


def _show_forming(found: Reproduction, file: str, model: Autoencoder, recorder: Recorder) -> None:
    """Keep where the test digits lie from moment to moment of a training."""
    X, y = found.X_test[:_MOVING], found.y_test[:_MOVING]
    found.keep(
        file,
        figures.map_forming(
            np.stack([model.at(snapshot).transform(X) for snapshot in recorder.snapshots]),
            [snapshot.epoch for snapshot in recorder.snapshots],
            y,
            class_names=found.class_names,
        ),
        "The same training from its start to its end, all in one frame: digits come together and "
        "part from others. Bad signs: nothing moves, or all end on one line.",
    )


def _add_seed(found: Reproduction, model: Autoencoder, reference: float) -> str:
    """Add a training of two ReLU units beside ours from the same seed; return its name."""
    name = f"784-2-784 ReLU, 10 epochs ({dead_units(model)})"
    default = _default(found, 2, "relu", Bernoulli(), seed=model.random_state)
    _add(found, name, CROSS, reference, model, default)
    return name


def _show_failure(found: Reproduction, dead: Autoencoder, recorder: Recorder) -> None:
    found.keep(
        "dead_unit_map.png",
        figures.latent_map(
            dead.transform(found.X_test),
            found.y_test,
            title="A dead unit",
            class_names=found.class_names,
        ),
        "One latent axis is zero for every digit: the unit is dead, and the map a line, which is "
        "the bad sign to look for. " + dead.diagnosis(),
    )
    found.keep(
        "dead_unit_weights.png",
        figures.weight_histograms(
            code_weights(recorder.snapshots[0], 2), code_weights(recorder.snapshots[-1], 2)
        ),
        "The dead unit's weights still lie on their initial histogram: that is the bad sign, in "
        "red.",
    )


def _remedies(found: Reproduction, dead: Autoencoder) -> Iterator[str]:
    """Change the initialisation, the activation or the optimiser, from the seed that died."""
    default = _default(found, 2, "relu", Bernoulli())
    cures: dict[str, Autoencoder] = {}
    seed: Any = dead.random_state
    for word, reference in (("uniform", 0.229), ("normal", 0.227)):
        name = f"784-2-784 ReLU, Kaiming {word} encoder"
        cure = _textbook(
            found, 2, "relu", Bernoulli(), epochs=10, seed=seed, encoder=f"kaiming_{word}"
        )
        _add(found, name, CROSS, reference, cure, default)
        cures[f"initialisation: Kaiming {word}"] = cure
        yield name
    cures["activation: PReLU"] = _textbook(found, 2, "prelu", Bernoulli(), epochs=10, seed=seed)
    yield "remedy: activation"
    cures["optimiser: Muon"] = _default(found, 2, "relu", Bernoulli(), seed=seed)
    yield "remedy: optimiser"
    before = dead.transform(found.X_test)
    for number, (name, cure) in enumerate(cures.items(), start=1):
        found.keep(
            f"remedy_{number}.png",
            figures.before_after(
                before,
                cure.transform(found.X_test),
                found.y_test,
                titles=("ReLU, torch's initialisation, Adam", name[0].upper() + name[1:]),
                class_names=found.class_names,
            ),
            f"The same seed before and after the remedy; {name}. A bad sign: a line at the right "
            "too.",
        )


# --------------------------------------------------------------------------- trainings


def _textbook(
    found: Reproduction,
    n_components: int,
    bottleneck: str,
    likelihood: Any,
    *,
    epochs: int,
    seed: int = 0,
    encoder: str = "torch_default",
    recorder: Recorder | None = None,
) -> Autoencoder:
    """Train with the tutorial's protocol."""
    model = Autoencoder(
        n_components,
        network=Dense(hidden=(), initialization=(encoder, "torch_default"), bias="torch_default"),
        bottleneck=bottleneck,
        likelihood=likelihood,
        optimizer="adam",
        learning_rate=1e-3,
        batch_size=64,
        epochs=epochs,
        random_state=seed,
    )
    if recorder is None:
        return fit_quietly(model, found.X_train)
    return fit_quietly(
        model,
        found.X_train,
        watch=lambda report, state: recorder.observe(report, state.network),
    )


def _default(
    found: Reproduction,
    n_components: int,
    bottleneck: str,
    likelihood: Any,
    *,
    epochs: int | None = None,
    seed: Any = 0,
) -> Autoencoder:
    """Train the same architecture with our defaults."""
    model = Autoencoder(
        n_components,
        hidden=(),
        bottleneck=bottleneck,
        likelihood=likelihood,
        epochs=epochs,
        random_state=seed,
    )
    return fit_quietly(model, found.X_train)


def _pca(found: Reproduction, n_components: int) -> PCA:
    return PCA(n_components, random_state=0).fit(found.X_train)


class _ShiftedNMF:
    """NMF on x + 0.5, as the tutorial does, with the shift removed on decode."""

    def __init__(self, X: FloatArray) -> None:
        self.nmf = NMF(2, init="nndsvda", random_state=0, tol=1e-3).fit(X + np.float32(0.5))

    def transform(self, X: FloatArray) -> FloatArray:
        return self.nmf.transform(X + np.float32(0.5))

    def inverse_transform(self, Z: FloatArray) -> FloatArray:
        return self.nmf.inverse_transform(Z) - np.float32(0.5)


# --------------------------------------------------------------------------- what is kept


def _add(
    found: Reproduction,
    experiment: str,
    metric: str,
    reference: float,
    model: Any,
    default: Any | None,
) -> None:
    """Add an error on the test rows: of a model, and of our default training."""

    def error(model: Any) -> float:
        return _METRICS[metric](found.X_test, reconstruct(model, found.X_test))

    ours = None if default is None else error(default)
    found.add(experiment, metric, reference, error(model), source=SOURCE, ours=ours)
