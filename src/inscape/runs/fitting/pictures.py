"""The figures of a run, drawn from its representations and its recorder.

Each caption says how the figure is read, and what would be a bad sign.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from inscape import figures
from inscape._representations import Representation, code_space
from inscape._typing import FloatArray, ImageShape
from inscape.data import Dataset
from inscape.estimators import VariationalAutoencoder
from inscape.estimators.conditions import Labels
from inscape.figures._drawing.tiles import value_range
from inscape.measures import code_directions, reconstruct
from inscape.objectives import Euclidean, Sphere
from inscape.objectives.priors import MixtureOfGaussians
from inscape.runs.fitting.conditions import told, told_one
from inscape.runs.writer import RunWriter
from inscape.training import Recorder, Snapshot
from inscape.uses import traverse

# Rows drawn in maps, and in moving ones; more would hide each other.
_SHOWN = 10_000
_MOVING = 1_000
# Rows that a model draws, components that are traversed, and what each is set to.
_DRAWN, _TRAVERSED = 12, 10
_VALUES = np.linspace(-2.5, 2.5, 11)
# Rows whose codes a density is fitted to, its parts at most, and steps where it is of symbols.
_KNOWN, _PARTS, _SYMBOL_STEPS = 2_000, 10, 50

# File name, caption, and a figure or the bytes of a film.
_Picture: TypeAlias = tuple[str, str, Any]


@dataclass(frozen=True)
class _Shown:
    """What all pictures of a run are drawn from.

    A conditional model is told the label of each row, and one for all where there are codes alone.
    """

    estimator: Any
    model: Any
    decoder: Any
    one: str
    X: FloatArray
    y: Any
    codes: FloatArray
    snapshots: list[Snapshot]
    shape: ImageShape | None
    features: Any
    names: Any

    @property
    def scale(self) -> str:
        """The scale of maps: on curved spaces distances are others, and stay."""
        space = code_space(self.model)
        return "spread" if space is None or isinstance(space, Euclidean) else "true"

    @property
    def brightness(self) -> tuple[float, float]:
        """The values shown as black and white, in all pictures the test rows'."""
        return value_range(self.X)

    @property
    def told_one(self) -> str:
        """What a caption says of what the decoder is told."""
        return f" ({self.one})" if self.one else ""

    @property
    def width(self) -> int:
        """The number of components."""
        return self.codes.shape[1]


def add_figures(
    writer: RunWriter,
    dataset: Dataset,
    estimator: Any,
    baselines: Mapping[str, Representation],
    recorder: Recorder,
    metrics: Mapping[str, Any],
) -> None:
    """Draw what can be drawn of these data, and add it to the run in the order of reading.

    Parameters
    ----------
    writer : RunWriter
        Of the run.
    dataset : Dataset
        Its test rows are shown.
    estimator : NetworkEstimator
        Fitted.
    baselines : mapping of str to Representation
        What stands beside it.
    recorder : Recorder
        Of the training.
    metrics : mapping
        As in ``metrics.json``.
    """
    X, y = dataset.test.X[:_SHOWN], _first(dataset.test.y)
    model = told(estimator, y)
    decoder, one = told_one(estimator, dataset)
    shown = _Shown(
        estimator=estimator,
        model=model,
        decoder=decoder,
        one=one,
        X=X,
        y=y,
        codes=np.asarray(model.transform(X)),
        snapshots=recorder.snapshots,
        shape=dataset.image_shape,
        features=dataset.feature_names,
        names=dataset.class_names,
    )
    for pictures in (
        _maps(shown),
        _forming(shown),
        _compared(shown, {next(iter(metrics["test"])): model, **baselines}),
        _drawn(shown, dataset.train.X),
        _traversed(shown),
        _learned(shown, recorder, metrics),
    ):
        for name, caption, drawn in pictures:
            if isinstance(drawn, bytes):
                writer.add_film(name, drawn, caption)
            else:
                writer.add_figure(name, drawn, caption)


def _maps(shown: _Shown) -> Iterator[_Picture]:
    """Yield where the encoder puts the test rows, and what the decoder makes of each place."""
    decoder, codes, shape = shown.decoder, shown.codes, shown.shape
    on_sphere = shown.width in (2, 3) and _lives_on_sphere(decoder)
    if on_sphere:
        yield (
            "sphere.png",
            "Where the encoder puts each test row on the unit sphere; rows that are alike lie "
            "together. Bad signs: all rows in one spot, or classes mixed everywhere.",
            figures.spherical_map(codes, shown.y, class_names=shown.names),
        )
        if shape is not None:
            yield (
                "sphere_grid.png",
                f"What the decoder makes of each place on the unit sphere{shown.told_one}; "
                "neighbours change little by little. Bad signs: the same picture everywhere, or "
                "pictures of nothing.",
                figures.spherical_grid(decoder, image_shape=shape, values=shown.brightness),
            )
    elif shown.width == 2 and shape is not None:
        yield (
            "map_and_grid.png",
            "Left: where the encoder puts each test row. Right: what the decoder makes of each "
            f"place{shown.told_one}; both in one frame{_told(shown)}. Bad signs: a row of one "
            "picture only, or rows on a single line.",
            figures.map_and_grid(
                decoder,
                codes,
                shown.y,
                image_shape=shape,
                class_names=shown.names,
                values=shown.brightness,
                scale=shown.scale,
            ),
        )
    pictures = shape is not None and shown.width == 2 and not on_sphere
    yield (
        "map.png",
        f"The encoder's map of the test rows{_told(shown) if shown.width > 1 else ''}: what lies "
        "together is alike to the model. Bad signs: a constant component, or one class on top of "
        "all others.",
        figures.latent_map(
            codes,
            shown.y,
            class_names=shown.names,
            images=shown.X if pictures else None,
            image_shape=shape,
            glyphs=pictures,
            scale=shown.scale,
        ),
    )


def _told(shown: _Shown) -> str:
    if shown.scale == "true":
        return ""
    return (
        " (spread scale: directions from the median code are true, and distances shrink outwards; "
        "rings tell the true ones)"
    )


def _forming(shown: _Shown) -> Iterator[_Picture]:
    """Yield the map over the recorder's snapshots, and the last one turning."""
    X, y = shown.X[:_MOVING], None if shown.y is None else shown.y[:_MOVING]
    codes = np.stack(
        [np.asarray(told(shown.estimator.at(each), y).transform(X)) for each in shown.snapshots]
    )
    epochs = [each.epoch for each in shown.snapshots]
    options: dict[str, Any] = {"class_names": shown.names, "scale": shown.scale}
    yield (
        "forming.png",
        "The map forming: the same test rows from before training to its end, all in one frame. "
        "Rows that are alike come together while others part. Bad signs: nothing moves, all end "
        "in one spot, or the last panels still differ much.",
        figures.map_forming(codes, epochs, y, **options),
    )
    yield (
        "forming.gif",
        "The same as a moving picture: between recorded moments rows move in straight lines. A "
        "bad sign: jumps at the end.",
        figures.animate_map(codes, epochs, y, n_between=2, **options),
    )
    if shown.width >= 3:
        yield (
            "turning.gif",
            "The map of three components, or of the three directions in which codes vary most, "
            "turning once: groups that lie on top of each other from one side part from another. "
            "Bad signs: a flat disc or a line, for then components are spare.",
            figures.turning_map(codes[-1], y, n_frames=36, **options),
        )


def _compared(shown: _Shown, representations: Mapping[str, Any]) -> Iterator[_Picture]:
    """Yield test rows beside what each representation gives back."""
    yield (
        "reconstructions.png",
        "Test rows, and what each representation gives back: the nearer to the first, the better. "
        "Bad signs: the same for all rows, or details of one kind that are always lost.",
        figures.reconstructions(
            shown.X,
            {name: reconstruct(fitted, shown.X) for name, fitted in representations.items()},
            image_shape=shown.shape,
            feature_names=shown.features,
        ),
    )


def _drawn(shown: _Shown, train: FloatArray) -> Iterator[_Picture]:
    """Yield rows that the model draws: from its prior, or from a density of its codes."""
    prior = isinstance(shown.estimator, VariationalAutoencoder)
    if not prior and shown.width < 3:
        return
    some = _some(shown)
    n, seen = len(some), shown.X[some]
    if prior:
        drawn_as = None if not shown.one else shown.y[some]
        rows = shown.estimator.sample(n, y=drawn_as, random_state=0)
        source = "the prior"
    else:
        # A copy learns the density of codes: the run's model has none.
        copied = shown.estimator.at(shown.snapshots[-1])
        known = train[:_KNOWN]
        if shown.estimator.code_space_.kind == "codebook":
            copied.fit_sampler(known, "symbols", n_steps=_SYMBOL_STEPS, random_state=0)
            source = "the density of the codes' symbols"
        else:
            parts = min(_PARTS, len(np.unique(copied.transform(known), axis=0)))
            mixture = MixtureOfGaussians(n_mixture_components=parts)
            copied.fit_sampler(known, mixture, random_state=0)
            source = "a mixture of Gaussians of the codes"
        rows = copied.sample(n, random_state=0)
    title = f"Drawn from {source}"
    caption = (
        f"Codes drawn from {source}, decoded, beside test rows"
        f"{' of the same labels' * bool(shown.one)}: they should look like new ones. "
        "Bad signs: all alike, or unlike any test row."
    )
    if shown.shape is None:
        samples = {"Test rows": seen if shown.one else shown.X, "Drawn": rows}
        drawn = figures.sample_table(samples, feature_names=shown.features, title=title)
    else:
        drawn = figures.sample_rows(
            np.stack([seen, rows]),
            image_shape=shown.shape,
            names=("Test rows", "Drawn"),
            brightness=shown.brightness,
            title=title,
        )
    yield "samples.png", caption, drawn


def _traversed(shown: _Shown) -> Iterator[_Picture]:
    """Yield what each component changes; two of pictures have the decoder's grid for it."""
    codes, model = shown.codes, shown.decoder
    if shown.width < 3 and shown.shape is not None:
        return
    spread = codes.std(axis=0)
    widest = np.argsort(-spread, kind="stable")[:_TRAVERSED].tolist()
    on_sphere = _lives_on_sphere(model)
    if on_sphere or isinstance(shown.estimator, VariationalAutoencoder):
        # On a sphere the middle is no code, and one component from there has but two directions.
        begin = codes[0] if on_sphere else np.zeros(codes.shape[1])
        rows = traverse(model, code=begin, components=widest, values=_VALUES)
        where, range_ = "the first test row" if on_sphere else "the middle of the prior", ""
        values, label = _VALUES, "value of the component"
    else:
        # Codes of a plain model have no unit: each component goes where the test rows' codes are.
        begin = np.median(codes, axis=0)
        low, high = np.quantile(codes, [0.01, 0.99], axis=0)
        values = np.linspace(0, 1, len(_VALUES))
        ways = [(k, low[k] + values * (high[k] - low[k])) for k in widest]
        rows = np.concatenate(
            [traverse(model, code=begin, components=[k], values=way) for k, way in ways]
        )
        where, range_ = "the median code", ", from 1% to 99% of the test rows' codes"
        label = "share of the way from low to high codes"
    options: dict[str, Any] = {
        "values": values,
        "component_names": [f"component {k + 1}" for k in widest],
        "notes": [f"spread {spread[k]:.3g}" for k in widest],
        "value_label": label,
    }
    if shown.shape is None:
        features = {"originals": shown.X, "feature_names": shown.features}
        drawn = figures.traversal_table(rows, **features, **options)
    else:
        brightness = shown.brightness
        drawn = figures.traversal_grid(
            rows, image_shape=shown.shape, brightness=brightness, **options
        )
    yield (
        "traversal.png",
        f"One component at a time, from {where}{shown.told_one}; those first that vary "
        f"most{range_}. Each should change something of its own. Bad signs: nothing changes, or "
        "the same in all.",
        drawn,
    )


def _learned(shown: _Shown, recorder: Recorder, metrics: Mapping[str, Any]) -> Iterator[_Picture]:
    """Yield the course of the error, and the weights."""
    learning = metrics["learning"]
    curves = {"training rows": recorder.curve, "test rows": learning["held_out"]}
    of_what = " of scaled columns" * learning["scaled"]
    yield (
        "loss.png",
        f"Squared error{of_what} on training rows and on test rows, with the linear baselines' on "
        "test rows. Bad signs: the test curve turns up while the other falls (overfitting), or it "
        "ends above PCA (too short a training, or a network that does not fit the data).",
        figures.loss_comparison(
            {
                name: ([p["epoch"] for p in points], [p["squared_error"] for p in points])
                for name, points in curves.items()
            },
            references=learning["floors"],
            xlabel="epoch",
            ylabel=f"squared error{of_what}",
            title="Loss over training",
        ),
    )
    yield (
        "components.png",
        f"What each unit of the code adds to the row, at the middle of the codes{shown.told_one}. "
        "Bad signs: "
        "noise, two units alike, or a unit that adds nothing.",
        figures.components(
            code_directions(shown.decoder, shown.codes),
            image_shape=shown.shape,
            feature_names=shown.features,
            title="What each code unit adds",
        ),
    )
    yield (
        "weights.png",
        "Weights into and out of each unit of the code, before and after training: a unit that "
        "learned has left its outline. Bad signs: red, for that unit did not move, and a filled "
        "shape that lies on its outline.",
        figures.weight_histograms(
            code_weights(recorder.snapshots[0], shown.width),
            code_weights(recorder.snapshots[-1], shown.width),
        ),
    )


def _lives_on_sphere(model: Any) -> bool:
    return isinstance(code_space(model), Sphere)


def code_weights(snapshot: Snapshot, n_components: int) -> dict[str, FloatArray]:
    """Return the weights into ("encoder") and out of ("decoder") the units of the code.

    Parameters
    ----------
    snapshot : Snapshot
        Of a network whose encoder ends, and whose decoder begins, with a matrix, or with a
        convolution of one pixel, which is the same matrix at each place of the code.
    n_components : int
        Width of the code; a conditional decoder reads what it is told after it.

    Returns
    -------
    dict
        "encoder", shape (n_components, width), and "decoder", shape (width, n_components).
    """
    matrices = {
        side: [
            w.reshape(len(w), -1)
            for name, w in snapshot.weights.items()
            if name.startswith(side) and (w.ndim == 2 or w.shape[2:] == (1, 1))
        ]
        for side in ("encoder", "decoder")
    }
    encoder = matrices["encoder"][-1]
    # A tied decoder has no weights of its own.
    decoder = matrices["decoder"][0] if matrices["decoder"] else encoder.T
    # A variational encoder gives the means first, and then what else its posterior needs.
    return {"encoder": encoder[:n_components], "decoder": decoder[:, :n_components]}


def _some(shown: _Shown) -> np.ndarray:
    """Return which test rows stand beside drawn ones: one of each label that a model is told."""
    n = min(_DRAWN, len(shown.X))
    if not isinstance(shown.estimator.conditions_, Labels):
        return np.arange(n)
    return np.unique(shown.y, return_index=True)[1][:_DRAWN]


def _first(y: Any) -> Any:
    return None if y is None else y[:_SHOWN]
