"""What the document of a run of dynamics says: its tree, its features, and how it was learned."""

from __future__ import annotations

from typing import Any, Final, cast

import numpy as np

from inscape._errors import RunNotFoundError
from inscape.data import Tree
from inscape.lab.document import Document
from inscape.runs import Run
from inscape.runs.config import DynamicsConfig
from inscape.runs.dynamics.problem import read_problem

# Features that have names in the page's table, where the run has named none.
_NAMED: Final = 6
# What the page's sliders reach.
_MOST_UNITS, _MOST_LAYERS, _MOST_EPOCHS, _MOST_RATE = 64, 4, 1000, 200.0


def describe_dynamics(run: Run) -> Document:
    """Return the document of a finished run of the kind ``dynamics``, for the page's sliders.

    Parameters
    ----------
    run : Run
        On a tree: other data have no table of items and features.

    Raises
    ------
    RunNotFoundError
        If it is of other data, or of a network that the sliders do not reach.
    """
    config = cast(DynamicsConfig, run.config)
    tree = read_problem(config).tree
    widths, rate = set(config.hidden), float(run.metrics["learning_rate"])
    reached = (
        len(widths) <= 1
        and max(widths, default=1) <= _MOST_UNITS
        and len(config.hidden) <= _MOST_LAYERS
        and 10 <= config.epochs <= _MOST_EPOCHS
        and 1 <= rate <= _MOST_RATE
        and config.initialization == "scaled_normal"
    )
    if tree is None or not reached:
        raise RunNotFoundError(
            f"{run.path} must be of a tree, with a network that the sliders reach, to open in "
            f"the lab; it is {'not' if tree is None else 'of another network'}: look at "
            "its report.html."
        )
    dynamics = {
        "rate": rate,
        "gamma": config.gamma,
        "hidden": next(iter(widths), 30),
        "layers": len(config.hidden),
        "epochs": config.epochs,
        "seed": 1,
        "epoch": config.epochs // 2,
        "cell": [0, 0],
        "kingdom": _kingdom(tree),
    }
    title = f"How a network comes to know {tree.n_items} living things"
    provenance = {"run": run.path.resolve().name, "packages": run.environment["packages"]}
    return Document({"title": title, "provenance": provenance, "dynamics": dynamics}, {})


def _kingdom(tree: Tree) -> dict[str, Any]:
    """Return the items, the features that have names, and the Gram matrix of all others."""
    named = len(tree.added) or min(_NAMED, tree.n_generated)
    first = tree.n_generated if tree.added else 0
    columns = np.arange(first, first + named)
    rest = np.delete(tree.targets, columns, axis=1)
    return {
        "items": list(tree.item_names),
        "features": [tree.feature_names[column].replace("_", " ") for column in columns],
        "truth": tree.targets[:, columns].astype(int).tolist(),
        "tree": _branches(0, tree.n_items, tree.branches),
        "unnamed": rest.shape[1],
        "flip": tree.flip,
        "gram": (rest @ rest.T).ravel().tolist(),
    }


def _branches(first: int, n_items: int, branches: tuple[int, ...]) -> list[Any]:
    """Return the nodes below one, each a list; a leaf is its place among the items."""
    if not branches:
        return first  # type: ignore[return-value]
    each = n_items // branches[0]
    return [_branches(first + k * each, each, branches[1:]) for k in range(branches[0])]
