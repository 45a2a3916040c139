"""Estimators: the thin scikit-learn face over network, objective and loop."""

from inscape.estimators.autoencoder import Autoencoder, DeadUnitWarning
from inscape.estimators.persistence import load

__all__ = ["Autoencoder", "DeadUnitWarning", "load"]
