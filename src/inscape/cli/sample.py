"""``inscape sample``: new rows from a run's model, beside the training rows nearest to them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, cast

from cyclopts import Parameter

from inscape._checks import check_integer
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape._typing import FloatArray, ImageShape
from inscape.cli.files import check_new, check_output, write_rows
from inscape.cli.labels import bind, is_told
from inscape.cli.output import say

_PICTURE = ".png"
# Pictures beside each other on the sheet.
_BESIDE = 16
# What the codes' density is, where none has been fitted: the paper's.
_PARTS = 10


def sample(
    run: Path,
    /,
    *,
    n: int = 64,
    from_: Annotated[
        Literal["prior", "mixture", "flow", "symbols"] | None, Parameter(name="--from")
    ] = None,
    label: str | None = None,
    observations: bool = False,
    random_state: int = 0,
    output: Path | None = None,
    overwrite: bool = False,
) -> None:
    """Draw new rows from the model of RUN, each beside the training row nearest to it.

    Parameters
    ----------
    run
        A finished run of inscape fit; its data are read again.
    n
        How many.
    from_
        What codes are drawn from; left out, the model's prior, or where it has none a density
        that is fitted to the codes of the training rows: a mixture of ten Gaussians with full
        covariances, or of a codebook that of its symbols.
    label
        What a conditional model is told of every row; left out, the labels of training rows that
        are drawn too.
    observations
        Draw from the likelihood too; else rows are what the model expects of each code.
    random_state
        What is drawn, and where a fit of the density starts.
    output
        A .png sheet, where the data are pictures; a .csv file of rows, with the nearest training
        row, its distance, and that row's distance to its own nearest; or a .npy file of rows alone.
        Left out, samples.png of pictures and samples.csv of other rows. Distances of rows that
        are no pictures are of columns divided by their standard deviations.
    overwrite
        Replace the file that is there.
    """
    import numpy as np

    from inscape.measures import nearest_rows

    n = check_integer("n", n, minimum=1)
    seed = check_integer("random_state", random_state, minimum=0)
    if output is not None:
        _check(output, overwrite)
    dataset, model = _opened(run)
    pictures = dataset.image_shape is not None
    if output is None:
        output = Path("samples.png" if pictures else "samples.csv")
        _check(output, overwrite)
    if output.suffix == _PICTURE and not pictures:
        raise InvalidDataError(
            f"The rows of {run} must be pictures to be drawn on a sheet; they have no shape of "
            "one: write rows, with --output samples.csv."
        )
    conditional = is_told(model, label)
    source = _prepare(model, from_, dataset.train, seed)
    kept: dict[str, Any] = {}
    if conditional:
        chosen = np.random.default_rng(seed).integers(len(dataset.train.X), size=n)
        model, told = bind(model, _rows(dataset.train, chosen), label, run)
        kept = dict(told.kept)
    rows = model.sample(n, from_=source, observations=observations, random_state=seed)
    learned = dataset.train.X
    units = 1.0 if pictures else _deviations(learned)
    found = nearest_rows(learned / units, rows / units)
    if output.suffix == _PICTURE:
        sheet = _sheet(rows, learned[found.places], found.distances, dataset.image_shape, source)
        _write(output, sheet)
    elif output.suffix == ".npy":
        write_rows(output, rows, dataset.feature_names, {})
    else:
        kept |= {
            "nearest_training_row": found.places,
            "distance": found.distances,
            "usual_distance": found.usual,
        }
        write_rows(output, rows, dataset.feature_names, kept)
    nearest = int(found.distances.argmin())
    say(
        f"Drew {n:,} rows from the {source} in {output}; the nearest of "
        f"{len(learned):,} training rows is {np.median(found.distances):.4g} away in the median, "
        f"where rows are {np.median(found.usual):.4g} from each other; nearest of all comes sample "
        f"{nearest} to row {found.places[nearest]}, at {found.distances[nearest]:.4g}"
    )


def _check(output: Path, overwrite: bool) -> None:
    if output.suffix == _PICTURE:
        check_new(output, overwrite)
        return
    if output.suffix not in (".csv", ".npy"):
        raise InvalidParameterError(
            f"--output must end in .png, .csv or .npy; got {output.name!r}."
        )
    check_output(output, overwrite)


def _opened(run: Path) -> tuple[Any, Any]:
    """Return the data that a run was fitted on, and its model.

    Raises
    ------
    RunNotFoundError
        If it is no finished run of a fit.
    InvalidDataError
        If the data are not those any more.
    """
    from inscape.runs.config import FitConfig
    from inscape.runs.fitting import load_data
    from inscape.runs.run import Run, check_fit

    opened = Run(run)
    check_fit(opened, "draw rows")
    model = opened.load()
    dataset = load_data(cast(FitConfig, opened.config))
    if dataset.checksum != opened.environment["data"].get("checksum"):
        raise InvalidDataError(
            f"The data of {run} must be what its model was fitted on; {dataset.name} has changed "
            "since: put them back, or fit again."
        )
    return dataset, model


def _prepare(model: Any, from_: str | None, train: Any, seed: int) -> str:
    """Return what is drawn from; fit it where nothing has."""
    fitted = list(getattr(model.network_, "samplers", {}))
    if from_ == "prior" or (from_ is None and hasattr(model.network_, "prior")):
        return "prior"
    if from_ in fitted or (from_ is None and fitted):
        return from_ or fitted[0]
    word = from_ or ("symbols" if model.code_space_.kind == "codebook" else "mixture")
    kind = word
    if word == "mixture":
        import numpy as np

        parts = min(_PARTS, len(np.unique(model.transform(train), axis=0)))
        kind = f'mixture(n_mixture_components={parts}, covariance="full")'
    model.fit_sampler(train, kind, random_state=seed)
    return word


def _rows(split: Any, chosen: Any) -> Any:
    from dataclasses import replace

    return replace(
        split, X=split.X[chosen], y=None if split.y is None else split.y[chosen], kept={}
    )


def _deviations(rows: FloatArray) -> FloatArray:
    import numpy as np

    found = rows.std(axis=0, dtype=np.float64)
    return np.where(found > 1e-12 * abs(rows).max(axis=0), found, 1.0)


def _sheet(
    rows: FloatArray,
    nearest: FloatArray,
    distances: FloatArray,
    shape: ImageShape,
    source: str,
) -> Any:
    """Return samples and their nearest training rows, one above the other, a strip at a time."""
    import numpy as np

    from inscape import figures

    width = min(_BESIDE, len(rows))
    low, high = float(nearest.min()), float(nearest.max())
    strips, names, notes = [], [], []
    for start in range(0, len(rows), width):
        some = slice(start, min(start + width, len(rows)))
        last = some.stop - 1
        missing = width - (some.stop - start)
        for each in (rows[some], nearest[some]):
            strips.append(np.pad(each, ((0, missing), (0, 0)), constant_values=low))
        names += [f"drawn {start} to {last}" if last > start else f"drawn {start}", "nearest row"]
        notes += ["", f"{distances[some].min():.3g} to {distances[some].max():.3g} away"]
    return figures.sample_rows(
        np.stack(strips),
        image_shape=shape,
        names=names,
        notes=notes,
        brightness=(low, high),
        title=f"Drawn from the {source}, and the training rows nearest to that",
    )


def _write(output: Path, figure: Any) -> None:
    from inscape import figures
    from inscape._files import write_atomic

    write_atomic(output, figures.png(figure))
