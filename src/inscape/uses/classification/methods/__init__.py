"""Classification methods: ways from codes and few labels to classes, each a small immutable part.

| file | what lives there |
|---|---|
| `fine_tune` | the encoder with a linear layer behind it, trained on |
| `graph` | labels spread along the graph of neighbouring codes |
| `method` | the base of every way to tell classes |
| `probe` | a linear classifier of codes |
"""

from inscape._parts import Family
from inscape.uses.classification.methods.fine_tune import FineTune, FineTuneFitted
from inscape.uses.classification.methods.graph import Graph, GraphFitted
from inscape.uses.classification.methods.method import (
    ClassificationMethod,
    FittedMethod,
    LabelledRows,
)
from inscape.uses.classification.methods.probe import Probe, ProbeFitted

CLASSIFICATION_METHODS = Family(
    ClassificationMethod,
    {"graph": Graph, "probe": Probe, "fine_tune": FineTune},
)

__all__ = [
    "CLASSIFICATION_METHODS",
    "ClassificationMethod",
    "FineTune",
    "FineTuneFitted",
    "FittedMethod",
    "Graph",
    "GraphFitted",
    "LabelledRows",
    "Probe",
    "ProbeFitted",
]
