"""Spaces: where codes live, and the way from there to flat space and back.

- `space`: the base, and flat space
- `sphere`: directions
- `poincare_ball`: hyperbolic space, with room for a tree
- `poincare`: the geometry of the ball
- `codebook`: a few vectors
"""

from inscape.objectives.spaces.codebook import Codebook
from inscape.objectives.spaces.poincare_ball import PoincareBall
from inscape.objectives.spaces.space import Euclidean, Space
from inscape.objectives.spaces.sphere import Sphere

__all__ = ["Codebook", "Euclidean", "PoincareBall", "Space", "Sphere"]
