"""The model card: what a run knows of its model, in words and numbers, for whoever finds it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from inscape.runs.config import FitConfig
from inscape.runs.export.source import column_names
from inscape.runs.fitting.summary import lead, remarks, table_rows, title
from inscape.runs.run import Run
from inscape.zoo import MODELS, NOTHING

# Columns that are named one by one.
_MOST_NAMED = 50

_CARD = """\
---
library_name: inscape
pipeline_tag: feature-extraction
tags:
{tags}
---

# {title}

{lead}

## How to use it

Install Inscape, then, with the directory of this card or with what
`huggingface_hub.snapshot_download` returns:

```python
import inscape

model = inscape.load("DIR")
{told}codes = model.transform(rows)  # (n, {n_features}) to (n, {n_components})
rows = model.inverse_transform(codes)  # expected rows
```

Rows have {columns}, in the units of the data that it was trained on.

## Numbers

On {n_test:,} test rows that it has not seen, beside linear methods with as many components:

{table}

Squared error is the mean over rows and columns, in squared units of the data; explained variance is
the share of the test rows' variance; cross-entropy is in nats per column. Under its reconstruction
a test row has a log-likelihood of {nats:.6g} nats, {nats_each:.4g} a column.

## Limits

{limits}

## Data and training

{data}

```toml
{config}```

Made with {software}; {n_threads} thread{several} on {device}, {created}.
{figures}"""

# What a conditional model is told comes before all else.
_GIVEN = "model = model.given(y)  # {} of the rows, one a row or one for all\n"


def model_card(run: Run) -> str:
    """Return the README of a finished fit, as the Hub shows it.

    Paths of the machine and the command's words are left out, and so is a licence: it is for the
    publisher to give.

    Parameters
    ----------
    run : Run
        A finished fit.
    """
    metrics, environment = run.metrics, run.environment
    config = cast(FitConfig, run.config)
    data, likelihood = environment["data"], metrics["log_likelihood"]
    return _CARD.format(
        tags="\n".join(f"- {tag}" for tag in _tags(config)),
        title=title(data, metrics),
        lead=lead(config, data, metrics),
        told="" if metrics.get("told") is None else _GIVEN.format(metrics["told"]),
        n_features=data["n_features"],
        n_components=metrics["n_components"],
        columns=_columns(data, column_names(run.path)),
        n_test=data["n_test"],
        table=_table(*table_rows(metrics)),
        nats=likelihood["nats_per_sample"],
        nats_each=likelihood["nats_per_feature"],
        limits="\n".join(f"- {sentence}" for sentence in _limits(config, data, metrics)),
        data=f"`{data['name']}`: {data['n_train']:,} training rows, sha256 `{data['checksum']}`.",
        config=_without_path(config).to_toml(),
        software=", ".join(f"{name} {v}" for name, v in environment["packages"].items()),
        n_threads=environment["n_threads"],
        several="s" * (environment["n_threads"] != 1),
        device=environment["device"],
        created=environment["created"],
        figures=_figures(run.figures),
    )


def _tags(config: FitConfig) -> list[str]:
    published = MODELS.get(config.model)
    variational = published is not None and published.variational
    own = ["variational-autoencoder"] if variational else []
    return ["autoencoder", *own, "dimensionality-reduction", "representation-learning"]


def _columns(data: dict[str, Any], names: Sequence[str] | None) -> str:
    told = f"{data['n_features']} columns"
    shape = data.get("image_shape")
    if shape is not None:
        return f"{told}, pictures of {' x '.join(map(str, shape))}"
    if names is None:
        return told
    shown = ", ".join(f"`{name}`" for name in names[:_MOST_NAMED])
    return f"{told} in this order: {shown}{', ...' * (len(names) > _MOST_NAMED)}"


def _limits(config: FitConfig, data: dict[str, Any], metrics: dict[str, Any]) -> list[str]:
    """Return what the run found wrong, what its paper has more, and what its numbers hide."""
    found = [metrics["diagnosis"]] if metrics["diagnosis"] else []
    published = MODELS.get(config.model)
    if published is not None and published.leaves_out != NOTHING:
        found.append(f"Left out of its paper ({published.paper}): {published.leaves_out}")
    of_data = f"The numbers are those of {data['name']}: of rows from elsewhere they tell nothing."
    return [*found, *remarks(metrics), of_data]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _figures(paths: Sequence[Path]) -> str:
    pictures = [
        f"![{path.stem.replace('_', ' ').capitalize()}](figures/{path.name})" for path in paths
    ]
    return "\n\n".join(["\n## Figures", *pictures, ""]) if pictures else ""


def _without_path(config: FitConfig) -> FitConfig:
    """Return the config with the name of a file alone: where it lay is nobody's business."""
    return dataclasses.replace(config, data=Path(config.data).name)
