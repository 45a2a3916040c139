"""Uses: verbs on one fitted representation.

| file | what lives there |
|---|---|
| `interpolation` | the way from one row to another, through the space of codes |
| `traversal` | what each component of a code does to the row |
"""

from inscape.uses.interpolation import interpolate
from inscape.uses.traversal import traverse

__all__ = ["interpolate", "traverse"]
