"""The figures of a run, drawn from its representations and its recorder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from inscape import figures
from inscape._representations import Representation, code_space
from inscape._typing import FloatArray, ImageShape
from inscape.data import Dataset
from inscape.estimators import VariationalAutoencoder
from inscape.measures import code_directions, reconstruct
from inscape.objectives import Sphere
from inscape.runs.writer import RunWriter
from inscape.training import Recorder, Snapshot
from inscape.uses import traverse

# Rows drawn in maps; more would hide each other.
_SHOWN = 10_000
# Images that a model draws, components that are traversed, and what each is set to.
_DRAWN, _TRAVERSED = 12, 10
_VALUES = np.linspace(-2.5, 2.5, 11)


def add_figures(
    writer: RunWriter,
    dataset: Dataset,
    representations: Mapping[str, Representation],
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
    representations : mapping of str to Representation
        The fitted one first, baselines after it.
    recorder : Recorder
        Of the training.
    metrics : mapping
        As in ``metrics.json``.
    """

    def keep(name: str, caption: str, figure: Any) -> None:
        writer.add_figure(name, figure, caption)

    X, y = dataset.test.X[:_SHOWN], _first(dataset.test.y)
    model = next(iter(representations.values()))
    shape, names = dataset.image_shape, dataset.class_names
    codes = np.asarray(model.transform(X))
    on_sphere = codes.shape[1] in (2, 3) and _lives_on_sphere(model)
    if on_sphere:
        keep(
            "sphere.png",
            "Where the encoder puts each test row on the unit sphere.",
            figures.spherical_map(codes, y, class_names=names),
        )
        if shape is not None:
            keep(
                "sphere_grid.png",
                "What the decoder makes of each place on the unit sphere.",
                figures.spherical_grid(model, image_shape=shape),
            )
    elif codes.shape[1] == 2 and shape is not None:
        keep(
            "map_and_grid.png",
            "Left: where the encoder puts each test row. Right: what the decoder makes of each "
            "place.",
            figures.map_and_grid(model, codes, y, image_shape=shape, class_names=names),
        )
    keep(
        "map.png",
        "The encoder's map of the test rows.",
        figures.latent_map(
            codes,
            y,
            class_names=names,
            images=X if shape is not None else None,
            image_shape=shape,
            glyphs=shape is not None and codes.shape[1] == 2 and not on_sphere,
        ),
    )
    keep(
        "reconstructions.png",
        "Test rows, and what each representation gives back.",
        figures.reconstructions(
            X,
            {name: reconstruct(fitted, X) for name, fitted in representations.items()},
            image_shape=shape,
            feature_names=dataset.feature_names,
        ),
    )
    if shape is not None and isinstance(model, VariationalAutoencoder):
        for name, (caption, figure) in _generated(model, X, codes, shape).items():
            keep(name, caption, figure)
    learning = metrics["learning"]
    curves = {"training rows": recorder.curve, "test rows": learning["held_out"]}
    keep(
        "loss.png",
        "Squared error on training rows and on test rows"
        f"{' (of scaled columns)' * learning['scaled']}, with the linear baselines' on test rows. "
        "A test curve that turns up while the other falls tells of overfitting; one that ends "
        "above PCA, of a training that is too short, or of a network that does not fit the data.",
        figures.loss_comparison(
            {
                name: ([p["epoch"] for p in points], [p["squared_error"] for p in points])
                for name, points in curves.items()
            },
            references=learning["floors"],
            xlabel="epoch",
            ylabel="squared error" + " of scaled columns" * learning["scaled"],
            title="Loss over training",
        ),
    )
    keep(
        "components.png",
        "What each unit of the code adds to the picture, at the middle of the codes.",
        figures.components(
            code_directions(model, codes),
            image_shape=shape,
            feature_names=dataset.feature_names,
            title="What each code unit adds",
        ),
    )
    keep(
        "weights.png",
        "Weights into and out of each unit of the code, before and after training.",
        figures.weight_histograms(
            code_weights(recorder.snapshots[0]), code_weights(recorder.snapshots[-1])
        ),
    )


def _generated(
    model: VariationalAutoencoder, X: FloatArray, codes: FloatArray, shape: ImageShape
) -> dict[str, tuple[str, Any]]:
    """Return what a model draws and changes by itself: file name to caption and figure."""
    drawn = model.sample(min(_DRAWN, len(X)), random_state=0)
    samples = figures.sample_rows(
        np.stack([X[: len(drawn)], drawn]),
        image_shape=shape,
        names=("Test rows", "Drawn"),
        title="Drawn from the prior",
    )
    found = {"samples.png": ("Codes drawn from the prior, decoded, below test rows.", samples)}
    if codes.shape[1] > 2:
        spread = codes.std(axis=0)
        widest = np.argsort(-spread, kind="stable")[:_TRAVERSED]
        # On a sphere the middle is no code, and one component from there has but two directions.
        on_sphere = _lives_on_sphere(model)
        begin = codes[0] if on_sphere else np.zeros(codes.shape[1])
        rows = traverse(model, code=begin, components=widest.tolist(), values=_VALUES)
        figure = figures.traversal_grid(
            rows,
            image_shape=shape,
            values=_VALUES,
            component_names=[f"component {k + 1}" for k in widest],
            notes=[f"spread {spread[k]:.2f}" for k in widest],
        )
        where = "the first test row" if on_sphere else "the middle of the prior"
        told = f"One component at a time, from {where}; those first that vary most."
        found["traversal.png"] = (told, figure)
    return found


def _lives_on_sphere(model: Any) -> bool:
    return isinstance(code_space(model), Sphere)


def code_weights(snapshot: Snapshot) -> dict[str, FloatArray]:
    """Return the weights into ("encoder") and out of ("decoder") the units of the code.

    Parameters
    ----------
    snapshot : Snapshot
        Of a network whose encoder ends, and whose decoder begins, with a matrix.

    Returns
    -------
    dict
        "encoder", shape (n_components, width), and "decoder", shape (width, n_components).
    """
    matrices = {
        side: [w for name, w in snapshot.weights.items() if name.startswith(side) and w.ndim == 2]
        for side in ("encoder", "decoder")
    }
    encoder = matrices["encoder"][-1]
    # A tied decoder has no weights of its own.
    decoder = matrices["decoder"][0] if matrices["decoder"] else encoder.T
    # A variational encoder gives the means first, and then what else its posterior needs.
    return {"encoder": encoder[: decoder.shape[1]], "decoder": decoder}


def _first(y: Any) -> Any:
    return None if y is None else y[:_SHOWN]
