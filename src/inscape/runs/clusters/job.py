"""The job of ``inscape cluster``: find groups of rows, set them beside labels, and show each.

The directory appears whole. Where anything is refused, nothing is left behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.metrics import normalized_mutual_info_score

from inscape._files import claim_directory
from inscape._typing import FloatArray, IntArray
from inscape.data.dataset import checksum
from inscape.data.tables import check_distinct
from inscape.measures import clustering_accuracy, count_together
from inscape.runs.clusters.pictures import add_figures
from inscape.runs.clusters.reading import Table, read_table
from inscape.runs.clusters.summary import write_page
from inscape.runs.config import ClustersConfig
from inscape.runs.environment import default_threads, describe_software, torch_threads
from inscape.runs.run import Run
from inscape.runs.steps import take
from inscape.runs.tables import with_run, write_lines
from inscape.runs.writer import RunWriter
from inscape.uses import Clusterer
from inscape.uses.clusters.partition import partition
from inscape.uses.saving import save_use
from inscape.uses.standard import fit_standard

CLUSTERS_FILE, PROTOTYPES_FILE = "clusters.csv", "prototypes.csv"
OURS = "Inscape"
_RESTARTS = 10


def find_clusters(
    config: ClustersConfig,
    path: str | Path | None = None,
    *,
    table: Table | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> Run:
    """Find groups of rows that are alike, and keep what there is to see in a run directory.

    Parameters
    ----------
    config : ClustersConfig
        What is asked for.
    path : path-like or None
        A new directory; None takes the next free one below ``runs/``.
    table : Table or None
        The rows, where `read_table` has read them already; None reads them.
    overwrite : bool
        Whether a run that is there may be replaced.
    progress : bool
        Whether to draw a progress bar on a terminal.

    Returns
    -------
    Run
        Finished, with ``clusters.csv``, ``prototypes.csv``, ``metrics.json``, ``model/``,
        ``figures/`` and ``report.html``.

    Raises
    ------
    RunExistsError
        If something is at `path` already.
    InscapeError
        If an option, the data or the place cannot hold; nothing is left behind then.
    """
    config = with_run(config)
    given = None if path is None else Path(path)
    with claim_directory(given, first_path(config), overwrite=overwrite) as path:
        table = read_table(config) if table is None else table
        check_distinct([*table.header, *_columns(table)], CLUSTERS_FILE)
        clusterer = make_clusterer(config, table)
        n_threads = default_threads()
        data = {"name": table.name, "checksum": checksum([table.X])}
        environment = describe_software() | {"n_threads": n_threads, "data": data}
        writer = RunWriter(path, config, environment)
        steps = _execute(writer, clusterer, table, overwrite=overwrite, progress=progress)
        with torch_threads(n_threads):
            take(steps, total=4, progress=progress)
    return Run(path)


def first_path(config: ClustersConfig) -> Path:
    """Return the name below ``runs/`` of a run that is given none; the next free one is taken."""
    return Path("runs") / f"{Path(with_run(config).data or '').stem}-clusters"


def make_clusterer(config: ClustersConfig, table: Table) -> Clusterer:
    """Return the clusterer that a config stands for, not fitted.

    Parameters
    ----------
    config : ClustersConfig
        What is asked for.
    table : Table
        Pictures have one unit, the columns of a table each their own; and it has the model.
    """
    scaler = config.scaler or ("standard" if table.image_shape is None else "none")
    return Clusterer(
        table.model,
        method=config.method,
        n_clusters="auto" if config.n_clusters is None else config.n_clusters,
        scaler=None if scaler == "none" else scaler,
        random_state=config.random_state,
    )


def _execute(
    writer: RunWriter, clusterer: Clusterer, table: Table, *, overwrite: bool, progress: bool
) -> Iterator[str]:
    """Find clusters, compare, draw, and finish the run; tell each step before it is taken."""
    yield "finding clusters"
    # With what the columns are: the clusterer that is kept finds them by their names.
    learned = table.part(np.ones(len(table.X), bool))
    clusterer.set_params(verbose=int(progress)).fit(learned)
    # What is kept does not hang on whether somebody looked on.
    clusterer.set_params(verbose=0)
    yield "asking k-means"
    metrics = _measure(clusterer, table)
    with writer.staged(overwrite=overwrite) as staged:
        staged.add_metrics(metrics)
        save_use(clusterer, staged.path / "model")
        _write_clusters(staged.path / CLUSTERS_FILE, clusterer, table)
        _write_prototypes(staged.path / PROTOTYPES_FILE, clusterer, table)
        yield "drawing figures"
        add_figures(staged, clusterer, table)
        yield "writing the report"
        write_page(staged, table, metrics)


def _measure(clusterer: Clusterer, table: Table) -> dict[str, Any]:
    labels = clusterer.labels_
    clusters = []
    for k in range(clusterer.n_clusters_):
        own = labels == k
        told: dict[str, Any] = {
            "cluster": k,
            "size": int(own.sum()),
            "doubt": float(1 - clusterer.probabilities_[own, k].mean()),
        }
        if table.labels is not None:
            counts, kinds, _ = count_together(table.labels[own], labels[own])
            told |= {
                "label": str(kinds[counts[:, 0].argmax()]),
                "purity": float(counts[:, 0].max() / own.sum()),
            }
        clusters.append(told)
    return {
        "method": clusterer.method,
        "n_clusters": clusterer.n_clusters_,
        "doubt": clusterer.doubt_,
        "candidates": [
            {"n_clusters": c.n_clusters, "eigengap": c.eigengap, "stability": c.stability}
            for c in clusterer.candidates_
        ],
        "noise": int((labels == -1).sum()),
        "clusters": clusters,
        "agreement": _compare(clusterer, table),
    }


def _compare(clusterer: Clusterer, table: Table) -> dict[str, dict[str, float]] | None:
    """Return by name how well clusters agree with labels, k-means beside ours, where there are any.

    The baselines are told our number of clusters.
    """
    if table.labels is None or not clusterer.n_clusters_:
        return None
    rows = fit_standard(table.X, alike=clusterer.scaler is None).apply(table.X)
    n_components = min(10, *rows.shape)
    found = {OURS: clusterer.labels_}
    for name, points in (
        ("k-means of the rows", rows),
        (f"k-means of {n_components} principal components", _principal(rows, n_components)),
    ):
        found[name] = partition(
            points, clusterer.n_clusters_, seed=clusterer.random_state, restarts=_RESTARTS
        ).labels
    return {name: _agreement(table.labels, clusters) for name, clusters in found.items()}


def _principal(rows: FloatArray, n_components: int) -> FloatArray:
    return np.asarray(PCA(n_components, random_state=0).fit_transform(rows))


def _agreement(labels: np.ndarray, clusters: IntArray) -> dict[str, float]:
    return {
        "accuracy": clustering_accuracy(labels, clusters),
        "mutual_information": float(normalized_mutual_info_score(labels, clusters)),
    }


def _columns(table: Table) -> list[str]:
    """Return what is told of each row."""
    return ["cluster", "probability"] + ([] if table.labels is None else ["label"])


def _write_clusters(path: Path, clusterer: Clusterer, table: Table) -> None:
    """Write one line a row: its place, what is kept, cluster, how sure that is, and its label."""
    # How sure noise is noise.
    sure = clusterer.probabilities_.max(axis=1, initial=0.0)
    noise = clusterer.labels_ == -1
    sure[noise] = 1 - clusterer.probabilities_[noise].sum(axis=1)
    told = [clusterer.labels_.tolist(), sure.tolist()]
    if table.labels is not None:
        told.append(table.labels.tolist())
    lines = ([*beside, *found] for beside, *found in zip(table.beside(), *told, strict=True))
    write_lines(path, [*table.header, *_columns(table)], lines)


def _write_prototypes(path: Path, clusterer: Clusterer, table: Table) -> None:
    """Write one line a cluster: what stands for it, in the units and by the names of the data."""
    header = ["cluster", *table.description.feature_names]
    rows = clusterer.prototypes_.tolist()
    write_lines(path, header, ([k, *row] for k, row in enumerate(rows)))
