"""Posteriors: distributions over codes that the encoder gives the parameters of.

- `posterior`: the base that a posterior of your own extends, and that of its distributions
- `diagonal_gaussian`, `full_gaussian`: normal codes, independent or correlated
- `inverse_autoregressive_flow`: normal codes, pushed into any shape
- `von_mises_fisher`: directions, on the sphere
- `wrapped_normal`: points of the Poincaré ball
- `point_mass`: one code a row
- `bessel`, `cosines`: what the von Mises-Fisher distribution is computed by
- `precision`: parameters in float32 at least
"""

from inscape._parts import Family
from inscape.objectives.posteriors.diagonal_gaussian import DiagonalGaussian
from inscape.objectives.posteriors.full_gaussian import FullGaussian
from inscape.objectives.posteriors.inverse_autoregressive_flow import InverseAutoregressiveFlow
from inscape.objectives.posteriors.point_mass import PointMass
from inscape.objectives.posteriors.posterior import Distribution, Posterior
from inscape.objectives.posteriors.von_mises_fisher import VonMisesFisher
from inscape.objectives.posteriors.wrapped_normal import WrappedNormal

POSTERIORS = Family(
    Posterior,
    {
        "diagonal_gaussian": DiagonalGaussian,
        "full_gaussian": FullGaussian,
        "von_mises_fisher": VonMisesFisher,
        "wrapped_normal": WrappedNormal,
        "inverse_autoregressive_flow": InverseAutoregressiveFlow,
        "point_mass": PointMass,
    },
)

__all__ = [
    "POSTERIORS",
    "DiagonalGaussian",
    "Distribution",
    "FullGaussian",
    "InverseAutoregressiveFlow",
    "PointMass",
    "Posterior",
    "VonMisesFisher",
    "WrappedNormal",
]
