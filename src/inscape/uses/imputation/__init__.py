"""Tell entries that are missing from those that are there.

| file | what lives there |
|---|---|
| `covariances` | covariances of columns, and what they say of entries that are missing |
| `gaussians` | mixtures of Gaussians of one covariance: what they say, and how they are learned |
| `held_out` | entries that are there and hidden, to see how well they are told |
| `imputer` | fill what is missing, with how sure that is, and draw it |
| `low_rank` | a Gaussian of few directions, for wide tables |
| `marginals` | columns of one spread and, where asked for, bent to be like a bell |
| `methods` | ways to tell what is missing, each a small immutable part |
"""

from inscape.uses.imputation.imputer import Imputer

__all__ = ["Imputer"]
