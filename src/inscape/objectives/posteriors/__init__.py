"""Posteriors: distributions over codes that the encoder gives the parameters of.

| file | what lives there |
|---|---|
| `bessel` | modified Bessel functions with exact derivatives, for densities on the sphere |
| `cosines` | cosines between von Mises-Fisher draws and their mean, with exact gradients |
| `diagonal_gaussian` | the diagonal Gaussian posterior |
| `full_gaussian` | the Gaussian posterior with correlations |
| `inverse_autoregressive_flow` | a diagonal Gaussian, pushed into any shape |
| `planar_flow` | a diagonal Gaussian, bent along some directions |
| `point_mass` | the posterior that is a single point |
| `posterior` | the base of every posterior, and of the distributions over codes that it gives |
| `precision` | the precision that densities need |
| `von_mises_fisher` | the von Mises-Fisher posterior on the sphere |
| `wrapped_normal` | the wrapped normal posterior on the Poincaré ball |
"""

from inscape._parts import Family
from inscape.objectives.posteriors.diagonal_gaussian import DiagonalGaussian
from inscape.objectives.posteriors.full_gaussian import FullGaussian
from inscape.objectives.posteriors.inverse_autoregressive_flow import InverseAutoregressiveFlow
from inscape.objectives.posteriors.planar_flow import PlanarFlow
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
        "planar_flow": PlanarFlow,
        "point_mass": PointMass,
    },
)

__all__ = [
    "POSTERIORS",
    "DiagonalGaussian",
    "Distribution",
    "FullGaussian",
    "InverseAutoregressiveFlow",
    "PlanarFlow",
    "PointMass",
    "Posterior",
    "VonMisesFisher",
    "WrappedNormal",
]
