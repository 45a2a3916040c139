"""What a search for clusters is told in: on a page, and on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from inscape.runs.clusters.reading import Table
from inscape.runs.page import heading, paragraph, table
from inscape.runs.writer import RunWriter

AGREEMENT: Final = ("Clusters by", "Accuracy", "Mutual information")
_CLUSTERS: Final = ("Cluster", "Rows", "Doubt")
_LABELLED: Final = ("Most frequent label", "Share")


def tell(metrics: Mapping[str, Any]) -> list[str]:
    """Return in sentences how many clusters there are, and how sure that is.

    Parameters
    ----------
    metrics : mapping
        As in ``metrics.json``.
    """
    said = [metrics["doubt"] or f"{metrics['n_clusters']} clusters were found."]
    if metrics["noise"]:
        said.append(f"{metrics['noise']:,} rows belong to none of them: noise.")
    return said


def cluster_header(metrics: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the columns of `cluster_rows`.

    The doubt is how much the rows of a cluster belong to others, in the mean.
    """
    labelled = any("label" in told for told in metrics["clusters"])
    return (*_CLUSTERS, *_LABELLED) if labelled else _CLUSTERS


def cluster_rows(metrics: Mapping[str, Any]) -> list[list[str]]:
    """Return the clusters as texts under `cluster_header`, the largest first."""
    rows = []
    for told in metrics["clusters"]:
        row = [str(told["cluster"]), f"{told['size']:,}", f"{told['doubt']:.1%}"]
        if "label" in told:
            row += [told["label"], f"{told['purity']:.1%}"]
        rows.append(row)
    return rows


def agreement_rows(metrics: Mapping[str, Any]) -> list[list[str]]:
    """Return how well clusters agree with labels, as texts under `AGREEMENT`; none without labels.

    The accuracy lets each cluster stand for one label; the mutual information is normalised.
    """
    found = metrics["agreement"] or {}
    return [
        [name, f"{told['accuracy']:.1%}", f"{told['mutual_information']:.3f}"]
        for name, told in found.items()
    ]


def write_page(writer: RunWriter, rows: Table, metrics: Mapping[str, Any]) -> None:
    """Write ``report.html`` into a run that has its figures, and finish it.

    Parameters
    ----------
    writer : RunWriter
        Of the run.
    rows : Table
        All rows.
    metrics : mapping
        As in ``metrics.json``.
    """
    compared = agreement_rows(metrics)
    known = [heading("Beside the labels"), table(AGREEMENT, compared, bold_first=True)]
    writer.finish(
        title=f"Clusters in {rows.name}",
        lead=f"{len(rows.X):,} rows of {rows.X.shape[1]:,} features.",
        body=[
            *([paragraph(f"Read as: {'; '.join(rows.told)}.")] if rows.told else []),
            *(paragraph(text) for text in tell(metrics)),
            *(known if compared else []),
            heading("The clusters"),
            table(cluster_header(metrics), cluster_rows(metrics)),
            paragraph("Doubt is how much the rows of a cluster belong to others, in the mean."),
        ],
    )
