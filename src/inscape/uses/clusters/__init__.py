"""Find clusters, say how sure that is, and show what stands for each.

| file | what lives there |
|---|---|
| `clusterer` | find groups of rows that are alike |
| `methods` | ways to find clusters, each a small immutable part |
| `number` | how many clusters there are, and how sure that is |
| `partition` | points in groups around centres: k-means |
| `self_training` | training an encoder on its own clusters, made sharper |
| `spectrum` | the slow directions of a graph |
"""

from inscape.uses.clusters.clusterer import Clusterer

__all__ = ["Clusterer"]
