"""Uses: verbs on one fitted representation."""

from inscape.uses.interpolation import interpolate
from inscape.uses.traversal import traverse

__all__ = ["interpolate", "traverse"]
