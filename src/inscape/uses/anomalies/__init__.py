"""Find anomalies, say how sure that is, and explain them.

| file | what lives there |
|---|---|
| `combination` | several scores as one, by their p-values |
| `detector` | find rows that are not like the others, or not like those that were normal |
| `rows` | rows as the detectors see them, and where a representation comes from |
| `scores` | anomaly scores, each a small immutable part |
| `spread` | the shrunk covariance of vectors, and how far other vectors are off by it |
| `thresholds` | thresholds that hold what they say |
"""

from inscape.uses.anomalies.detector import AnomalyDetector

__all__ = ["AnomalyDetector"]
