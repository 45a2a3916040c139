"""``report.html``: what a run was asked, what came of it, and its figures, on one page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from inscape.runs.config import AUTOENCODER, FitConfig
from inscape.runs.page import heading, paragraph, table
from inscape.runs.writer import RunWriter


def _in_digits(value: float) -> str:
    """Return four decimals, or four digits where the data's units leave nothing of those."""
    return f"{value:.4f}" if value == 0 or 1e-2 <= abs(value) < 1e6 else f"{value:.3e}"


COLUMNS: Mapping[str, tuple[str, Callable[[float], str]]] = {
    "squared_error": ("Squared error", _in_digits),
    "explained_variance": ("Explained variance", "{:.1%}".format),
    "standardized_error": ("Standardised error", _in_digits),
    "binary_cross_entropy": ("Cross-entropy", "{:.4f}".format),
    "linear_probe": ("Linear probe", "{:.1%}".format),
    "nearest_neighbors": ("Nearest rows", "{:.1%}".format),
    "fit_seconds": ("Fit", "{:.1f} s".format),
}


def _as_precise(half: float, mean: str, write: Callable[[float], str]) -> str:
    """Return the half of an interval with the decimals of its mean."""
    if "e" in mean or not mean[-1].isdigit():
        return write(half)
    return f"{half:.{len(mean.partition('.')[2])}f}"


def table_rows(metrics: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return the comparison's header and rows as text, for a page or a terminal.

    Parameters
    ----------
    metrics : mapping
        As in ``metrics.json``.
    """
    shown = [key for key in COLUMNS if all(key in row for row in metrics["test"].values())]
    header = ["", *(COLUMNS[key][0] for key in shown)]
    rows = [
        [name, *(COLUMNS[key][1](row[key]) for key in shown)]
        for name, row in metrics["test"].items()
    ]
    seeds = metrics.get("seeds")
    if seeds is not None:
        of = seeds["measures"]
        means = [COLUMNS[key][1](of[key]["mean"]) for key in shown]
        halves = [
            _as_precise(of[key]["high"] - of[key]["mean"], mean, COLUMNS[key][1])
            for key, mean in zip(shown, means, strict=True)
        ]
        n_seeds = len(seeds["random_states"])
        rows[:1] = [[rows[0][0], *means], [f"± ({n_seeds} seeds)", *halves]]
    return header, rows


def remarks(metrics: Mapping[str, Any]) -> list[str]:
    """Return what is to be said below the comparison: what was left out, the latent space.

    Parameters
    ----------
    metrics : mapping
        As in ``metrics.json``.
    """
    said = [_tell_seeds(metrics)] if metrics.get("seeds") else []
    said += [f"{name} is left out: it {why}." for name, why in metrics["missing"].items()]
    if metrics.get("told"):
        what = "label" if metrics["told"] == "labels" else "number"
        name = next(iter(metrics["test"]))
        said.append(f"{name} is told the {what} of each row; linear methods are not.")
    # Runs of earlier versions asked for no labels.
    if metrics.get("labels"):
        said.append(_tell_labels(metrics["labels"]))
    worst = metrics.get("worst_columns", [])
    if worst:
        named = ", ".join(f"{w['column']} ({w['unexplained']:.0%})" for w in worst)
        said.append(f"Given back worst, with the share of their variance that is left: {named}.")
    # Runs of format 1 were as long as they were asked to be.
    if metrics.get("length"):
        said.append(metrics["length"])
    if metrics["latent"] is not None:
        said.append(metrics["latent"]["told"])
    if metrics.get("learning", {}).get("overfits"):
        said.append(metrics["learning"]["overfits"])
    codebook = metrics["codebook"]
    if codebook is not None:
        said.append(
            f"The test rows use {codebook['used']:,} of {codebook['size']:,} codebook vectors, as "
            f"evenly as {codebook['perplexity']:.1f} of equal use would be."
        )
    return said


def _tell_seeds(metrics: Mapping[str, Any]) -> str:
    """Return what the spread is of, and which training is kept."""
    states = metrics["seeds"]["random_states"]
    name, kept = next(iter(metrics["test"].items()))
    shown = COLUMNS["squared_error"][1]
    return (
        f"{name}: the mean of {len(states)} trainings, random_state {states[0]} to {states[-1]}, "
        f"± half its 95% interval (Student's t, {len(states) - 1} degree"
        f"{'s' * (len(states) > 2)} of freedom): seeds vary, split and test rows do not. "
        f"The run keeps random_state {states[0]} (squared error {shown(kept['squared_error'])}); "
        "linear methods have no seed."
    )


def _tell_labels(labels: Mapping[str, Any]) -> str:
    """Return what the two columns about labels are, and what they are to be judged by."""
    columns = labels["columns"]
    from_columns = (
        ""
        if columns is None
        else f"; from the columns themselves it is {columns['linear_probe']:.1%} and "
        f"{columns['nearest_neighbors']:.1%}"
    )
    return (
        f"Labels of {labels['n_judged']:,} test rows are told from the codes by a linear probe and "
        f"by the five nearest of {labels['n_learned']:,} training rows{from_columns}; the "
        f"commonest of {labels['n_classes']} classes is {labels['commonest']:.1%} of them."
    )


def title(data: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """Return what a run is, in a line.

    Parameters
    ----------
    data : mapping
        That part of ``environment.json``.
    metrics : mapping
        As in ``metrics.json``.
    """
    n_components = metrics["n_components"]
    return f"{data['name']} in {n_components} component{'s' * (n_components != 1)}"


def lead(config: FitConfig, data: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """Return what was learned of what, and how long it took, in a sentence.

    Parameters
    ----------
    config : FitConfig
        What was asked for.
    data, metrics : mapping
        As for `title`.
    """
    named = "An autoencoder" if config.model == AUTOENCODER else f"The model {config.model}"
    seconds = next(iter(metrics["test"].values()))["fit_seconds"]
    return (
        f"{named} learned {data['n_features']} features of {data['n_train']:,} rows in "
        f"{seconds:.1f} s ({metrics['steps']:,} steps)."
    )


def write_page(writer: RunWriter, config: FitConfig, metrics: Mapping[str, Any]) -> None:
    """Write ``report.html`` into a run that has its figures, and finish it.

    Parameters
    ----------
    writer : RunWriter
        Of the run.
    config : FitConfig
        What was asked for.
    metrics : mapping
        As in ``metrics.json``.
    """
    data = writer.environment["data"]
    header, rows = table_rows(metrics)
    writer.finish(
        title=title(data, metrics),
        lead=lead(config, data, metrics),
        body=[
            *([paragraph(f"Read as: {data['told']}.")] if data.get("told") else []),
            *([paragraph(metrics["diagnosis"], warning=True)] if metrics["diagnosis"] else []),
            heading(
                f"On {data['n_test']:,} test rows, against linear methods with as many components"
            ),
            table(header, rows, bold_first=True),
            *(paragraph(sentence) for sentence in remarks(metrics)),
        ],
    )
