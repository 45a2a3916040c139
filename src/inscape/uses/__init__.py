"""Uses: what a representation is for.

Functions where nothing is learned, scikit-learn estimators where something is; each takes any
representation, ours or scikit-learn's own.

| file | what lives there |
|---|---|
| `anomalies` | find anomalies, say how sure that is, and explain them |
| `classification` | tell classes from a representation and few labels |
| `clusters` | find clusters, say how sure that is, and show what stands for each |
| `graph` | which points lie beside which: the graph of nearest neighbours, with fuzzy weights |
| `imputation` | tell entries that are missing from those that are there |
| `interpolation` | the way from one row to another, through the space of codes |
| `loading` | load whatever was saved: an estimator, or a use of one |
| `representations` | what every use asks of a representation, and what it gives it |
| `saving` | what is learned by a use, on disk |
| `standard` | columns of one spread, and the way back |
| `traversal` | what each component of a code does to the row |
"""

from inscape.uses.anomalies import AnomalyDetector
from inscape.uses.classification import PretrainedClassifier
from inscape.uses.clusters import Clusterer
from inscape.uses.imputation import Imputer
from inscape.uses.interpolation import interpolate
from inscape.uses.loading import load
from inscape.uses.traversal import traverse

__all__ = [
    "AnomalyDetector",
    "Clusterer",
    "Imputer",
    "PretrainedClassifier",
    "interpolate",
    "load",
    "traverse",
]
