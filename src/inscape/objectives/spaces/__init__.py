"""Spaces: where codes live, and the way from there to flat space and back.

| file | what lives there |
|---|---|
| `codebook` | a codebook as a space of codes |
| `poincare` | geometry of the Poincaré ball |
| `poincare_ball` | the Poincaré ball as a space of codes |
| `space` | the base of every space of codes, and flat space |
| `sphere` | the unit sphere as a space of codes |
"""

from inscape.objectives.spaces.codebook import Codebook
from inscape.objectives.spaces.poincare_ball import PoincareBall
from inscape.objectives.spaces.space import Euclidean, Space
from inscape.objectives.spaces.sphere import Sphere

__all__ = ["Codebook", "Euclidean", "PoincareBall", "Space", "Sphere"]
